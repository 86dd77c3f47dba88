"""Readiness is true of writing: a database that answers and takes no commit isn't ready."""

from collections.abc import Callable
from datetime import UTC, datetime

import trio

from bot.db import Database, open_database
from bot.db.migrate import migrate
from bot.readiness import Phase, Readiness
from bot.settings import Settings
from bot.workers.commit_watch import CommitWatch
from tests.cluster import Cluster


def watching(database: Database) -> tuple[CommitWatch, Readiness]:
    readiness = Readiness()
    readiness.enter(Phase.READY)
    return CommitWatch(database.health, readiness, clock=lambda: datetime.now(UTC)), readiness


async def test_a_read_only_database_is_complained_of_until_it_takes_commits_again(
    database: Database, cluster: Cluster
) -> None:
    watch, readiness = watching(database)
    await watch.tick()
    assert readiness.complaint() is None

    name = await database.health.fetchval("select current_database()")
    cluster.psql(f"alter database {name} set default_transaction_read_only = on")
    cluster.cut("warren", database=name)  # the setting is for new sessions
    await watch.tick()

    complaint = readiness.complaint()
    assert complaint is not None
    assert complaint.startswith("the database takes no commits")
    assert readiness.why_not() is None  # the door stays open

    cluster.psql(f"alter database {name} reset default_transaction_read_only")
    cluster.cut("warren", database=name)
    await watch.tick()
    assert readiness.complaint() is None


async def test_one_session_that_has_ended_is_no_reason_for_a_complaint(
    database: Database, cluster: Cluster
) -> None:
    watch, readiness = watching(database)
    name = await database.health.fetchval("select current_database()")
    for _ in range(10):
        await watch.tick()
        cluster.cut("warren", database=name)
        await watch.tick()
        assert readiness.complaint() is None


async def test_a_commit_that_hangs_while_reads_go_on_is_complained_of(
    make_settings: Callable[..., Settings], cluster: Cluster, expected_errors: list[str]
) -> None:
    """As when a server waits for a standby that is gone: nothing fails, and nothing ends."""
    expected_errors.append("db.connection_ended")
    settings = make_settings(
        db_pool_command_timeout=0.6, db_statement_timeout=0.5, db_lock_timeout=0.2
    )
    async with open_database(settings) as database:
        await database.connect()
        await migrate(database)
        watch, readiness = watching(database)
        name = await database.health.fetchval("select current_database()")
        cluster.psql(f"alter database {name} set synchronous_commit = on")
        cluster.cut("warren", database=name)
        cluster.reconfigure("set synchronous_standby_names = 'nobody'")
        try:
            with trio.move_on_after(0.5):
                await watch.tick()
        finally:
            cluster.reconfigure("reset synchronous_standby_names")

        assert readiness.complaint() is not None
        await watch.tick()
        assert readiness.complaint() is None
