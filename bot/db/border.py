"""The border between Trio and asyncio: the only place where a task crosses it.

Aborting an asyncpg call from Trio leaks connections or brings the process down (asyncpg would
open a second connection to cancel the first, and its protocol objects outlive the task that
waits on them). So a crossing is never aborted: a pending cancellation acts before it or after
it, and while it runs it is shielded. What bounds it is the far side: the server's own
`statement_timeout` and `lock_timeout`, and, as the last resort, `ending_after`, which ends the
connection under a statement whose server no longer answers.
"""

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, TypeAlias, TypeVar

import asyncpg
import structlog
import trio
from trio_asyncio import aio_as_trio

from bot.db.errors import translate

log = structlog.get_logger(__name__)

T = TypeVar("T")
Connection: TypeAlias = (
    "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
)


async def cross(function: Callable[..., Awaitable[T]], *args: Any) -> T:
    """Run the asyncio-flavoured `function(*args)` to its end, whatever happens to this task.

    A cancellation that is pending acts before the crossing; one that comes during it acts at the
    next checkpoint after it. Raises errors of `bot.db.errors` in place of asyncpg's.
    """
    await trio.lowlevel.checkpoint_if_cancelled()
    return await cross_always(function, *args)


async def cross_always(function: Callable[..., Awaitable[T]], *args: Any) -> T:
    """Like `cross`, also when this task is cancelled already: for ends and cleanup."""
    with trio.CancelScope(shield=True):
        return await translated(aio_as_trio(function), *args)
    raise AssertionError("a scope that is never cancelled swallows nothing")


async def translated(function: Callable[..., Awaitable[T]], *args: Any) -> T:
    """Run `function(*args)` on the side where this is awaited, with errors of `bot.db.errors`."""
    try:
        return await function(*args)
    except (Exception, asyncio.CancelledError) as error:
        meaning = translate(error)
        if meaning is None:
            raise
        raise meaning from error


class ending_after:  # noqa: N801 - reads as a phrase at its place of use
    """Asyncio side: end `connection` if the block takes longer than `seconds`, or confuses it.

    Ending it makes the statement inside raise at once; nothing has to be cancelled.
    """

    __slots__ = ("_connection", "_seconds", "_timer")

    def __init__(self, connection: Connection, seconds: float) -> None:
        self._connection = connection
        self._seconds = seconds

    def __enter__(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._seconds, self._end)

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        if isinstance(exc, asyncpg.InterfaceError | asyncpg.InternalClientError):
            # asyncpg lost track of the protocol, as when the server ends a session between two
            # statements ("another operation is in progress"): the connection serves nobody.
            self._connection.terminate()

    def _end(self) -> None:
        log.error("db.connection_ended", reason=f"no answer within {self._seconds:g} s")
        self._connection.terminate()


def log_loop_message(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Take what asyncio has to say: it is logged, and never ends the process."""
    log.error(
        "db.asyncio_message",
        message=context.get("message"),
        exc_info=context.get("exception"),
    )
