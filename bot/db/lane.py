"""A lane of the connection budget: what a part of the program may take, and no more.

Lanes add up to the pool, so whoever has a slot of a lane has a connection waiting: nothing ever
queues inside asyncpg, and no lane can starve another. A lane is all that code outside
`bot.db` is given; it can't reach the pool behind it.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeAlias, TypeVar

import asyncpg
import structlog
import trio

from bot import metrics
from bot.db.border import cross, cross_always, ending_after, translated
from bot.db.errors import (
    DeadlineError,
    NestedConnectionError,
    OutcomeUnknownError,
    QueryError,
)
from bot.holding import actor, held_lane, holding

log = structlog.get_logger(__name__)

T = TypeVar("T")
Row: TypeAlias = asyncpg.Record
_Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
_Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
_Statement: TypeAlias = Callable[[_Connection, str, Sequence[Any]], Awaitable[T]]


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long things may take, in seconds."""

    acquire: float
    command: float
    patient_command: float = 3600.0


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a slot of a lane: the worker or the task, and Trio's time when it took it."""

    task: str
    since: float


class Lane:
    """Some of the pool's connections, for one part of the program."""

    def __init__(self, name: str, slots: int, bounds: Bounds, pool: Callable[[], _Pool]) -> None:
        self.name = name
        self.limiter = trio.CapacityLimiter(slots)
        self.holders: dict[object, Holder] = {}
        self._bounds = bounds
        self._pool = pool
        self._wait_seconds = metrics.LANE_WAIT_SECONDS.labels(name)
        metrics.LANE_BORROWED.labels(name).set_function(lambda: self.limiter.borrowed_tokens)

    def transaction(self, *, patient: bool = False) -> "Transaction":
        """Return `async with` block of one transaction: committed at its end, or rolled back.

        `patient` lifts the bounds on a statement's duration, for migrations.
        """
        return Transaction(self, self._bounds, patient=patient)

    async def unit(
        self, work: "Callable[[Transaction], Awaitable[T]]", *, begin: str = "BEGIN"
    ) -> T:
        """Run `work` in one transaction and one crossing, and return what it returns.

        The fast path of what is hot: a crossing costs about as much as a statement, and a
        `transaction()` makes one for each. `work` runs on the asyncio side of the border: it may
        await its transaction and nothing else. Cancelled: before it, or once all of it is done.
        `begin` may go on after BEGIN with a lock, which then costs no round trip of its own.
        """
        slot = await self.take()
        try:
            with holding(self.name):
                return await cross(_run_unit, self, self._pool(), self._bounds, begin, work)
        finally:
            self.give_back(slot)

    async def fetch(self, sql: str, *args: Any) -> list[Row]:
        """Run one statement by itself and return its rows."""
        return await self._once(_fetch, sql, args)

    async def fetchrow(self, sql: str, *args: Any) -> Row | None:
        """Run one statement by itself and return its first row."""
        return await self._once(_fetchrow, sql, args)

    async def fetchval(self, sql: str, *args: Any) -> Any:
        """Run one statement by itself and return the first column of its first row."""
        row = await self._once(_fetchrow, sql, args)
        return None if row is None else row[0]

    async def execute(self, sql: str, *args: Any) -> str:
        """Run one statement by itself and return its command tag, like `INSERT 0 1`."""
        return await self._once(_execute, sql, args)

    async def _once(self, statement: _Statement[T], sql: str, args: Sequence[Any]) -> T:
        """One crossing for everything: acquire, statement, release."""
        slot = await self.take()
        try:
            with holding(self.name):
                return await cross(_run_once, self._pool(), self._bounds, statement, sql, args)
        finally:
            self.give_back(slot)

    async def take(self) -> object:
        """Wait for a slot; the wait can be cancelled and is bounded by DB_POOL_ACQUIRE_TIMEOUT.

        Raises DeadlineError when it is over, NestedConnectionError in a task that has a slot.
        """
        if (held := held_lane()) is not None:
            raise NestedConnectionError(
                f"a connection of the lane {held!r} is held by this task; pass it on instead of "
                f"taking a second one of {self.name!r}"
            )
        slot = object()
        asked_at = trio.current_time()
        try:
            self.limiter.acquire_on_behalf_of_nowait(slot)
        except trio.WouldBlock:
            await self._wait_for(slot)
        taken_at = trio.current_time()
        self._wait_seconds.observe(taken_at - asked_at)
        who = actor.get() or trio.lowlevel.current_task().name
        self.holders[slot] = Holder(who, taken_at)
        return slot

    async def _wait_for(self, slot: object) -> None:
        try:
            with trio.fail_after(self._bounds.acquire):
                await self.limiter.acquire_on_behalf_of(slot)
        except trio.TooSlowError:
            raise DeadlineError(
                f"no connection of the lane {self.name!r} within {self._bounds.acquire:g} s"
            ) from None

    def give_back(self, slot: object) -> None:
        """Return a slot; its connection must be back in the pool, or ended."""
        del self.holders[slot]
        self.limiter.release_on_behalf_of(slot)


