"""VPN hosts: which there are, how full they are, and where the next person goes."""

from dataclasses import dataclass
from typing import NewType

from bot.db import Transaction

HostId = NewType("HostId", int)

# The rule itself is host_with_room() of the schema: purchases ask it inside their own statements.
_CHOOSE = "select host_with_room()"


@dataclass(frozen=True, slots=True)
class Host:
    """A VPN host; `share_link` is the template of every person's link, `clients` was counted."""

    id: HostId
    name: str
    api_url: str
    api_key: str
    share_link: str
    capacity: int
    weight: int
    state: str
    healthy: bool
    clients: int


async def choose_host(tx: Transaction) -> HostId | None:
    """Return the least loaded active, healthy host with room; None if every one is full."""
    chosen = await tx.fetchval(_CHOOSE)
    return None if chosen is None else HostId(chosen)
