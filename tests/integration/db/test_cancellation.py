"""Cancelling around the database: the pool stays whole and a transaction is all or nothing."""

import random
from collections.abc import Callable
from contextlib import suppress

import pytest
import trio
import trio.testing
from trio_asyncio import aio_as_trio

from bot import http
from bot.db import Database, Transaction, open_database
from bot.db.errors import (
    DatabaseError,
    DeadlineError,
    NestedConnectionError,
    QueryError,
    UniqueError,
)
from bot.holding import ConnectionHeldError, held_lane
from bot.settings import Settings
from tests.cluster import Cluster

TABLE = "create table marks (worker int, number int, part int)"
MARK = "insert into marks values ($1, $2, $3)"


def assert_whole(database: Database) -> None:
    stats = database.stats()
    assert stats.idle == stats.size
    assert [lane.borrowed for lane in stats.lanes] == [0, 0, 0]
    assert [lane.holders for lane in stats.lanes] == [(), (), ()]
    assert held_lane() is None


async def test_hammering_under_random_cancellation_leaves_the_pool_whole(
    database: Database,
) -> None:
    await database.updates.execute(TABLE)
    done: set[tuple[int, int]] = set()
    cancelled = 0

    async def unit(worker: int, number: int) -> None:
        async with database.updates.transaction() as transaction:
            await transaction.execute(MARK, worker, number, 1)
            await transaction.fetchval("select count(*) from marks where worker = $1", worker)
            await transaction.execute(MARK, worker, number, 2)
        done.add((worker, number))

    async def hammer(worker: int) -> None:
        nonlocal cancelled
        dice = random.Random(worker)
        for number in range(60):
            with trio.move_on_after(dice.uniform(0, 0.012)) as scope:
                if number % 3:
                    await unit(worker, number)
                else:
                    await database.workers.fetchval("select pg_sleep(0.001)")
            cancelled += scope.cancelled_caught

    with trio.fail_after(90):
        async with trio.open_nursery() as nursery:
            for worker in range(20):
                nursery.start_soon(hammer, worker)

    assert cancelled > 100  # else nothing was shown
    assert_whole(database)
    rows = await database.updates.fetch(
        "select worker, number, count(*) as parts from marks group by worker, number"
    )
    assert {row["parts"] for row in rows} <= {2}
    committed = {(row["worker"], row["number"]) for row in rows}
    # A unit that ended is there; one that was cancelled after its COMMIT may be there too.
    assert done <= committed


async def test_units_under_random_cancellation_are_all_or_nothing(database: Database) -> None:
    await database.updates.execute(TABLE)
    done: set[int] = set()
    cancelled = 0

    async def hammer(worker: int) -> None:
        nonlocal cancelled
        dice = random.Random(worker)
        for number in range(worker * 100, worker * 100 + 40):

            async def work(transaction: Transaction, number: int = number) -> int:
                await transaction.execute(MARK, 1, number, 1)
                if not number % 5:
                    raise LookupError
                await transaction.execute(MARK, 1, number, 2)
                return number

            with trio.move_on_after(dice.uniform(0, 0.03)) as scope, suppress(LookupError):
                done.add(await database.updates.unit(work))
            cancelled += scope.cancelled_caught

    with trio.fail_after(90):
        async with trio.open_nursery() as nursery:
            for worker in range(20):
                nursery.start_soon(hammer, worker)

    assert cancelled > 50  # else nothing was shown
    assert_whole(database)
    rows = await database.updates.fetch("select number, count(*) as parts from marks group by 1")
    assert {row["parts"] for row in rows} == {2}
    committed = {row["number"] for row in rows}
    assert done <= committed
    assert not [number for number in committed if not number % 5]


async def test_the_work_of_a_unit_meets_typed_errors_and_ends_with_it(database: Database) -> None:
    await database.updates.execute("create table keys (key int primary key)")
    kept = []

    async def work(transaction: Transaction) -> None:
        kept.append(transaction)
        await transaction.execute("insert into keys values (1)")
        await transaction.execute("insert into keys values (1)")

    with pytest.raises(UniqueError):
        await database.updates.unit(work)
    with pytest.raises(QueryError, match="is over"):
        await kept[0].execute("select")
    assert await database.updates.fetchval("select count(*) from keys") == 0
    assert_whole(database)


async def test_a_unit_that_does_not_get_its_lock_leaves_the_connection_clean(
    make_settings: Callable[..., Settings],
) -> None:
    async with open_database(make_settings(db_lock_timeout=0.1)) as database:
        await database.connect()
        await database.updates.execute("create table keys (key int primary key)")
        await database.updates.execute("insert into keys values (1)")

        async def work(_transaction: Transaction) -> None:
            raise AssertionError("the lock was not had")

        enough = trio.Event()

        async def hold(*, task_status: trio.TaskStatus[None]) -> None:
            async with database.workers.transaction() as holder:
                await holder.execute("select from keys where key = 1 for update")
                task_status.started()
                await enough.wait()

        async with trio.open_nursery() as nursery:
            await nursery.start(hold)
            lock = "begin; select from keys where key = 1 for update"
            with pytest.raises(DeadlineError):
                await database.updates.unit(work, begin=lock)
            enough.set()

        async def insert(transaction: Transaction) -> None:
            await transaction.execute("insert into keys values (2)")

        await database.updates.unit(insert)
        assert await database.updates.fetchval("select count(*) from keys") == 2
        assert_whole(database)


