"""The table as it is: that it can run, and what its workers cost together over a week."""

import random
from dataclasses import fields

import pytest
import trio
from trio.testing import MockClock

from bot.supervise import Bounds, Supervisor, Tick, Worker, check
from bot.workers.table import Ticks
from tests.unit.workers.rows import every_worker

WEEK = 7 * 24 * 3600
BOUNDS = Bounds(connections=4, acquire_seconds=10, notice_seconds=10)

# How long a tick of a bot with some ten thousand users holds a connection: short and long ones.
SECONDS = {
    "health_check": (0.05, 2.0),
    "update_silence": (0.1, 1.0),
}
# Workers that hold no connection, or of the health lane, but mustn't meet the slow ones either.
SLOW = ("health_check", "auto_renewal", "reconciliation")


def test_the_table_fits_the_default_budget() -> None:
    check(every_worker(), BOUNDS)


def test_every_tick_has_its_row() -> None:
    assert [worker.name for worker in every_worker()] == [field.name for field in fields(Ticks)]


def test_polling_needs_no_watch_over_a_webhook() -> None:
    names = {worker.name for worker in every_worker(mode="polling")}
    assert "update_silence" not in names
    assert "health_check" in names


class Week:
    """Counts which workers are inside a tick at the same time."""

    def __init__(self, table: list[Worker]) -> None:
        self.rng = random.Random(7)
        self.holders = {worker.name for worker in table if worker.connections}
        self.inside: set[str] = set()
        self.most_holders: set[str] = set()
        self.met: set[frozenset[str]] = set()

    def tick(self, name: str) -> Tick:
        short, long = SECONDS.get(name, (0.01, 0.1))

        async def tick() -> None:
            self.met.update(frozenset({name, other}) for other in self.inside)
            self.inside.add(name)
            now = self.inside & self.holders
            if len(now) > len(self.most_holders):
                self.most_holders = now
            # One tick in twenty has a lot to do.
            await trio.sleep(long if self.rng.random() < 0.05 else short)
            self.inside.discard(name)

        return tick


@pytest.mark.slow
async def test_over_a_week_the_slow_workers_never_meet_and_the_lane_is_never_full(
    autojump_clock: MockClock, capsys: pytest.CaptureFixture[str]
) -> None:
    week = Week(every_worker())
    # The loop's heartbeat holds nothing and would be most of the simulation.
    table = [row for row in every_worker(week.tick) if row.name != "event_loop_heartbeat"]
    supervisor = Supervisor(table, BOUNDS, rng=random.Random(1))
    async with trio.open_nursery() as nursery:
        supervisor.start_all(nursery)
        await trio.sleep(WEEK)
        nursery.cancel_scope.cancel()

    with capsys.disabled():
        names = ", ".join(sorted(week.most_holders)) or "nobody"
        print(f"\nmost connections held at once in a week: {len(week.most_holders)} ({names})")
    assert len(week.most_holders) < BOUNDS.connections
    slow = [pair for pair in week.met if pair <= set(SLOW)]
    assert slow == []
