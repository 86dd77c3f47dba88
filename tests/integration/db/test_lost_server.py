"""The server goes away, hangs or comes back: bounded waits, and a pool that heals itself."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import trio
import trio.testing

from bot.db import Database, open_database
from bot.db.errors import LeadershipLostError, UnavailableError
from bot.db.lock import leadership
from bot.settings import Settings
from tests.cluster import Cluster
from tests.e2e.harness import stopped


@pytest.fixture
def own_cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A server that this test may stop."""
    with closing(Cluster(tmp_path)) as cluster:
        yield cluster


def nobody(reason: str) -> None:
    raise AssertionError(f"the lock was expected to be free: {reason}")


async def test_the_pool_heals_after_a_restart_of_the_server(
    own_cluster: Cluster, make_settings: Callable[..., Settings]
) -> None:
    async with open_database(make_settings(database_url=own_cluster.dsn())) as database:
        await database.connect()
        assert await database.updates.fetchval("select 1") == 1

        await trio.to_thread.run_sync(own_cluster.stop)
        for _ in range(20):
            with pytest.raises(UnavailableError):
                await database.updates.fetchval("select 1")
        await trio.to_thread.run_sync(own_cluster.start)

        for lane in database.lanes:
            assert await lane.fetchval("select 1") == 1
        stats = database.stats()
        assert stats.idle == stats.size


async def test_connecting_waits_for_nobody_when_the_server_is_away(
    make_settings: Callable[..., Settings],
) -> None:
    settings = make_settings(database_url="postgresql://nobody@127.0.0.1:9/none")
    async with open_database(settings) as database:
        with trio.fail_after(5):
            for _ in range(3):
                with pytest.raises(UnavailableError, match="can't be reached"):
                    await database.connect()
        with pytest.raises(UnavailableError, match="not connected yet"):
            await database.updates.fetchval("select 1")


async def test_ended_sessions_are_replaced(
    make_settings: Callable[..., Settings], cluster: Cluster
) -> None:
    async with open_database(make_settings()) as database:
        await database.connect()
        name = await database.updates.fetchval("select current_database()")
        for _ in range(5):
            await database.updates.fetchval("select 1")
            cluster.cut("warren", database=name)
            # A session's end is met at its next use, at the latest: once for each of them.
            failures = 0
            while True:
                try:
                    await database.updates.fetchval("select 1")
                    break
                except UnavailableError:
                    failures += 1
            assert failures <= 2  # DB_POOL_MIN_SIZE sessions were there to be ended


async def test_a_backend_that_hangs_ends_the_statement_and_not_the_process(
    make_settings: Callable[..., Settings], expected_errors: list[str]
) -> None:
    expected_errors.append("db.connection_ended")
    settings = make_settings(
        db_pool_min_size=0,
        db_pool_command_timeout=0.6,
        db_statement_timeout=0.5,
        db_lock_timeout=0.2,
    )
    stopped: list[int] = []
    try:
        with trio.fail_after(10):
            async with open_database(settings) as database:
                await database.connect()

                async def hang() -> None:
                    async with database.updates.transaction() as transaction:
                        stopped.append(await transaction.fetchval("select pg_backend_pid()"))
                        os.kill(stopped[0], signal.SIGSTOP)
                        await transaction.fetchval("select 1")

                with pytest.raises(UnavailableError):
                    await hang()
                assert await database.updates.fetchval("select 1") == 1
                # One more hangs while idle: closing the pool must not wait for it.
                stopped.append(await database.updates.fetchval("select pg_backend_pid()"))
                os.kill(stopped[1], signal.SIGSTOP)
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)


