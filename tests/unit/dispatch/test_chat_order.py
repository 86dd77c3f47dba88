"""One update of a chat at a time, the lowest first, and no turn is ever lost."""

import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from trio.testing import MockClock, wait_all_tasks_blocked

from bot.telegram.middlewares.chat_order import ChatOrder


async def test_of_those_that_wait_the_lowest_update_goes_first() -> None:
    order = ChatOrder()
    ran: list[int] = []

    async def update(update_id: int) -> None:
        async with order.turn(7, update_id):
            ran.append(update_id)

    async with trio.open_nursery() as nursery, order.turn(7, 1):
        for update_id in (5, 3, 4, 2):
            nursery.start_soon(update, update_id)
            await wait_all_tasks_blocked()
    assert ran == [2, 3, 4, 5]
    assert len(order) == 0


async def test_a_redelivery_waits_behind_the_first_delivery_of_its_update() -> None:
    order = ChatOrder()
    ran: list[str] = []

    async def delivery(name: str) -> None:
        async with order.turn(7, 2):
            ran.append(name)

    async with trio.open_nursery() as nursery, order.turn(7, 1):
        for name in ("first", "second", "third"):
            nursery.start_soon(delivery, name)
            await wait_all_tasks_blocked()
    assert ran == ["first", "second", "third"]


async def test_chats_do_not_wait_for_each_other() -> None:
    order = ChatOrder()
    async with order.turn(1, 1), order.turn(2, 2):
        assert len(order) == 2
    assert len(order) == 0


async def test_a_turn_without_a_rival_costs_no_switch_of_tasks() -> None:
    order = ChatOrder()
    async with trio.open_nursery() as nursery:
        switched = trio.Event()
        nursery.start_soon(_set, switched)
        async with order.turn(1, 1):
            assert not switched.is_set()


async def test_a_turn_given_at_the_moment_of_cancellation_is_passed_on() -> None:
    order = ChatOrder()
    third_ran = trio.Event()
    second = trio.CancelScope()

    async def cancelled_when_its_turn_comes() -> None:
        with second:
            async with order.turn(7, 2):
                await trio.sleep_forever()

    async def after_it() -> None:
        async with order.turn(7, 3):
            third_ran.set()

    async with trio.open_nursery() as nursery:
        async with order.turn(7, 1):
            nursery.start_soon(cancelled_when_its_turn_comes)
            nursery.start_soon(after_it)
            await wait_all_tasks_blocked()
        # The turn is the second's by now, which has not run since: cancel it right here.
        second.cancel()
        await third_ran.wait()
    assert len(order) == 0


async def test_who_is_cancelled_while_waiting_leaves_no_trace() -> None:
    order = ChatOrder()
    scope = trio.CancelScope()

    async def waits() -> None:
        with scope:
            async with order.turn(7, 2):
                raise AssertionError("it had no turn")

    async with trio.open_nursery() as nursery:
        async with order.turn(7, 1):
            nursery.start_soon(waits)
            await wait_all_tasks_blocked()
            scope.cancel()
            await wait_all_tasks_blocked()
        assert len(order) == 0


arrivals = st.lists(
    st.tuples(
        st.integers(0, 2),  # the chat
        st.integers(0, 9),  # when it comes
        st.integers(0, 5),  # how long it takes
        st.none() | st.integers(0, 15),  # when it is cancelled
    ),
    max_size=25,
)


@settings(max_examples=200, deadline=None)
@given(arrivals)
def test_no_order_of_arrivals_and_cancellations_breaks_the_turns(
    plan: list[tuple[int, int, int, int | None]],
) -> None:
    order = ChatOrder()
    running: set[int] = set()
    waiting: dict[int, set[int]] = {0: set(), 1: set(), 2: set()}
    ended: set[int] = set()

    async def update(update_id: int, chat: int, comes: int, takes: int, end: int | None) -> None:
        deadline = float("inf") if end is None else trio.current_time() + end
        with trio.CancelScope(deadline=deadline):
            await trio.sleep(comes)
            waiting[chat].add(update_id)
            try:
                async with order.turn(chat, update_id):
                    assert chat not in running
                    waiting[chat].discard(update_id)
                    running.add(chat)
                    try:
                        await trio.sleep(takes)
                        ended.add(update_id)
                    finally:
                        running.discard(chat)
            finally:
                waiting[chat].discard(update_id)

    async def all_of_them() -> None:
        async with trio.open_nursery() as nursery:
            for update_id, row in enumerate(plan):
                nursery.start_soon(update, update_id, *row)

    # An autojump clock without a jump left would hang on a lost turn: it jumps to this deadline.
    async def bounded() -> None:
        with trio.fail_after(10_000):
            await all_of_them()

    trio.run(bounded, clock=MockClock(autojump_threshold=0))
    assert len(order) == 0
    assert running == set()
    assert {i for i, row in enumerate(plan) if row[3] is None} <= ended


async def _set(event: trio.Event) -> None:
    event.set()
