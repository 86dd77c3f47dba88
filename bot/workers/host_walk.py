"""A walk over all clients of a VPN host, beside what the database knows of it.

One page is held at a time, and no connection while the host is asked. Clients that the host has
lost are wanted again as they are found; those that the database doesn't know are handed back.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from bot.db import Lane
from bot.shop.host_comparison import MOST_ORPHANS, compare_page, want_again
from bot.vpn.gateway import Gateway
from bot.vpn.types import VpnUser


@dataclass(slots=True)
class Walk:
    """What a whole walk found; `unknown` holds at most MOST_ORPHANS of `unknown_count`."""

    on_host: int = 0
    known: int = 0
    wanted_again: int = 0
    unknown_count: int = 0
    unknown: list[VpnUser] = field(default_factory=list)


async def walk(lane: Lane, gateway: Gateway, host_id: int, clock: Callable[[], datetime]) -> Walk:
    """Compare every page of a host; raises what the port raises.

    Cancelled: what was wanted again until then stays wanted; the next walk begins anew.
    """
    found = Walk()
    after = None
    while True:
        page = await gateway.list_page(after)
        users = {user.uuid: user for user in page.users}
        seen = await compare_page(lane, host_id, list(users), after=after, until=page.next_after)
        if seen.missing:
            found.wanted_again += await want_again(lane, host_id, seen.missing, clock())
        found.on_host += len(users)
        found.known += seen.known
        found.unknown_count += len(seen.unknown)
        room = MOST_ORPHANS - len(found.unknown)
        found.unknown += [users[uuid] for uuid in seen.unknown[:room]]
        after = page.next_after
        if after is None:
            return found