class Transaction:
    """One transaction on one connection; made by `Lane.transaction`.

    Begin and end are one crossing each, every statement is one more. Cancelled between two of
    them: rolled back. Cancelled while COMMIT is on its way: committed, and the cancellation acts
    at the next checkpoint after the block.
    """

    def __init__(self, lane: Lane, bounds: Bounds, *, patient: bool) -> None:
        self._lane = lane
        self._bounds = bounds
        self._begin = "BEGIN; SET LOCAL statement_timeout = 0" if patient else "BEGIN"
        self._seconds = bounds.patient_command if patient else bounds.command
        self._connection: _Connection | None = None

    async def __aenter__(self) -> Self:
        self._slot = await self._lane.take()
        self._holding = holding(self._lane.name)
        self._holding.__enter__()
        try:
            self._pool = self._lane._pool()
            self._connection = await cross(_begin, self._pool, self._bounds, self._begin)
        except BaseException:
            self._leave()
            raise
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        connection, self._connection = self._connection, None
        assert connection is not None, "left without having been entered"  # noqa: S101 - typing
        end = _commit if exc is None else _roll_back
        try:
            await cross_always(end, self._pool, connection, self._bounds)
        finally:
            self._leave()

    def _leave(self) -> None:
        self._holding.__exit__(None, None, None)
        self._lane.give_back(self._slot)

    async def fetch(self, sql: str, *args: Any) -> list[Row]:
        """Run a statement and return its rows."""
        return await self._run(_fetch, sql, args)

    async def fetchrow(self, sql: str, *args: Any) -> Row | None:
        """Run a statement and return its first row."""
        return await self._run(_fetchrow, sql, args)

    async def fetchval(self, sql: str, *args: Any) -> Any:
        """Run a statement and return the first column of its first row."""
        row = await self.fetchrow(sql, *args)
        return None if row is None else row[0]

    async def execute(self, sql: str, *args: Any) -> str:
        """Run a statement and return its command tag; without `args` it may be a whole script."""
        return await self._run(_execute, sql, args)

    async def executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run a statement once for each row of arguments."""
        await self._run(_executemany, sql, rows)

    async def _run(self, statement: _Statement[T], sql: str, args: Sequence[Any]) -> T:
        return await cross(_run, self._open(), self._seconds, statement, sql, args)

    def _open(self) -> _Connection:
        if self._connection is None:
            raise QueryError("the transaction is over; its connection belongs to others now")
        return self._connection


class _Unit(Transaction):
    """The transaction of `Lane.unit`, as its work sees it: on the asyncio side already."""

    def __init__(self, lane: Lane, bounds: Bounds, connection: _Connection) -> None:
        super().__init__(lane, bounds, patient=False)
        self._connection = connection

    async def _run(self, statement: _Statement[T], sql: str, args: Sequence[Any]) -> T:
        return await translated(_run_in_unit, self._open(), statement, sql, args)

    def close(self) -> None:
        """Keep the work from reaching a connection that belongs to others now."""
        self._connection = None


# ---- the asyncio side: everything below runs in trio-asyncio's loop, shielded by the border ----


async def _fetch(connection: _Connection, sql: str, args: Sequence[Any]) -> list[Row]:
    return await connection.fetch(sql, *args)


async def _fetchrow(connection: _Connection, sql: str, args: Sequence[Any]) -> Row | None:
    return await connection.fetchrow(sql, *args)


async def _execute(connection: _Connection, sql: str, args: Sequence[Any]) -> str:
    return await connection.execute(sql, *args)


async def _executemany(connection: _Connection, sql: str, rows: Sequence[Any]) -> None:
    await connection.executemany(sql, rows)


async def _run(
    connection: _Connection, seconds: float, statement: _Statement[T], sql: str, args: Sequence[Any]
) -> T:
    with ending_after(connection, seconds):
        return await statement(connection, sql, args)


async def _run_once(
    pool: _Pool, bounds: Bounds, statement: _Statement[T], sql: str, args: Sequence[Any]
) -> T:
    connection = await pool.acquire(timeout=bounds.acquire)
    try:
        with ending_after(connection, bounds.command):
            return await statement(connection, sql, args)
    finally:
        await pool.release(connection, timeout=bounds.acquire)


async def _run_in_unit(
    connection: _Connection, statement: _Statement[T], sql: str, args: Sequence[Any]
) -> T:
    try:
        return await statement(connection, sql, args)
    except (asyncpg.InterfaceError, asyncpg.InternalClientError):
        connection.terminate()  # as `ending_after` does, which sees the translated error only
        raise


async def _run_unit(
    lane: Lane,
    pool: _Pool,
    bounds: Bounds,
    begin: str,
    work: Callable[[Transaction], Awaitable[T]],
) -> T:
    connection = await _begin(pool, bounds, begin)
    unit = _Unit(lane, bounds, connection)
    try:
        with ending_after(connection, bounds.command):
            result = await work(unit)
    except BaseException:
        unit.close()
        await _roll_back(pool, connection, bounds)
        raise
    unit.close()
    await _commit(pool, connection, bounds)
    return result


async def _begin(pool: _Pool, bounds: Bounds, begin: str) -> _Connection:
    connection = await pool.acquire(timeout=bounds.acquire)
    try:
        with ending_after(connection, bounds.command):
            await connection.execute(begin)
    except BaseException:
        await _roll_back(pool, connection, bounds)  # what follows BEGIN may have failed after it
        raise
    return connection


async def _commit(pool: _Pool, connection: _Connection, bounds: Bounds) -> None:
    try:
        with ending_after(connection, bounds.command):
            done = await connection.execute("COMMIT")
    except (OSError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError) as error:
        raise OutcomeUnknownError("the connection ended while COMMIT was on its way") from error
    finally:
        await pool.release(connection, timeout=bounds.acquire)
    if done == "ROLLBACK":
        # PostgreSQL documentation, COMMIT: a transaction that failed is rolled back, no error.
        raise QueryError("a statement of this transaction failed and its error was not passed on")


async def _roll_back(pool: _Pool, connection: _Connection, bounds: Bounds) -> None:
    try:
        if not connection.is_closed():
            with ending_after(connection, bounds.command):
                await connection.execute("ROLLBACK")
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        # A connection that has ended has rolled back; one that hasn't must not be used again.
        log.warning("db.rollback_by_ending_the_connection", error=str(error))
        connection.terminate()
    finally:
        await pool.release(connection, timeout=bounds.acquire)
