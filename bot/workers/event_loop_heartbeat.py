"""Measures how late the event loop wakes a task: the first sign that something blocks it."""

import trio

from bot import metrics

_NAP_SECONDS = 0.05


async def tick() -> None:
    """Take a short nap and record how much longer than asked it was."""
    due = trio.current_time() + _NAP_SECONDS
    try:
        await trio.sleep_until(due)
    finally:
        # A lag beyond the tick's own deadline ends the nap by cancellation, and counts most.
        metrics.LOOP_LAG_SECONDS.observe(max(0.0, trio.current_time() - due))
