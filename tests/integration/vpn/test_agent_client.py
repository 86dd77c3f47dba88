"""The adapter against the contract over real HTTP."""

from pathlib import Path
from uuid import UUID, uuid4

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from bot.holding import ConnectionHeldError, holding
from bot.vpn.breaker import BreakerState
from bot.vpn.errors import (
    BreakerOpenError,
    ClientNotFoundError,
    HostAwayError,
    HostRefusedError,
    ProtocolError,
)
from bot.vpn.gateway import PAGE_SIZE, Change, Gateway, Pages, ensure_user_in_xray
from bot.vpn.hosts import open_vpn
from bot.vpn.types import VISION, Added, ClientSpec, HostId, VpnUser
from tests.integration.vpn.conftest import RunningHost, running_host, vpn_settings


def spec(label: str = "u1", uuid: UUID | None = None) -> ClientSpec:
    return ClientSpec(uuid or uuid4(), label, VISION)


async def everybody(gateway: Gateway, limit: int = PAGE_SIZE) -> list[VpnUser]:
    return [user async for page in Pages(gateway, limit) for user in page]


async def test_a_client_is_added_listed_updated_and_removed(gateway: Gateway) -> None:
    client = spec()

    assert (await gateway.add(client)).added is Added.CREATED
    assert (await gateway.add(client)).added is Added.ADOPTED
    assert await everybody(gateway) == [VpnUser(client.uuid, "u1", VISION)]

    await gateway.update(ClientSpec(client.uuid, "u1 renamed"))
    assert await everybody(gateway) == [VpnUser(client.uuid, "u1 renamed", None)]

    assert await gateway.remove(client)
    assert not await gateway.remove(client)
    assert await everybody(gateway) == []


async def open_its_breaker(host: RunningHost, gateway: Gateway) -> None:
    """Make one failure that isn't tried again; enough where VPN_BREAKER_FAILURES is 1."""
    await host.tell("fault", kind="status", status=429, count=1)
    with pytest.raises(HostAwayError):
        await gateway.health()


async def test_an_unknown_client_is_told_from_every_other_404(
    host: RunningHost, gateway: Gateway
) -> None:
    client = spec()
    with pytest.raises(ClientNotFoundError):
        await gateway.update(client)

    await host.tell("fault", kind="not_found")
    with pytest.raises(ProtocolError, match="leads to the agent"):
        await gateway.update(client)
    with pytest.raises(ProtocolError, match="leads to the agent"):
        await gateway.remove(client)


async def test_a_wrong_key_is_refused_in_words_and_does_not_open_the_breaker(
    host: RunningHost,
) -> None:
    async with open_vpn(vpn_settings()) as vpn:
        gateway = vpn.host(host.address(key="another"))
        for _ in range(6):
            with pytest.raises(HostRefusedError, match="key"):
                await gateway.health()
        assert vpn.states() == {HostId(1): BreakerState.CLOSED}
    assert await host.calls() == 6


async def test_ensuring_updates_who_is_there_and_adds_only_who_is_not(
    host: RunningHost, gateway: Gateway
) -> None:
    client = spec()

    assert await ensure_user_in_xray(gateway, client, wanted=True) is Change.ADDED
    assert await ensure_user_in_xray(gateway, client, wanted=True) is Change.UPDATED
    assert (await host.state())["calls"] == {"update": 2, "add": 1}

    assert await ensure_user_in_xray(gateway, client, wanted=False) is Change.REMOVED
    assert await ensure_user_in_xray(gateway, client, wanted=False) is Change.ABSENT


@pytest.mark.parametrize(
    "fault", [{"kind": "status", "status": 503}, {"kind": "not_found"}, {"kind": "drop"}]
)
async def test_ensuring_never_adds_on_any_failure_but_the_hosts_own_not_found(
    host: RunningHost, gateway: Gateway, fault: dict[str, object]
) -> None:
    await host.tell("fault", operation="update", **fault)

    with pytest.raises((HostAwayError, ProtocolError)):
        await ensure_user_in_xray(gateway, spec(), wanted=True)

    assert "add" not in (await host.state())["calls"]
    assert await everybody(gateway) == []


async def test_a_core_that_lost_its_users_gets_them_back(
    host: RunningHost, gateway: Gateway
) -> None:
    clients = sorted((spec(f"u{number}") for number in range(20)), key=lambda one: one.uuid)
    for client in clients:
        await ensure_user_in_xray(gateway, client, wanted=True)
    await host.tell("lose")
    assert await everybody(gateway) == []

    for client in clients:
        assert await ensure_user_in_xray(gateway, client, wanted=True) is Change.ADDED

    assert [user.uuid for user in await everybody(gateway, limit=3)] == [c.uuid for c in clients]


@pytest.mark.parametrize("kind", ["drop", "after"])
async def test_a_connection_that_is_cut_is_tried_again_and_nothing_is_doubled(
    host: RunningHost, gateway: Gateway, kind: str
) -> None:
    client = spec()
    await host.tell("fault", kind=kind, count=2)

    await gateway.add(client)

    assert [user.uuid for user in await everybody(gateway)] == [client.uuid]
    assert (await host.state())["calls"]["add"] == 3


