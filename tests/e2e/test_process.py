"""`python -m bot run` against the stand-in: real processes, real signals, a real database."""

from pathlib import Path

from tests.e2e.conftest import TestDatabase
from tests.e2e.harness import bot_process, run_command, settings_for, stand_in

CONNECTIONS = "select count(*) from pg_stat_activity where application_name like 'warren%'"
ADVISORY_LOCKS = "select count(*) from pg_locks where locktype = 'advisory'"


async def test_a_stop_in_the_middle_of_many_updates_loses_none_and_doubles_none(
    database: TestDatabase, tmp_path: Path
) -> None:
    people = range(5001, 5201)
    async with stand_in(tmp_path, overall_per_second=10_000) as telegram:
        settings = settings_for(telegram.address, database.dsn)
        async with bot_process("run", tmp_path, settings) as bot:
            await bot.until_ready()
            texts = [{"person": person, "text": "/start"} for person in people]
            await telegram.post("batch", texts=texts)
            ended = await bot.stop()
            assert ended.code == 0
            assert ended.seconds < 22  # SHUTDOWN_GRACE + 2
        assert database.psql(CONNECTIONS) == "0"
        assert database.psql(ADVISORY_LOCKS) == "0"

        async with bot_process("run", tmp_path, settings) as bot:
            await telegram.until_delivered()
            assert (await bot.stop()).code == 0

        answers = [len(await telegram.answers(person)) for person in people]
        assert answers == [1] * len(people)
        assert database.psql("select count(*) from users") == str(len(people))


async def test_a_leader_whose_connection_is_cut_ends_with_70(
    database: TestDatabase, tmp_path: Path
) -> None:
    async with stand_in(tmp_path) as telegram:
        settings = settings_for(telegram.address, database.dsn)
        async with bot_process("run", tmp_path, settings) as bot:
            await bot.until_ready()
            database.psql(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where application_name = 'warren leader'"
            )
            assert (await bot.ended(seconds=5)).code == 70


async def test_a_bad_configuration_ends_with_78_and_names_everything(tmp_path: Path) -> None:
    done = await run_command("run", tmp_path, {"BOT_TOKEN": "hush", "DB_POOL_MAX_SIZE": "many"})
    assert done.code == 78
    for name in ("BOT_TOKEN", "DB_POOL_MAX_SIZE", "PUBLIC_URL"):
        assert name in done.err
    assert "hush" not in done.err
    assert "Traceback" not in done.err
