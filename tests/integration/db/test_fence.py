"""Who led writes nothing more: neither what it had begun, nor over a connection made afterwards."""

from collections.abc import Callable

import pytest
import trio

from bot.db import Database
from bot.db.errors import LeadershipLostError, UnavailableError
from bot.db.lock import leadership
from bot.settings import Settings
from tests.cluster import Cluster

_ADD = "insert into switches values ('fence', true, 1, now())"
_COUNT = "select count(*) from switches"
_BEGUN = """
    select count(*)
      from pg_stat_activity
     where datname = current_database() and state = 'idle in transaction'
"""


def nobody(reason: str) -> None:
    raise AssertionError(f"the lock was expected to be free: {reason}")


@pytest.fixture
async def name(database: Database) -> str:
    """The name of this test's database."""
    return str(await database.updates.fetchval("select current_database()"))


async def test_a_new_leader_ends_what_another_process_had_begun(
    database: Database, cluster: Cluster, name: str
) -> None:
    with cluster.holding(name, f"set application_name = 'warren'; {_ADD}"):
        assert await database.updates.fetchval(_BEGUN) == 1
        await database.end_other_sessions()
        with trio.fail_after(5):
            while await database.updates.fetchval(_BEGUN):  # noqa: ASYNC110 - the server
                await trio.sleep(0.01)


async def test_it_ends_none_of_its_own_and_nobody_elses(
    database: Database, cluster: Cluster, name: str
) -> None:
    with cluster.holding(name, _ADD.replace("fence", "of psql")):
        begun, others_ended = trio.Event(), trio.Event()

        async def write_meanwhile() -> None:
            async with database.updates.transaction() as tx:
                await tx.execute(_ADD)
                begun.set()
                await others_ended.wait()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(write_meanwhile)
            await begun.wait()
            await database.end_other_sessions()
            others_ended.set()
        assert await database.updates.fetchval(_BEGUN) == 1
    assert await database.updates.fetchval(_COUNT) == 1


async def test_a_fence_ends_what_was_begun_and_lets_nothing_begin(
    database: Database, cluster: Cluster, name: str
) -> None:
    async def write_meanwhile() -> None:
        async with database.updates.transaction() as tx:
            await tx.execute(_ADD)
            database.fence()

    with pytest.raises(UnavailableError):
        await write_meanwhile()
    with pytest.raises(UnavailableError):
        await database.updates.execute(_ADD)
    assert cluster.psql(_COUNT, database=name) == "0"


async def test_the_end_of_the_locks_session_puts_up_the_fence(
    database: Database, make_settings: Callable[..., Settings], cluster: Cluster, name: str
) -> None:
    fenced: list[bool] = []
    async with leadership(
        make_settings(), database.dsn, fence=lambda: fenced.append(True)
    ) as leader:
        await leader.acquire(waiting=nobody)
        cluster.cut("warren leader", database=name)
        with trio.fail_after(10), pytest.raises(LeadershipLostError):
            await leader.watch()
    assert fenced == [True]
