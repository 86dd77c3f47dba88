import itertools
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
import trio
from trio.testing import MockClock

from bot.process_settings import InvalidSettingsError
from bot.supervise import Supervisor, Worker

MINUTE = timedelta(minutes=1)


async def nothing() -> None:
    """A tick that does nothing."""


def worker(name: str = "w", tick: Callable[[], Awaitable[None]] = nothing, **row: object) -> Worker:
    given = {"purpose": "a test", "interval": MINUTE, "deadline": timedelta(seconds=5)} | row
    return Worker(name=name, tick=tick, **given)  # type: ignore[arg-type]


async def run_for(seconds: float, *table: Worker, connections: int = 4) -> Supervisor:
    supervisor = Supervisor(table, connections=connections, rng=random.Random(1))
    async with trio.open_nursery() as nursery:
        supervisor.start_all(nursery)
        await trio.sleep(seconds)
        nursery.cancel_scope.cancel()
    return supervisor


async def test_a_worker_ticks_once_an_interval(autojump_clock: MockClock) -> None:
    ticks = []

    async def tick() -> None:
        ticks.append(trio.current_time())

    await run_for(3600, worker(tick=tick))

    assert len(ticks) == 60


async def test_jitter_never_moves_the_grid(autojump_clock: MockClock) -> None:
    ticks: list[float] = []

    async def tick() -> None:
        ticks.append(trio.current_time())

    start = trio.current_time()
    await run_for(7 * 24 * 3600, worker(tick=tick, interval=timedelta(minutes=10), jitter=0.1))

    offsets = [(at - start - 300) % 600 for at in ticks]
    assert max(offsets) <= 60
    assert len({round(offset) for offset in offsets}) > 10  # there is jitter


async def test_workers_of_one_interval_never_hold_connections_together(
    autojump_clock: MockClock,
) -> None:
    busy, most = 0, 0

    async def tick() -> None:
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        await trio.sleep(15)
        busy -= 1

    ten_minutes = timedelta(minutes=10)
    deadline = timedelta(seconds=20)
    table = [
        worker(name, tick=tick, interval=ten_minutes, deadline=deadline, connections=1)
        for name in ("auto_renewal", "reconciliation", "health_check")
    ]
    await run_for(7 * 24 * 3600, *table)

    assert most == 1


async def test_a_failing_tick_is_retried_after_growing_pauses(
    autojump_clock: MockClock, expected_errors: list[str]
) -> None:
    expected_errors.append("worker.tick_failed")
    ticks: list[float] = []

    async def tick() -> None:
        ticks.append(trio.current_time())
        raise ValueError("the shelf is empty")

    supervisor = await run_for(100, worker(tick=tick))

    pauses = [round(b - a) for a, b in itertools.pairwise(ticks)]
    assert pauses[:5] == [1, 2, 4, 8, 16]
    [status] = supervisor.statuses()
    assert status.degraded
    assert status.last_error == "ValueError: the shelf is empty"


async def test_a_worker_recovers_and_forgets_its_failures(
    autojump_clock: MockClock, expected_errors: list[str]
) -> None:
    expected_errors.append("worker.tick_failed")
    failures = iter([True, True, True, True, False])

    async def tick() -> None:
        if next(failures, False):
            raise ConnectionError("away")

    supervisor = await run_for(300, worker(tick=tick))

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

    supervisor = await run_for(36, worker(tick=tick))

    assert outcomes == ["cancelled"]
    [status] = supervisor.statuses()
    assert status.last_duration == 5
    assert status.last_error == "over its deadline of 5 s"


async def test_a_wake_up_ticks_at_once(autojump_clock: MockClock) -> None:
    work = trio.Event()
    ticked = trio.Event()

    async def tick() -> None:
        ticked.set()
        await trio.sleep(1)

    supervisor = Supervisor([worker(tick=tick, wake=work.wait)], connections=4)
    async with trio.open_nursery() as nursery:
        supervisor.start_all(nursery)
        started = trio.current_time()
        work.set()
        await ticked.wait()
        assert trio.current_time() == started
        nursery.cancel_scope.cancel()


def test_a_table_that_cannot_run_is_refused_in_words() -> None:
    table = [
        worker("a"),
        worker("a"),
        worker("greedy", connections=5),
        worker("hasty", deadline=timedelta(0)),
    ]
    with pytest.raises(InvalidSettingsError) as caught:
        Supervisor(table, connections=4)

    for words in ("a: the name is taken", "greedy: may hold 5", "hasty: interval and deadline"):
        assert words in str(caught.value)
