"""The bot's side, the real agent and a real core together: access is there when the bot says so."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
import trio

from bot.agent import service
from bot.vpn.errors import HostAwayError, HostRefusedError
from bot.vpn.gateway import Change, Gateway, Pages, ensure_user_in_xray
from bot.vpn.hosts import open_vpn
from bot.vpn.types import ClientSpec, HostAddress, HostId
from tests.agent_harness import KEY, agent_settings
from tests.core_harness import ServerCore, each_core, serving_page
from tests.integration.vpn.conftest import vpn_settings

pytestmark = each_core


@pytest.fixture
def core(program: str, tmp_path: Path) -> ServerCore:
    return ServerCore(program, tmp_path)


@pytest.fixture
async def page() -> AsyncIterator[str]:
    async with serving_page() as address:
        yield address


@pytest.fixture
async def address(core: ServerCore) -> AsyncIterator[HostAddress]:
    async with trio.open_nursery() as nursery:
        url = await nursery.start(service.run, agent_settings(core.api_address))
        yield HostAddress(HostId(1), url, KEY)
        nursery.cancel_scope.cancel()


@pytest.fixture
async def gateway(address: HostAddress) -> AsyncIterator[Gateway]:
    async with open_vpn(vpn_settings(vpn_breaker_failures=100)) as vpn:
        yield vpn.host(address)


async def until_well(gateway: Gateway) -> None:
    """Wait until the agent has found a core that was just started."""
    with trio.fail_after(10):
        while True:
            try:
                await gateway.health()
            except HostAwayError:
                continue
            return


async def test_access_comes_and_goes_with_what_is_wanted(
    core: ServerCore, page: str, gateway: Gateway
) -> None:
    client = ClientSpec(uuid4(), "u1")
    async with core.running():
        assert await ensure_user_in_xray(gateway, client, wanted=True) is Change.ADDED
        assert await core.reaches(page, client.uuid)
        assert await ensure_user_in_xray(gateway, client, wanted=True) is Change.UPDATED
        assert [user.label for users in [p async for p in Pages(gateway)] for user in users] == [
            "u1"
        ]

        assert await ensure_user_in_xray(gateway, client, wanted=False) is Change.REMOVED
        assert not await core.reaches(page, client.uuid)
        assert await ensure_user_in_xray(gateway, client, wanted=False) is Change.ABSENT


async def test_after_a_restart_of_the_core_the_same_call_restores_access(
    core: ServerCore, page: str, gateway: Gateway
) -> None:
    client = ClientSpec(uuid4(), "u1")
    async with core.running():
        await ensure_user_in_xray(gateway, client, wanted=True)

    with pytest.raises(HostAwayError):
        await ensure_user_in_xray(gateway, client, wanted=True)

    async with core.running():
        await until_well(gateway)
        assert not await core.reaches(page, client.uuid)

        assert await ensure_user_in_xray(gateway, client, wanted=True) is Change.ADDED

        assert await core.reaches(page, client.uuid)


async def test_a_key_is_replaced_with_no_moment_without_access(
    core: ServerCore, page: str, gateway: Gateway
) -> None:
    old, new = ClientSpec(uuid4(), "u1"), ClientSpec(uuid4(), "u1-2")
    async with core.running():
        await ensure_user_in_xray(gateway, old, wanted=True)

        await ensure_user_in_xray(gateway, new, wanted=True)
        assert await core.reaches(page, old.uuid)
        assert await core.reaches(page, new.uuid)
        await ensure_user_in_xray(gateway, old, wanted=False)

        assert not await core.reaches(page, old.uuid)
        assert await core.reaches(page, new.uuid)


async def test_the_health_of_a_host_tells_of_a_restart(core: ServerCore, gateway: Gateway) -> None:
    async with core.running():
        await until_well(gateway)
        health = await gateway.health()

    assert health.core
    assert health.uptime_seconds is not None


async def test_the_real_agent_refuses_another_key(core: ServerCore, address: HostAddress) -> None:
    stranger = HostAddress(address.id, address.url, "s" * 32)
    async with core.running(), open_vpn(vpn_settings()) as vpn:
        with pytest.raises(HostRefusedError):
            await vpn.host(stranger).health()
