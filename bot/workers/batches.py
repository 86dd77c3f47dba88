"""Ticks that are nothing but a statement in batches: repeated until there is no more, bounded."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeAlias

import trio

from bot.db import Lane
from bot.supervise import Tick

Batch: TypeAlias = Callable[[Lane, datetime, int], Awaitable[int]]
"""Does up to so many rows in one transaction and returns how many there were."""

ROWS = 500
SECONDS = 10.0


def in_batches(
    batch: Batch,
    lane: Lane,
    clock: Callable[[], datetime],
    *,
    rows: int = ROWS,
    then: Callable[[], None] = lambda: None,
) -> Tick:
    """Return a tick that runs `batch` for `rows` until it finds nothing, or for `SECONDS`.

    `then` is called after each batch that found something: it wakes whoever goes on. Cancelled:
    the batches that were committed stay so, the next tick goes on behind them.
    """

    async def tick() -> None:
        until = trio.current_time() + SECONDS
        while await batch(lane, clock(), rows):
            then()
            if trio.current_time() >= until:
                return

    return tick
