"""How `python -m bot run` ends: its exit codes, and what it says to the operator."""

import signal
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import TestDatabase
from tests.e2e.harness import (
    HOST,
    TOKEN,
    bot_process,
    run_command,
    settings_for,
    stand_in,
    stopped,
)

OTHER_TOKEN = "987654321:" + "B" * 35


async def test_a_bad_configuration_ends_with_78_and_names_everything(tmp_path: Path) -> None:
    done = await run_command("run", tmp_path, {"BOT_TOKEN": "hush", "DB_POOL_MAX_SIZE": "many"})
    assert done.code == 78
    for name in ("BOT_TOKEN", "DB_POOL_MAX_SIZE", "PUBLIC_URL"):
        assert name in done.err
    assert "hush" not in done.err
    assert "Traceback" not in done.err


async def test_a_refused_token_ends_with_69_and_is_not_repeated(
    database: TestDatabase, tmp_path: Path
) -> None:
    async with stand_in(tmp_path) as telegram:
        settings = settings_for(telegram.address, database.dsn, BOT_TOKEN=OTHER_TOKEN)
        done = await run_command("run", tmp_path, settings)
    assert done.code == 69
    assert "BOT_TOKEN" in done.err
    assert OTHER_TOKEN not in done.err
    assert "Traceback" not in done.err
    assert database.traces() == ("0", "0")


async def test_a_schema_of_a_later_version_ends_with_69_and_is_not_touched(
    database: TestDatabase, tmp_path: Path
) -> None:
    async with stand_in(tmp_path) as telegram:
        settings = settings_for(telegram.address, database.dsn)
        assert (await run_command("migrate", tmp_path, settings)).code == 0
        database.psql("insert into schema_migrations values (9999, '9999_future.sql', '')")
        done = await run_command("run", tmp_path, settings)
    assert done.code == 69
    assert "9999_future.sql" in done.err
    assert "Traceback" not in done.err
    assert database.traces() == ("0", "0")


@pytest.mark.parametrize("setting", ["BIND", "OPS_BIND"])
async def test_a_port_that_is_taken_ends_with_70_and_names_the_setting(
    database: TestDatabase, tmp_path: Path, setting: str
) -> None:
    with socket.create_server((HOST, 0)) as taken:
        address = f"{HOST}:{taken.getsockname()[1]}"
        settings = settings_for(f"http://{HOST}:9", database.dsn) | {setting: address}
        done = await run_command("run", tmp_path, settings)
    assert done.code == 70
    assert address in done.err
    assert setting in done.err
    assert "Traceback" not in done.err


async def test_a_database_that_is_not_on_the_server_ends_with_69(
    database: TestDatabase, tmp_path: Path
) -> None:
    dsn = database.cluster.dsn("nobody_made_this")
    done = await run_command("run", tmp_path, settings_for(f"http://{HOST}:9", dsn))
    assert done.code == 69
    assert "does not exist" in done.err
    assert "Traceback" not in done.err


async def test_a_leader_whose_connection_is_cut_ends_with_70(
    database: TestDatabase, tmp_path: Path
) -> None:
    async with stand_in(tmp_path) as telegram:
        settings = settings_for(telegram.address, database.dsn)
        async with bot_process("run", tmp_path, settings) as bot:
            await bot.until_ready()
            database.cut("warren leader")
            ended = await bot.ended(seconds=5)
    assert ended.code == 70
    assert "Traceback" not in bot.output
    assert database.traces() == ("0", "0")


async def test_a_restart_of_the_server_ends_the_leader_with_70(
    database: TestDatabase, tmp_path: Path
) -> None:
    async with stand_in(tmp_path) as telegram:
        settings = settings_for(telegram.address, database.dsn)
        async with bot_process("run", tmp_path, settings) as bot:
            await bot.until_ready()
            database.cluster.stop()
            try:
                ended = await bot.ended(seconds=5)
            finally:
                database.cluster.start()
    assert ended.code == 70
    assert database.traces() == ("0", "0")


@pytest.mark.slow
async def test_a_server_that_stands_still_ends_the_leader_with_70(
    database: TestDatabase, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    """Also while an update waits for the server: nothing waits for a statement without an end."""
    async with stand_in(tmp_path) as telegram:
        settings = settings_for(telegram.address, database.dsn)
        async with bot_process("run", tmp_path, settings) as bot:
            await bot.until_ready()
            with stopped(*database.backends("warren%")):
                await telegram.post("text", person=1001, text="/start")
                # Noticed within 5 s (ADVISORY_LOCK_CHECK_INTERVAL and 2 s for the answer: held to
                # it in tests/integration/db/test_lost_server.py), and what is on its way at that
                # moment has 2 s more. The rest is a process's end, as quick as the machine is free.
                ended = await bot.ended()
            figure(f"a server that stands still ended the leader after {ended.seconds:.1f} s")
    assert ended.code == 70
    assert "app.crashed" not in bot.output


async def test_ctrl_c_is_a_clean_stop(database: TestDatabase, tmp_path: Path) -> None:
    async with stand_in(tmp_path) as telegram:
        settings = settings_for(telegram.address, database.dsn)
        async with bot_process("run", tmp_path, settings) as bot:
            await bot.until_ready()
            ended = await bot.stop(signal.SIGINT)
    assert ended.code == 0
    assert "Traceback" not in bot.output
    assert TOKEN not in bot.output
