"""The way to readiness: the database away, another process leading, and how long it takes."""

import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
import trio

from tests.e2e.conftest import TestDatabase
from tests.e2e.harness import (
    BotProcess,
    Ended,
    bot_process,
    run_command,
    settings_for,
    stand_in,
)

SECRET = "the-secret-of-this-test"


async def post_update(bot: BotProcess) -> httpx.Response:
    """Do what Telegram does, to see the whole answer."""
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.post(
            f"{bot.public}/telegram/webhook",
            headers={"x-telegram-bot-api-secret-token": SECRET},
            json={"update_id": 1},
        )


async def test_without_its_database_it_is_live_and_becomes_ready_by_itself(
    database: TestDatabase, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    async def refused_503() -> bool:
        return "503" in (await telegram.webhook()).get("last_error_message", "")

    async with stand_in(tmp_path) as telegram:
        settings = settings_for(telegram.address, database.dsn, WEBHOOK_SECRET=SECRET)
        assert (await run_command("webhook set", tmp_path, settings)).code == 0
        database.cluster.stop()
        try:
            async with bot_process("run", tmp_path, settings) as bot:
                body = await bot.until(lambda _, body: "database" in body["reason"])
                assert body["reason"].startswith("waiting for the database: ")
                assert (await bot.health("ready"))[0] == 503
                assert (await bot.health("live"))[0] == 200
                assert (await bot.health())[1]["phase"] == "starting"

                await telegram.post("text", person=1001, text="/start")
                await telegram.until(refused_503)
                refused = await post_update(bot)
                assert refused.status_code == 503
                assert int(refused.headers["retry-after"]) > 0

                database.cluster.start()
                there_at = trio.current_time()
                await bot.until_ready()
                took = trio.current_time() - there_at
                figure(f"ready {took:.2f} s after the database was there")
                assert took < 5  # aimed at: 2

                await telegram.until_delivered()
                assert len(await telegram.answers(1001)) == 1
                assert (await bot.stop()).code == 0
        finally:
            database.cluster.start()


async def test_a_stop_while_it_waits_for_the_database_is_clean_and_quick(
    database: TestDatabase, tmp_path: Path
) -> None:
    database.cluster.stop()
    try:
        settings = settings_for("http://127.0.0.1:9", database.dsn)
        async with bot_process("run", tmp_path, settings) as bot:
            await bot.until(lambda _, body: "database" in body["reason"])
            ended = await bot.stop()
    finally:
        database.cluster.start()
    assert ended.code == 0
    assert ended.seconds < 3


async def stopped_cleanly(bot: BotProcess, _: TestDatabase) -> Ended:
    return await bot.stop()


async def killed(bot: BotProcess, _: TestDatabase) -> Ended:
    return await bot.stop(signal.SIGKILL)


async def cut_off(bot: BotProcess, database: TestDatabase) -> Ended:
    database.cut_lock()
    return await bot.ended(seconds=5)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("end", "code"), [(stopped_cleanly, 0), (killed, -signal.SIGKILL), (cut_off, 70)]
)
async def test_a_standby_takes_over_within_seconds_and_nothing_happens_twice(
    database: TestDatabase,
    tmp_path: Path,
    figure: Callable[[str], None],
    end: Callable[[BotProcess, TestDatabase], Awaitable[Ended]],
    code: int,
) -> None:
    people = range(6001, 6051)
    async with stand_in(tmp_path, overall_per_second=10_000) as telegram:
        first = settings_for(telegram.address, database.dsn)
        second = settings_for(telegram.address, database.dsn)
        async with AsyncExitStack() as processes:
            leader = await processes.enter_async_context(bot_process("run", tmp_path, first))
            await leader.until_ready()
            standby = await processes.enter_async_context(bot_process("run", tmp_path, second))
            body = await standby.until(lambda _, body: "standby" in body["reason"])
            assert body["reason"] == "standby: another process holds the advisory lock"
            assert (await standby.health("live"))[0] == 200
            assert (await telegram.webhook())["url"].startswith(leader.public)

            texts = [{"person": person, "text": "/start"} for person in people]
            await telegram.post("batch", texts=texts)
            ended = await end(leader, database)
            ended_at = trio.current_time()
            assert ended.code == code
            await standby.until_ready()
            took = trio.current_time() - ended_at
            figure(f"{end.__name__}: the standby was ready {took:.2f} s after the leader's end")
            assert took < 5
            await telegram.until_delivered()
            assert (await telegram.webhook())["url"].startswith(standby.public)

            answers = [len(await telegram.answers(person)) for person in people]
            assert answers == [1] * len(people)
            assert (await standby.stop()).code == 0
    assert database.psql("select count(*) from users") == str(len(people))
    assert database.traces() == ("0", "0")


async def test_a_standby_whose_database_restarts_is_there_again_at_once(
    database: TestDatabase, tmp_path: Path
) -> None:
    async with stand_in(tmp_path) as telegram:
        settings = settings_for(telegram.address, database.dsn)
        with database.cluster.holding(database.name, "select pg_advisory_lock(1)"):
            async with bot_process("run", tmp_path, settings | {"ADVISORY_LOCK_KEY": "1"}) as bot:
                await bot.until(lambda _, body: "standby" in body["reason"])
                database.cluster.stop()
                try:
                    await bot.until(lambda _, body: "waiting for the database" in body["reason"])
                finally:
                    database.cluster.start()
                there_at = trio.current_time()
                await bot.until_ready()
                assert trio.current_time() - there_at < 5
                assert (await bot.stop()).code == 0


async def test_the_time_from_start_to_ready(
    database: TestDatabase, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    async with stand_in(tmp_path) as telegram:
        settings = settings_for(telegram.address, database.dsn)
        for which in ("first", "second"):
            async with bot_process("run", tmp_path, settings) as bot:
                await bot.until_ready()
                figure(
                    f"{which} start: ready after {bot.age:.1f} s, {bot.cpu_seconds:.1f} s of CPU"
                )
                assert bot.cpu_seconds < 5
                assert (await bot.stop()).code == 0
