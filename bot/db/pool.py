"""The database of the process: the asyncio loop, one pool, and the lanes that divide it.

Of DB_POOL_MAX_SIZE connections one belongs to the advisory lock (`bot.db.lock`); the pool has
the others, and the lanes add up to the pool.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NoReturn

import asyncpg
import structlog
import trio
from trio_asyncio import open_loop

from bot import metrics
from bot.db.border import cross, cross_always, log_loop_message
from bot.db.embedded import embedded_postgres
from bot.db.errors import UnavailableError
from bot.db.lane import Bounds, Holder, Lane
from bot.settings import Settings

log = structlog.get_logger(__name__)

# An idle transaction is a process that stood still in the middle of one; the server ends it,
# and with it the locks that others wait for.
_IDLE_IN_TRANSACTION = timedelta(seconds=60)
_CLOSE_SECONDS = 3.0
_LAST_STATEMENT_SECONDS = 1.0
_HEALTH_ACQUIRE_SECONDS, _HEALTH_COMMAND_SECONDS = 5.0, 10.0

_APPLICATION_NAME = "warren"
# One's own role may be ended by anybody who has it (pg_terminate_backend); a standby that is
# idle connects again when it next asks for something.
_END_OTHERS = """
    select count(pg_terminate_backend(pid))
      from pg_stat_activity
     where datname = current_database() and usename = current_user
       and application_name = $1 and pid <> all($2::integer[] || pg_backend_pid())
