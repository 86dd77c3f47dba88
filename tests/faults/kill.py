"""kill -9 while people buy: at random moments of a life, one in five during the start."""

from pathlib import Path

import trio

from tests.e2e.conftest import TestDatabase
from tests.e2e.harness import bot_process
from tests.faults.load import Size, under_load
from tests.faults.verdict import Figures

_START_SECONDS = 3.0
_WITHIN_SECONDS = 1500.0
_SHORT = Size(faults=4, payments=72, people=24, together=8)
_LONG = Size(faults=50, payments=5_000, people=600, together=24)


async def kill_9(database: TestDatabase, folder: Path, seed: int, *, long: bool) -> Figures:
    """Kill the process again and again; each time it is started anew, while people go on."""
    size = _LONG if long else _SHORT
    kills = size.faults
    async with under_load(database, folder, seed, size, within_seconds=_WITHIN_SECONDS) as load:
        moments = load.moments(kills - kills // 5)
        during_start = set(load.rng.sample(range(kills), kills // 5))
        load.begin()
        for number in range(kills):
            async with bot_process("run", folder, load.place.settings) as bot:
                if number in during_start:
                    await trio.sleep(load.rng.uniform(0, _START_SECONDS))
                else:
                    await bot.until_ready()
                    await load.reach(moments.pop(0))
                await bot.kill()
        async with bot_process("run", folder, load.place.settings) as bot:
            await load.end()
            ended = await bot.stop()
            assert ended.code == 0, bot.output
        return await load.judge("kill -9")
