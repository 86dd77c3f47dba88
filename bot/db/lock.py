"""Leadership: a session's advisory lock on a connection of its own.

Never on a pooled connection: a pool may end or reset what it lends. The lock lives and dies
with its session (PostgreSQL documentation, "Advisory Locks"), so whatever ends the session ends
the leadership, and the one who led must notice: by the connection's own end, at once, or by a
check that gets no answer, when the network or the server went silent.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import NoReturn

import asyncpg
import structlog
import trio

from bot.db.border import cross, cross_always, ending_after
from bot.db.errors import LeadershipLostError, UnavailableError
from bot.db.pool import server_settings
from bot.settings import Settings

log = structlog.get_logger(__name__)

_STANDBY_INTERVAL = 1.0
_ANSWER_SECONDS = 2.0

_TRY_LOCK = "select pg_try_advisory_lock($1)"
_UNLOCK = "select pg_advisory_unlock($1)"


class Leadership:
    """The lock of ADVISORY_LOCK_KEY, held or not. Made by `leadership`."""

    def __init__(self, settings: Settings, dsn: str, fence: Callable[[], None]) -> None:
        self.held = False
        self.lost = trio.Event()
        self._fence = fence
        self._key = settings.advisory_lock_key
        self._dsn = dsn
        self._check_seconds = settings.advisory_lock_check_interval.total_seconds()
        self._connect_seconds = settings.db_pool_acquire_timeout.total_seconds()
        # The server drops the session, and with it the lock, of a leader whose machine or network
        # is gone: after about ten seconds without an answer to its probes.
        self._server_settings = server_settings(settings, "warren leader") | {
            "tcp_keepalives_idle": "5",
            "tcp_keepalives_interval": "2",
            "tcp_keepalives_count": "3",
            "tcp_user_timeout": "10000",
        }
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None

    async def acquire(self, *, waiting: Callable[[str], None]) -> None:
        """Return once the lock is held, however long others hold it or the server is away.

        `waiting` is told the reason after each try that failed. Cancelled: not held, or held and
        released by `leadership`'s end. Raises AccessRefusedError.
        """
        while True:
            try:
                self.held = await cross(self._try_lock)
                reason = "another process holds the advisory lock"
            except UnavailableError as error:
                await cross_always(self._close)
                reason = f"waiting for the database: {error}"
            if self.held:
                log.info("leadership.held")
                return
            waiting(reason)
            await trio.sleep(_STANDBY_INTERVAL)

    async def watch(self) -> NoReturn:
        """Raise LeadershipLostError soon after the lock is gone: a child of the one nursery.

        The end of the connection is noticed at once, silence of the server after at most
        ADVISORY_LOCK_CHECK_INTERVAL plus two seconds.
        """
        while True:
            with trio.move_on_after(self._check_seconds):
                await self.lost.wait()
                raise LeadershipLostError(
                    "The leader's connection has ended and the advisory lock with it: the "
                    "database was restarted, or the connection was cut. Another process may lead."
                )
            try:
                await cross(self._check)
            except UnavailableError as error:
                raise LeadershipLostError(
                    f"The leader's connection gives no answer: {error}"
                ) from error

    async def release(self) -> None:
        """Unlock and close; bounded, and done even if cancelled."""
        if self.held:
            self.held = False
            try:
                await cross_always(self._unlock)
            except UnavailableError as error:
                log.info("leadership.ended_with_its_connection", error=str(error))
            else:
                log.info("leadership.released")
        await cross_always(self._close)

    # ---- the asyncio side ----

    async def _try_lock(self) -> bool:
        if self._connection is None:
            async with asyncio.timeout(self._connect_seconds):
                self._connection = await asyncpg.connect(
                    self._dsn, server_settings=self._server_settings
                )
            self._connection.add_termination_listener(self._note_end)
        with ending_after(self._connection, _ANSWER_SECONDS):
            return bool(await self._connection.fetchval(_TRY_LOCK, self._key))

    def _note_end(self, _connection: object) -> None:
        if self.held:
            self.lost.set()
            self._fence()

    async def _check(self) -> None:
        assert self._connection is not None  # noqa: S101 - typing: watched only when held
        with ending_after(self._connection, _ANSWER_SECONDS):
            await self._connection.execute("select")

    async def _unlock(self) -> None:
        assert self._connection is not None  # noqa: S101 - typing: released only when held
        with ending_after(self._connection, _ANSWER_SECONDS):
            await self._connection.fetchval(_UNLOCK, self._key)

    async def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            await connection.close(timeout=_ANSWER_SECONDS)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            connection.terminate()


@asynccontextmanager
async def leadership(
    settings: Settings, dsn: str, *, fence: Callable[[], None] = lambda: None
) -> AsyncIterator[Leadership]:
    """Yield the leadership, not yet held; if it is held at the end, it is released here.

    `fence` is called on the asyncio side the moment that the lock's session is seen to be gone,
    before any task hears of it: it stops what must not be done without the lock.
    """
    leader = Leadership(settings, dsn, fence)
    try:
        yield leader
    finally:
        await leader.release()
