"""What workers cost with 100,000 people: time, memory, and the most connections at a time.

    python -m tests.bench crowd [--people 100000]

Each worker's tick runs until nothing is left of its work, against a real PostgreSQL and the
stand-in of a VPN host in a process of its own. Memory is what this process has at its most, less
what it had before; `held` is how many connections the workers' lane had out at the same time.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import httpx
import structlog
import trio

from bot.db import Database, Lane, open_database
from bot.db.migrate import migrate
from bot.settings import load
from bot.shop.access import end_expired
from bot.shop.hosts import ensure_host
from bot.shop.reminders import write_reminders
from bot.supervise import Wake
from bot.vpn.hosts import open_vpn
from bot.workers.activation import Activation
from bot.workers.batches import in_batches
from bot.workers.reconciliation import Reconciliation
from bot.workers.ticks import NOTICES
from tests.bench.crowd_rows import SEED, add_people
from tests.bench.processes import usage
from tests.cluster import Cluster
from tests.integration.shop.rows import SHARE_LINK

KEY = "key-of-the-benchmark"
_HOST = """
import sys, trio
from functools import partial
from bot.sandbox.vpn_host import VpnHostConfig, serve_vpn_host

async def main():
    async with trio.open_nursery() as nursery:
        print(await nursery.start(serve_vpn_host, VpnHostConfig(key=sys.argv[1])), flush=True)

trio.run(main)
"""


@asynccontextmanager
async def vpn_host(people: int) -> AsyncIterator[str]:
    """Yield the address of a stand-in in a process of its own, with so many clients."""
    process = await trio.lowlevel.open_process([sys.executable, "-c", _HOST, KEY], stdout=-1)
    try:
        assert process.stdout is not None
        url = (await process.stdout.receive_some()).decode().strip()
        async with httpx.AsyncClient(base_url=url, timeout=120, trust_env=False) as control:
            await control.post("/sandbox/fill", json={"count": people, "seed": SEED})
        yield url
    finally:
        process.kill()
        with trio.CancelScope(shield=True):
            await process.wait()


class Watch:
    """Counts how many connections of a lane are out at the same time."""

    def __init__(self, lane: Lane) -> None:
        self.most = 0
        self._lane = lane
        self._take = lane.take
        lane.take = self.take  # type: ignore[method-assign]

    async def take(self) -> object:
        slot = await self._take()
        self.most = max(self.most, int(self._lane.limiter.borrowed_tokens))
        return slot


async def measure(people: int, cluster: Cluster) -> dict[str, Any]:
    name = cluster.create_database()
    settings = load(
        _env_file=None,
        bot_token="123456789:" + "A" * 35,
        mode="polling",
        database_url=cluster.dsn(name),
        data_dir=tempfile.gettempdir(),
    )
    async with (
        vpn_host(people) as url,
        open_vpn(settings) as hosts,
        open_database(settings) as database,
    ):
        await database.connect()
        await migrate(database)
        await add_host(database, url)
        await add_people(database.workers, people, expired=people // 2)
        lane, clock = database.workers, lambda: datetime.now(UTC)
        reconciliation = Reconciliation(
            lane, hosts, activation=Wake(), each_seconds=300, clock=clock
        )
        activation = Activation(lane, hosts, clock=clock)
        soon = datetime.now(UTC) + timedelta(days=18)
        started = {
            "reconciliation": reconciliation.tick,
            "fast_expiry_cleanup": in_batches(end_expired, lane, clock),
            "reminders": in_batches(write_reminders, lane, lambda: soon, rows=NOTICES),
            "activation": activation.tick,
        }
        left = {
            "reconciliation": None,
            "fast_expiry_cleanup": "select count(*) from subscriptions "
            "where ended_at is null and expires_at < now()",
            "reminders": "select count(*) from subscriptions where ended_at is null and user_id "
            "not in (select chat_id from notifications)",
            "activation": None,
        }
        await started["reconciliation"]()  # what Python loads and asyncpg prepares once
        return {
            worker: await timed(database, tick, left[worker]) for worker, tick in started.items()
        } | {"removed": people - await clients(url)}


async def add_host(database: Database, url: str) -> None:
    await ensure_host(
        database.workers,
        name="main",
        api_url=url,
        api_key=KEY,
        share_link=SHARE_LINK,
        now=datetime.now(UTC),
    )


async def timed(
    database: Database, tick: Callable[[], Awaitable[None]], left: str | None
) -> dict[str, float]:
    """Tick until nothing is left, or once."""
    watch, before, began = Watch(database.workers), usage(os.getpid()), perf_counter()
    ticks = 0
    while True:
        await tick()
        ticks += 1
        if left is None or not await database.health.fetchval(left):
            break
    seconds, after = perf_counter() - began, usage(os.getpid())
    database.workers.take = watch._take  # type: ignore[method-assign]
    return {
        "seconds": round(seconds, 2),
        "cpu_seconds": round(after.cpu - before.cpu, 2),
        "ticks": ticks,
        "mb_more": round(after.peak - before.rss, 1),
        "rss_mb": round(after.peak, 1),
        "held": watch.most,
    }


async def clients(url: str) -> int:
    async with httpx.AsyncClient(base_url=url, trust_env=False) as control:
        return int((await control.get("/sandbox/state")).json()["users"])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=100_000)
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with closing(Cluster(Path(tempfile.mkdtemp()))) as cluster:
        print(json.dumps(trio.run(measure, arguments.people, cluster), indent=2))


if __name__ == "__main__":
    main()