"""


@dataclass(frozen=True, slots=True)
class LaneStats:
    """The state of a lane at one moment."""

    name: str
    slots: int
    borrowed: int
    waiting: int
    holders: tuple[Holder, ...]


@dataclass(frozen=True, slots=True)
class PoolStats:
    """The state of the connection budget at one moment."""

    size: int
    idle: int
    lanes: tuple[LaneStats, ...]


class Database:
    """The lanes, and the pool behind them. Made by `open_database`, usable after `connect`."""

    def __init__(self, settings: Settings, dsn: str, loop: asyncio.AbstractEventLoop) -> None:
        self.dsn = dsn
        self._settings = settings
        self._loop = loop
        self._pool_or_none: asyncpg.Pool[asyncpg.Record] | None = None
        self._attempts: set[asyncio.Timeout] = set()
        self._backends: set[int] = set()
        self._fenced = False
        self._bounds = Bounds(
            acquire=settings.db_pool_acquire_timeout.total_seconds(),
            command=settings.db_pool_command_timeout.total_seconds(),
        )
        workers, health = _shares(settings.db_pool_max_size - 1)
        updates = settings.db_pool_max_size - 1 - workers - health
        self.updates = self._lane("updates", updates)
        self.workers = self._lane("workers", workers)
        self.health = Lane("health", health, _quick(self._bounds), self._pool)
        self.lanes = (self.updates, self.workers, self.health)
        metrics.POOL_SIZE.set_function(lambda: self.stats().size)
        metrics.POOL_IDLE.set_function(lambda: self.stats().idle)

    def __repr__(self) -> str:
        return f"<Database connected={self.connected}>"

    @property
    def connected(self) -> bool:
        """True once the pool is there; its connections come and go with the server."""
        return self._pool_or_none is not None

    async def connect(self) -> None:
        """Open the pool. Safe to repeat.

        Raises UnavailableError while the server is away, AccessRefusedError when it refuses us.
        """
        if self._pool_or_none is None:
            self._pool_or_none = await cross(self._create_pool)

    async def end_other_sessions(self) -> None:
        """End the pooled sessions of all other processes: for a new leader, before it acts.

        The leader before may stand still in the middle of a transaction; what it began is rolled
        back here, and can't be committed when it wakes. Raises UnavailableError.
        """
        ended = await self.health.fetchval(_END_OTHERS, _APPLICATION_NAME, list(self._backends))
        log.info("db.other_sessions_ended", count=ended)

    def fence(self) -> None:
        """End every connection of the pool at once, and make no more: another process may lead.

        For the asyncio side, where the end of the leader's own session is noticed: a statement
        that waits there isn't stopped from Trio, and would find a new connection.
        """
        self._fenced = True
        if self._pool_or_none is not None:
            self._pool_or_none.terminate()

    async def bound_last_statements(
        self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> NoReturn:
        """Once cancelled: give what the server was asked a second more, then end its connections.

        A child of the one nursery. Crossings are never aborted (bot.db.border), so a server that
        stands still would hold up the end of the process: a statement for
        DB_POOL_COMMAND_TIMEOUT, an attempt to connect for DB_POOL_ACQUIRE_TIMEOUT.
        """
        try:
            task_status.started()
            await trio.sleep_forever()
        finally:
            self._loop.call_later(_LAST_STATEMENT_SECONDS, self._end_statements)

    def _end_statements(self) -> None:
        if self._pool_or_none is not None:
            log.warning("db.statements_ended", reason="the process is stopping")
            self._pool_or_none.terminate()
        for attempt in self._attempts:
            attempt.reschedule(self._loop.time())

    def stats(self) -> PoolStats:
        """Return who holds what now."""
        pool = self._pool_or_none
        return PoolStats(
            size=pool.get_size() if pool else 0,
            idle=pool.get_idle_size() if pool else 0,
            lanes=tuple(
                LaneStats(
                    name=lane.name,
                    slots=int(lane.limiter.total_tokens),
                    borrowed=lane.limiter.borrowed_tokens,
                    waiting=lane.limiter.statistics().tasks_waiting,
                    holders=tuple(lane.holders.values()),
                )
                for lane in self.lanes
            ),
        )

    def holders(self) -> list[str]:
        """Return who holds a connection now, once for each that it holds."""
        return [holder.task for lane in self.lanes for holder in lane.holders.values()]

    def _lane(self, name: str, slots: int) -> Lane:
        return Lane(name, slots, self._bounds, self._pool)

    def _pool(self) -> "asyncpg.Pool[asyncpg.Record]":
        if self._pool_or_none is None:
            raise UnavailableError("the database is not connected yet")
        return self._pool_or_none

    async def _create_pool(self) -> "asyncpg.Pool[asyncpg.Record]":
        settings = self._settings
        size = settings.db_pool_max_size - 1
        pool = asyncpg.create_pool(
            self.dsn,
            min_size=min(settings.db_pool_min_size, size),
            max_size=size,
            connect=self._connect_one,
            # asyncpg's own bound would cancel a statement over a second connection; ours ends
            # the connection itself (bot.db.border).
            command_timeout=None,
            reset=_nothing_to_reset,
            server_settings=server_settings(settings, _APPLICATION_NAME),
        )
        try:
            async with asyncio.timeout(self._bounds.acquire):
                await pool
        except BaseException:
            pool.terminate()
            raise
        return pool

    async def _connect_one(self, *args: Any, **kwargs: Any) -> "asyncpg.Connection[asyncpg.Record]":
        """Make a connection for the pool; only from the asyncio side is an attempt ever ended."""
        async with asyncio.timeout(self._bounds.acquire) as attempt:
            self._attempts.add(attempt)
            try:
                connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(
                    *args, **kwargs
                )
            finally:
                self._attempts.discard(attempt)
        if self._fenced:  # while it was being made
            connection.terminate()
            raise ConnectionAbortedError("the leadership is lost")
        backend = connection.get_server_pid()
        self._backends.add(backend)
        connection.add_termination_listener(lambda _: self._backends.discard(backend))
        return connection

    async def _close_pool(self) -> None:
        pool, self._pool_or_none = self._pool_or_none, None
        if pool is None:
            return
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await pool.close()
        except TimeoutError:
            log.warning("db.pool_terminated", reason=f"not closed within {_CLOSE_SECONDS:g} s")
            pool.terminate()

    async def close(self) -> None:
        """Close the pool, bounded; connections that don't answer are ended. Acts if cancelled."""
        await cross_always(self._close_pool)


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Database]:
    """Yield the database of `settings`, not connected yet; everything is closed on the way out.

    Without DATABASE_URL, a PostgreSQL of our own is started in DATA_DIR, and stopped at the end.
    """
    given = settings.database_url
    source = (
        nullcontext(given.get_secret_value()) if given else embedded_postgres(settings.data_dir)
    )
    async with source as dsn, open_loop() as loop:
        loop.set_exception_handler(log_loop_message)
        database = Database(settings, dsn, loop)
        try:
            yield database
        finally:
            await database.close()


def server_settings(settings: Settings, application_name: str) -> dict[str, str]:
    """Return the session settings by which the server itself bounds what we ask of it."""

    def milliseconds(duration: timedelta) -> str:
        return str(int(duration.total_seconds() * 1000))

    return {
        "application_name": application_name,
        "statement_timeout": milliseconds(settings.db_statement_timeout),
        "lock_timeout": milliseconds(settings.db_lock_timeout),
        "idle_in_transaction_session_timeout": milliseconds(_IDLE_IN_TRANSACTION),
        "timezone": "UTC",
    }


async def _nothing_to_reset(connection: object) -> None:
    """Save the round trip that asyncpg spends on each release.

    Its query drops what a session could have left: advisory locks, cursors, listeners, settings.
    No code outside `bot.db` can run a statement beyond a transaction's end, and the only session
    state of ours, the leader's lock, lives on a connection of its own.
    """


def _quick(bounds: Bounds) -> Bounds:
    """Return bounds under which a silent server is noticed well before a health check is over."""
    return Bounds(
        acquire=min(bounds.acquire, _HEALTH_ACQUIRE_SECONDS),
        command=min(bounds.command, _HEALTH_COMMAND_SECONDS),
    )


def _shares(pooled: int) -> tuple[int, int]:
    """Return the workers' and the health lane's part of `pooled`; updates have the rest."""
    return max(1, round(pooled * 0.3)), 1
