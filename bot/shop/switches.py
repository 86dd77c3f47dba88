"""What an administrator turns on and off while the bot runs; maintenance mode is one of them."""

from datetime import datetime
from enum import StrEnum

from bot.db import Lane
from bot.shop import audit


class Switch(StrEnum):
    """The switches that there are; one that was never touched is off."""

    MAINTENANCE = "maintenance"  # only administrators are served; payments still arrive
    SALES_CLOSED = "sales_closed"  # nothing new is sold; what was paid is honoured


_ALL_ON = "select name from switches where is_on"

_TURN = """
    insert into switches (name, is_on, changed_by, changed_at)
    values ($1, $2, $3, $4)
    on conflict (name) do update
       set is_on = excluded.is_on,
           changed_by = excluded.changed_by,
           changed_at = excluded.changed_at
     where switches.is_on <> excluded.is_on
    returning name
"""


class Switches:
    """The state of every switch, kept in memory: reading one costs no query.

    There is one process that serves (design invariant 9), and it changes them itself; `load`
    fetches what an earlier process left.
    """

    def __init__(self) -> None:
        self._on: frozenset[Switch] = frozenset()

    def is_on(self, switch: Switch) -> bool:
        """Say whether `switch` is on."""
        return switch in self._on

    async def load(self, lane: Lane) -> None:
        """Read the switches; names of a later version of the code are passed over."""
        known = set(Switch)
        rows = await lane.fetch(_ALL_ON)
        self._on = frozenset(Switch(row["name"]) for row in rows if row["name"] in known)

    async def turn(
        self, lane: Lane, switch: Switch, *, on: bool, admin_id: int, now: datetime
    ) -> None:
        """Turn `switch`, with its row in the audit log; what is so already stays as it is."""
        async with lane.transaction() as tx:
            if await tx.fetchval(_TURN, switch.value, on, admin_id, now) is not None:
                await audit.record(
                    tx,
                    admin_id=admin_id,
                    action="switch",
                    details={"name": switch.value, "is_on": on},
                    now=now,
                )
        self._on = self._on | {switch} if on else self._on - {switch}
