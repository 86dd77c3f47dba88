from contextlib import suppress

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock

from bot import metrics
from bot.vpn.breaker import Breaker, BreakerState
from bot.vpn.errors import BreakerOpenError, HostAwayError
from bot.vpn.types import HostId

HOST = HostId(7)


def make(failures: int = 3, pause_seconds: float = 30) -> Breaker:
    return Breaker(HOST, failures=failures, pause_seconds=pause_seconds)


def fail(breaker: Breaker, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(HostAwayError), breaker.call():
            raise HostAwayError(HOST, "away")


def shown() -> float | None:
    return metrics.REGISTRY.get_sample_value("warren_vpn_breaker", {"host": "7"})


async def test_it_opens_after_the_configured_failures_in_a_row(mock_clock: MockClock) -> None:
    breaker = make(failures=3)

    fail(breaker, 2)
    assert breaker.state is BreakerState.CLOSED
    fail(breaker)

    assert breaker.state is BreakerState.OPEN
    assert shown() == 2
    with pytest.raises(BreakerOpenError) as refused, breaker.call():
        pytest.fail("a refused call must not be made")
    assert refused.value.retry_in_seconds == 30


async def test_a_success_in_between_begins_the_count_anew(mock_clock: MockClock) -> None:
    breaker = make(failures=3)

    for _ in range(10):
        fail(breaker, 2)
        with breaker.call():
            pass

    assert breaker.state is BreakerState.CLOSED


async def test_after_the_pause_one_probe_goes_and_all_others_are_refused(
    mock_clock: MockClock,
) -> None:
    breaker = make()
    fail(breaker, 3)
    mock_clock.jump(30)

    with breaker.call():
        assert breaker.state is BreakerState.HALF_OPEN
        assert shown() == 1
        for _ in range(3):
            with pytest.raises(BreakerOpenError), breaker.call():
                pytest.fail("a second probe was let through")

    assert breaker.state is BreakerState.CLOSED
    assert shown() == 0


async def test_a_failed_probe_opens_it_for_a_whole_pause(mock_clock: MockClock) -> None:
    breaker = make(failures=5)
    fail(breaker, 5)
    mock_clock.jump(30)

    fail(breaker)

    mock_clock.jump(29)
    with pytest.raises(BreakerOpenError) as refused, breaker.call():
        pass
    assert refused.value.retry_in_seconds == pytest.approx(1)


async def test_a_cancelled_probe_makes_place_for_the_next_at_once(mock_clock: MockClock) -> None:
    breaker = make()
    fail(breaker, 3)
    mock_clock.jump(30)

    with trio.CancelScope() as scope:
        scope.cancel()
        with breaker.call():
            await trio.sleep_forever()

    assert breaker.state is BreakerState.OPEN
    with breaker.call():
        pass
    assert breaker.state is BreakerState.CLOSED


async def test_cancelled_calls_are_no_failures(mock_clock: MockClock) -> None:
    breaker = make(failures=1)

    for _ in range(5):
        with trio.CancelScope() as scope:
            scope.cancel()
            with breaker.call():
                await trio.sleep_forever()

    assert breaker.state is BreakerState.CLOSED


async def test_an_error_that_is_not_the_hosts_absence_is_neither(mock_clock: MockClock) -> None:
    breaker = make(failures=2)
    fail(breaker)

    with pytest.raises(RuntimeError), breaker.call():
        raise RuntimeError("a bug of ours")
    assert breaker.state is BreakerState.CLOSED
    fail(breaker)

    assert breaker.state is BreakerState.OPEN


async def test_a_call_that_outlived_its_era_says_nothing_of_the_present(
    mock_clock: MockClock,
) -> None:
    breaker = make(failures=1)
    early, late = breaker.call(), breaker.call()
    early.__enter__()
    late.__enter__()
    fail(breaker)

    early.__exit__(None, None, None)  # a success from before it opened
    assert breaker.state is BreakerState.OPEN

    mock_clock.jump(30)
    with breaker.call():
        error = HostAwayError(HOST, "away")
        late.__exit__(HostAwayError, error, None)  # a failure from before the probe
        assert breaker.state is BreakerState.HALF_OPEN
    assert breaker.state is BreakerState.CLOSED


@given(st.lists(st.sampled_from(["ok", "away", "cancelled", "wait"]), max_size=60))
def test_it_never_gets_stuck_whatever_happens(events: list[str]) -> None:
    async def live() -> None:
        clock = trio.lowlevel.current_clock()
        assert isinstance(clock, MockClock)
        breaker = make(failures=2, pause_seconds=10)
        for event in events:
            if event == "wait":
                clock.jump(4)
                continue
            with suppress(HostAwayError), trio.CancelScope() as scope, breaker.call():
                if event == "away":
                    raise HostAwayError(HOST, "away")
                if event == "cancelled":
                    scope.cancel()
                    await trio.lowlevel.checkpoint()
            assert breaker.state is not BreakerState.HALF_OPEN
        clock.jump(10)
        with breaker.call():
            pass
        assert breaker.state is BreakerState.CLOSED

    trio.run(live, clock=MockClock())