async def test_a_removal_whose_answer_was_lost_is_done_when_repeated(
    host: RunningHost, gateway: Gateway
) -> None:
    client = spec()
    await gateway.add(client)
    await host.tell("fault", kind="after", count=1)

    assert not await gateway.remove(client)  # the second try found it gone

    assert await everybody(gateway) == []


async def test_a_host_that_is_away_is_called_no_more_once_the_breaker_is_open(
    host: RunningHost,
) -> None:
    await host.tell("fault", kind="status", status=500)
    async with open_vpn(vpn_settings(vpn_breaker_failures=5)) as vpn:
        gateway = vpn.host(host.address())
        for _ in range(50):
            with pytest.raises(HostAwayError):
                await ensure_user_in_xray(gateway, spec(), wanted=True)
        assert vpn.states()[HostId(1)] is BreakerState.OPEN
    assert await host.calls() == 5


async def test_it_is_tried_again_after_the_pause_and_then_works(
    mock_clock: MockClock, host: RunningHost
) -> None:
    async with open_vpn(vpn_settings(vpn_breaker_failures=1, vpn_breaker_pause=30)) as vpn:
        gateway = vpn.host(host.address())
        await open_its_breaker(host, gateway)
        mock_clock.jump(29)
        with pytest.raises(BreakerOpenError):
            await gateway.health()
        mock_clock.jump(1)
        await wait_all_tasks_blocked()

        assert (await gateway.health()).core == "sandbox"

        assert vpn.states()[HostId(1)] is BreakerState.CLOSED
    assert await host.calls() == 2


async def test_a_probe_that_is_cancelled_leaves_the_way_free(
    mock_clock: MockClock, host: RunningHost
) -> None:
    async with open_vpn(vpn_settings(vpn_breaker_failures=1, vpn_breaker_pause=30)) as vpn:
        gateway = vpn.host(host.address())
        await open_its_breaker(host, gateway)
        mock_clock.jump(30)
        # The host's clock jumped, too: let it close what was idle for so long before it is asked.
        await wait_all_tasks_blocked()
        await host.tell("fault", kind="slow", seconds=3600, count=1)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(gateway.health)
            while await host.calls() < 2:  # the probe is on its way
                pass
            assert vpn.states()[HostId(1)] is BreakerState.HALF_OPEN
            nursery.cancel_scope.cancel()

        assert (await gateway.health()).core == "sandbox"


async def test_a_host_whose_machine_is_off_is_away(host: RunningHost) -> None:
    async with running_host() as gone:
        address = gone.address()
    async with open_vpn(vpn_settings()) as vpn:
        with pytest.raises(HostAwayError, match="ConnectError"):
            await vpn.host(address).health()


@pytest.mark.parametrize("kind", ["flood", "packed"])
async def test_a_host_that_was_taken_over_cannot_fill_our_memory(
    host: RunningHost, gateway: Gateway, kind: str
) -> None:
    await host.tell("fault", kind=kind, count=1)

    with pytest.raises(ProtocolError, match="DecodingError"):
        await gateway.list_page()

    assert await host.calls() == 1
    assert (await gateway.health()).core == "sandbox"  # the connection's slot is free again


async def test_a_page_is_never_followed_in_a_circle(host: RunningHost, gateway: Gateway) -> None:
    await host.tell("fill", count=25)
    first = await gateway.list_page(limit=10)
    assert first.next_after == first.users[-1].uuid

    seen = [user.uuid for user in await everybody(gateway, limit=10)]

    assert len(seen) == 25
    assert seen == sorted(set(seen))


async def test_users_survive_where_the_stand_in_keeps_them(tmp_path: Path) -> None:
    client = spec()
    async with running_host(data_dir=tmp_path) as host, open_vpn(vpn_settings()) as vpn:
        await vpn.host(host.address()).add(client)

    async with running_host(data_dir=tmp_path) as host, open_vpn(vpn_settings()) as vpn:
        assert [user.uuid for user in await everybody(vpn.host(host.address()))] == [client.uuid]


async def test_no_call_goes_out_while_a_connection_is_held(
    host: RunningHost, gateway: Gateway
) -> None:
    with holding("updates"), pytest.raises(ConnectionHeldError):
        await gateway.health()
    assert await host.calls() == 0


async def test_a_host_keeps_its_breaker_as_long_as_its_address_is_the_same(
    host: RunningHost,
) -> None:
    async with open_vpn(vpn_settings(vpn_breaker_failures=1)) as vpn:
        gateway = vpn.host(host.address())
        assert vpn.host(host.address()) is gateway
        await open_its_breaker(host, gateway)
        assert vpn.states() == {HostId(1): BreakerState.OPEN}

        assert vpn.host(host.address(key="new")) is not gateway
        assert vpn.states() == {HostId(1): BreakerState.CLOSED}

        vpn.host(host.address(2))
        vpn.retain({HostId(2)})
        assert list(vpn.states()) == [HostId(2)]
