"""What becomes of an update: once, in order, whatever fails on the way."""

from collections.abc import Callable
from typing import Any

import pytest
import trio
from structlog.testing import LogCapture
from trio.testing import MockClock, wait_all_tasks_blocked

from bot.telegram.context import Context, Reply
from bot.telegram.dispatcher import Dispatcher
from bot.telegram.errors import RetryAfterError, TransportError
from bot.telegram.methods import AnswerCallbackQuery, InputFile, Method, SendMessage, SendPhoto
from bot.telegram.outcome import Outcome, Status
from bot.telegram.routing import Router
from bot.telegram.types import ALLOWED_UPDATES, Update
from tests.unit.dispatch.conftest import Cemetery, FakeClient
from tests.unit.dispatch.updates import (
    AwayError,
    button,
    membership,
    message,
    payment,
    pre_checkout,
    refund,
    subscription,
    unheard_of,
)

Make = Callable[..., Dispatcher]


def handled_by(handler: Callable[[Context], Any], *kinds: str) -> Router:
    router = Router()
    for kind in kinds or ALLOWED_UPDATES:
        router.on(kind)(handler)
    return router


def say(text: str) -> SendMessage:
    return SendMessage(chat_id=7, text=text)


async def feed(dispatcher: Dispatcher, update: Update) -> Outcome:
    return await dispatcher.feed(update, raw=b'{"update_id": 1}')


def nothing_is_held(dispatcher: Dispatcher) -> bool:
    return len(dispatcher.chat_order) == 0 and dispatcher.slots.limiter.borrowed_tokens == 0


# Replies


async def test_the_last_reply_is_left_to_the_transport(
    make_dispatcher: Make, client: FakeClient
) -> None:
    async def handler(ctx: Context) -> Reply:
        return [say("one"), say("two"), say("three")]

    outcome = await feed(make_dispatcher(handled_by(handler)), message(1))
    assert outcome.status is Status.HANDLED
    assert client.sent == [say("one"), say("two")]
    assert outcome.reply == say("three")
    assert outcome.body == say("three").as_webhook_reply()


async def test_a_last_reply_with_a_file_is_sent_since_no_response_carries_it(
    make_dispatcher: Make, client: FakeClient
) -> None:
    photo = SendPhoto(chat_id=7, photo=InputFile(content=b"png", filename="a.png"))

    async def handler(ctx: Context) -> Reply:
        return [say("one"), photo]

    dispatcher = make_dispatcher(handled_by(handler))
    outcome = await feed(dispatcher, message(1))
    assert client.sent == [say("one"), photo]
    assert (outcome.status, outcome.reply, outcome.body) == (Status.HANDLED, None, b"")
    assert (await feed(dispatcher, message(1))).body == b""
    assert len(client.sent) == 2


@pytest.mark.parametrize("reply", [None, [], ()])
async def test_a_handler_may_have_nothing_to_say(reply: Reply, make_dispatcher: Make) -> None:
    async def handler(ctx: Context) -> Reply:
        return reply

    outcome = await feed(make_dispatcher(handled_by(handler)), message(1))
    assert outcome == Outcome(Status.HANDLED)


async def test_what_nobody_handles_is_settled_and_counted(make_dispatcher: Make) -> None:
    dispatcher = make_dispatcher(Router())
    for update in (message(1), membership(2), unheard_of(3)):
        outcome = await feed(dispatcher, update)
        assert outcome.status is Status.UNHANDLED
        assert outcome.settled


# Each update takes effect once


async def test_a_redelivery_gets_the_same_answer_and_no_second_effect(
    make_dispatcher: Make, client: FakeClient
) -> None:
    runs = []

    async def handler(ctx: Context) -> Reply:
        runs.append(ctx.update.update_id)
        return [say("sent"), say(f"answer {len(runs)}")]

    dispatcher = make_dispatcher(handled_by(handler))
    first = await feed(dispatcher, message(1))
    again = await feed(dispatcher, message(1))
    assert again.status is Status.DUPLICATE
    assert again.settled
    assert again.body == first.body
    assert (runs, client.sent) == ([1], [say("sent")])


