"""A stop in the middle of work: what runs ends, what waits is kept, and the stop has an end."""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import trio

from tests.e2e.conftest import TestDatabase
from tests.e2e.harness import BotProcess, bot_process, settings_for, stand_in, stopped

GRACE = 20  # SHUTDOWN_GRACE's default
PATIENT = {"DB_LOCK_TIMEOUT": "19"}
"""For tests that hold a lock: whoever waits for it, waits until the test lets go."""


async def in_flight(bot: BotProcess, count: int) -> None:
    """Return once that many updates are inside the bot and wait for their answer."""
    with trio.fail_after(30):
        while await bot.metric("warren_webhook_in_flight") < count:  # noqa: ASYNC110 - a process
            await trio.sleep(0.05)


@pytest.mark.slow
async def test_a_stop_in_the_middle_of_many_updates_loses_none_and_doubles_none(
    database: TestDatabase, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    people = range(5001, 5201)
    async with stand_in(tmp_path, overall_per_second=10_000) as telegram:
        settings = settings_for(telegram.address, database.dsn, **PATIENT)
        async with bot_process("run", tmp_path, settings) as bot:
            await bot.until_ready()
            texts = [{"person": person, "text": "/start"} for person in people]
            with database.locked("users"):
                await telegram.post("batch", texts=texts)
                await in_flight(bot, 40)  # max_connections: twice MAX_CONCURRENT_UPDATES
                bot.send(signal.SIGTERM)
                await bot.until_printed("app.signal")
            ended = await bot.ended()
            assert ended.code == 0
            assert ended.seconds < GRACE + 2
        served = int(database.psql("select count(*) from users"))
        waiting = (await telegram.queue())["pending"]
        figure(f"40 in flight at SIGTERM: {served} served before the end, {waiting} kept")
        assert served == 40
        assert served + waiting == len(people)
        assert database.traces() == ("0", "0")

        async with bot_process("run", tmp_path, settings) as bot:
            await telegram.until_delivered()
            assert (await bot.stop()).code == 0

        answers = [len(await telegram.answers(person)) for person in people]
        assert answers == [1] * len(people)
        assert database.psql("select count(*) from users") == str(len(people))


async def test_a_second_signal_does_not_wait_for_running_updates(
    database: TestDatabase, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    async def no_traces() -> bool:
        return database.traces() == ("0", "0")

    async with stand_in(tmp_path) as telegram:
        settings = settings_for(telegram.address, database.dsn, **PATIENT)
        async with bot_process("run", tmp_path, settings) as bot:
            await bot.until_ready()
            with database.locked("users"):
                await telegram.post("text", person=1001, text="/start")
                await in_flight(bot, 1)
                bot.send(signal.SIGTERM)
                await bot.until_printed("app.signal")
                ended = await bot.stop()
        # The server finds out when the lock is free and nobody is there to take the rows.
        await telegram.until(no_traces)
        figure(f"a second signal ended the process after {ended.seconds:.1f} s")
        assert ended.code == 0
        assert ended.seconds < 10  # alone on a machine: 1.5; the lock would have held it for 19
        assert database.psql("select count(*) from users") == "0"
        assert (await telegram.queue())["pending"] == 1  # kept for the next process


@pytest.mark.slow
async def test_a_database_that_hangs_does_not_hold_up_the_stop(
    database: TestDatabase, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    """Not beyond the grace of a running update, and not by the release of what was borrowed."""
    grace = 3
    async with stand_in(tmp_path) as telegram:
        settings = settings_for(telegram.address, database.dsn, SHUTDOWN_GRACE=str(grace))
        async with bot_process("run", tmp_path, settings) as bot:
            await bot.until_ready()
            with stopped(*database.backends("warren")):  # the leader's connection answers
                await telegram.post("text", person=1001, text="/start")
                await in_flight(bot, 1)
                ended = await bot.stop()
        figure(f"a hanging database, grace {grace} s: stopped after {ended.seconds:.1f} s")
        assert ended.code == 0
        assert ended.seconds < grace + 2 + 3  # the update's end, then the pool's
        assert "app.crashed" not in bot.output
