"""How time adds up: whole seconds, whole minor units, nothing gained or lost by changing plans."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.shop.time_left import Added, Left, Limits, Rate, add

NOW = datetime(2026, 3, 1, 12, 0, 0, 345_678, tzinfo=UTC)
WHOLE = NOW.replace(microsecond=0)
DAY = 86_400
SMALL, LARGE = Limits(3, None), Limits(10, None)
NOTHING = Left(None, None, None)

seconds = st.integers(1, 3660 * DAY)
minor = st.integers(1, 10**9)


def left(days: int, limits: Limits, rate: Rate | None) -> Left:
    return Left(WHOLE + timedelta(days=days), limits, rate)


def test_first_time_begins_now_on_a_whole_second() -> None:
    total = add(NOTHING, Added(30 * DAY, SMALL, 30_000, 30_000), NOW)
    assert total.expires_at == WHOLE + timedelta(days=30)
    assert total.rate == Rate(30_000, 30 * DAY)
    assert total.converted_seconds == 0


def test_the_same_limits_add_days_and_mix_what_they_cost() -> None:
    year = left(365, SMALL, Rate(240_000, 365 * DAY))
    total = add(year, Added(30 * DAY, SMALL, 30_000, 30_000), NOW)
    assert total.expires_at == WHOLE + timedelta(days=395)
    assert total.rate == Rate(270_000, 395 * DAY)


def test_other_limits_convert_what_is_left_by_value() -> None:
    basic = left(20, SMALL, Rate(30_000, 30 * DAY))
    up = add(basic, Added(30 * DAY, LARGE, 60_000, 60_000), NOW)
    assert up.expires_at == WHOLE + timedelta(days=40)
    down = add(left(10, LARGE, Rate(60_000, 30 * DAY)), Added(30 * DAY, SMALL, 30_000, 30_000), NOW)
    assert down.expires_at == WHOLE + timedelta(days=50)
    assert (up.limits, down.limits) == (LARGE, SMALL)


def test_a_discount_is_for_what_is_bought_with_it_and_not_for_what_was_bought_before() -> None:
    basic = left(30, SMALL, Rate(30_000, 30 * DAY))
    total = add(basic, Added(30 * DAY, LARGE, 30_000, 60_000), NOW)
    assert total.expires_at == WHOLE + timedelta(days=15 + 30)
    assert total.rate == Rate(60_000, 45 * DAY)


def test_time_that_was_given_stays_as_it_is() -> None:
    total = add(left(3, SMALL, None), Added(30 * DAY, LARGE, 60_000, 60_000), NOW)
    assert total.expires_at == WHOLE + timedelta(days=33)
    assert total.rate == Rate(60_000, 30 * DAY)
    given_to = add(left(10, SMALL, Rate(10, DAY)), Added(5 * DAY, None), NOW)
    assert (given_to.limits, given_to.rate) == (SMALL, Rate(10, DAY))


def test_what_is_over_has_no_value() -> None:
    over = left(-1, SMALL, Rate(30_000, 30 * DAY))
    total = add(over, Added(30 * DAY, LARGE, 60_000, 60_000), NOW)
    assert total.expires_at == WHOLE + timedelta(days=30)
    assert total.rate == Rate(60_000, 30 * DAY)
    assert add(over, Added(DAY, None), NOW).rate is None


@given(had=seconds, cost=minor, new=seconds, price=minor)
def test_a_conversion_never_makes_value(had: int, cost: int, new: int, price: int) -> None:
    before = Left(WHOLE + timedelta(seconds=had), SMALL, Rate(cost, had))
    total = add(before, Added(new, LARGE, price, price), NOW)
    kept = had + total.converted_seconds
    # Worth at the new price: at most what was paid, and less than a second's price below it.
    assert kept * price <= cost * new
    assert cost * new < (kept + 1) * price or kept == 100 * 365 * DAY
    assert total.expires_at == WHOLE + timedelta(seconds=kept + new)


@given(st.lists(st.tuples(seconds, minor), min_size=1, max_size=8))
def test_buying_the_same_plan_again_and_again_adds_up_exactly(bought: list) -> None:
    state = NOTHING
    for length, paid in bought:
        total = add(state, Added(length, SMALL, paid, paid), NOW)
        state = Left(total.expires_at, total.limits, total.rate)
    assert state.expires_at == WHOLE + timedelta(seconds=sum(length for length, _ in bought))
    assert state.rate is not None
    assert state.rate.minor <= sum(paid for _, paid in bought)
    assert state.rate.minor > sum(paid for _, paid in bought) - len(bought)
