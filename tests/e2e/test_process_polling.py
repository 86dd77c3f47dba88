"""MODE=polling, through the stand-in's getUpdates."""

import signal
from collections.abc import Callable
from pathlib import Path

from tests.e2e.conftest import TestDatabase
from tests.e2e.harness import StandIn, bot_process, run_command, settings_for, stand_in


async def answered(telegram: StandIn, people: range) -> list[int]:
    return [len(await telegram.answers(person)) for person in people]


async def test_polling_takes_the_webhook_away_and_answers_what_waited(
    database: TestDatabase, tmp_path: Path
) -> None:
    async with stand_in(tmp_path) as telegram:
        settings = settings_for(telegram.address, database.dsn)
        assert (await run_command("webhook set", tmp_path, settings)).code == 0
        await telegram.post("text", person=1001, text="/start")  # nobody listens

        async with bot_process("run", tmp_path, settings | {"MODE": "polling"}) as bot:
            await telegram.until_delivered()
            assert (await telegram.webhook())["url"] == ""
            assert len(await telegram.answers(1001)) == 1
            await telegram.post("text", person=1001, text="/menu")
            await telegram.until_delivered()
            assert len(await telegram.answers(1001)) == 2
            assert (await bot.stop()).code == 0

        # And back: the webhook is set again by the start.
        async with bot_process("run", tmp_path, settings) as bot:
            await telegram.post("text", person=1001, text="/help")
            await telegram.until_delivered()
            assert len(await telegram.answers(1001)) == 3
            assert (await bot.stop()).code == 0
    assert database.traces() == ("0", "0")


async def test_a_stop_while_polling_loses_none_and_doubles_none(
    database: TestDatabase, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    people = range(7001, 7201)
    async with stand_in(tmp_path, overall_per_second=10_000) as telegram:
        settings = settings_for(
            telegram.address, database.dsn, MODE="polling", DB_LOCK_TIMEOUT="19"
        )
        async with bot_process("run", tmp_path, settings) as bot:
            await bot.until_ready()
            with database.locked("users"):
                texts = [{"person": person, "text": "/start"} for person in people]
                await telegram.post("batch", texts=texts)
                # They were taken: somebody waits for the table.
                await telegram.until(lambda: waits_for_a_lock(database))
                bot.send(signal.SIGTERM)
                await bot.until_printed("app.signal")
            ended = await bot.ended()
            assert ended.code == 0
            assert ended.seconds < 22  # SHUTDOWN_GRACE + 2
        before = sum(await answered(telegram, people))
        figure(f"{before} of {len(people)} answered before the end")
        assert 0 < before < len(people)

        async with bot_process("run", tmp_path, settings) as bot:
            await bot.until_ready()
            await telegram.until_delivered()
            assert (await bot.stop()).code == 0
        assert await answered(telegram, people) == [1] * len(people)
    assert database.psql("select count(*) from users") == str(len(people))


async def waits_for_a_lock(database: TestDatabase) -> bool:
    return database.psql("select count(*) from pg_locks where not granted") != "0"
