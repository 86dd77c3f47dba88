"""What a worker is, and the one loop that runs it.

A `Worker` is a row: what it is for, when its tick runs, how long a tick may take, how many
connections it may hold, what wakes it early. `Supervisor.run` is the loop: deadline by cancel
scope, errors logged with a growing pause, first ticks spread so that slow workers never align.
A tick that fails never takes the process down.
"""

import math
import random
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeAlias

import structlog
import trio

from bot import holding, metrics
from bot.error_groups import in_words
from bot.process_settings import InvalidSettingsError
from bot.timetable import Grid, spread

log = structlog.get_logger(__name__)

DEGRADED_AFTER = 3

_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 300.0
_QUICK_WORKERS_LONGEST_PAUSE = 30.0

Tick: TypeAlias = Callable[[], Awaitable[None]]
"""A unit of background work: safe to cancel between any two awaits, and safe to run again."""


class UnknownWorkerError(LookupError):
    """No worker of that name runs here."""


class Wake:
    """A wake-up that a commit fires: `set` it after the commit, as often as you like.

    Level-triggered: many sets before a tick are one tick, and a set while a tick runs is another
    tick right after it, so work that a running tick may have missed is never left lying.
    """

    def __init__(self) -> None:
        self._event = trio.Event()

    def set(self) -> None:
        """Ask for a tick; returns at once, safe to repeat."""
        self._event.set()

    def clear(self) -> None:
        """Take what was asked so far; the supervisor does it before the tick that answers it."""
        if self._event.is_set():
            self._event = trio.Event()

    async def wait(self) -> None:
        """Return once it is set."""
        await self._event.wait()


@dataclass(frozen=True, slots=True)
class Wakes:
    """The wake-ups that whoever commits fires afterwards, by the worker that they wake."""

    activation: Wake = field(default_factory=Wake)
    notifier: Wake = field(default_factory=Wake)
    refunds: Wake = field(default_factory=Wake)
    broadcasts: Wake = field(default_factory=Wake)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A row of the table: the tick and everything that bounds it.

    `connections` is what it may hold of the workers' lane at the same time; `jitter` a share of
    the interval; `lease` how long work that a tick takes stays reserved for it, if it reserves.
    """

    name: str
    purpose: str
    tick: Tick = field(repr=False)
    interval: timedelta
    deadline: timedelta
    connections: int = 0
    jitter: float = 0.02
    wake: Wake | None = field(default=None, repr=False)
    lease: timedelta | None = None

    @property
    def longest_silence_seconds(self) -> float:
        """The longest time between the ends of two ticks, pauses after failures included."""
        interval = self.interval.total_seconds()
        return max(interval * (1 + self.jitter), _longest_pause(interval)) + (
            self.deadline.total_seconds()
        )

    @property
    def task_name(self) -> str:
        """How its task is called, in the tree of tasks and among the holders of connections."""
        return f"worker {self.name}"


@dataclass(frozen=True, slots=True)
class WorkerStatus:
    """What is known of a worker at one moment; times are Trio's clock in seconds."""

    name: str
    purpose: str
    interval_seconds: float
    deadline_seconds: float
    connections: int
    connections_held: int
    ticks: int
    running_since: float | None
    last_ended: float | None
    last_duration: float | None
    next_at: float
    failures_in_a_row: int
    last_error: str | None

    @property
    def degraded(self) -> bool:
        """True after several failures in a row."""
        return self.failures_in_a_row >= DEGRADED_AFTER


Notice: TypeAlias = Callable[[WorkerStatus], Awaitable[None]]
"""Tells administrators that a worker became degraded, or recovered; raises if nobody was told."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the table must fit: the workers' lane, the wait for it, and the wait for a notice."""

    connections: int
    acquire_seconds: float
    notice_seconds: float


@dataclass(slots=True)
class _Run:
    """The life of one worker's loop. `asked` is a person's wake-up, `wake` everybody's."""

    worker: Worker
    grid: Grid
    next_at: float
    wake: Wake
    asked: Wake = field(default_factory=Wake)
    ticks: int = 0
    running_since: float | None = None
    last_ended: float | None = None
    last_duration: float | None = None
    failures_in_a_row: int = 0
    last_error: str | None = None
    told: bool = False

    @property
    def degraded(self) -> bool:
        return self.failures_in_a_row >= DEGRADED_AFTER


