"""A key that is issued anew, through the real agent and a real core."""

from pathlib import Path
from uuid import uuid4

from bot.vpn.gateway import Change, ensure_user_in_xray
from bot.vpn.hosts import open_vpn
from bot.vpn.types import ClientSpec, HostAddress, HostId
from tests.agent_harness import KEY, serving_agent
from tests.core_harness import ServerCore, each_core, serving_page
from tests.integration.vpn.conftest import vpn_settings

pytestmark = each_core


async def test_a_key_is_replaced_with_no_moment_without_access(
    program: str, tmp_path: Path
) -> None:
    core = ServerCore(program, tmp_path)
    old, new = ClientSpec(uuid4(), "u1"), ClientSpec(uuid4(), "u1-2")
    async with (
        core.running(),
        serving_page() as page,
        serving_agent(core.api_address) as agent,
        open_vpn(vpn_settings()) as vpn,
    ):
        gateway = vpn.host(HostAddress(HostId(1), str(agent.base_url).rstrip("/"), KEY))
        await ensure_user_in_xray(gateway, old, wanted=True)

        assert await ensure_user_in_xray(gateway, new, wanted=True) is Change.ADDED
        assert await core.reaches(page, old.uuid)
        assert await core.reaches(page, new.uuid)
        assert await ensure_user_in_xray(gateway, old, wanted=False) is Change.REMOVED

        assert not await core.reaches(page, old.uuid)
        assert await core.reaches(page, new.uuid)
