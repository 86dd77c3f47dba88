"""A service manager that starts the bot hears how it is, from the first word to the last."""

import os
from pathlib import Path

import pytest
import trio

from tests.e2e.conftest import TestDatabase
from tests.e2e.harness import bot_process, free_port, settings_for, stand_in


@pytest.mark.parametrize("kind", ["path", "abstract"])
async def test_a_service_manager_hears_of_each_phase_and_of_life(
    database: TestDatabase, tmp_path: Path, kind: str
) -> None:
    name = str(tmp_path / "notify") if kind == "path" else f"\0warren-{os.getpid()}"
    with trio.socket.socket(trio.socket.AF_UNIX, trio.socket.SOCK_DGRAM) as manager:
        await manager.bind(name)
        async with stand_in(tmp_path) as telegram:
            environment = settings_for(telegram.address, database.dsn) | {
                "NOTIFY_SOCKET": name.replace("\0", "@"),
                "WATCHDOG_USEC": "200000",
            }
            async with bot_process("run", tmp_path, environment) as bot:
                heard: list[str] = []

                async def until(fact: str) -> None:
                    with trio.fail_after(30):
                        while not heard or fact not in heard[-1].split("\n"):
                            heard.append((await manager.recv(4096)).decode())

                await until("READY=1")
                assert heard[-1] == "READY=1\nSTATUS=ready"
                await until("WATCHDOG=1")
                await until("WATCHDOG=1")
                assert (await bot.stop()).code == 0
                await until("STOPPING=1")
                assert heard[-1] == "STOPPING=1\nSTATUS=shutting down"


async def test_a_standby_says_that_it_waits_and_that_it_lives(
    database: TestDatabase, tmp_path: Path
) -> None:
    name = str(tmp_path / "notify")
    (tmp_path / "standby").mkdir()
    with trio.socket.socket(trio.socket.AF_UNIX, trio.socket.SOCK_DGRAM) as manager:
        await manager.bind(name)
        async with (
            stand_in(tmp_path) as telegram,
            bot_process("run", tmp_path, settings_for(telegram.address, database.dsn)) as leader,
        ):
            await leader.until_ready()
            environment = settings_for(telegram.address, database.dsn) | {
                "NOTIFY_SOCKET": name,
                "WATCHDOG_USEC": "200000",
            }
            async with bot_process("run", tmp_path / "standby", environment):
                waits = "STATUS=standby: another process holds the advisory lock"
                heard: set[str] = set()
                with trio.fail_after(30):
                    while not {waits, "WATCHDOG=1"} <= heard:
                        heard.add((await manager.recv(4096)).decode())
                assert not any("READY=1" in message for message in heard)


async def test_an_agent_says_that_it_listens_that_it_lives_and_that_it_stops(
    tmp_path: Path,
) -> None:
    name = str(tmp_path / "notify")
    with trio.socket.socket(trio.socket.AF_UNIX, trio.socket.SOCK_DGRAM) as manager:
        await manager.bind(name)
        settings = {
            "VPN_API_KEY": "k" * 32,
            "AGENT_BIND": f"127.0.0.1:{free_port()}",
            "NOTIFY_SOCKET": name,
            "WATCHDOG_USEC": "200000",
        }
        async with bot_process("agent", tmp_path, settings) as agent:
            heard: set[str] = set()
            listens = f"READY=1\nSTATUS=listening on http://{settings['AGENT_BIND']}"
            with trio.fail_after(30):
                while not {listens, "WATCHDOG=1"} <= heard:
                    heard.add((await manager.recv(4096)).decode())
            assert (await agent.stop()).code == 0
            with trio.fail_after(30):
                while "STOPPING=1\nSTATUS=stopping" not in heard:
                    heard.add((await manager.recv(4096)).decode())
