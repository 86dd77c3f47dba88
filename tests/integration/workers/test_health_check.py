"""The health check's questions to a real database, well and unwell."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import trio

from bot.db import Database, open_database
from bot.settings import Settings
from bot.workers.health_check import HealthCheck, connections_flow, database_answers

LONGEST = timedelta(seconds=85)


def checking(database: Database, longest: timedelta = LONGEST) -> HealthCheck:
    return HealthCheck(
        {
            "database": database_answers(database),
            "connections": connections_flow(database, longest),
        }
    )


@contextmanager
def standing_still(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


async def test_a_database_that_answers_is_well_even_if_workers_and_updates_take_all_theirs(
    database: Database,
) -> None:
    health = checking(database)
    slots = [
        (lane, await lane.take())
        for lane in (database.updates, database.workers)
        for _ in range(int(lane.limiter.total_tokens))
    ]
    try:
        await health.tick()
    finally:
        for lane, slot in slots:
            lane.give_back(slot)

    assert health.answers == {"database": None, "connections": None}


async def test_a_connection_that_is_held_for_too_long_is_told_with_its_holder(
    database: Database,
) -> None:
    health = checking(database, longest=timedelta(0))
    async with database.workers.transaction():
        await health.tick()

    answer = health.answers["connections"]
    assert answer is not None
    assert "of the lane 'workers'" in answer


async def test_a_database_that_is_not_connected_is_an_answer(
    make_settings: Callable[..., Settings],
) -> None:
    async with open_database(make_settings()) as database:
        health = checking(database)
        await health.tick()
    assert "not connected yet" in str(health.answers["database"])


async def test_a_database_that_stands_still_is_noticed_within_the_bounds_of_the_health_lane(
    make_settings: Callable[..., Settings], expected_errors: list[str]
) -> None:
    expected_errors.append("db.connection_ended")
    settings = make_settings(
        db_lock_timeout=0.5,
        db_statement_timeout=1,
        db_pool_command_timeout=2,
        db_pool_acquire_timeout=1,
    )
    async with open_database(settings) as database:
        await database.connect()
        pid = await database.health.fetchval("select pg_backend_pid()")
        health = checking(database)
        started = trio.current_time()
        with standing_still(pid):
            await health.tick()
        assert trio.current_time() - started < 10
        assert health.answers["database"] is not None
        assert health.answers["connections"] is None
        assert health.successes == 0

        await health.tick()
        assert health.answers["database"] is None
        assert health.successes == 1


async def test_the_health_lane_is_quick_whatever_the_other_lanes_are_given(
    make_settings: Callable[..., Settings],
) -> None:
    settings = make_settings(db_pool_acquire_timeout=60, db_pool_command_timeout=300)
    async with open_database(settings) as database:
        bounds = database.health._bounds
        # Acquire, statement and release, each at its bound, and still within the tick's 30 s.
        assert bounds.acquire + bounds.command + bounds.acquire <= 25
