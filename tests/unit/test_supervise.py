import itertools
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
import structlog
import trio
from structlog.testing import LogCapture
from trio.testing import MockClock

from bot import holding
from bot.process_settings import InvalidSettingsError
from bot.supervise import Bounds, Supervisor, UnknownWorkerError, Wake, Worker, WorkerStatus

MINUTE = timedelta(minutes=1)
BOUNDS = Bounds(connections=4, acquire_seconds=10, notice_seconds=10)
LATE = 1_000_000.0


async def nothing() -> None:
    """A tick that does nothing."""


def worker(name: str = "w", tick: Callable[[], Awaitable[None]] = nothing, **row: Any) -> Worker:
    given = {"purpose": "a test", "interval": MINUTE, "deadline": timedelta(seconds=5)} | row
    return Worker(name=name, tick=tick, **given)


@asynccontextmanager
async def running(*table: Worker, **options: Any) -> AsyncIterator[Supervisor]:
    supervisor = Supervisor(table, BOUNDS, rng=random.Random(1), **options)
    async with trio.open_nursery() as nursery:
        supervisor.start_all(nursery)
        yield supervisor
        nursery.cancel_scope.cancel()


async def run_for(seconds: float, *table: Worker, **options: Any) -> Supervisor:
    async with running(*table, **options) as supervisor:
        await trio.sleep(seconds)
    return supervisor


def failing(*outcomes: bool) -> Callable[[], Awaitable[None]]:
    """A tick that fails where `outcomes` says False, and from their end on succeeds."""
    left = iter(outcomes)

    async def tick() -> None:
        if not next(left, True):
            raise ConnectionError("away")

    return tick


async def test_a_worker_ticks_once_an_interval(autojump_clock: MockClock) -> None:
    supervisor = await run_for(3600, worker())

    assert supervisor.ticks(["w"]) == 60


async def test_jitter_never_moves_the_grid(autojump_clock: MockClock) -> None:
    ticks: list[float] = []

    async def tick() -> None:
        ticks.append(trio.current_time())

    await run_for(7 * 24 * 3600, worker(tick=tick, interval=timedelta(minutes=10), jitter=0.1))

    offsets = [(at - ticks[0]) % 600 for at in ticks]
    assert max(offsets) <= 60
    assert len({round(offset) for offset in offsets}) > 10  # there is jitter


async def test_a_failing_tick_is_retried_after_growing_pauses(
    autojump_clock: MockClock, expected_errors: list[str]
) -> None:
    expected_errors.append("worker.tick_failed")
    ticks: list[float] = []

    async def tick() -> None:
        ticks.append(trio.current_time())
        raise ValueError("the shelf is empty")

    supervisor = await run_for(1200, worker(tick=tick, interval=timedelta(seconds=5)))

    pauses = [round(b - a) for a, b in itertools.pairwise(ticks)]
    assert pauses[:7] == [1, 2, 4, 8, 16, 30, 30]  # also a quick worker is let rest
    [status] = supervisor.statuses()
    assert status.degraded
    assert status.last_error == "ValueError: the shelf is empty"


async def test_the_log_has_the_traceback_of_a_failed_tick(
    autojump_clock: MockClock, expected_errors: list[str], logged: LogCapture
) -> None:
    expected_errors.append("worker.tick_failed")
    await run_for(60, worker(tick=failing(False)))

    [entry] = [entry for entry in logged.entries if entry["event"] == "worker.tick_failed"]
    assert entry["exc_info"].__traceback__ is not None
    assert (entry["worker"], entry["failures_in_a_row"]) == ("w", 1)


async def test_a_worker_recovers_and_forgets_its_failures(
    autojump_clock: MockClock, expected_errors: list[str]
) -> None:
    expected_errors.append("worker.tick_failed")
    supervisor = await run_for(300, worker(tick=failing(False, False, False, False)))

    [status] = supervisor.statuses()
    assert (status.failures_in_a_row, status.last_error) == (0, None)


async def test_a_tick_over_its_deadline_is_cancelled_and_counted(
    autojump_clock: MockClock, expected_errors: list[str]
) -> None:
    expected_errors.append("worker.tick_failed")
    outcomes = []

    async def tick() -> None:
        try:
            await trio.sleep(60)
        except trio.Cancelled:
            outcomes.append("cancelled")
            raise

    async with running(worker(tick=tick)) as supervisor:
        supervisor.run_now("w")
        await trio.sleep(5.5)
        [status] = supervisor.statuses()

    assert outcomes == ["cancelled"]
    assert status.last_duration == 5
    assert status.last_error == "over its deadline of 5 s"


