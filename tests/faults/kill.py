"""kill -9 while people buy: at random moments of a life, one in five during the start."""

import random
from pathlib import Path

import trio

from tests.e2e.conftest import TestDatabase
from tests.e2e.harness import bot_process
from tests.e2e.market import surroundings
from tests.faults.traffic import BUSY_TELEGRAM, Traffic
from tests.faults.verdict import Figures, judge, settle

_START_SECONDS = 3.0
_WITHIN_SECONDS = 1500.0


async def kill_9(database: TestDatabase, folder: Path, seed: int, *, long: bool) -> Figures:
    """Kill the process again and again; each time it is started anew, while people go on."""
    kills, payments, people, together = (50, 5_000, 600, 24) if long else (4, 72, 24, 8)
    rng = random.Random(seed)
    # Moments of the sale, so that every kill falls among purchases, however fast they go.
    moments = sorted(rng.randrange(payments) for _ in range(kills - kills // 5))
    during_start = set(rng.sample(range(kills), kills // 5))
    done = 0
    async with surroundings(folder, database, telegram=BUSY_TELEGRAM) as place:
        traffic = Traffic(place, people=people, together=together, seed=seed)
        over = trio.Event()

        async def sell() -> None:
            await traffic.run(lambda: done == kills and len(traffic.record) >= payments)
            over.set()

        with trio.fail_after(_WITHIN_SECONDS):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(sell)
                for number in range(kills):
                    async with bot_process("run", folder, place.settings) as bot:
                        if number in during_start:
                            await trio.sleep(rng.uniform(0, _START_SECONDS))
                        else:
                            moment = moments.pop(0)
                            await bot.until_ready()
                            while len(traffic.record) < moment:  # noqa: ASYNC110 - people buy
                                await trio.sleep(0.02)
                            await trio.sleep(rng.uniform(0, 0.5))
                        await bot.kill()
                    done += 1
                async with bot_process("run", folder, place.settings) as bot:
                    await over.wait()
                    await settle(place, database)
                    ended = await bot.stop()
                    assert ended.code == 0, bot.output
        return await judge("kill -9", kills, place, traffic, database)