@pytest.mark.parametrize("update", [message(1), pre_checkout(1)], ids=["chat", "no chat"])
async def test_a_redelivery_during_the_first_delivery_waits_for_its_end(
    update: Update, make_dispatcher: Make
) -> None:
    started, go_on, runs = trio.Event(), trio.Event(), []

    async def handler(ctx: Context) -> Reply:
        runs.append(1)
        started.set()
        await go_on.wait()
        return say("done")

    dispatcher = make_dispatcher(handled_by(handler))
    outcomes: list[Outcome] = []

    async def deliver() -> None:
        outcomes.append(await feed(dispatcher, update))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(deliver)
        await started.wait()
        nursery.start_soon(deliver)
        await wait_all_tasks_blocked()
        assert outcomes == []
        go_on.set()
    assert [outcome.status for outcome in outcomes] == [Status.HANDLED, Status.DUPLICATE]
    assert outcomes[0].body == outcomes[1].body
    assert runs == [1]


async def test_a_failed_update_runs_again(
    make_dispatcher: Make, expected_errors: list[str]
) -> None:
    expected_errors.append("update.failed")
    runs = []

    async def handler(ctx: Context) -> Reply:
        runs.append(1)
        if len(runs) == 1:
            raise ValueError("once")
        return say("done")

    dispatcher = make_dispatcher(handled_by(handler))
    statuses = [(await feed(dispatcher, message(1))).status for _ in range(3)]
    assert statuses == [Status.FAILED, Status.HANDLED, Status.DUPLICATE]


async def test_memory_of_updates_is_bounded(make_dispatcher: Make) -> None:
    dispatcher = make_dispatcher(Router(), user_rate_burst=10_000)
    for update_id in range(5_000):
        await feed(dispatcher, message(update_id, user=update_id))
    assert len(dispatcher.recent) == 4096


async def test_an_update_forgotten_while_it_ran_is_remembered_when_it_ends(
    make_dispatcher: Make,
) -> None:
    started, go_on = trio.Event(), trio.Event()

    async def handler(ctx: Context) -> Reply:
        if ctx.update.update_id == 0:
            started.set()
            await go_on.wait()
        return None

    dispatcher = make_dispatcher(handled_by(handler), user_rate_burst=10_000)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(feed, dispatcher, message(0))
        await started.wait()
        for update_id in range(1, 4_200):
            await feed(dispatcher, message(update_id, user=100 + update_id))
        assert 0 not in dispatcher.recent
        go_on.set()
    assert (await feed(dispatcher, message(0))).status is Status.DUPLICATE


# Failures


async def test_three_failures_end_as_a_dead_letter(
    make_dispatcher: Make, cemetery: Cemetery, expected_errors: list[str], logged: LogCapture
) -> None:
    expected_errors += ["update.failed", "update.dead_letter"]

    async def handler(ctx: Context) -> Reply:
        raise ValueError("always")

    dispatcher = make_dispatcher(handled_by(handler))
    outcomes = [await feed(dispatcher, message(1)) for _ in range(4)]
    assert [outcome.status for outcome in outcomes] == [
        Status.FAILED,
        Status.FAILED,
        Status.DEAD_LETTER,
        Status.DUPLICATE,
    ]
    assert outcomes[2].reply == say("Sorry, P7")
    assert outcomes[3].body == outcomes[2].body
    assert cemetery.recorded == [
        {
            "update_id": 1,
            "kind": "message",
            "user_id": 7,
            "error": "ValueError: always",
            "tries": 3,
            "body": b'{"update_id": 1}',
        }
    ]
    assert [letter.update_id for letter in cemetery.told] == [1]
    failures = [entry for entry in logged.entries if entry["event"] == "update.failed"]
    assert [str(entry["exc_info"]) for entry in failures] == ["always"] * 3