async def test_a_cancelled_transaction_leaves_no_row(database: Database) -> None:
    await database.updates.execute(TABLE)
    with trio.CancelScope() as scope:
        async with database.updates.transaction() as transaction:
            await transaction.execute(MARK, 1, 1, 1)
            scope.cancel()
            await trio.lowlevel.checkpoint()

    assert scope.cancelled_caught
    assert await database.updates.fetchval("select count(*) from marks") == 0
    assert_whole(database)


async def test_an_error_rolls_back_and_the_connection_serves_on(database: Database) -> None:
    await database.updates.execute(TABLE)

    async def fail() -> None:
        async with database.updates.transaction() as transaction:
            await transaction.execute(MARK, 1, 1, 1)
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert await database.updates.fetchval("select count(*) from marks") == 0
    assert_whole(database)


async def test_a_swallowed_statement_error_is_not_taken_for_a_commit(database: Database) -> None:
    async def swallow() -> None:
        async with database.updates.transaction() as transaction:
            with pytest.raises(QueryError):
                await transaction.execute("select 1 / 0")

    with pytest.raises(QueryError, match="was not passed on"):
        await swallow()
    assert_whole(database)


async def test_a_commit_that_is_on_its_way_is_not_cut_off(database: Database) -> None:
    await database.updates.execute(TABLE)
    await database.updates.execute(
        """
        create function wait() returns trigger language plpgsql
            as $$ begin perform pg_sleep(0.2); return null; end $$;
        """
    )
    await database.updates.execute(
        "create constraint trigger slow after insert on marks "
        "deferrable initially deferred for each row execute function wait()"
    )
    with trio.move_on_after(0.1) as scope:
        async with database.updates.transaction() as transaction:
            await transaction.execute(MARK, 1, 1, 1)
        ended = True
        await trio.lowlevel.checkpoint()

    assert ended
    assert scope.cancelled_caught
    assert await database.updates.fetchval("select count(*) from marks") == 1
    assert_whole(database)


async def test_a_full_lane_refuses_in_time_and_does_not_touch_the_others(
    make_settings: Callable[..., Settings],
) -> None:
    async with open_database(make_settings(db_pool_acquire_timeout=0.2)) as database:
        await database.connect()
        async with trio.open_nursery() as nursery:
            for _ in range(int(database.workers.limiter.total_tokens)):
                nursery.start_soon(database.workers.fetchval, "select pg_sleep(1)")
            await trio.testing.wait_all_tasks_blocked()

            assert await database.updates.fetchval("select 1") == 1
            with pytest.raises(DeadlineError, match="lane 'workers'"):
                await database.workers.fetchval("select 1")
        assert_whole(database)


async def test_cancelled_waiters_leave_no_slot_behind(database: Database) -> None:
    async with trio.open_nursery() as nursery:
        for _ in range(40):
            nursery.start_soon(database.updates.fetchval, "select pg_sleep(0.05)")
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert_whole(database)
    assert await database.updates.fetchval("select 1") == 1


async def test_a_second_connection_in_one_task_is_refused(database: Database) -> None:
    async with database.updates.transaction():
        with pytest.raises(NestedConnectionError, match="pass it on"):
            await database.updates.fetchval("select 1")


async def test_http_while_holding_a_connection_raises(database: Database) -> None:
    async with (
        http.open_http_client(connections=1, phase_seconds=1) as client,
        database.updates.transaction(),
    ):
        with pytest.raises(ConnectionHeldError):
            await client.request("GET", "http://127.0.0.1:9/nothing")


async def test_a_message_of_the_asyncio_loop_does_not_end_the_process(
    database: Database, expected_errors: list[str], logged
) -> None:
    expected_errors.append("db.asyncio_message")

    async def complain() -> None:
        import asyncio  # noqa: TID251 - plays the part of asyncpg's internals

        asyncio.get_running_loop().call_exception_handler({"message": "unexpected callback"})

    await aio_as_trio(complain)()

    assert "db.asyncio_message" in [entry["event"] for entry in logged.entries]
    assert await database.updates.fetchval("select 1") == 1


async def test_releasing_a_connection_costs_no_round_trip(database: Database) -> None:
    async with database.updates.transaction() as transaction:
        pid = await transaction.fetchval("select pg_backend_pid()")
    for _ in range(3):
        last = await database.health.fetchval(
            "select query from pg_stat_activity where pid = $1 and pid <> pg_backend_pid()", pid
        )
    assert last in {"COMMIT", None}


async def test_errors_are_told_by_what_can_be_done(
    make_settings: Callable[..., Settings], cluster: Cluster
) -> None:
    settings = make_settings(db_statement_timeout=0.3, db_lock_timeout=0.1)
    async with open_database(settings) as database:
        await database.connect()
        lane = database.updates
        await lane.execute("create table t (id int primary key check (id > 0))")
        await lane.execute("insert into t values (1)")
        from bot.db import errors

        for sql, kind in {
            "insert into t values (1)": errors.UniqueError,
            "insert into t values (-1)": errors.CheckError,
            "select pg_sleep(5)": errors.DeadlineError,
            "select no_such_column": errors.QueryError,
        }.items():
            with pytest.raises(kind) as caught:
                await lane.execute(sql)
            assert isinstance(caught.value, DatabaseError)
        with pytest.raises(errors.QueryError, match="invalid input"):
            await lane.fetchval("select $1::int", "not a number")
        assert await lane.fetchval("select $1::int", 1) == 1
        assert_whole(database)
