"""`run` without DATABASE_URL: a PostgreSQL of its own in DATA_DIR, kept and given back."""

import os
from collections.abc import Callable
from pathlib import Path

from tests.e2e.harness import bot_process, settings_for, stand_in


def postmaster(data_dir: Path) -> int | None:
    """Return the process of the server in `data_dir`, by its own file; None without one."""
    try:
        return int((data_dir / "postgres" / "postmaster.pid").read_text().split()[0])
    except FileNotFoundError:
        return None


async def test_its_own_postgresql_is_stopped_with_it_and_found_again(
    tmp_path: Path, figure: Callable[[str], None]
) -> None:
    data_dir = tmp_path / "data"
    async with stand_in(tmp_path) as telegram:
        settings = settings_for(telegram.address, None, DATA_DIR=str(data_dir))
        async with bot_process("run", tmp_path, settings) as bot:
            await bot.until_ready(seconds=120)
            figure(f"first start, with initdb: ready after {bot.age:.1f} s")
            assert postmaster(data_dir) is not None
            await telegram.post("text", person=1001, text="/start")
            await telegram.until_delivered()
            assert (await bot.stop()).code == 0
        assert postmaster(data_dir) is None

        async with bot_process("run", tmp_path, settings) as bot:
            await bot.until_ready()
            figure(f"second start: ready after {bot.age:.1f} s, {bot.cpu_seconds:.1f} s of CPU")
            await telegram.post("text", person=1001, text="/menu")
            await telegram.until_delivered()
            assert len(await telegram.answers(1001)) == 2
            assert (await bot.stop()).code == 0
        assert postmaster(data_dir) is None


async def test_after_a_power_cut_the_server_that_was_left_is_adopted_and_then_stopped(
    tmp_path: Path,
) -> None:
    data_dir = tmp_path / "data"
    async with stand_in(tmp_path) as telegram:
        settings = settings_for(telegram.address, None, DATA_DIR=str(data_dir))
        async with bot_process("run", tmp_path, settings) as bot:
            await bot.until_ready(seconds=120)
            server = postmaster(data_dir)
            assert server is not None
            await bot.kill()
        os.kill(server, 0)  # still there: nobody told it
        await telegram.post("text", person=1001, text="/start")

        async with bot_process("run", tmp_path, settings) as bot:
            await telegram.until_delivered()
            assert postmaster(data_dir) == server
            assert len(await telegram.answers(1001)) == 1
            assert (await bot.stop()).code == 0
        assert postmaster(data_dir) is None