async def test_a_dead_letter_that_cannot_be_recorded_is_not_let_go(
    make_dispatcher: Make, cemetery: Cemetery, expected_errors: list[str]
) -> None:
    expected_errors += ["update.failed", "update.dead_letter"]
    cemetery.failure = AwayError("no database")
    runs = []

    async def handler(ctx: Context) -> Reply:
        runs.append(1)
        raise ValueError("always")

    dispatcher = make_dispatcher(handled_by(handler))
    for _ in range(5):
        assert not (await feed(dispatcher, message(1))).settled
    assert len(runs) == 3
    cemetery.failure = None
    assert (await feed(dispatcher, message(1))).status is Status.DEAD_LETTER
    assert cemetery.recorded[0]["tries"] == 3


async def test_administrators_out_of_reach_do_not_keep_a_dead_letter_from_ending(
    make_dispatcher: Make,
    cemetery: Cemetery,
    expected_errors: list[str],
    autojump_clock: MockClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected_errors += ["update.failed", "update.dead_letter"]

    async def handler(ctx: Context) -> Reply:
        raise ValueError("always")

    async def raises(letter: Any) -> None:
        raise TransportError("no line")

    async def hangs(letter: Any) -> None:
        await trio.sleep_forever()

    for update_id, tell in enumerate((raises, hangs)):
        monkeypatch.setattr(cemetery, "tell_admins", tell)
        dispatcher = make_dispatcher(handled_by(handler))
        for _ in range(3):
            outcome = await feed(dispatcher, message(update_id))
        assert outcome.status is Status.DEAD_LETTER
    assert len(cemetery.recorded) == 2


@pytest.mark.parametrize(
    "error",
    [AwayError("x"), ExceptionGroup("g", [AwayError("x"), ExceptionGroup("h", [AwayError("y")])])],
    ids=["alone", "grouped"],
)
async def test_a_peer_that_is_away_is_no_fault_of_the_update(
    error: Exception, make_dispatcher: Make, cemetery: Cemetery
) -> None:
    async def handler(ctx: Context) -> Reply:
        raise error

    dispatcher = make_dispatcher(handled_by(handler))
    for _ in range(10):
        outcome = await feed(dispatcher, message(1))
        assert outcome.status is Status.UNAVAILABLE
        assert outcome.retry_after > 0
    assert cemetery.recorded == []


async def test_a_bug_beside_a_peer_that_is_away_is_a_failure(
    make_dispatcher: Make, expected_errors: list[str]
) -> None:
    expected_errors.append("update.failed")

    async def handler(ctx: Context) -> Reply:
        raise ExceptionGroup("both", [AwayError("x"), ValueError("y")])

    dispatcher = make_dispatcher(handled_by(handler))
    assert (await feed(dispatcher, message(1))).status is Status.FAILED


async def test_an_unreadable_update_is_buried_at_once(
    make_dispatcher: Make, cemetery: Cemetery, expected_errors: list[str]
) -> None:
    expected_errors.append("update.dead_letter")
    dispatcher = make_dispatcher(Router())
    outcome = await dispatcher.bury_unreadable(5, raw=b"{}", error="what is this")
    assert outcome.settled
    assert cemetery.recorded[0]["kind"] == "unreadable"
    cemetery.failure = AwayError("x")
    assert not (await dispatcher.bury_unreadable(6, raw=b"{}", error="e")).settled


# Replies that can't be sent


async def test_a_redelivery_sends_what_is_unsent_and_does_not_run_the_handler(
    make_dispatcher: Make, client: FakeClient, expected_errors: list[str]
) -> None:
    expected_errors.append("update.failed")
    runs = []

    async def handler(ctx: Context) -> Reply:
        runs.append(1)
        return [say("one"), say("two"), say("three")]

    async def no_line_for_two(method: Method[Any]) -> None:
        if method == say("two"):
            raise TransportError("no line")

    client.when = no_line_for_two
    dispatcher = make_dispatcher(handled_by(handler))
    assert (await feed(dispatcher, message(1))).status is Status.FAILED
    client.when = None
    outcome = await feed(dispatcher, message(1))
    assert (outcome.status, outcome.reply) == (Status.HANDLED, say("three"))
    assert client.sent == [say("one"), say("two")]
    assert runs == [1]


async def test_telegram_asking_for_patience_is_no_fault_of_the_update(
    make_dispatcher: Make, client: FakeClient, flood: RetryAfterError
) -> None:
    async def handler(ctx: Context) -> Reply:
        return [say("one"), say("two")]

    async def too_many(method: Method[Any]) -> None:
        raise flood

    client.when = too_many
    outcome = await feed(make_dispatcher(handled_by(handler)), message(1))
    assert (outcome.status, outcome.retry_after) == (Status.UNAVAILABLE, 17)


async def test_a_reply_that_does_not_get_through_gives_its_slot_back(
    make_dispatcher: Make,
    client: FakeClient,
    expected_errors: list[str],
    autojump_clock: MockClock,
) -> None:
    expected_errors.append("update.failed")

    async def handler(ctx: Context) -> Reply:
        return [say("one"), say("two")]

    async def hangs(method: Method[Any]) -> None:
        await trio.sleep_forever()

    client.when = hangs
    dispatcher = make_dispatcher(handled_by(handler), update_timeout=55)
    started = trio.current_time()
    assert (await feed(dispatcher, message(1))).status is Status.FAILED
    assert trio.current_time() - started < 20
    assert nothing_is_held(dispatcher)


async def test_a_person_who_left_is_no_failure(
    make_dispatcher: Make, client: FakeClient, moot: Exception
) -> None:
    async def handler(ctx: Context) -> Reply:
        return [say("one"), say("two")]

    async def left(method: Method[Any]) -> None:
        raise moot

    client.when = left
    outcome = await feed(make_dispatcher(handled_by(handler)), message(1))
    assert outcome.status is Status.HANDLED


# The rate limit


async def test_too_fast_is_told_once_and_then_dropped(make_dispatcher: Make) -> None:
    runs = []

    async def handler(ctx: Context) -> Reply:
        runs.append(1)
        return None

    dispatcher = make_dispatcher(handled_by(handler), user_rate_limit=0.001, user_rate_burst=2)
    outcomes = [await feed(dispatcher, message(i)) for i in range(5)]
    assert [outcome.status for outcome in outcomes[2:]] == [Status.RATE_LIMITED] * 3
    assert all(outcome.settled for outcome in outcomes)
    assert [outcome.reply for outcome in outcomes[2:]] == [say("Slower, P7"), None, None]
    assert len(runs) == 2


async def test_a_button_pressed_too_fast_is_answered_with_a_toast(make_dispatcher: Make) -> None:
    dispatcher = make_dispatcher(Router(), user_rate_limit=0.001, user_rate_burst=1)
    await feed(dispatcher, button(1, "menu"))
    outcome = await feed(dispatcher, button(2, "menu"))
    assert outcome.reply == AnswerCallbackQuery(callback_query_id="2", text="Slower, P7")


@pytest.mark.parametrize("make", [payment, refund, pre_checkout, subscription, membership])
async def test_money_and_membership_are_never_dropped(
    make: Callable[[int], Update], make_dispatcher: Make
) -> None:
    async def handler(ctx: Context) -> Reply:
        return None

    dispatcher = make_dispatcher(handled_by(handler), user_rate_limit=0.001, user_rate_burst=1)
    for update_id in range(3):
        await feed(dispatcher, message(update_id))
    for update_id in range(10, 20):
        assert (await feed(dispatcher, make(update_id))).status is Status.HANDLED


async def test_a_redelivery_of_what_was_admitted_is_admitted(make_dispatcher: Make) -> None:
    async def handler(ctx: Context) -> Reply:
        raise AwayError("x")

    dispatcher = make_dispatcher(handled_by(handler), user_rate_limit=0.001, user_rate_burst=1)
    for _ in range(5):
        assert (await feed(dispatcher, message(1))).status is Status.UNAVAILABLE


# Order, slots, deadline


async def test_the_flood_of_one_chat_leaves_slots_to_the_others(make_dispatcher: Make) -> None:
    go_on = trio.Event()

    async def handler(ctx: Context) -> Reply:
        if ctx.update.chat_id == 1:
            await go_on.wait()
        return None

    dispatcher = make_dispatcher(handled_by(handler), max_concurrent_updates=2)
    async with trio.open_nursery() as nursery:
        for update_id in range(15):
            nursery.start_soon(feed, dispatcher, message(update_id, user=1))
        await wait_all_tasks_blocked()
        assert dispatcher.slots.limiter.borrowed_tokens == 1
        assert (await feed(dispatcher, message(100, user=2))).status is Status.HANDLED
        go_on.set()
    assert nothing_is_held(dispatcher)


async def test_no_more_updates_run_than_there_are_slots(
    make_dispatcher: Make, autojump_clock: MockClock
) -> None:
    running = most = 0

    async def handler(ctx: Context) -> Reply:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await trio.sleep(1)
        running -= 1
        return None

    dispatcher = make_dispatcher(handled_by(handler), max_concurrent_updates=3)
    async with trio.open_nursery() as nursery:
        for update_id in range(12):
            nursery.start_soon(feed, dispatcher, message(update_id, user=update_id))
    assert most == 3
    assert trio.current_time() == 4


async def test_a_pre_checkout_query_stands_in_no_queue(make_dispatcher: Make) -> None:
    go_on = trio.Event()

    async def handler(ctx: Context) -> Reply:
        if ctx.update.message is not None:
            await go_on.wait()
        return None

    dispatcher = make_dispatcher(handled_by(handler), max_concurrent_updates=1)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(feed, dispatcher, message(1))
        nursery.start_soon(feed, dispatcher, message(2))
        await wait_all_tasks_blocked()
        assert (await feed(dispatcher, pre_checkout(3))).status is Status.HANDLED
        go_on.set()


async def test_a_handler_out_of_time_is_cancelled_and_its_try_counts(
    make_dispatcher: Make,
    cemetery: Cemetery,
    expected_errors: list[str],
    autojump_clock: MockClock,
) -> None:
    expected_errors += ["update.timed_out", "update.dead_letter"]
    cancelled = []

    async def handler(ctx: Context) -> Reply:
        try:
            await trio.sleep_forever()
        finally:
            cancelled.append(trio.current_time())

    dispatcher = make_dispatcher(handled_by(handler), update_timeout=55)
    statuses = [(await feed(dispatcher, message(1))).status for _ in range(3)]
    assert statuses == [Status.TIMEOUT, Status.TIMEOUT, Status.DEAD_LETTER]
    assert len(cancelled) == 3
    assert cemetery.recorded[0]["error"] == "not ended within 55 seconds"
    assert nothing_is_held(dispatcher)


async def test_the_wait_for_a_turn_is_within_the_deadline_and_no_try(
    make_dispatcher: Make, expected_errors: list[str], autojump_clock: MockClock
) -> None:
    expected_errors.append("update.timed_out")
    dispatcher = make_dispatcher(Router(), update_timeout=55)
    async with dispatcher.chat_order.turn(7, 0):
        for _ in range(5):
            assert (await feed(dispatcher, message(1))).status is Status.TIMEOUT
    assert dispatcher.recent.of(1).tries == 0
    assert (await feed(dispatcher, message(1))).status is Status.UNHANDLED


async def test_a_redelivery_that_times_out_in_the_queue_does_not_bury_what_is_done(
    make_dispatcher: Make,
    cemetery: Cemetery,
    expected_errors: list[str],
    autojump_clock: MockClock,
) -> None:
    expected_errors += ["update.timed_out", "update.failed"]
    runs = []

    async def handler(ctx: Context) -> Reply:
        runs.append(1)
        if len(runs) < 3:
            raise ValueError("not yet")
        return None

    dispatcher = make_dispatcher(handled_by(handler), update_timeout=55)
    for _ in range(3):
        await feed(dispatcher, message(1))
    async with dispatcher.chat_order.turn(7, 0):
        assert (await feed(dispatcher, message(1))).status is Status.TIMEOUT
    assert (await feed(dispatcher, message(1))).status is Status.DUPLICATE
    assert cemetery.recorded == []


async def test_an_error_of_the_handlers_own_nursery_beside_the_deadline_stays_inside(
    make_dispatcher: Make,
    expected_errors: list[str],
    autojump_clock: MockClock,
    logged: LogCapture,
) -> None:
    expected_errors += ["update.timed_out", "update.failed"]

    async def bad_at_the_end() -> None:
        try:
            await trio.sleep_forever()
        finally:
            raise ValueError("while being cancelled")

    async def handler(ctx: Context) -> Reply:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(bad_at_the_end)
            nursery.start_soon(trio.sleep_forever)
        return None

    dispatcher = make_dispatcher(handled_by(handler), update_timeout=55)
    assert (await feed(dispatcher, message(1))).status is Status.TIMEOUT
    assert nothing_is_held(dispatcher)
    assert dispatcher.recent.of(1).tries == 1
    assert {entry["event"] for entry in logged.entries} == {"update.failed", "update.timed_out"}


# Cancellation from outside


@pytest.mark.parametrize("stage", ["turn", "slot", "handler", "reply", "burying"])
async def test_cancelled_at_any_stage_nothing_is_held_and_nothing_is_done(
    stage: str,
    make_dispatcher: Make,
    client: FakeClient,
    cemetery: Cemetery,
    expected_errors: list[str],
) -> None:
    expected_errors += ["update.failed", "update.dead_letter"]
    hang = True

    async def handler(ctx: Context) -> Reply:
        if hang and stage == "handler":
            await trio.sleep_forever()
        if hang and stage == "burying":
            raise ValueError("on purpose")
        return [say("one"), say("two")]

    async def forever(*args: Any, **kwargs: Any) -> None:
        if hang:
            await trio.sleep_forever()

    if stage == "reply":
        client.when = forever
    cemetery.record = forever  # type: ignore[method-assign]
    dispatcher = make_dispatcher(handled_by(handler), max_concurrent_updates=1)
    if stage == "burying":
        dispatcher.recent.of(1).tries = 2

    async def outsider_holds() -> None:
        if stage == "turn":
            async with dispatcher.chat_order.turn(7, 0):
                await trio.sleep_forever()
        if stage == "slot":
            async with dispatcher.slots.limiter:
                await trio.sleep_forever()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(outsider_holds)
        await wait_all_tasks_blocked()
        nursery.start_soon(feed, dispatcher, message(1))
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert nothing_is_held(dispatcher)
    hang = False
    assert dispatcher.recent.of(1).answer is None
    if stage != "burying":
        assert dispatcher.recent.of(1).tries == 0
    dispatcher.recent.of(1).tries = 0
    assert (await feed(dispatcher, message(1))).status is Status.HANDLED


async def test_the_last_update_is_noted_whatever_becomes_of_it(
    make_dispatcher: Make, autojump_clock: MockClock
) -> None:
    dispatcher = make_dispatcher(Router(), user_rate_burst=1)
    for update_id in range(3):
        await trio.sleep(1)
        await feed(dispatcher, message(update_id))
        assert dispatcher.last_update.at == trio.current_time()


async def test_logs_of_a_handler_carry_the_update(
    make_dispatcher: Make,
) -> None:
    import structlog

    seen: list[dict[str, Any]] = []

    async def handler(ctx: Context) -> Reply:
        seen.append(structlog.contextvars.get_contextvars())
        return None

    await feed(make_dispatcher(handled_by(handler)), message(5))
    assert seen[0] | {"handler": ""} == {
        "update_id": 5,
        "kind": "message",
        "user_id": 7,
        "handler": "",
    }
    assert seen[0]["handler"].endswith("handler")
    assert structlog.contextvars.get_contextvars() == {}