async def _nobody_to_tell(_status: WorkerStatus) -> None:
    """Stand where a process has no administrators."""


def _nobody_holds() -> Iterable[str]:
    return ()


class Supervisor:
    """Runs the workers of a table as children of the nursery that the caller owns.

    `holders` returns the names of the tasks that hold a connection now.
    Raises InvalidSettingsError for a table that doesn't fit `bounds`.
    """

    def __init__(
        self,
        table: Sequence[Worker],
        bounds: Bounds,
        *,
        notice: Notice = _nobody_to_tell,
        holders: Callable[[], Iterable[str]] = _nobody_holds,
        rng: random.Random | None = None,
    ) -> None:
        check(table, bounds)
        self.table = tuple(table)
        self._notice_seconds = bounds.notice_seconds
        self._notice = notice
        self._holders = holders
        self._rng = rng or random.Random()  # noqa: S311 - spreads load, guards nothing
        self._runs: dict[str, _Run] = {}

    def statuses(self) -> list[WorkerStatus]:
        """Return what is known of each worker that was started, in the table's order."""
        held = list(self._holders())
        return [_status(run, held.count(run.worker.task_name)) for run in self._runs.values()]

    def ticks(self, names: Iterable[str]) -> int:
        """Return how many ticks of these workers have ended. Safe from any thread."""
        return sum(run.ticks for name in names if (run := self._runs.get(name)))

    def run_now(self, name: str) -> None:
        """Let a worker tick at once, also in the pause after a failure; a running one right after.

        Raises UnknownWorkerError.
        """
        run = self._runs.get(name)
        if run is None:
            raise UnknownWorkerError(name)
        run.asked.set()
        run.wake.set()

    def start_all(self, nursery: trio.Nursery) -> None:
        """Start every worker as a child of `nursery`."""
        now = trio.current_time()
        offsets = spread([worker.interval.total_seconds() for worker in self.table])
        for worker, offset in zip(self.table, offsets, strict=True):
            grid = Grid(now + offset, worker.interval.total_seconds())
            self._runs[worker.name] = _Run(worker, grid, grid.first, worker.wake or Wake())
            nursery.start_soon(self._run, self._runs[worker.name], name=worker.task_name)

    async def _run(self, run: _Run) -> None:
        """Tick for ever; returns only by cancellation, which may fall between any two awaits."""
        # This task's context and its children's: log lines and held connections name the worker.
        structlog.contextvars.bind_contextvars(worker=run.worker.name)
        holding.actor.set(run.worker.task_name)
        while True:
            await self._wait(run)
            await self._tick(run)
            run.next_at = self._next(run)
            await self._tell(run)

    async def _wait(self, run: _Run) -> None:
        # What a commit asks for would most likely fail as well: after a failure, only a person
        # shortens the pause. The wake-up isn't lost, the retry answers it.
        wake = run.asked if run.failures_in_a_row else run.wake
        with trio.move_on_at(run.next_at):
            await wake.wait()
        run.wake.clear()
        run.asked.clear()

    async def _tick(self, run: _Run) -> None:
        started = run.running_since = trio.current_time()
        seconds = run.worker.deadline.total_seconds()
        try:
            with trio.move_on_after(seconds) as scope:
                await run.worker.tick()
        # A tick that opened a nursery may be cancelled by the process's end and fail at once;
        # `except*` keeps the error here and lets the cancellation through.
        except* Exception as group:  # noqa: BLE001 - where the errors of a tick end
            error = group.exceptions[0] if len(group.exceptions) == 1 else group
            _failed(run, "error", in_words(error), error)
        else:
            if scope.cancelled_caught:
                _failed(run, "deadline", f"over its deadline of {seconds:g} s", None)
            else:
                _succeeded(run)
        finally:
            ended = trio.current_time()
            run.running_since, run.last_ended = None, ended
            run.last_duration = ended - started
            run.ticks += 1
            metrics.WORKER_TICK_SECONDS.labels(run.worker.name).observe(ended - started)

    def _next(self, run: _Run) -> float:
        """Return when the next tick is due: in the worker's next slot, or after a retry's pause.

        Jitter moves a tick within its slot and never the grid, so workers that were spread at
        the start stay apart.
        """
        now = trio.current_time()
        interval = run.grid.interval
        if run.failures_in_a_row:
            pause = _FIRST_PAUSE * math.pow(2, min(run.failures_in_a_row - 1, 16))
            return now + min(pause, _longest_pause(interval))
        return run.grid.next_after(now) + interval * run.worker.jitter * self._rng.random()

    async def _tell(self, run: _Run) -> None:
        """Tell administrators once that a worker became degraded, and once that it recovered.

        A notice that reaches nobody is tried again after the next tick, and disturbs nothing.
        """
        if run.degraded is run.told:
            return
        degraded = run.degraded
        try:
            with trio.fail_after(self._notice_seconds):
                await self._notice(_status(run, 0))
        except Exception as error:  # noqa: BLE001 - whatever keeps a notice, the worker goes on
            log.warning("worker.notice_failed", worker=run.worker.name, error=in_words(error))
        else:
            run.told = degraded


