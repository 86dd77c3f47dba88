import itertools
import math

import pytest

from bot.timetable import Grid, spread


def nearest(a: float, a_interval: float, b: float, b_interval: float) -> float:
    """How near the slots of two grids come, by looking at all slots of one common period."""
    period = math.lcm(int(a_interval), int(b_interval))
    return min(
        abs((a + i * a_interval) - (b + j * b_interval)) % period
        for i in range(-1, period // int(a_interval) + 1)
        for j in range(-1, period // int(b_interval) + 1)
    )


@pytest.mark.parametrize("count", [2, 3, 4])
def test_workers_of_one_interval_stay_a_good_share_of_it_apart(count: int) -> None:
    offsets = spread([600.0] * count)
    assert min(nearest(a, 600, b, 600) for a, b in itertools.combinations(offsets, 2)) >= 600 / (
        2 * (count - 1)
    )


def test_slow_workers_of_different_intervals_never_meet() -> None:
    intervals = [600.0, 600.0, 600.0, 300.0, 300.0, 60.0]
    offsets = spread(intervals)
    for (a, a_interval), (b, b_interval) in itertools.combinations(
        zip(offsets, intervals, strict=True), 2
    ):
        assert nearest(a, a_interval, b, b_interval) > 5


def test_quick_workers_do_not_tick_together_either() -> None:
    offsets = spread([10.0, 10.0, 15.0, 15.0, 5.0])
    assert nearest(offsets[0], 10, offsets[1], 10) > 4
    assert nearest(offsets[2], 15, offsets[3], 15) > 3
    assert nearest(offsets[0], 10, offsets[2], 15) > 0.5


def test_every_first_slot_is_within_the_workers_own_interval() -> None:
    intervals = [1.0, 5.0, 30.0, 60.0, 600.0, 600.0]
    assert all(
        0 < offset <= interval
        for offset, interval in zip(spread(intervals), intervals, strict=True)
    )


def test_a_restart_lays_the_same_grids() -> None:
    intervals = [600.0, 60.0, 600.0, 5.0]
    assert spread(intervals) == spread(intervals)


@pytest.mark.parametrize(
    ("now", "slot"), [(0, 100), (99.9, 100), (100, 110), (105, 110), (200.5, 210)]
)
def test_the_next_slot_is_the_first_one_in_the_future(now: float, slot: float) -> None:
    assert Grid(first=100, interval=10).next_after(now) == slot
