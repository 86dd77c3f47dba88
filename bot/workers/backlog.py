"""Counts what waits for a host or for an administrator: two gauges, 0 when all is well."""

from collections.abc import Callable
from datetime import datetime, timedelta

from bot import metrics
from bot.db import Lane
from bot.shop.statistics import payments_to_look_at
from bot.shop.vpn_jobs import count_unprovisioned
from bot.supervise import Tick

OLDER_THAN = timedelta(minutes=2)
"""What is younger is on its way: a host takes it within seconds."""


def make_backlog(lane: Lane, clock: Callable[[], datetime]) -> Tick:
    """Return the tick; it reads two small indexes and changes nothing."""

    async def tick() -> None:
        waiting = await count_unprovisioned(lane, clock(), older_than=OLDER_THAN)
        metrics.UNPROVISIONED.set(waiting)
        metrics.PAYMENTS_TO_LOOK_AT.set(await payments_to_look_at(lane))

    return tick
