"""Sync and reconciliation: both sides agree again, and nobody loses access by a mistake."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from bot.db import Database
from bot.shop.hosts import hosts_in_use
from tests.integration.shop.rows import add_person, add_subscription
from tests.integration.workers.provisioning import Provisioning, provisioning


@pytest.fixture
async def vpn(database: Database) -> AsyncIterator[Provisioning]:
    async with provisioning(database) as running:
        yield running


async def fill(vpn: Provisioning, count: int) -> set[UUID]:
    wanted = {await vpn.want() for _ in range(count)}
    await vpn.activation.tick()
    return wanted


async def strangers(vpn: Provisioning, count: int) -> None:
    await vpn.stand_in.tell("fill", count=count)


async def test_a_core_that_started_anew_gets_everybody_back(vpn: Provisioning) -> None:
    wanted = await fill(vpn, 5)
    await vpn.sync.tick()
    vpn.clock.pass_(minutes=1)
    await vpn.stand_in.tell("lose")
    await vpn.sync.tick()
    vpn.clock.pass_(seconds=1)
    await vpn.activation.tick()
    assert await vpn.on_host() == wanted


async def test_a_host_that_comes_back_gets_at_once_what_it_missed(database: Database) -> None:
    async with provisioning(database, vpn_breaker_pause=0.01) as vpn:
        await vpn.sync.tick()
        await vpn.stand_in.tell("fault", kind="status", status=503)
        await vpn.sync.tick()
        [away] = await hosts_in_use(vpn.lane)
        assert not away.healthy
        uuid = await vpn.want()
        for _ in range(6):
            await vpn.activation.tick()
            vpn.clock.pass_(minutes=5)
        await vpn.activation.tick()
        await vpn.stand_in.tell("well")
        await vpn.sync.tick()
        await vpn.activation.tick()
        assert await vpn.on_host() == {uuid}
        [back] = await hosts_in_use(vpn.lane)
        assert back.healthy


async def test_people_who_found_every_host_full_get_a_place(vpn: Provisioning) -> None:
    await add_person(vpn.lane, 8)
    uuid = await add_subscription(
        vpn.lane, 8, vpn.clock.now.replace(year=2027), began_at=vpn.clock.now
    )
    await vpn.sync.tick()
    await vpn.activation.tick()
    assert await vpn.on_host() == {uuid}


async def test_whoever_the_host_lost_quietly_is_added_again(vpn: Provisioning) -> None:
    wanted = await fill(vpn, 3)
    await vpn.stand_in.tell("lose")
    await vpn.reconciliation.tick()
    vpn.clock.pass_(seconds=1)
    await vpn.activation.tick()
    assert await vpn.on_host() == wanted


async def test_an_orphan_goes_only_when_two_runs_saw_it(vpn: Provisioning) -> None:
    wanted = await fill(vpn, 3)
    await strangers(vpn, 2)
    await vpn.reconciliation.tick()
    assert len(await vpn.on_host()) == 5
    vpn.clock.pass_(minutes=10)
    await vpn.reconciliation.tick()
    assert await vpn.on_host() == wanted
    assert await vpn.count("vpn_orphans") == 0


async def test_an_orphan_that_was_gone_in_between_begins_anew(vpn: Provisioning) -> None:
    wanted = await fill(vpn, 3)
    await strangers(vpn, 1)
    await vpn.reconciliation.tick()
    await vpn.stand_in.tell("lose")
    for _ in range(2):
        vpn.clock.pass_(minutes=10)
        await vpn.reconciliation.tick()
        await vpn.activation.tick()
    assert await vpn.on_host() == wanted
    await strangers(vpn, 1)
    vpn.clock.pass_(minutes=10)
    await vpn.reconciliation.tick()
    assert len(await vpn.on_host()) == 4


async def test_nobody_is_removed_when_the_database_is_suspiciously_short(
    vpn: Provisioning, expected_errors: list[str]
) -> None:
    expected_errors.append("reconciliation.stopped_short")
    await fill(vpn, 3)
    await strangers(vpn, 60)
    for _ in range(3):
        await vpn.reconciliation.tick()
        vpn.clock.pass_(minutes=10)
    assert len(await vpn.on_host()) == 63
    assert await vpn.told() == ["reconciliation-stopped"]


async def test_nobody_is_removed_under_an_empty_database(
    vpn: Provisioning, expected_errors: list[str]
) -> None:
    expected_errors.append("reconciliation.stopped_short")
    await strangers(vpn, 5)
    for _ in range(3):
        await vpn.reconciliation.tick()
        vpn.clock.pass_(minutes=10)
    assert len(await vpn.on_host()) == 5