async def test_errors_of_tasks_inside_a_tick_end_in_the_tick(
    autojump_clock: MockClock, expected_errors: list[str]
) -> None:
    expected_errors.append("worker.tick_failed")

    async def fail(words: str) -> None:
        raise ValueError(words)

    async def tick() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(fail, "one")
            nursery.start_soon(fail, "two")

    supervisor = await run_for(10, worker(tick=tick))

    [status] = supervisor.statuses()
    assert status.last_error in {
        "ValueError: one; ValueError: two",
        "ValueError: two; ValueError: one",
    }


async def test_an_error_in_the_middle_of_the_process_end_does_not_escape(
    autojump_clock: MockClock, expected_errors: list[str]
) -> None:
    expected_errors.append("worker.tick_failed")

    async def fail_when_cancelled() -> None:
        try:
            await trio.sleep_forever()
        finally:
            raise ValueError("could not clean up")

    async def tick() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(fail_when_cancelled)
            nursery.start_soon(trio.sleep_forever)

    supervisor = await run_for(3, worker(tick=tick, interval=timedelta(seconds=64)))

    [status] = supervisor.statuses()
    assert status.last_error == "ValueError: could not clean up"


# ---- wake-ups ----


async def test_a_wake_up_ticks_at_once(autojump_clock: MockClock) -> None:
    wake, ticked = Wake(), trio.Event()

    async def tick() -> None:
        ticked.set()

    async with running(worker(tick=tick, wake=wake)):
        started = trio.current_time()
        wake.set()
        await ticked.wait()
        assert trio.current_time() == started


async def test_many_wake_ups_before_a_tick_are_one_tick(autojump_clock: MockClock) -> None:
    wake = Wake()
    async with running(worker(wake=wake)) as supervisor:
        for _ in range(100):
            wake.set()
        await trio.sleep(0.5)
        assert supervisor.ticks(["w"]) == 1


async def test_work_committed_while_a_tick_runs_causes_another_at_once(
    autojump_clock: MockClock,
) -> None:
    wake, began = Wake(), trio.Event()
    ticks = []

    async def tick() -> None:
        ticks.append(trio.current_time())
        began.set()
        await trio.sleep(3)

    async with running(worker(tick=tick, wake=wake)):
        wake.set()
        await began.wait()
        wake.set()
        wake.set()
        await trio.sleep(9)

    assert [at - ticks[0] for at in ticks] == [0, 3]


async def test_a_wake_up_does_not_shorten_the_pause_after_a_failure(
    autojump_clock: MockClock, expected_errors: list[str]
) -> None:
    expected_errors.append("worker.tick_failed")
    wake = Wake()
    async with running(worker(tick=failing(False, False, False, False), wake=wake)) as supervisor:
        wake.set()
        await trio.sleep(1 + 2 + 4 + 0.5)  # four ticks, then a pause of 8 s
        wake.set()
        await trio.sleep(7)
        assert supervisor.ticks(["w"]) == 4
        await trio.sleep(1)
        assert supervisor.ticks(["w"]) == 5


async def test_a_person_can_run_a_worker_now_even_after_a_failure(
    autojump_clock: MockClock, expected_errors: list[str]
) -> None:
    expected_errors.append("worker.tick_failed")
    async with running(worker(tick=failing(False, False, False, False))) as supervisor:
        for ticks in range(1, 6):
            supervisor.run_now("w")
            await trio.sleep(0.1)
            assert supervisor.ticks(["w"]) == ticks
        [status] = supervisor.statuses()
        assert not status.degraded


async def test_a_person_who_runs_an_unknown_worker_is_told(autojump_clock: MockClock) -> None:
    async with running(worker()) as supervisor:
        with pytest.raises(UnknownWorkerError):
            supervisor.run_now("nobody")


# ---- notices ----


class Administrators:
    """Keeps what they are told; the first `deaf` notices don't reach them."""

    def __init__(self, deaf: int = 0, seconds: float = 0) -> None:
        self.told: list[tuple[bool, int]] = []
        self._deaf = deaf
        self._seconds = seconds

    async def __call__(self, status: WorkerStatus) -> None:
        await trio.sleep(self._seconds)
        if self._deaf:
            self._deaf -= 1
            raise ConnectionError("nobody is reached")
        self.told.append((status.degraded, status.failures_in_a_row))