async def test_a_server_that_takes_no_connection_does_not_hold_up_the_end(
    own_cluster: Cluster, make_settings: Callable[..., Settings]
) -> None:
    """All of it stands still: a statement isn't even sent, since nobody answers the handshake."""
    settings = make_settings(database_url=own_cluster.dsn(), db_pool_min_size=0)
    asked = trio.Event()

    async def ask(database: Database) -> None:
        asked.set()
        with pytest.raises(UnavailableError):
            await database.updates.fetchval("select 1")

    async with open_database(settings) as database:
        await database.connect()
        with stopped(*own_cluster.processes):
            async with trio.open_nursery() as nursery:
                await nursery.start(database.bound_last_statements)
                nursery.start_soon(ask, database)
                await asked.wait()
                await trio.testing.wait_all_tasks_blocked()
                ended_at = trio.current_time()
                nursery.cancel_scope.cancel()
            seconds = trio.current_time() - ended_at
    assert seconds < 3
    assert settings.db_pool_acquire_timeout.total_seconds() == 10


async def test_the_leader_notices_the_end_of_its_connection_at_once(
    make_settings: Callable[..., Settings], cluster: Cluster
) -> None:
    async def lead() -> None:
        settings = make_settings()
        async with (
            open_database(settings) as database,
            leadership(settings, database.dsn) as leader,
        ):
            await database.connect()
            name = await database.updates.fetchval("select current_database()")
            await leader.acquire(waiting=nobody)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(leader.watch)
                cluster.cut("warren leader", database=name)
                await trio.sleep_forever()

    with trio.fail_after(2), pytest.RaisesGroup(LeadershipLostError, flatten_subgroups=True):
        await lead()


async def test_the_leader_notices_a_server_that_went_silent_within_five_seconds(
    make_settings: Callable[..., Settings], cluster: Cluster, expected_errors: list[str]
) -> None:
    expected_errors.append("db.connection_ended")
    pids: list[int] = []

    async def lead() -> None:
        settings = make_settings()
        async with (
            open_database(settings) as database,
            leadership(settings, database.dsn) as leader,
        ):
            await leader.acquire(waiting=nobody)
            pids.append(
                int(
                    cluster.psql(
                        "select pid from pg_stat_activity where application_name = 'warren leader'"
                    )
                )
            )
            os.kill(pids[0], signal.SIGSTOP)
            with trio.fail_after(5):
                await leader.watch()

    try:
        with pytest.RaisesGroup(LeadershipLostError, flatten_subgroups=True), trio.fail_after(12):
            await lead()
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


async def test_a_standby_takes_over_and_a_release_leaves_nothing(
    make_settings: Callable[..., Settings], cluster: Cluster
) -> None:
    settings = make_settings()
    waited = trio.Event()
    leads = trio.Event()

    async def stand_by(scope: trio.CancelScope) -> None:
        async with leadership(settings, settings.database_url.get_secret_value()) as second:
            await second.acquire(waiting=lambda _: waited.set())
            leads.set()
        scope.cancel()

    async with open_database(settings) as database, trio.open_nursery() as nursery:
        async with leadership(settings, database.dsn) as first:
            await first.acquire(waiting=nobody)
            nursery.start_soon(stand_by, nursery.cancel_scope)
            await waited.wait()
            assert not leads.is_set()
        with trio.fail_after(5):
            await leads.wait()

    locks = cluster.psql("select count(*) from pg_locks where locktype = 'advisory'")
    assert locks == "0"


def test_a_killed_process_leaves_a_server_that_the_next_one_adopts_and_stops(
    tmp_path: Path,
) -> None:
    script = """
import sys, trio
from pathlib import Path
from bot.db.embedded import embedded_postgres

async def main():
    async with embedded_postgres(Path(sys.argv[1])):
        print("up", flush=True)
        if sys.argv[2] == "wait":
            await trio.sleep_forever()

trio.run(main)
"""
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen([*command, "wait"], stdout=subprocess.PIPE) as first:
        assert any(b"up" in line for line in iter(first.stdout.readline, b""))
        pid_file = tmp_path / "postgres" / "postmaster.pid"
        server = int(pid_file.read_text().splitlines()[0])
        first.kill()
    os.kill(server, 0)  # it outlived its process

    subprocess.run([*command, "leave"], check=True, capture_output=True)

    assert not pid_file.exists()
