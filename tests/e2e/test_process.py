"""`python -m bot run` against the stand-in: real processes, real signals, a real database."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
import trio

from bot.sandbox.telegram import SandboxConfig, serve_telegram
from tests.cluster import Cluster

TOKEN = "123456789:" + "A" * 35
PUBLIC, OPS = 18731, 18732


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with closing(Cluster(tmp_path_factory.mktemp("cluster"))) as running:
        yield running


def start(telegram: str, dsn: str, log: Path, **changes: str) -> subprocess.Popen[bytes]:
    environment = {
        "PATH": os.environ["PATH"],
        "BOT_TOKEN": TOKEN,
        "PUBLIC_URL": f"http://127.0.0.1:{PUBLIC}",
        "TELEGRAM_API_URL": telegram,
        "DATABASE_URL": dsn,
        "BIND": f"127.0.0.1:{PUBLIC}",
        "OPS_BIND": f"127.0.0.1:{OPS}",
    }
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "bot", "run"], env=environment | changes, stderr=output
        )


async def until(holds: Callable[[], object], *, seconds: float = 15) -> None:
    """Wait for another process: nothing but looking is left at its border."""
    with trio.fail_after(seconds):
        while not await trio.to_thread.run_sync(holds):  # noqa: ASYNC110 - another process
            await trio.sleep(0.05)


def ready() -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{OPS}/health/ready").status_code == 200
    except httpx.TransportError:
        return False


async def test_a_stop_in_the_middle_of_many_updates_loses_none_and_doubles_none(
    cluster: Cluster, tmp_path: Path
) -> None:
    people = range(5001, 5201)
    config = SandboxConfig(
        data_dir=tmp_path / "telegram",
        token=TOKEN,
        first_retry_seconds=0.1,
        longest_retry_seconds=0.5,
        overall_per_second=10_000,
    )
    name = cluster.create_database()
    dsn, log = cluster.dsn(name), tmp_path / "bot.log"
    async with trio.open_nursery() as nursery:
        page = await nursery.start(serve_telegram, config)
        async with httpx.AsyncClient(base_url=page, timeout=30) as telegram:
            bot = start(page, dsn, log)
            await until(ready)
            texts = [{"person": person, "text": "/start"} for person in people]
            await telegram.post("/sandbox/batch", json={"texts": texts})
            bot.send_signal(signal.SIGTERM)
            asked_at = trio.current_time()
            assert await trio.to_thread.run_sync(bot.wait) == 0
            assert trio.current_time() - asked_at < 22

            left = "select count(*) from pg_stat_activity where application_name like 'warren%'"
            assert cluster.psql(left, database=name) == "0"
            locks = "select count(*) from pg_locks where locktype = 'advisory'"
            assert cluster.psql(locks, database=name) == "0"

            bot = start(page, dsn, log)
            with trio.fail_after(60):
                while (await telegram.get("/sandbox/queue")).json()["pending"]:  # noqa: ASYNC110 - HTTP
                    await trio.sleep(0.1)
            bot.send_signal(signal.SIGTERM)
            assert await trio.to_thread.run_sync(bot.wait) == 0

            answers = []
            for person in people:
                chat = (await telegram.get(f"/sandbox/chat/{person}")).json()
                answers.append(sum(message["from"]["is_bot"] for message in chat))
            assert answers == [1] * len(people)
            assert cluster.psql("select count(*) from users", database=name) == str(len(people))
        nursery.cancel_scope.cancel()


async def test_a_leader_whose_connection_is_cut_ends_with_70(
    cluster: Cluster, tmp_path: Path
) -> None:
    name = cluster.create_database()
    config = SandboxConfig(data_dir=tmp_path / "telegram", token=TOKEN)
    async with trio.open_nursery() as nursery:
        page = await nursery.start(serve_telegram, config)
        bot = start(page, cluster.dsn(name), tmp_path / "bot.log")
        await until(ready)
        cluster.psql(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where application_name = 'warren leader'"
        )
        with trio.fail_after(5):
            assert await trio.to_thread.run_sync(bot.wait) == 70
        nursery.cancel_scope.cancel()


def test_a_bad_configuration_ends_with_78_and_names_everything(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bot", "run"],
        env={"PATH": os.environ["PATH"], "BOT_TOKEN": "hush", "DB_POOL_MAX_SIZE": "many"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 78
    for name in ("BOT_TOKEN", "DB_POOL_MAX_SIZE", "PUBLIC_URL"):
        assert name in done.stderr
    assert "hush" not in done.stderr
    assert "Traceback" not in done.stderr