async def test_administrators_are_told_once_of_a_failing_worker_and_once_when_it_recovers(
    autojump_clock: MockClock, expected_errors: list[str]
) -> None:
    expected_errors.append("worker.tick_failed")
    administrators = Administrators()
    await run_for(600, worker(tick=failing(*[False] * 7)), notice=administrators)

    assert administrators.told == [(True, 3), (False, 0)]


async def test_two_failures_are_nobodys_business(
    autojump_clock: MockClock, expected_errors: list[str]
) -> None:
    expected_errors.append("worker.tick_failed")
    administrators = Administrators()
    await run_for(
        600, worker(tick=failing(False, False, True, False, False)), notice=administrators
    )

    assert administrators.told == []


async def test_a_notice_that_reached_nobody_is_tried_after_the_next_tick(
    autojump_clock: MockClock, expected_errors: list[str]
) -> None:
    expected_errors.append("worker.tick_failed")
    administrators = Administrators(deaf=2)
    supervisor = await run_for(600, worker(tick=failing(*[False] * 7)), notice=administrators)

    assert administrators.told == [(True, 5), (False, 0)]
    assert supervisor.ticks(["w"]) > 14


async def test_a_notice_that_hangs_is_given_up(
    autojump_clock: MockClock, expected_errors: list[str], logged: LogCapture
) -> None:
    expected_errors.append("worker.tick_failed")
    administrators = Administrators(seconds=LATE)
    supervisor = await run_for(600, worker(tick=failing(*[False] * 3)), notice=administrators)

    assert "worker.notice_failed" in {entry["event"] for entry in logged.entries}
    [status] = supervisor.statuses()
    assert not status.degraded


# ---- what is seen of a worker ----


async def test_the_connections_that_a_worker_holds_are_counted_with_those_of_its_children(
    autojump_clock: MockClock,
) -> None:
    held: list[str] = []

    async def hold() -> None:
        held.append(holding.actor.get() or trio.lowlevel.current_task().name)
        await trio.sleep(1)

    async def tick() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(hold)
            nursery.start_soon(hold)

    async with running(worker("a", tick), worker("b"), holders=lambda: held) as supervisor:
        supervisor.run_now("a")
        await trio.sleep(0.5)
        assert [status.connections_held for status in supervisor.statuses()] == [2, 0]


async def test_what_a_tick_logs_names_its_worker(autojump_clock: MockClock) -> None:
    bound = []

    async def tick() -> None:
        bound.append(structlog.contextvars.get_contextvars())

    async with running(worker("a", tick)) as supervisor:
        supervisor.run_now("a")
        await trio.sleep(0.1)

    assert bound == [{"worker": "a"}]


async def test_the_status_tells_the_next_tick_and_the_running_one(
    autojump_clock: MockClock,
) -> None:
    async def tick() -> None:
        await trio.sleep(2)

    async with running(worker(tick=tick, jitter=0)) as supervisor:
        [before] = supervisor.statuses()
        assert (before.running_since, before.last_ended, before.ticks) == (None, None, 0)
        await trio.sleep_until(before.next_at + 1)
        [during] = supervisor.statuses()
        assert during.running_since == before.next_at
        await trio.sleep(2)
        [after] = supervisor.statuses()
        assert (after.running_since, after.last_duration) == (None, 2)
        assert after.next_at == before.next_at + 60


# ---- the table ----


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"connections": 5}, "may hold 5 connections, the workers' lane has 4"),
        ({"deadline": timedelta(0)}, "the deadline must be more than 0 seconds"),
        ({"deadline": MINUTE * 2}, "and at most the interval"),
        ({"jitter": 1.0}, "the jitter is a share of the interval"),
        ({"connections": 1}, "its deadline of 5 s may be over before it gets a connection"),
        ({"lease": timedelta(seconds=5)}, "must stay reserved for longer than its deadline"),
    ],
)
def test_a_row_that_cannot_run_is_refused_in_words(row: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidSettingsError) as caught:
        Supervisor([worker("odd", **row)], BOUNDS)

    assert "\n  odd: " in str(caught.value)
    assert words in str(caught.value)


def test_every_wrong_row_is_named_at_once() -> None:
    with pytest.raises(InvalidSettingsError) as caught:
        Supervisor([worker("a"), worker("a"), worker("b", connections=9)], BOUNDS)

    assert "a: the name is taken" in str(caught.value)
    assert "b: may hold 9" in str(caught.value)
