"""The real table of workers, with ticks of a test's own."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

from bot.settings import load
from bot.supervise import Tick, Wakes, Worker
from bot.workers.table import Ticks, table


async def nothing() -> None:
    """A tick that does nothing."""


def every_worker(
    tick: Callable[[str], Tick] = lambda _name: nothing, **settings: Any
) -> list[Worker]:
    """The rows of a process in webhook mode; `tick` makes the tick of a row by its name."""
    given = {
        "bot_token": "123456789:" + "A" * 35,
        "public_url": "https://bot.example.org",
    } | settings
    ticks = Ticks(**{field.name: tick(field.name) for field in fields(Ticks)})
    return list(table(load(_env_file=None, **given), ticks, Wakes()))
