"""The leader's lock, cut at every checkpoint: held by nobody afterwards, and to be had."""

from collections.abc import Callable

import trio

from bot.db import Database
from bot.db.lock import leadership
from bot.settings import Settings
from tests.faults.checkpoints import Experiment, cut_everywhere
from tests.faults.world import nothing_held

_TRACES = """
    select pid, application_name
      from pg_stat_activity
     where datname = current_database() and application_name = 'warren leader'
"""


async def until_leaders(database: Database, count: int) -> None:
    """Wait until the server has so many leaders' sessions: it notices an end a moment later."""
    with trio.fail_after(10):
        while len(await database.health.fetch(_TRACES)) != count:  # noqa: ASYNC110 - the server
            await trio.sleep(0.01)


def no_one_waits(reason: str) -> None:
    raise AssertionError(f"the lock was free, and yet: {reason}")


async def test_a_lock_that_is_taken_and_given_back_leaves_no_session(
    database: Database, make_settings: Callable[..., Settings]
) -> None:
    settings, taken = make_settings(), []

    async def prepare() -> None:
        taken.clear()

    async def lead(_: None) -> None:
        async with leadership(settings, database.dsn) as leader:
            await leader.acquire(waiting=no_one_waits)
            taken.append(leader.held)
            await trio.lowlevel.checkpoint()

    async def nobody_leads(_: None) -> None:
        await nothing_held(database)
        await until_leaders(database, 0)

    async def led(_: None) -> object:
        return taken[-1]

    survey = await cut_everywhere(Experiment(prepare, lead, nobody_leads, lead, led))
    print(survey)
    assert survey.steps >= 4  # connect and lock, the work, unlock, close


async def test_who_waits_for_the_lock_of_another_can_be_cancelled_anywhere(
    database: Database, make_settings: Callable[..., Settings]
) -> None:
    settings = make_settings()

    async def nothing(_: None) -> None:
        """Have no part in it."""

    async def wait_twice(_: None) -> None:
        with trio.CancelScope() as patience:
            waits = 0

            def waiting(_reason: str) -> None:
                nonlocal waits
                waits += 1
                if waits == 2:
                    patience.cancel()

            async with leadership(settings, database.dsn) as second:
                await second.acquire(waiting=waiting)

    async def one_leads(_: None) -> None:
        await until_leaders(database, 1)

    async with leadership(settings, database.dsn) as first:
        await first.acquire(waiting=no_one_waits)
        await cut_everywhere(
            Experiment(lambda: nothing(None), wait_twice, one_leads, nothing, nothing)
        )
