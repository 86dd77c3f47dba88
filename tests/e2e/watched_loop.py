"""A small process under the watchdog: `python watched_loop.py NAMES…`, the signs that are missing.

Everything else beats. When all are missing, the loop is blocked as well. Otherwise the process
ends by itself with 0 once the watchdog has heard for a while what is missing, and let it live.
"""

import sys
import time

import trio

from bot.workers import watchdog
from bot.workers.watchdog import Sign, Watchdog

STALE_AFTER = 0.5
ALL = ("loop", "workers", "health")

beats = dict.fromkeys(ALL, 0)


async def beat(missing: set[str]) -> None:
    while True:
        for name in ALL:
            beats[name] += name not in missing
        await trio.sleep(0.02)


async def main(missing: set[str]) -> None:
    watched = Watchdog([Sign(name, lambda n=name: beats[n], STALE_AFTER) for name in ALL])
    async with trio.open_nursery() as nursery:
        nursery.start_soon(watched.run, 75, name="the watchdog")
        nursery.start_soon(beat, missing, name="a task that the tree must name")
        print("watched", flush=True)
        await trio.sleep(0.1)
        if missing == set(ALL):
            time.sleep(60)  # noqa: ASYNC251 - the freeze
        while watched.stale != missing:  # noqa: ASYNC110 - a thread can't set an event
            await trio.sleep(0.02)
        await trio.sleep(4 * STALE_AFTER)
        nursery.cancel_scope.cancel()


watchdog._REPORT_SECONDS = 1.0
trio.run(main, set(sys.argv[1:]))
