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
    "commit_watch": (0.01, 0.5),
    "update_silence": (0.1, 1.0),
    "activation": (0.01, 1.0),
    "notifier": (0.01, 1.0),
    "fast_expiry_cleanup": (0.01, 3.0),
    "reminders": (0.1, 3.0),
    "trial_notifications": (0.1, 3.0),
    "broadcasts": (0.01, 0.5),
    "purchase_expiry": (0.01, 0.5),
    "auto_renewal": (0.1, 5.0),
    "refunds": (0.01, 0.5),
    "crypto_payment_watcher": (0.01, 1.0),
    "star_payment_watcher": (0.01, 1.0),
    "xray_sync": (0.1, 3.0),
    "reconciliation": (0.2, 5.0),
    "backlog": (0.01, 0.5),
}
# Those that look at everything: they must never begin together.
SLOW = ("auto_renewal", "reconciliation", "health_check")


def test_the_table_fits_the_default_budget() -> None:
    check(every_worker(), BOUNDS)


def test_every_tick_has_its_row() -> None:
    assert [worker.name for worker in every_worker()] == [field.name for field in fields(Ticks)]


def test_polling_needs_no_watch_over_a_webhook() -> None:
    names = {worker.name for worker in every_worker(mode="polling")}
    assert "update_silence" not in names
    assert "health_check" in names


class Week:
    """Counts who is inside a tick at the same time, and whose ticks began in the same second."""

    def __init__(self, table: list[Worker]) -> None:
        self.rng = random.Random(7)
        self.holders = {worker.name for worker in table if worker.connections}
        self.inside: dict[str, float] = {}
        self.most_holders: set[str] = set()
        self.aligned: set[frozenset[str]] = set()

    def tick(self, name: str) -> Tick:
        short, long = SECONDS.get(name, (0.01, 0.1))

        async def tick() -> None:
            began = trio.current_time()
            self.aligned.update(
                frozenset({name, other}) for other, at in self.inside.items() if began - at < 1
            )
            self.inside[name] = began
            now = set(self.inside) & self.holders
            if len(now) > len(self.most_holders):
                self.most_holders = now
            # One tick in twenty has a lot to do.
            await trio.sleep(long if self.rng.random() < 0.05 else short)
            del self.inside[name]

        return tick


async def most_at_once(seconds: float, *, shortest_interval: float) -> Week:
    """Let the table's rows of at least this interval run for so long."""
    week = Week(every_worker())
    table = [
        row for row in every_worker(week.tick) if row.interval.total_seconds() >= shortest_interval
    ]
    supervisor = Supervisor(table, BOUNDS, rng=random.Random(1))
    async with trio.open_nursery() as nursery:
        supervisor.start_all(nursery)
        await trio.sleep(seconds)
        nursery.cancel_scope.cancel()
    return week


@pytest.mark.parametrize(
    # The quick rows meet everybody within a day; the slow ones need a week to drift.
    ("name", "seconds", "shortest_interval"),
    [("a week of the slow rows", WEEK, 60), ("six hours of all rows", WEEK / 28, 10)],
)
async def test_slow_workers_never_align_and_the_lane_is_never_full(
    autojump_clock: MockClock,
    capsys: pytest.CaptureFixture[str],
    name: str,
    seconds: float,
    shortest_interval: float,
) -> None:
    seen = await most_at_once(seconds, shortest_interval=shortest_interval)
    with capsys.disabled():
        holders = ", ".join(sorted(seen.most_holders)) or "nobody"
        print(f"\n{name}: most connections held at once {len(seen.most_holders)} ({holders})")
    # One slot of the lane is always left; a whole week of all rows gives the same.
    assert 0 < len(seen.most_holders) < BOUNDS.connections
    assert [pair for pair in seen.aligned if pair <= set(SLOW)] == []
