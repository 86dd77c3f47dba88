"""Updates a second and their latency: the real bot, beside an empty application on Hypercorn.

    python -m tests.bench webhook [--updates 4000] [--rate 50] [--people 100000]

The bot is `python -m bot run` with a stand-in of Telegram, a PostgreSQL of its own and a VPN
host; the load comes from a third process. Each update is a /start of one of 5,000 people who are
known. The two servers take turns. On a machine that does other things as well, wall clock lies;
so updates are also counted by CPU second of the server's process: compare those.

Then the bot alone, at a fixed rate: its latency when the workers have nothing to do, and with
every worker ticking again after a second, on so many people.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import trio

from bot.db import open_database
from bot.settings import load
from tests.bench.crowd import KEY, vpn_host
from tests.bench.crowd_rows import add_people
from tests.bench.processes import usage
from tests.cluster import Cluster
from tests.e2e import harness
from tests.e2e.harness import BotProcess, bot_process, free_port, settings_for, stand_in
from tests.integration.shop.rows import SHARE_LINK

BUSY_BOT = Path(harness.__file__).with_name("busy_bot.py")
SECRET = "secret-of-the-benchmark"
CONNECTIONS = 40  # as many as the bot asks Telegram for
ROUNDS = 3
_EMPTY = """
import sys, trio, hypercorn.trio
from hypercorn.config import Config

async def app(scope, receive, send):
    while (await receive()).get("more_body"):
        pass
    body = b'{"method":"sendMessage","chat_id":1,"text":"' + b"x" * 400 + b'"}'
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})

async def main():
    config = Config()
    config.bind = [f"127.0.0.1:{sys.argv[1]}"]
    config.accesslog = config.errorlog = None
    config.keep_alive_max_requests = 1_000_000
    async with trio.open_nursery() as nursery:
        await nursery.start(hypercorn.trio.serve, app, config)
        print("ready", flush=True)

trio.run(main)
"""


class Updates:
    """Numbers of updates: each is new to the bot."""

    first = 1

    async def post(self, port: int, pid: int, **given: Any) -> dict[str, Any]:
        """Post updates to a server, and return what came of it and what it cost the server."""
        order = {
            "port": port,
            "path": "/telegram/webhook",
            "secret": SECRET,
            "connections": CONNECTIONS,
            "first_update": self.first,
        } | given
        self.first += order["updates"]
        before = usage(pid)
        done = await trio.run_process(
            [sys.executable, "-m", "tests.bench.load", json.dumps(order)], capture_stdout=True
        )
        after = usage(pid)
        found = json.loads(done.stdout)
        found["per_cpu_second"] = round(order["updates"] / (after.cpu - before.cpu))
        found["rss_mb"] = round(after.rss)
        return dict(found)


@asynccontextmanager
async def empty_application() -> AsyncIterator[tuple[int, int]]:
    """Yield port and pid of an application that reads a request and answers it."""
    port = free_port()
    process = await trio.lowlevel.open_process([sys.executable, "-c", _EMPTY, str(port)], stdout=-1)
    try:
        assert process.stdout is not None
        await process.stdout.receive_some()
        yield port, process.pid
    finally:
        process.kill()
        with trio.CancelScope(shield=True):
            await process.wait()


async def measure(arguments: argparse.Namespace, cluster: Cluster, folder: Path) -> dict[str, Any]:
    dsn = cluster.dsn(cluster.create_database())
    async with vpn_host(arguments.people) as url, stand_in(folder) as telegram:
        settings = settings_for(
            telegram.address,
            dsn,
            WEBHOOK_SECRET=SECRET,
            VPN_API_URL=url,
            VPN_API_KEY=KEY,
            VPN_SHARE_LINK=SHARE_LINK,
            LOG_LEVEL="warning",
        )
        updates = Updates()
        async with bot_process("run", folder, settings) as bot:
            await bot.until_ready(60)
            await fill(dsn, folder, arguments.people)
            side_by_side = await compare(bot, updates, arguments.updates)
            idle = await updates.post(
                port(bot), bot.pid, updates=arguments.updates, rate=arguments.rate
            )
            await bot.stop()
        busy_settings = settings | {"BUSY_PAUSE": "1"}
        async with bot_process("run", folder, busy_settings, program=[str(BUSY_BOT)]) as bot:
            await bot.until_ready(60)
            busy = await updates.post(
                port(bot), bot.pid, updates=arguments.updates, rate=arguments.rate
            )
            await bot.stop()
    return side_by_side | {
        "at_a_rate": {
            "idle": idle,
            "workers_busy": busy,
            "p99_ratio": round(busy["p99_ms"] / idle["p99_ms"], 2),
        }
    }


async def compare(bot: BotProcess, updates: Updates, count: int) -> dict[str, Any]:
    """Load the bot and the empty application in turns."""
    found: dict[str, list[dict[str, Any]]] = {"bot": [], "empty": []}
    await updates.post(port(bot), bot.pid, updates=count // 4)  # warm
    async with empty_application() as (empty_port, empty_pid):
        for _ in range(ROUNDS):
            found["bot"].append(await updates.post(port(bot), bot.pid, updates=count))
            found["empty"].append(await updates.post(empty_port, empty_pid, updates=count))
    medians = {
        name: sorted(rounds, key=lambda each: each["per_cpu_second"])[ROUNDS // 2]
        for name, rounds in found.items()
    }
    share = medians["bot"]["per_cpu_second"] / medians["empty"]["per_cpu_second"]
    return medians | {"share_of_empty": round(share, 2)}


def port(bot: BotProcess) -> int:
    return int(bot.public.rpartition(":")[2])


async def fill(dsn: str, folder: Path, people: int) -> None:
    settings = load(
        _env_file=None,
        bot_token="123456789:" + "A" * 35,
        mode="polling",
        database_url=dsn,
        data_dir=folder,
    )
    async with open_database(settings) as database:
        await database.connect()
        await add_people(database.workers, people, expired=0)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--updates", type=int, default=4000)
    parser.add_argument("--rate", type=float, default=50.0)
    parser.add_argument("--people", type=int, default=100_000)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    with closing(Cluster(folder)) as cluster:
        print(json.dumps(trio.run(measure, arguments, cluster, folder), indent=2))


if __name__ == "__main__":
    main()