def _longest_pause(interval: float) -> float:
    """Return how long the pause after failures may grow: a quick worker is let rest as well."""
    return min(_LONGEST_PAUSE, max(interval, _QUICK_WORKERS_LONGEST_PAUSE))


def _failed(run: _Run, result: str, reason: str, error: BaseException | None) -> None:
    run.failures_in_a_row += 1
    run.last_error = reason
    metrics.WORKER_TICKS.labels(run.worker.name, result).inc()
    metrics.WORKER_DEGRADED.labels(run.worker.name).set(run.degraded)
    log.error(
        "worker.tick_failed",
        worker=run.worker.name,
        reason=reason,
        failures_in_a_row=run.failures_in_a_row,
        exc_info=error,
    )


def _succeeded(run: _Run) -> None:
    if run.failures_in_a_row:
        log.info("worker.recovered", worker=run.worker.name, failures=run.failures_in_a_row)
    run.failures_in_a_row, run.last_error = 0, None
    metrics.WORKER_TICKS.labels(run.worker.name, "ok").inc()
    metrics.WORKER_DEGRADED.labels(run.worker.name).set(False)


def _status(run: _Run, held: int) -> WorkerStatus:
    return WorkerStatus(
        name=run.worker.name,
        purpose=run.worker.purpose,
        interval_seconds=run.grid.interval,
        deadline_seconds=run.worker.deadline.total_seconds(),
        connections=run.worker.connections,
        connections_held=held,
        ticks=run.ticks,
        running_since=run.running_since,
        last_ended=run.last_ended,
        last_duration=run.last_duration,
        next_at=run.next_at,
        failures_in_a_row=run.failures_in_a_row,
        last_error=run.last_error,
    )


def check(table: Sequence[Worker], bounds: Bounds) -> None:
    """Refuse a table that can't run: raises InvalidSettingsError naming every wrong row."""
    names = [worker.name for worker in table]
    problems = [f"{name}: the name is taken" for name in sorted({*names}) if names.count(name) > 1]
    for worker in table:
        problems += [f"{worker.name}: {problem}" for problem in _problems(worker, bounds)]
    if problems:
        raise InvalidSettingsError(
            "The table of workers can't be used:\n  " + "\n  ".join(problems)
        )


def _problems(worker: Worker, bounds: Bounds) -> Iterable[str]:
    deadline = worker.deadline.total_seconds()
    # Who is woken by commits looks by itself only for what was put off: it may work for longer.
    if worker.deadline <= timedelta(0) or (
        worker.wake is None and worker.deadline > worker.interval
    ):
        yield "the deadline must be more than 0 seconds and at most the interval"
    if not 0 <= worker.jitter < 1:
        yield "the jitter is a share of the interval, from 0 to less than 1"
    if not 0 <= worker.connections <= bounds.connections:
        yield (
            f"may hold {worker.connections} connections, the workers' lane has {bounds.connections}"
        )
    if worker.connections and deadline <= bounds.acquire_seconds:
        yield (
            f"its deadline of {deadline:g} s may be over before it gets a connection "
            f"(DB_POOL_ACQUIRE_TIMEOUT is {bounds.acquire_seconds:g} s)"
        )
    if worker.lease is not None and worker.lease <= worker.deadline:
        yield "what it takes must stay reserved for longer than its deadline"
