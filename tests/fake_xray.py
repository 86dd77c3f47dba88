"""Xray's API, as its sources have it, over real gRPC: for what only Xray does, and for its faults.

The messages are Xray's own (python-xray-api), not the agent's: the agent's few are held against
them by every call.
"""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import grpc
from xray.app.proxyman.command import command_pb2 as handler
from xray.app.proxyman.command.command_pb2_grpc import (
    HandlerServiceServicer,
    add_HandlerServiceServicer_to_server,
)
from xray.app.stats.command import command_pb2 as stats
from xray.app.stats.command.command_pb2_grpc import (
    StatsServiceServicer,
    add_StatsServiceServicer_to_server,
)
from xray.common.protocol.user_pb2 import User
from xray.common.serial.typed_message_pb2 import TypedMessage
from xray.proxy.vless.account_pb2 import Account

TAG = "vless"
MARK = "mark@warren.invalid"
"""The user by whom an agent knows a run of the core again."""


@dataclass
class FakeXray(HandlerServiceServicer, StatsServiceServicer):
    """One inbound and its users by name; what it is told to do wrong, it does."""

    lists_users: bool = True
    """False: an Xray before 24.11."""
    started_at: float = field(default_factory=time.monotonic)
    users: dict[str, User] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    operations: list[str] = field(default_factory=list)
    """What was carried out but the mark: the name of each operation, in its order."""
    stalled: set[str] = field(default_factory=set)
    """Operations that wait for `release`; "mark" is the addition of the mark."""
    release: threading.Event = field(default_factory=threading.Event)
    stalling: threading.Event = field(default_factory=threading.Event)
    cancelled: threading.Event = field(default_factory=threading.Event)

    def restart(self) -> None:
        """Be another run of the core."""
        self.started_at = time.monotonic()
        self.users.clear()

    def flow_of(self, uuid: UUID) -> str:
        return Account.FromString(self.users[str(uuid)].account.value).flow

    @property
    def clients(self) -> set[str]:
        """The users that somebody asked for."""
        return set(self.users) - {MARK}

    def fill(self, uuids: list[UUID]) -> None:
        """Have `uuids` as users, as if somebody had added them."""
        for uuid in uuids:
            account = Account(id=str(uuid)).SerializeToString()
            typed = TypedMessage(type=Account.DESCRIPTOR.full_name, value=account)
            self.users[str(uuid)] = User(email=str(uuid), account=typed)

    # app/proxyman/command/command.go

    def AlterInbound(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        self._check_tag(request.tag, context)
        kinds = {kind.DESCRIPTOR.full_name: kind for kind in _OPERATIONS}
        kind = kinds.get(request.operation.type)
        if kind is None:
            context.abort(grpc.StatusCode.UNKNOWN, "app/proxyman/command: unknown operation")
        name = kind.DESCRIPTOR.name
        operation = kind.FromString(request.operation.value)
        email = operation.user.email if kind is handler.AddUserOperation else operation.email
        if ("mark" if email == MARK else name) in self.stalled:
            self._stall(context)
        if kind is handler.AddUserOperation:
            self._add(operation.user, context)
        elif self.users.pop(operation.email.lower(), None) is None:
            _abort(context, f"proxy/vless: User {operation.email} not found.")
        if email != MARK:
            self.operations.append(name)
        return handler.AlterInboundResponse()

    def GetInboundUsers(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        if not self.lists_users:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, "unknown method GetInboundUsers")
        self._check_tag(request.tag, context)
        if request.email:
            # A user that isn't there is a nil in Go's list, which arrives as an empty message.
            found = self.users.get(request.email.lower(), User())
            return handler.GetInboundUserResponse(users=[found])
        return handler.GetInboundUserResponse(users=self.users.values())

    # app/stats/command/command.go

    def GetSysStats(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return stats.SysStatsResponse(Uptime=int(time.monotonic() - self.started_at), Alloc=1 << 40)

    def QueryStats(self, request: Any, _context: Any) -> Any:  # noqa: N802
        found = [
            stats.Stat(name=name, value=value)
            for name, value in self.counters.items()
            if request.pattern in name
        ]
        return stats.QueryStatsResponse(stat=found)

    def _add(self, user: Any, context: grpc.ServicerContext) -> None:
        if user.account.type != Account.DESCRIPTOR.full_name:
            _abort(context, f"failed to parse user > unknown type: {user.account.type}")
        UUID(Account.FromString(user.account.value).id)
        if user.email.lower() in self.users:
            _abort(context, f"proxy/vless: User {user.email} already exists.")
        self.users[user.email.lower()] = user

    def _check_tag(self, tag: str, context: grpc.ServicerContext) -> None:
        if tag != TAG:
            _abort(context, f"failed to get handler: {tag} > handler not found: {tag}")

    def _stall(self, context: grpc.ServicerContext) -> None:
        context.add_callback(lambda: self.cancelled.set() if not self.release.is_set() else None)
        self.stalling.set()
        self.release.wait(10)


_OPERATIONS = (handler.AddUserOperation, handler.RemoveUserOperation)


def _abort(context: grpc.ServicerContext, text: str) -> None:
    context.abort(grpc.StatusCode.UNKNOWN, text)


@contextmanager
def serving_xray(
    xray: FakeXray, *, handler_service: bool = True, stats_service: bool = True, port: int = 0
) -> Iterator[str]:
    """Serve `xray` on loopback, on `port` or a free one; yields the address of its API."""
    server = grpc.server(ThreadPoolExecutor(max_workers=4), options=[("grpc.so_reuseport", 0)])
    if handler_service:
        add_HandlerServiceServicer_to_server(xray, server)
    if stats_service:
        add_StatsServiceServicer_to_server(xray, server)
    bound = server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    try:
        yield f"127.0.0.1:{bound}"
    finally:
        xray.release.set()
        server.stop(None).wait(5)
