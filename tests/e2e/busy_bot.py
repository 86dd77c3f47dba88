"""`python busy_bot.py run`: the real program, whose workers tick without a pause.

The table is as it is; only the waits between the ticks are left out, so that a signal at a
random moment finds every worker in the middle of its work. BUSY_PAUSE leaves some of them in.
"""

import os

import trio

from bot import supervise
from bot.cli import main
from bot.supervise import Supervisor

_PAUSE_SECONDS = float(os.environ.get("BUSY_PAUSE", "0.02"))

start_all = Supervisor.start_all


def start_all_at_once(self: Supervisor, nursery: trio.Nursery) -> None:
    start_all(self, nursery)
    for worker in self.table:
        self.run_now(worker.name)


def almost_now(_self: Supervisor, _run: supervise._Run) -> float:
    return trio.current_time() + _PAUSE_SECONDS


Supervisor.start_all = start_all_at_once  # type: ignore[method-assign]
Supervisor._next = almost_now  # type: ignore[method-assign]
main()
