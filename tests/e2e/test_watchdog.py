"""The watchdog on real processes: it ends the frozen ones, with their stacks, and no other."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import trio

from tests.e2e.conftest import TestDatabase
from tests.e2e.harness import bot_process, environment, settings_for, stand_in

HERE = Path(__file__).parent


@contextmanager
def watched(*missing: str, stderr: int = subprocess.PIPE) -> Iterator[subprocess.Popen[str]]:
    """A process that lacks these signs of life, once its watchdog listens."""
    process = subprocess.Popen(
        [sys.executable, HERE / "watched_loop.py", *missing],
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "watched\n"
        yield process
        process.kill()


def test_a_process_without_any_sign_of_life_is_ended_with_its_stacks() -> None:
    with watched("loop", "workers", "health") as process:
        _, said = process.communicate(timeout=30)

    assert process.returncode == 75
    assert "no sign of life from loop" in said
    assert "time.sleep(60)" in said  # the stack of the thread that stands still
    assert "a task that the tree must name" in said
    assert said.endswith("ending with 75.\n")


@pytest.mark.parametrize(
    "missing", [("health",), ("workers",), ("workers", "health"), ("loop", "health")]
)
def test_a_process_that_gives_one_sign_of_life_is_left_alone(missing: tuple[str, ...]) -> None:
    with watched(*missing) as process:
        _, said = process.communicate(timeout=30)

    assert (process.returncode, said) == (0, "")


def test_a_process_that_was_stopped_and_goes_on_is_left_alone() -> None:
    with watched("health") as process:
        process.send_signal(signal.SIGSTOP)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=2)
        process.send_signal(signal.SIGCONT)
        _, said = process.communicate(timeout=30)

    assert (process.returncode, said) == (0, "")


def test_a_log_that_nobody_reads_does_not_keep_a_frozen_process_alive() -> None:
    reader, writer = os.pipe()
    try:
        os.set_blocking(writer, False)
        with suppress(BlockingIOError):
            while True:
                os.write(writer, b"x" * 4096)
        os.set_blocking(writer, True)
        with watched("loop", "workers", "health", stderr=writer) as process:
            assert process.wait(timeout=30) == 75
    finally:
        os.close(reader)
        os.close(writer)


async def test_a_bot_whose_loop_is_blocked_ends_with_75_and_the_next_start_takes_over(
    database: TestDatabase, tmp_path: Path
) -> None:
    async with stand_in(tmp_path) as telegram:
        settings = settings_for(telegram.address, database.dsn) | {"WATCHDOG_STALE": "0.5"}
        with trio.fail_after(60):
            done = await trio.run_process(
                [sys.executable, HERE / "frozen_bot.py", "run"],
                env=environment(settings),
                cwd=tmp_path,
                capture_stderr=True,
                check=False,
            )
        said = done.stderr.decode()
        assert done.returncode == 75, said
        assert "block_the_loop" in said
        assert "worker blocker" in said

        async with bot_process("run", tmp_path, settings) as bot:
            await bot.until_ready()
            await telegram.post("text", person=1001, text="/start")
            await telegram.until_delivered()
            assert (await bot.stop()).code == 0


async def test_a_bot_that_its_service_manager_aborts_leaves_its_stacks(
    database: TestDatabase, tmp_path: Path
) -> None:
    async with stand_in(tmp_path) as telegram:
        settings = settings_for(telegram.address, database.dsn)
        async with bot_process("run", tmp_path, settings) as bot:
            await bot.until_ready()
            assert (await bot.stop(signal.SIGABRT)).code == -signal.SIGABRT
            assert "Fatal Python error: Aborted" in bot.output
            assert "trio/_core/_run.py" in bot.output
