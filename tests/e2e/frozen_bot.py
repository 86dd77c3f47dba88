"""`python frozen_bot.py run`: the real program, and one more worker that blocks the loop.

The intervals are short, so that a test sees in seconds what takes minutes in life.
"""

import time
from dataclasses import replace
from datetime import timedelta

from bot import assembly, supervise
from bot.cli import main
from bot.settings import Settings
from bot.supervise import Wakes, Worker
from bot.workers.table import Ticks, table

SECOND = timedelta(seconds=1)


async def block_the_loop() -> None:
    time.sleep(60)  # noqa: ASYNC251 - the freeze


def quick_table(settings: Settings, ticks: Ticks, wakes: Wakes) -> tuple[Worker, ...]:
    rows = [
        replace(row, interval=SECOND, deadline=SECOND, connections=0, lease=None)
        for row in table(settings, ticks, wakes)
    ]
    blocker = Worker(
        name="blocker", purpose="blocks", tick=block_the_loop, interval=SECOND, deadline=SECOND
    )
    return (*rows, blocker)


supervise._QUICK_WORKERS_LONGEST_PAUSE = 1.0
assembly.table = quick_table
main()
