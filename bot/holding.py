"""What the current task holds, so that no connection is held across HTTP (design invariant 5).

`bot.db` notes here that a task has taken a connection; `bot.http` asks before it sends anything.
A `ContextVar` is task-local, and a child task starts with a copy of its parent's: a nursery
opened inside a transaction can't be used to slip a request past the check.
"""

from contextlib import AbstractContextManager
from contextvars import ContextVar, Token
from types import TracebackType

import structlog

log = structlog.get_logger(__name__)

_held: ContextVar[str | None] = ContextVar("held_connection", default=None)

actor: ContextVar[str | None] = ContextVar("actor", default=None)
"""On whose behalf this task and its children act, where that says more than the task's name."""

strict: bool = False
"""True in tests: a violation raises. False in production: it is logged as an error."""


class ConnectionHeldError(RuntimeError):
    """A peer was about to be called over HTTP while this task holds a database connection."""


class holding(AbstractContextManager[None]):  # noqa: N801 - reads as a word at its place of use
    """Mark the current task as holding a connection of the lane `lane` until the block ends."""

    __slots__ = ("_lane", "_token")

    def __init__(self, lane: str) -> None:
        self._lane = lane

    def __enter__(self) -> None:
        self._token: Token[str | None] = _held.set(self._lane)

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _held.reset(self._token)


def held_lane() -> str | None:
    """Return the lane whose connection the current task holds, or None."""
    return _held.get()


def require_nothing_held(call: str) -> None:
    """Object if this task holds a connection; `call` names what was about to be sent.

    Raises ConnectionHeldError when `strict`, logs an error otherwise.
    """
    lane = _held.get()
    if lane is None:
        return
    if strict:
        raise ConnectionHeldError(
            f"{call} while holding a connection of the lane {lane!r}: "
            "read, release the connection, call, then write the result"
        )
    log.error("db.connection_held_across_http", call=call, lane=lane)
