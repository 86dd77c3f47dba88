"""The core's API in the agent's words: users of one inbound, their traffic, the core's uptime.

A user's name in the core (its "email") is the UUID: so one is removed by UUID alone, two names
can't share a UUID (the core would drop both with either), and nothing personal is on the host.
Users with other names are the operator's own: they are never listed, changed or removed.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from google.protobuf.message import Message

from bot.agent.dialect import Dialect
from bot.agent.errors import (
    CoreRefusedError,
    NotServedError,
    UserExistsError,
    UserNotFoundError,
)
from bot.agent.rpc import Rpc
from bot.agent.wire_pb2 import (
    AddUserOperation,
    AlterInboundRequest,
    GetInboundUsersRequest,
    GetInboundUsersResponse,
    QueryStatsRequest,
    QueryStatsResponse,
    RemoveUserOperation,
    Stat,
    SysStatsResponse,
    TypedMessage,
    User,
    VlessAccount,
)

# Whom no inbound has: asking for its removal changes nothing and tells whether there is one.
_NOBODY = "nobody@warren.invalid"
# Whom the agent adds to every run of the core, to know it again. Its UUID is random and nobody's.
_MARK = "mark@warren.invalid"
_COUNTER = re.compile(r"user>>>([0-9a-f-]{36})>>>traffic>>>(up|down)link")


@dataclass(frozen=True, slots=True)
class CoreUser:
    """A user as the core has it."""

    uuid: UUID
    flow: str


@dataclass(slots=True)
class Traffic:
    """Bytes that a user sent and received since the core's start."""

    up: int = 0
    down: int = 0


class Core:
    """One inbound of a running core. Every method may raise a CoreError."""

    def __init__(self, rpc: Rpc, inbound_tag: str, dialects: Sequence[Dialect]) -> None:
        self._rpc = rpc
        self._tag = inbound_tag
        self._dialects = dialects
        self._dialect: Dialect | None = None

    @property
    def name(self) -> str | None:
        """Which core it is, once it has answered."""
        return self._dialect.name if self._dialect else None

    async def uptime_seconds(self) -> int:
        """Return the whole seconds since the core's start; finds out which core it is."""
        for dialect in sorted(self._dialects, key=lambda dialect: dialect is not self._dialect):
            try:
                reply = await self._rpc(dialect.stats("GetSysStats"))
            except NotServedError:
                continue
            self._dialect = dialect
            return SysStatsResponse.FromString(reply).uptime
        raise CoreRefusedError("the core's API has no StatsService: add it to api.services")

    async def check_inbound(self) -> None:
        """Return if the inbound is there and takes users; raises CoreRefusedError otherwise."""
        try:
            await self._alter("RemoveUserOperation", RemoveUserOperation(email=_NOBODY))
        except UserNotFoundError:
            return

    async def mark(self) -> bool:
        """Mark this run of the core; False if an agent had marked it already.

        Users and mark live in the same table of the core, and are lost together with it. So this
        tells a restart exactly, which the uptime, in whole seconds, does not.
        """
        try:
            await self._add(_MARK, CoreUser(uuid4(), ""))
        except UserExistsError:
            return False
        return True

    async def add(self, user: CoreUser) -> None:
        """Let `user` in; raises UserExistsError."""
        await self._add(str(user.uuid), user)

    async def remove(self, uuid: UUID) -> None:
        """Let `uuid` in no more; raises UserNotFoundError. What is connected stays connected."""
        await self._alter("RemoveUserOperation", RemoveUserOperation(email=str(uuid)))

    async def find(self, uuid: UUID) -> CoreUser | None:
        """Return the user, or None; raises NotServedError where the core can't tell."""
        return next(iter(await self._users(str(uuid))), None)

    async def users(self) -> Iterable[CoreUser]:
        """Return all users that have a UUID for a name, decoded one by one while it is read.

        Raises NotServedError where the core can't tell: every V2Ray, and Xray before 24.11.
        """
        return await self._users("")

    async def traffic(self) -> dict[UUID, Traffic]:
        """Return the counters of all who have connected since the core's start."""
        dialect = await self._spoken()
        reply = await self._rpc(dialect.stats("QueryStats"), QueryStatsRequest(pattern="user>>>"))
        counters: dict[UUID, Traffic] = {}
        for encoded in QueryStatsResponse.FromString(reply).stat:
            stat = Stat.FromString(encoded)
            if named := _COUNTER.fullmatch(stat.name):
                traffic = counters.setdefault(UUID(named[1]), Traffic())
                setattr(traffic, named[2], stat.value)
        return counters

    async def _add(self, email: str, user: CoreUser) -> None:
        dialect = await self._spoken()
        account = TypedMessage(
            type=dialect.vless_account,
            value=VlessAccount(id=str(user.uuid), flow=user.flow).SerializeToString(),
        )
        added = User(email=email, account=account)
        await self._alter("AddUserOperation", AddUserOperation(user=added))

    async def _users(self, email: str) -> Iterable[CoreUser]:
        dialect = await self._spoken()
        request = GetInboundUsersRequest(tag=self._tag, email=email)
        reply = await self._rpc(dialect.handler("GetInboundUsers"), request)
        return _decode(GetInboundUsersResponse.FromString(reply).users)

    async def _alter(self, operation: str, message: Message) -> None:
        dialect = await self._spoken()
        typed = TypedMessage(type=dialect.operation(operation), value=message.SerializeToString())
        request = AlterInboundRequest(tag=self._tag, operation=typed)
        try:
            await self._rpc(dialect.handler("AlterInbound"), request)
        except NotServedError:
            raise CoreRefusedError(
                "the core's API has no HandlerService: add it to api.services"
            ) from None

    async def _spoken(self) -> Dialect:
        if self._dialect is None:
            await self.uptime_seconds()
        assert self._dialect is not None  # noqa: S101 - uptime_seconds sets it or raises
        return self._dialect


def _decode(users: Iterable[bytes]) -> Iterator[CoreUser]:
    for encoded in users:
        user = User.FromString(encoded)
        try:
            uuid = UUID(user.email)
        except ValueError:
            continue  # the operator's own; an empty name is Xray's answer for "no such user"
        if str(uuid) == user.email:
            yield CoreUser(uuid, VlessAccount.FromString(user.account.value).flow)
