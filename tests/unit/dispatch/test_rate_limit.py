"""A token bucket for each person, in bounded memory."""

import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock

from bot.telegram.middlewares.rate_limit import RateLimit, Verdict

ADMITTED, FIRST_REFUSED, REFUSED = Verdict.ADMITTED, Verdict.FIRST_REFUSED, Verdict.REFUSED


async def test_a_burst_passes_and_the_first_one_over_it_is_told(autojump_clock: MockClock) -> None:
    limit = RateLimit(rate=3, burst=4)
    verdicts = [limit.take(1) for _ in range(7)]
    assert verdicts == [ADMITTED] * 4 + [FIRST_REFUSED] + [REFUSED] * 2


async def test_tokens_come_back_at_the_rate(autojump_clock: MockClock) -> None:
    limit = RateLimit(rate=2, burst=2)
    assert [limit.take(1) for _ in range(3)] == [ADMITTED, ADMITTED, FIRST_REFUSED]
    await trio.sleep(0.5)
    assert [limit.take(1) for _ in range(2)] == [ADMITTED, REFUSED]


async def test_one_notice_lasts_until_the_bucket_was_full_again(autojump_clock: MockClock) -> None:
    limit = RateLimit(rate=1, burst=2)
    seen = []
    for _ in range(20):
        seen.append(limit.take(1))
        await trio.sleep(0.4)
    assert seen.count(FIRST_REFUSED) == 1
    await trio.sleep(2)
    assert [limit.take(1) for _ in range(3)] == [ADMITTED, ADMITTED, FIRST_REFUSED]


async def test_people_do_not_share_tokens(autojump_clock: MockClock) -> None:
    limit = RateLimit(rate=1, burst=1)
    assert [limit.take(1), limit.take(1), limit.take(2)] == [ADMITTED, FIRST_REFUSED, ADMITTED]


async def test_memory_is_that_of_the_last_few_seconds(autojump_clock: MockClock) -> None:
    limit = RateLimit(rate=10, burst=5)
    for person in range(5_000):
        limit.take(person)
        await trio.sleep(0.01)
    assert len(limit) < 20


async def test_memory_is_bounded_also_against_a_crowd(autojump_clock: MockClock) -> None:
    limit = RateLimit(rate=1, burst=5, capacity=100)
    for person in range(1_000):
        limit.take(person)
    assert len(limit) <= 100


@given(
    rate=st.floats(0.1, 50),
    burst=st.integers(1, 30),
    pauses=st.lists(st.floats(0, 3), max_size=60),
)
def test_never_more_than_burst_plus_rate_times_time(
    rate: float, burst: int, pauses: list[float]
) -> None:
    async def flood() -> tuple[int, float]:
        limit = RateLimit(rate=rate, burst=burst)
        started = trio.current_time()
        admitted = 0
        for pause in pauses:
            admitted += limit.take(1) is ADMITTED
            await trio.sleep(pause)
        return admitted, trio.current_time() - started

    admitted, seconds = trio.run(flood, clock=MockClock(autojump_threshold=0))
    assert admitted <= burst + rate * seconds + 1e-6
    assert admitted >= min(burst, len(pauses))
