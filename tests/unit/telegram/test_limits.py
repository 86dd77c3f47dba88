"""Messages leave as fast as Telegram lets them, and a pause that it asks for is kept by whom it
concerns. On a mock clock: nothing here waits for anything but time."""

from collections import Counter

import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from bot.telegram.limits import CHAT_BURST, OVERALL_BURST, FloodPauses, SendLimits


async def send_all(limits: SendLimits, chats: list[int | str]) -> list[tuple[float, int | str]]:
    """Send one message to each of `chats`, all asked for at once; returns when each went out."""
    sent: list[tuple[float, int | str]] = []

    async def send(chat: int | str) -> None:
        await limits.wait(chat)
        sent.append((trio.current_time(), chat))

    started = trio.current_time()
    async with trio.open_nursery() as nursery:
        for chat in chats:
            nursery.start_soon(send, chat)
    return [(at - started, chat) for at, chat in sorted(sent)]


def most_in_a_second(moments: list[float]) -> int:
    return max(sum(1 for other in moments if at <= other < at + 1) for at in moments)


async def test_a_few_messages_go_at_once(autojump_clock: MockClock) -> None:
    sent = await send_all(SendLimits(), [*range(OVERALL_BURST)])
    assert [at for at, _ in sent] == pytest.approx([0] * OVERALL_BURST)


async def test_many_chats_get_no_more_than_thirty_messages_in_any_second(
    autojump_clock: MockClock,
) -> None:
    sent = await send_all(SendLimits(), [*range(300)])
    moments = [at for at, _ in sent]
    assert most_in_a_second(moments) <= 30
    assert moments[-1] == pytest.approx((300 - OVERALL_BURST) / 25)


async def test_one_chat_gets_a_burst_and_then_one_a_second(autojump_clock: MockClock) -> None:
    sent = await send_all(SendLimits(), [7] * 10)
    assert [at for at, _ in sent] == pytest.approx([0] * CHAT_BURST + [1, 2, 3, 4, 5, 6, 7])


async def test_a_busy_chat_does_not_hold_up_the_others(autojump_clock: MockClock) -> None:
    sent = await send_all(SendLimits(), [7] * 50 + [8, 9])
    assert [at for at, chat in sent if chat in {8, 9}] == pytest.approx([0, 0.0], abs=0.1)


async def test_a_burst_comes_back_with_time(autojump_clock: MockClock) -> None:
    limits = SendLimits()
    await send_all(limits, [7] * 5)
    await trio.sleep(CHAT_BURST)
    assert [at for at, _ in await send_all(limits, [7] * 4)] == pytest.approx([0, 0, 0, 1])


async def test_a_reply_that_went_out_in_a_response_counts(autojump_clock: MockClock) -> None:
    limits = SendLimits()
    for _ in range(CHAT_BURST):
        limits.note(7)
    assert [at for at, _ in await send_all(limits, [7])] == pytest.approx([1])


async def test_who_is_cancelled_while_waiting_delays_nobody(
    autojump_clock: MockClock,
) -> None:
    limits = SendLimits()
    await send_all(limits, [7] * CHAT_BURST)
    with trio.move_on_after(0.5) as waiting:
        await limits.wait(7)
    assert waiting.cancelled_caught
    assert [at for at, _ in await send_all(limits, [7])] == pytest.approx([0.5])


async def test_chats_of_the_past_are_forgotten(autojump_clock: MockClock) -> None:
    limits = SendLimits()
    for chat in range(5000):
        limits.note(chat)
        await trio.sleep(1)
    assert len(limits._chats) < 2000


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(st.floats(0, 2), st.integers(1, 4), st.integers(1, 30)), min_size=1, max_size=4
    )
)
def test_no_schedule_of_sends_breaks_the_limits(bursts: list[tuple[float, int, int]]) -> None:
    moments: list[float] = []
    by_chat: dict[int, list[float]] = {}

    async def send(limits: SendLimits, chat: int) -> None:
        await limits.wait(chat)
        moments.append(trio.current_time())
        by_chat.setdefault(chat, []).append(trio.current_time())

    async def main() -> None:
        limits = SendLimits()
        async with trio.open_nursery() as nursery:
            for pause, chats, messages in bursts:
                await trio.sleep(pause)
                for number in range(messages):
                    nursery.start_soon(send, limits, number % chats)

    trio.run(main, clock=MockClock(autojump_threshold=0))
    assert len(moments) == sum(messages for _, _, messages in bursts)
    assert most_in_a_second(moments) <= 30
    for times in by_chat.values():
        # In any stretch: the burst, and one for each second of it.
        for first, start in enumerate(times):
            for last, end in enumerate(times[first:], first):
                assert last - first + 1 <= CHAT_BURST + (end - start) + 1e-6


async def test_a_pause_ends_with_its_time(mock_clock: MockClock) -> None:
    pauses = FloodPauses()
    pauses.note("sendMessage", 7, 10)
    assert pauses.seconds_left("sendMessage", 7) == 10
    assert pauses.seconds_left("editMessageText", 7) == 10
    mock_clock.jump(10)
    assert pauses.seconds_left("sendMessage", 7) == 0


async def test_a_shorter_pause_does_not_end_a_longer_one(mock_clock: MockClock) -> None:
    pauses = FloodPauses()
    for seconds in (100, 1):
        pauses.note("sendMessage", 7, seconds)
        pauses.note("getMe", None, seconds)
    assert pauses.seconds_left("sendMessage", 7) == 100
    assert pauses.seconds_left("getMe", None) == 100


async def test_one_chats_pause_is_its_own_and_two_are_everybodys(mock_clock: MockClock) -> None:
    pauses = FloodPauses()
    pauses.note("sendMessage", 7, 10)
    assert pauses.seconds_left("sendMessage", 9) == 0
    pauses.note("sendMessage", "@channel", 5)
    assert pauses.seconds_left("sendMessage", 9) == 5
    assert pauses.seconds_left("answerCallbackQuery", None) == 0
    assert Counter([pauses.seconds_left("sendMessage", chat) for chat in (7, "@channel")]) == {
        10: 1,
        5: 1,
    }


async def test_a_pause_that_is_over_says_nothing_of_the_others(mock_clock: MockClock) -> None:
    pauses = FloodPauses()
    pauses.note("sendMessage", 7, 10)
    mock_clock.jump(11)
    pauses.note("sendMessage", 8, 10)
    assert pauses.seconds_left("sendMessage", 9) == 0
