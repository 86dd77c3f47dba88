"""Activation: what was committed is on the host, once, whatever goes wrong in between."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import trio

from bot.db import Database
from tests.integration.workers.provisioning import PERSON, Provisioning, provisioning


@pytest.fixture
async def vpn(database: Database) -> AsyncIterator[Provisioning]:
    async with provisioning(database) as running:
        yield running


async def test_what_is_wanted_is_there_and_a_second_tick_calls_nobody(vpn: Provisioning) -> None:
    wanted = {await vpn.want() for _ in range(70)}  # more than a batch
    await vpn.activation.tick()
    assert await vpn.on_host() == wanted
    calls = await vpn.stand_in.calls()
    await vpn.activation.tick()
    assert await vpn.stand_in.calls() == calls


async def test_what_is_no_longer_wanted_goes(vpn: Provisioning) -> None:
    uuid = await vpn.want()
    await vpn.activation.tick()
    await vpn.want(uuid, present=False)
    await vpn.activation.tick()
    assert await vpn.on_host() == set()
    assert await vpn.count("vpn_clients") == 0


async def test_one_bad_answer_doesnt_stop_the_batch(vpn: Provisioning) -> None:
    for _ in range(5):
        await vpn.want()
    await vpn.stand_in.tell("fault", kind="status", status=400, count=1, operation="add")
    await vpn.activation.tick()
    assert len(await vpn.on_host()) == 4
    vpn.clock.pass_(seconds=10)
    await vpn.activation.tick()
    assert len(await vpn.on_host()) == 5


async def test_a_host_that_is_away_isnt_hammered_and_no_job_is_dropped(
    vpn: Provisioning,
) -> None:
    for _ in range(40):
        await vpn.want()
    await vpn.stand_in.tell("fault", kind="status", status=503)
    for _ in range(30):
        await vpn.activation.tick()
        vpn.clock.pass_(minutes=6)
    # Five failures open the breaker for an hour of Trio's clock; a batch has eight calls under
    # way when it opens, each with two retries at most.
    assert await vpn.stand_in.calls() <= 8 * 3
    await vpn.stand_in.tell("well")
    assert await vpn.on_host() == set()
    assert (await vpn.told()).count("access-delayed") == 40
    assert (await vpn.told()).count("vpn-host-stuck") == 1
    assert await vpn.count("vpn_clients where applied_version < version") == 40


async def test_the_person_hears_once_that_access_is_there_after_a_long_wait(
    database: Database,
) -> None:
    async with provisioning(database, vpn_breaker_pause=0.01) as vpn:
        uuid = await vpn.want()
        await vpn.stand_in.tell("fault", kind="status", status=503)
        for _ in range(8):
            await vpn.activation.tick()
            vpn.clock.pass_(minutes=6)
        await vpn.stand_in.tell("well")
        for _ in range(3):
            await vpn.activation.tick()
            vpn.clock.pass_(minutes=6)
        assert await vpn.on_host() == {uuid}
        assert sorted(await vpn.told()) == ["access-delayed", "access-ready", "vpn-host-stuck"]


async def test_a_lost_answer_is_asked_for_again_and_makes_no_second_client(
    vpn: Provisioning,
) -> None:
    uuid = await vpn.want()
    await vpn.stand_in.tell("fault", kind="after", count=10)
    await vpn.activation.tick()
    await vpn.stand_in.tell("well")
    vpn.clock.pass_(minutes=6)
    await vpn.activation.tick()
    assert await vpn.on_host() == {uuid}
    unsettled = "vpn_clients where applied_version < version"
    assert await vpn.count(unsettled) == 0


async def test_a_reissued_key_replaces_the_old_one_without_a_gap(vpn: Provisioning) -> None:
    old = await vpn.want()
    await vpn.activation.tick()
    new = uuid4()
    await vpn.lane.execute(
        "insert into vpn_clients (uuid, host_id, user_id, label, desired, replaces, run_at,"
        " wanted_at) values ($1, $2, $3, 'new', 'present', $4, $5, $5)",
        new,
        vpn.host_id,
        PERSON,
        old,
        vpn.clock(),
    )
    await vpn.stand_in.tell("fault", kind="status", status=503, operation="add", count=3)
    await vpn.activation.tick()
    assert await vpn.on_host() == {old}
    vpn.clock.pass_(seconds=30)
    await vpn.activation.tick()
    assert await vpn.on_host() == {new}


async def test_a_tick_cancelled_anywhere_leaves_nothing_held_and_the_next_one_completes(
    vpn: Provisioning, database: Database
) -> None:
    wanted = set()
    for round_ in range(25):
        wanted.add(await vpn.want())
        with trio.move_on_after(0.002 * round_):
            await vpn.activation.tick()
        assert database.workers.limiter.borrowed_tokens == 0
        vpn.clock.pass_(minutes=2)  # leases of the cut-off tick are over
    vpn.clock.pass_(minutes=6)
    await vpn.activation.tick()
    assert await vpn.on_host() == wanted
    assert await vpn.count("vpn_clients where applied_version < version") == 0
