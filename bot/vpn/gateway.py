"""The port: what Warren asks of a VPN host, whoever stands in front of the core.

An adapter is one module with a class of this shape and a row in `hosts.ADAPTERS`. Every
operation is idempotent, so that a call whose answer was lost can be made again.

What differs between hosts is the adapter's to bridge. Panels know a client by a name or an
e-mail: that is `label`, which comes with every call beside the UUID. Panels keep limits: those
of `ClientSpec`. Panels answer "exists already" to a create: the adapter makes the client that is
there as the spec says and answers ADOPTED. Panels give links: `Placed.links`.
"""

from enum import StrEnum
from typing import Protocol
from uuid import UUID

from bot.vpn.errors import ClientNotFoundError
from bot.vpn.types import Added, ClientSpec, HostHealth, Placed, UserPage, VpnUser

PAGE_SIZE = 5000
"""Some 400 KB of answer, read in some 10 ms. An agent cuts a walk's pages from one look."""


class Gateway(Protocol):
    """One VPN host.

    Every method raises HostAwayError, BreakerOpenError, HostRefusedError and ProtocolError.
    Cancelled: the host may or may not have done what it was asked for. The adapter bounds each
    request by VPN_HTTP_TIMEOUT; the caller owns the deadline of the whole.
    """

    async def add(self, spec: ClientSpec) -> Placed:
        """Make the client exist as `spec` says, whether it was there or not."""
        ...

    async def update(self, spec: ClientSpec) -> Placed:
        """Make the client, which exists, as `spec` says; raises ClientNotFoundError."""
        ...

    async def remove(self, user: VpnUser) -> bool:
        """Make the client not exist; False if it didn't."""
        ...

    async def list_page(self, after: UUID | None = None, limit: int = PAGE_SIZE) -> UserPage:
        """Return up to `limit` clients whose UUIDs follow `after`, in ascending order.

        A host that can't page may answer with more.
        """
        ...

    async def health(self) -> HostHealth:
        """Return what the host says of itself; that it answers means that its core runs."""
        ...


class Pages:
    """Every page of a host's clients: `async for users in Pages(gateway)`.

    Holds one page at a time, and may be left at any point: there is nothing to close. Clients
    that come or go meanwhile may or may not be seen, those that stay are seen once.
    """

    def __init__(self, gateway: Gateway, limit: int = PAGE_SIZE) -> None:
        self._gateway = gateway
        self._limit = limit
        self._after: UUID | None = None
        self._over = False

    def __aiter__(self) -> "Pages":
        return self

    async def __anext__(self) -> tuple[VpnUser, ...]:
        if self._over:
            raise StopAsyncIteration
        page = await self._gateway.list_page(self._after, self._limit)
        self._after, self._over = page.next_after, page.next_after is None
        if not page.users:
            raise StopAsyncIteration
        return page.users


class Change(StrEnum):
    """What `ensure_user_in_xray` found to do."""

    UPDATED = "updated"
    ADDED = "added"
    REMOVED = "removed"
    ABSENT = "absent"
    """It was to be removed, and wasn't there."""


async def ensure_user_in_xray(gateway: Gateway, spec: ClientSpec, *, wanted: bool) -> Change:
    """Make the host agree with the database about one client; the only way to do so.

    `update` first, and `add` only when the host itself says that the client isn't there: any
    other failure is raised as it is. Raises what the port raises, but ClientNotFoundError.
    """
    if not wanted:
        return Change.REMOVED if await gateway.remove(spec) else Change.ABSENT
    try:
        await gateway.update(spec)
    except ClientNotFoundError:
        placed = await gateway.add(spec)
        return Change.ADDED if placed.added is Added.CREATED else Change.UPDATED
    return Change.UPDATED
