"""What operators do by hand: each command says what it found, and its exit status tells."""

import socket
from pathlib import Path

import pytest

from tests.e2e.conftest import TestDatabase
from tests.e2e.harness import (
    HOST,
    bot_process,
    run_command,
    settings_for,
    stand_in,
)

OTHER_TOKEN = "987654321:" + "B" * 35
NOBODY = f"http://{HOST}:9"  # the discard port: nothing listens


async def test_the_webhook_is_shown_set_and_deleted(tmp_path: Path) -> None:
    async with stand_in(tmp_path) as telegram:
        settings = settings_for(telegram.address, f"postgresql://{HOST}:9/none")
        shown = await run_command("webhook info", tmp_path, settings)
        assert shown.code == 0
        assert "url: \n" in shown.out

        done = await run_command("webhook set", tmp_path, settings)
        assert done.code == 0
        assert f"url: {settings['PUBLIC_URL']}/telegram/webhook" in done.out

        done = await run_command("webhook delete", tmp_path, settings)
        assert done.code == 0
        assert (await telegram.webhook())["url"] == ""


async def test_deleting_the_webhook_keeps_what_waits(tmp_path: Path) -> None:
    async with stand_in(tmp_path) as telegram:
        settings = settings_for(telegram.address, f"postgresql://{HOST}:9/none")
        assert (await run_command("webhook set", tmp_path, settings)).code == 0
        await telegram.post("text", person=1001, text="/start")
        assert (await run_command("webhook delete", tmp_path, settings)).code == 0
        assert (await telegram.queue())["pending"] == 1


async def test_a_webhook_that_telegram_does_not_take_ends_with_69(tmp_path: Path) -> None:
    async with stand_in(tmp_path) as telegram:
        await telegram.post("faults", method="setWebhook", status=400, count=1)
        settings = settings_for(telegram.address, f"postgresql://{HOST}:9/none")
        done = await run_command("webhook set", tmp_path, settings)
    assert done.code == 69
    assert settings["PUBLIC_URL"] in done.err
    assert "Traceback" not in done.err


async def test_a_webhook_is_not_set_under_a_poller(tmp_path: Path) -> None:
    settings = settings_for(NOBODY, f"postgresql://{HOST}:9/none", MODE="polling")
    done = await run_command("webhook set", tmp_path, settings)
    assert done.code == 78
    assert "MODE" in done.err


@pytest.mark.parametrize("command", ["info", "set", "delete"])
async def test_webhook_commands_end_with_70_while_telegram_is_away(
    tmp_path: Path, command: str
) -> None:
    settings = settings_for(NOBODY, f"postgresql://{HOST}:9/none")
    done = await run_command(f"webhook {command}", tmp_path, settings)
    assert done.code == 70
    assert "Traceback" not in done.err
    assert settings["BOT_TOKEN"] not in done.err


async def test_migrations_are_applied_once(database: TestDatabase, tmp_path: Path) -> None:
    settings = settings_for(NOBODY, database.dsn)
    first = await run_command("migrate", tmp_path, settings)
    assert first.code == 0
    assert "applied 0001_" in first.out
    second = await run_command("migrate", tmp_path, settings)
    assert second.code == 0
    assert second.out == "the schema is up to date\n"
    assert database.traces() == ("0", "0")


async def test_a_running_bot_is_not_migrated_under_its_feet(
    database: TestDatabase, tmp_path: Path
) -> None:
    async with stand_in(tmp_path) as telegram:
        settings = settings_for(telegram.address, database.dsn)
        async with bot_process("run", tmp_path, settings) as bot:
            await bot.until_ready()
            done = await run_command("migrate", tmp_path, settings)
            assert (await bot.stop()).code == 0
    assert done.code == 69
    assert "A Warren process is running on this database" in done.err
    assert "Traceback" not in done.err


async def test_migrating_a_database_that_is_away_ends_with_70(tmp_path: Path) -> None:
    done = await run_command(
        "migrate", tmp_path, settings_for(NOBODY, f"postgresql://{HOST}:9/none")
    )
    assert done.code == 70
    assert "can't be reached" in done.err
    assert "Traceback" not in done.err


async def test_the_doctor_finds_nothing_wrong_where_a_bot_could_run(
    database: TestDatabase, tmp_path: Path
) -> None:
    async with stand_in(tmp_path) as telegram:
        settings = settings_for(telegram.address, database.dsn)
        assert (await run_command("webhook set", tmp_path, settings)).code == 0
        assert (await run_command("migrate", tmp_path, settings)).code == 0
        done = await run_command("doctor", tmp_path, settings)
    assert done.code == 0, done.out
    assert "FAIL" not in done.out
    for what in ("settings", "BIND", "OPS_BIND", "database", "schema", "telegram", "webhook"):
        assert what in done.out
    assert database.traces() == ("0", "0")


async def test_the_doctor_names_everything_that_is_wrong_and_what_to_do(tmp_path: Path) -> None:
    async with stand_in(tmp_path) as telegram:
        with socket.create_server((HOST, 0)) as taken:
            settings = settings_for(
                telegram.address,
                f"postgresql://{HOST}:9/none",
                BOT_TOKEN=OTHER_TOKEN,
                BIND=f"{HOST}:{taken.getsockname()[1]}",
            )
            done = await run_command("doctor", tmp_path, settings)
    assert done.code == 1
    wrong = [line.split()[1] for line in done.out.splitlines() if line.startswith("FAIL")]
    assert wrong == ["BIND", "database", "telegram"]
    assert done.out.count("→") == len(wrong)
    assert "Traceback" not in done.out + done.err
    assert OTHER_TOKEN not in done.out + done.err


async def test_the_doctor_reads_a_bad_configuration_too(tmp_path: Path) -> None:
    done = await run_command("doctor", tmp_path, {"BOT_TOKEN": "hush"})
    assert done.code == 78
    assert "PUBLIC_URL" in done.out
    assert "hush" not in done.out + done.err
