"""The bot's side and the agent's side of the contract, with a real core behind both."""

from pathlib import Path
from uuid import uuid4

import pytest
import trio

from bot.vpn.errors import ClientNotFoundError, HostAwayError, HostRefusedError
from bot.vpn.gateway import Change, Gateway, Pages, ensure_user_in_xray
from bot.vpn.hosts import open_vpn
from bot.vpn.types import Added, ClientSpec, HostAddress, HostId, VpnUser
from tests.agent_harness import KEY, serving_agent
from tests.core_harness import ServerCore, each_core, serving_page
from tests.integration.vpn.conftest import vpn_settings

pytestmark = each_core


async def everybody(gateway: Gateway) -> list[VpnUser]:
    return [user async for users in Pages(gateway, limit=2) for user in users]


async def uptime(gateway: Gateway, *, seconds: int) -> None:
    """Wait until the core has run so long."""
    with trio.fail_after(15):
        while True:
            try:
                health = await gateway.health()
            except HostAwayError:
                continue
            if (health.uptime_seconds or 0) >= seconds:
                return


async def test_the_bots_sync_restores_access_after_a_restart_of_the_core(
    program: str, tmp_path: Path
) -> None:
    core = ServerCore(program, tmp_path)
    people = [ClientSpec(uuid4(), f"person {number}") for number in range(5)]
    async with (
        serving_page() as page,
        serving_agent(core.api_address) as agent,
        open_vpn(vpn_settings(vpn_breaker_failures=100)) as vpn,
    ):
        gateway = vpn.host(HostAddress(HostId(1), str(agent.base_url).rstrip("/"), KEY))
        async with core.running():
            for spec in people:
                assert await ensure_user_in_xray(gateway, spec, wanted=True) is Change.ADDED
                assert await ensure_user_in_xray(gateway, spec, wanted=True) is Change.UPDATED
            assert len(await everybody(gateway)) == 5
            assert await core.reaches(page, people[0].uuid)
            await uptime(gateway, seconds=2)

        with pytest.raises(HostAwayError):
            await gateway.add(people[0])

        async with core.running():
            await uptime(gateway, seconds=0)
            assert await everybody(gateway) == []
            with pytest.raises(ClientNotFoundError):
                await gateway.update(people[0])
            for spec in people:
                await ensure_user_in_xray(gateway, spec, wanted=True)
            assert await core.reaches(page, people[0].uuid)
            listed = {user.uuid: user.label for user in await everybody(gateway)}
            assert listed == {spec.uuid: spec.label for spec in people}

            assert await gateway.remove(people[0])
            assert not await gateway.remove(people[0])
            assert not await core.reaches(page, people[0].uuid)
            assert (await gateway.add(people[1])).added is Added.ADOPTED


async def test_another_key_is_refused_in_the_bots_words(program: str, tmp_path: Path) -> None:
    core = ServerCore(program, tmp_path)
    async with serving_agent(core.api_address) as agent, open_vpn(vpn_settings()) as vpn:
        address = HostAddress(HostId(1), str(agent.base_url).rstrip("/"), KEY[:-1])
        with pytest.raises(HostRefusedError):
            await vpn.host(address).health()
