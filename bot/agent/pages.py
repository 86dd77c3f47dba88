"""The list of clients in pages, cut from one look at the core.

No core has pages: each asking brings everybody, 16 MB for 100,000, and a second of decoding. So
whoever walks through the pages walks through one snapshot, which also means that a client is not
missed because another was added meanwhile. It ends with the walk, with the core, or with time.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import trio

from bot.agent.clients import Clients, Listing
from bot.agent.roster import Client

_SNAPSHOT_SECONDS = 60
_AT_ONCE = 1000
"""Clients decoded before others have their turn."""


@dataclass(frozen=True, slots=True)
class Page:
    """Clients in the order of their UUIDs; `following` is the last one's if more come after it."""

    clients: Sequence[Client]
    following: UUID | None
    complete: bool


@dataclass(frozen=True, slots=True)
class _Snapshot:
    clients: Sequence[Client]
    complete: bool
    core_run: int
    taken_at: float


class Pages:
    """Cuts pages; `core_timeout` bounds the calls to the core for one page."""

    def __init__(self, clients: Clients, core_timeout: timedelta) -> None:
        self._clients = clients
        self._core_timeout = core_timeout
        self._snapshot: _Snapshot | None = None

    async def cut(self, after: UUID | None, limit: int) -> Page:
        """Return up to `limit` clients that follow `after`; no `after` looks at the core anew.

        Raises a CoreError, or TooSlowError.
        """
        with trio.fail_after(self._core_timeout.total_seconds()):
            core_run = await self._clients.core_run()
            snapshot = None if after is None else self._usable(core_run)
            listing = await self._clients.list() if snapshot is None else None
        if snapshot is None:
            assert listing is not None  # noqa: S101 - typing
            snapshot = await _take(listing, core_run)
        start = bisect_right(snapshot.clients, after, key=_uuid) if after is not None else 0
        end = start + limit
        more = end < len(snapshot.clients)
        self._snapshot = snapshot if more else None
        page = snapshot.clients[start:end]
        return Page(page, page[-1].uuid if more else None, snapshot.complete)

    def _usable(self, core_run: int) -> _Snapshot | None:
        """Return the snapshot, unless it is of another run of the core or too old."""
        snapshot = self._snapshot
        if (
            snapshot is None
            or snapshot.core_run != core_run
            or trio.current_time() - snapshot.taken_at > _SNAPSHOT_SECONDS
        ):
            return None
        return snapshot


async def _take(listing: Listing, core_run: int) -> _Snapshot:
    taken_at = trio.current_time()
    clients = []
    for client in listing.clients:
        clients.append(client)
        if len(clients) % _AT_ONCE == 0:
            await trio.lowlevel.checkpoint()
    clients.sort(key=_uuid)
    return _Snapshot(clients, listing.complete, core_run, taken_at)


def _uuid(client: Client) -> UUID:
    return client.uuid
