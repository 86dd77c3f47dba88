"""Jobs for VPN hosts: claimed once, never dropped, told about when they take long."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
import trio

from bot.db import Database, Lane
from bot.shop.vpn_clients import want
from bot.shop.vpn_jobs import (
    FLAG_AFTER,
    VpnJob,
    claim_jobs,
    hasten_jobs,
    jobs_done,
    jobs_failed,
    release_jobs,
    unprovisioned,
)
from tests.integration.shop.rows import add_host, add_person

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
LEASE = timedelta(seconds=60)
PERSON = 7


@pytest.fixture
async def lane(database: Database) -> Lane:
    return database.workers


@pytest.fixture
async def host(lane: Lane) -> int:
    await add_person(lane, PERSON)
    return await add_host(lane)


async def wanted(lane: Lane, host: int, uuid: UUID, *, present: bool = True, **more: UUID) -> None:
    async with lane.transaction() as tx:
        await want(
            tx,
            uuid=uuid,
            host_id=host,
            user_id=PERSON,
            desired="present" if present else "absent",
            now=NOW,
            **more,
        )


async def claim(lane: Lane, at: datetime = NOW) -> list[VpnJob]:
    return await claim_jobs(lane, at, limit=10, lease=LEASE)


async def notices(lane: Lane) -> list[tuple[int | None, str]]:
    rows = await lane.fetch("select chat_id, kind from notifications order by id")
    return [(row["chat_id"], row["kind"]) for row in rows]


async def test_a_job_is_claimed_once_while_its_lease_lasts(lane: Lane, host: int) -> None:
    await wanted(lane, host, uuid4())
    assert len(await claim(lane)) == 1
    assert await claim(lane) == []
    assert len(await claim(lane, NOW + LEASE)) == 1


async def test_two_claimers_side_by_side_share_the_jobs(lane: Lane, host: int) -> None:
    for _ in range(20):
        await wanted(lane, host, uuid4())
    claimed: list[VpnJob] = []

    async def take() -> None:
        claimed.extend(await claim(lane))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(take)
        nursery.start_soon(take)
    assert len({job.uuid for job in claimed}) == len(claimed) == 20


async def test_a_lease_of_a_dead_process_ends_at_the_next_start(lane: Lane, host: int) -> None:
    await wanted(lane, host, uuid4())
    await claim(lane)
    await release_jobs(lane)
    assert len(await claim(lane)) == 1


async def test_a_job_that_is_done_is_done(lane: Lane, host: int) -> None:
    await wanted(lane, host, uuid4())
    jobs = await claim(lane)
    assert jobs[0].is_new
    assert not await jobs_done(lane, jobs, NOW)
    assert await claim(lane, NOW + timedelta(days=1)) == []


async def test_what_was_wanted_otherwise_meanwhile_is_a_job_again(lane: Lane, host: int) -> None:
    uuid = uuid4()
    await wanted(lane, host, uuid)
    jobs = await claim(lane)
    await wanted(lane, host, uuid, present=False)
    await jobs_done(lane, jobs, NOW)
    again = await claim(lane)
    assert [(job.uuid, job.present) for job in again] == [(uuid, False)]


async def test_a_client_that_is_gone_from_its_host_is_forgotten(lane: Lane, host: int) -> None:
    await wanted(lane, host, uuid4(), present=False)
    await jobs_done(lane, await claim(lane), NOW)
    assert await lane.fetchval("select count(*) from vpn_clients") == 0


async def test_an_old_key_goes_only_when_its_successor_is_there(lane: Lane, host: int) -> None:
    old, new = uuid4(), uuid4()
    await wanted(lane, host, old)
    await jobs_done(lane, await claim(lane), NOW)
    await wanted(lane, host, new, replaces=old)
    jobs = await claim(lane)
    assert [job.uuid for job in jobs] == [new]
    assert await jobs_done(lane, jobs, NOW)
    assert [(job.uuid, job.present) for job in await claim(lane)] == [(old, False)]
    # Noting it a second time makes no second removal.
    assert not await jobs_done(lane, jobs, NOW)


async def test_failures_are_tried_again_for_ever_with_growing_pauses(lane: Lane, host: int) -> None:
    await wanted(lane, host, uuid4())
    at, pauses = NOW, []
    for _ in range(15):
        jobs = await claim(lane, at)
        await jobs_failed(lane, [(job, "away") for job in jobs], at)
        due = await lane.fetchval("select run_at from vpn_clients")
        pauses.append((due - at).total_seconds())
        at = due
    assert pauses[:4] == [2, 4, 8, 16]
    assert pauses[-1] == 300
    assert len(await claim(lane, at)) == 1


async def test_people_are_told_once_that_it_takes_longer_and_once_that_it_is_there(
    lane: Lane, host: int
) -> None:
    await wanted(lane, host, uuid4())
    at = NOW
    for _ in range(FLAG_AFTER + 3):
        jobs = await claim(lane, at)
        await jobs_failed(lane, [(job, "away") for job in jobs], at)
        at += timedelta(minutes=6)
    assert await notices(lane) == [(PERSON, "access-delayed"), (None, "vpn-host-stuck")]
    stuck = await unprovisioned(lane, at, older_than=timedelta(minutes=1))
    assert [(row.user_id, row.flagged, row.last_error) for row in stuck] == [(PERSON, True, "away")]

    await hasten_jobs(lane, host, at)
    await jobs_done(lane, await claim(lane, at), at)
    assert (await notices(lane))[2:] == [(PERSON, "access-ready")]
    assert await unprovisioned(lane, at, older_than=timedelta(0)) == []
