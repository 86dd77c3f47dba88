"""The table of all workers: one value that says when each ticks, for how long, and at what cost.

`interval` is how often a worker looks by itself; what a commit asks for is done at once, by its
wake-up. `connections` are slots of the workers' lane (bot.db.pool): a tick takes one at a time
and gives it back before it calls anybody.
"""

from dataclasses import dataclass
from datetime import timedelta

from bot.settings import Mode, Settings
from bot.supervise import Tick, Worker


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticks:
    """What the rows run, by the names of the rows."""

    event_loop_heartbeat: Tick
    health_check: Tick
    update_silence: Tick


def table(settings: Settings, ticks: Ticks) -> tuple[Worker, ...]:
    """Return the workers that a process of this configuration runs."""
    everywhere = (
        Worker(
            name="event_loop_heartbeat",
            purpose="measures how late the loop wakes its tasks; the watchdog listens to it",
            tick=ticks.event_loop_heartbeat,
            interval=timedelta(seconds=5),
            deadline=timedelta(seconds=5),
        ),
        Worker(
            name="health_check",
            purpose="asks every peer whether it is there: database, pool, leadership, Telegram",
            tick=ticks.health_check,
            # The watchdog can only be as quick as its slowest signal, and this is one of them.
            interval=timedelta(minutes=1),
            deadline=timedelta(seconds=30),
        ),
    )
    if settings.mode is Mode.POLLING:
        return everywhere
    return (
        *everywhere,
        Worker(
            name="update_silence",
            purpose="keeps the webhook registered, and explains why no update comes",
            tick=ticks.update_silence,
            interval=timedelta(minutes=5),
            deadline=timedelta(seconds=60),
        ),
    )
