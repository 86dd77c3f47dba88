"""What a worker is, and the one loop that runs it.

A `Worker` is a row: what it is for, when its tick runs, how long a tick may take, and how many
connections it may hold. `Supervisor.run` is the loop: deadline by cancel scope, errors logged
with a growing pause, heartbeat after each tick, first ticks spread so that workers of one
interval never align. A tick that fails never takes the process down.
"""

import math
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
import trio
from trio.lowlevel import checkpoint

from bot import metrics
from bot.process_settings import InvalidSettingsError

log = structlog.get_logger(__name__)

_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 300.0
DEGRADED_AFTER = 3


@dataclass(frozen=True, slots=True)
class Worker:
    """A row of the table: the tick and everything that bounds it.

    A tick must be safe to cancel between any two awaits and safe to run again.
    """

    name: str
    purpose: str
    tick: Callable[[], Awaitable[None]]
    interval: timedelta
    deadline: timedelta
    connections: int = 0
    jitter: float = 0.1
    wake: Callable[[], Awaitable[None]] | None = field(default=None, repr=False)


@dataclass(slots=True)
class WorkerStatus:
    """What is known of a worker; times are Trio's clock in seconds."""

    name: str
    purpose: str
    interval_seconds: float
    deadline_seconds: float
    slot_at: float
    next_at: float
    running_since: float | None = None
    last_ended: float | None = None
    last_duration: float | None = None
    failures_in_a_row: int = 0
    last_error: str | None = None

    @property
    def degraded(self) -> bool:
        """True after several failures in a row."""
        return self.failures_in_a_row >= DEGRADED_AFTER


class Supervisor:
    """Runs the workers of a table as children of the nursery that the caller owns."""

    def __init__(
        self, table: Sequence[Worker], *, connections: int, rng: random.Random | None = None
    ) -> None:
        _check(table, connections)
        self.table = tuple(table)
        self._rng = rng or random.Random()  # noqa: S311 - spreads load, guards nothing
        self._statuses: dict[str, WorkerStatus] = {}

    def statuses(self) -> list[WorkerStatus]:
        """Return what is known of each worker that was started, in the table's order."""
        return list(self._statuses.values())

    def start_all(self, nursery: trio.Nursery) -> None:
        """Start every worker as a child of `nursery`."""
        for position, worker in enumerate(self.table):
            # The first ticks are spread evenly over each worker's own interval: two workers of
            # the same interval are then apart by a fixed share of it, for as long as both run.
            share = (position + 1) / (len(self.table) + 1)
            first = trio.current_time() + worker.interval.total_seconds() * share
            self._statuses[worker.name] = WorkerStatus(
                name=worker.name,
                purpose=worker.purpose,
                interval_seconds=worker.interval.total_seconds(),
                deadline_seconds=worker.deadline.total_seconds(),
                slot_at=first,
                next_at=first,
            )
            nursery.start_soon(self.run, worker, name=f"worker {worker.name}")

    async def run(self, worker: Worker) -> None:
        """Tick for ever; returns only by cancellation, which may fall between any two awaits."""
        status = self._statuses[worker.name]
        while True:
            await self._wait(worker, status.next_at)
            await self._tick(worker, status)
            status.next_at = self._next(worker, status)

    async def _wait(self, worker: Worker, until: float) -> None:
        with trio.move_on_at(until):
            if worker.wake is None:
                await trio.sleep_forever()
            else:
                await worker.wake()
        # A wake-up that is already there must still leave the loop a turn.
        await checkpoint()

    async def _tick(self, worker: Worker, status: WorkerStatus) -> None:
        started = status.running_since = trio.current_time()
        try:
            with trio.move_on_after(status.deadline_seconds) as scope:
                await worker.tick()
        except Exception as error:  # noqa: BLE001 - the supervisor is where a tick's errors end
            self._failed(worker, status, "error", f"{type(error).__name__}: {error}", error)
        else:
            if scope.cancelled_caught:
                took = f"over its deadline of {status.deadline_seconds:g} s"
                self._failed(worker, status, "deadline", took, None)
            else:
                self._succeeded(worker, status)
        finally:
            ended = trio.current_time()
            status.running_since, status.last_ended = None, ended
            status.last_duration = ended - started
            metrics.WORKER_TICK_SECONDS.labels(worker.name).observe(ended - started)

    def _failed(
        self,
        worker: Worker,
        status: WorkerStatus,
        result: str,
        reason: str,
        error: Exception | None,
    ) -> None:
        status.failures_in_a_row += 1
        status.last_error = reason
        metrics.WORKER_TICKS.labels(worker.name, result).inc()
        log.error(
            "worker.tick_failed",
            worker=worker.name,
            reason=reason,
            failures_in_a_row=status.failures_in_a_row,
            exc_info=error,
        )

    def _succeeded(self, worker: Worker, status: WorkerStatus) -> None:
        if status.failures_in_a_row:
            log.info("worker.recovered", worker=worker.name, failures=status.failures_in_a_row)
        status.failures_in_a_row, status.last_error = 0, None
        metrics.WORKER_TICKS.labels(worker.name, "ok").inc()

    def _next(self, worker: Worker, status: WorkerStatus) -> float:
        """Return when the next tick is due: in the worker's next slot, or after a retry's pause.

        Slots stay on the grid that the first tick laid: jitter moves a tick within its slot and
        never the grid, so workers that were spread at the start stay apart.
        """
        now = trio.current_time()
        if status.slot_at <= now:
            missed = math.floor((now - status.slot_at) / status.interval_seconds)
            status.slot_at += status.interval_seconds * (missed + 1)
        if status.failures_in_a_row:
            pause = _FIRST_PAUSE * math.pow(2, min(status.failures_in_a_row - 1, 16))
            return now + min(pause, _LONGEST_PAUSE, status.interval_seconds)
        return status.slot_at + status.interval_seconds * worker.jitter * self._rng.random()


def _check(table: Sequence[Worker], connections: int) -> None:
    """Refuse a table that can't run: raises InvalidSettingsError naming every wrong row."""
    problems = []
    names = [worker.name for worker in table]
    problems += [f"{name}: the name is taken" for name in sorted({*names}) if names.count(name) > 1]
    for worker in table:
        if worker.interval <= timedelta(0) or worker.deadline <= timedelta(0):
            problems.append(f"{worker.name}: interval and deadline must be more than 0 seconds")
        if worker.connections > connections:
            problems.append(
                f"{worker.name}: may hold {worker.connections} connections, "
                f"the workers' lane has {connections}"
            )
    if problems:
        raise InvalidSettingsError(
            "The table of workers can't be used:\n  " + "\n  ".join(problems)
        )
