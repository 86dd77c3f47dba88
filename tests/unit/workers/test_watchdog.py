"""What the watchdog takes for a freeze; tests/e2e/test_watchdog.py lets it end real processes."""

from datetime import timedelta

import trio
from trio.testing import MockClock

from bot.supervise import Bounds, Supervisor
from bot.workers.watchdog import Sign, Silence, Watchdog, signs_of
from tests.unit.workers.rows import every_worker

MARGIN = timedelta(seconds=60)
BOUNDS = Bounds(connections=4, acquire_seconds=10, notice_seconds=10)


class Counter:
    """A sign of life that a test moves by hand."""

    def __init__(self) -> None:
        self.value = 0

    def __call__(self) -> int:
        return self.value


def test_a_sign_is_stale_only_after_its_own_bound() -> None:
    quick, slow = Counter(), Counter()
    silence = Silence([Sign("quick", quick, 10), Sign("slow", slow, 30)])

    assert silence.listen(10) == set()
    assert silence.listen(1) == {"quick"}
    assert silence.listen(20) == {"quick", "slow"}


def test_one_beat_makes_a_sign_fresh_again() -> None:
    beats = Counter()
    silence = Silence([Sign("loop", beats, 10)])
    assert silence.listen(11) == {"loop"}

    beats.value += 1

    assert silence.listen(11) == set()
    assert silence.seconds == {"loop": 0.0}


def test_a_process_is_lively_while_only_its_peers_are_missing() -> None:
    watchdog = Watchdog(
        [Sign("loop", int, 10), Sign("workers", int, 10), Sign("health", int, 10, internal=False)]
    )
    assert watchdog.lively()
    watchdog.stale = frozenset({"health"})
    assert watchdog.lively()
    watchdog.stale = frozenset({"health", "workers"})
    assert not watchdog.lively()


def test_each_sign_has_the_time_that_its_worker_may_take_at_the_longest() -> None:
    supervisor = Supervisor(every_worker(), BOUNDS)
    rows = {row.name: row for row in supervisor.table}

    loop, workers, health = signs_of(supervisor, int, MARGIN)

    # A heartbeat that failed may pause for 30 s, and takes 5 s at most.
    assert loop.stale_after == 30 + 5 + 60
    assert health.stale_after == rows["health_check"].interval.total_seconds() * 1.02 + 30 + 60
    assert all(loop.stale_after <= sign.stale_after for sign in (workers, health))
    # Whatever stops the loop is ended within minutes.
    assert max(sign.stale_after for sign in (loop, workers, health)) < 10 * 60


async def test_a_process_that_works_gives_every_sign(autojump_clock: MockClock) -> None:
    healthy = Counter()

    async def health() -> None:
        healthy.value += 1

    async def nothing() -> None:
        pass

    table = every_worker(lambda name: health if name == "health_check" else nothing)
    supervisor = Supervisor(table, BOUNDS)
    signs = signs_of(supervisor, healthy, MARGIN)
    async with trio.open_nursery() as nursery:
        supervisor.start_all(nursery)
        silence = Silence(signs)
        for _ in range(3600):
            await trio.sleep(1)
            assert silence.listen(1) == set()
        nursery.cancel_scope.cancel()
    assert supervisor.ticks(["event_loop_heartbeat"]) > 700


async def test_a_stop_waits_for_nothing() -> None:
    watchdog = Watchdog([Sign("loop", int, 3600)])
    started = trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(watchdog.run, 75)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert trio.current_time() - started < 1
