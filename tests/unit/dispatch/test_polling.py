"""Polling: nothing acknowledged is lost, nothing settled is handled twice."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio
from structlog.testing import LogCapture
from trio.testing import MockClock, wait_all_tasks_blocked

from bot.settings import Settings
from bot.telegram.context import Context, Reply
from bot.telegram.dispatcher import Dispatcher
from bot.telegram.errors import ConflictError, TransportError, UnauthorizedError
from bot.telegram.methods import DeleteWebhook, Method, SendMessage
from bot.telegram.polling import GetRawUpdates, poll
from bot.telegram.routing import Router
from bot.telegram.types import Update
from tests.unit.dispatch.conftest import Cemetery, FakeClient
from tests.unit.dispatch.updates import AwayError, message

Make = Callable[..., Dispatcher]
Polled = Callable[..., Awaitable[Dispatcher]]


class Updates:
    """What waits at Telegram, with the manners of getUpdates; it stands behind a FakeClient."""

    def __init__(self, client: FakeClient, *waiting: Update | dict[str, Any]) -> None:
        self.waiting = [
            update if isinstance(update, dict) else update.model_dump(by_alias=True, mode="json")
            for update in waiting
        ]
        self.asked: list[GetRawUpdates] = []
        self.replies: list[str] = []
        self.failures: list[Exception] = []
        self.reply_failures: list[Exception] = []
        self.none_left = trio.Event()
        client.when = self._answer

    async def _answer(self, method: Method[Any]) -> Any:
        await trio.lowlevel.checkpoint()
        if isinstance(method, SendMessage):
            if self.reply_failures:
                raise self.reply_failures.pop(0)
            self.replies.append(method.text)
        if not isinstance(method, GetRawUpdates):
            return True
        self.asked.append(method)
        if self.failures:
            raise self.failures.pop(0)
        if method.offset is not None:
            self.waiting = [u for u in self.waiting if u["update_id"] >= method.offset]
        if not self.waiting:
            self.none_left.set()
            await trio.sleep(method.timeout)
        return self.waiting[: method.limit]


async def poll_until_none_is_left(
    client: FakeClient, dispatcher: Dispatcher, settings: Settings, telegram: Updates
) -> None:
    stop = trio.Event()
    with trio.fail_after(600):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(lambda: poll(client, dispatcher, settings, stop=stop))  # type: ignore[arg-type]
            await telegram.none_left.wait()
            stop.set()


@pytest.fixture
def polled(
    client: FakeClient,
    make_dispatcher: Make,
    make_settings: Callable[..., Settings],
) -> Polled:
    """Poll a script of updates to its end, with this handler."""

    async def run(handler: Any, telegram: Updates, **changes: Any) -> Dispatcher:
        router = Router()
        router.message()(handler)
        dispatcher = make_dispatcher(router, user_rate_burst=1000, **changes)
        await poll_until_none_is_left(client, dispatcher, make_settings(), telegram)
        return dispatcher

    return run


async def echo(ctx: Context) -> Reply:
    assert ctx.update.message is not None
    return SendMessage(chat_id=7, text=ctx.update.message.text or "?")


async def test_the_webhook_goes_first_and_keeps_what_waits(
    polled: Polled, autojump_clock: MockClock, client: FakeClient
) -> None:
    telegram = Updates(client, message(1, "hi"))
    await polled(echo, telegram)
    assert client.sent[0] == DeleteWebhook(drop_pending_updates=False)
    assert telegram.replies == ["hi"]


async def test_updates_of_a_chat_keep_their_order_and_chats_run_side_by_side(
    polled: Polled, autojump_clock: MockClock, client: FakeClient
) -> None:
    seen: list[tuple[int, int]] = []

    async def slow(ctx: Context) -> Reply:
        await trio.sleep(1)
        seen.append((ctx.update.chat_id or 0, ctx.update.update_id))
        return None

    telegram = Updates(client, *(message(i, user=i % 10) for i in range(50)))
    started = trio.current_time()
    await polled(slow, telegram)
    for chat in range(10):
        assert [i for c, i in seen if c == chat] == list(range(chat, 50, 10))
    assert trio.current_time() - started < 10


async def test_an_update_that_fails_is_not_confirmed_and_those_after_it_run_once(
    polled: Polled, autojump_clock: MockClock, client: FakeClient, expected_errors: list[str]
) -> None:
    expected_errors.append("update.failed")
    runs: list[int] = []

    async def fails_twice(ctx: Context) -> Reply:
        runs.append(ctx.update.update_id)
        if ctx.update.update_id == 2 and runs.count(2) < 3:
            raise ValueError("not yet")
        return await echo(ctx)

    telegram = Updates(client, *(message(i, f"n{i}", user=i) for i in range(1, 5)))
    await polled(fails_twice, telegram)
    assert sorted(runs) == [1, 2, 2, 2, 3, 4]
    assert sorted(telegram.replies) == ["n1", "n2", "n3", "n4"]
    offsets = [request.offset for request in telegram.asked]
    assert offsets == [None, 2, 2, 5, 5]


async def test_a_poisoned_update_ends_as_a_dead_letter_and_lets_the_others_go(
    polled: Polled,
    autojump_clock: MockClock,
    client: FakeClient,
    cemetery: Cemetery,
    expected_errors: list[str],
) -> None:
    expected_errors += ["update.failed", "update.dead_letter"]

    async def handler(ctx: Context) -> Reply:
        if ctx.update.update_id == 1:
            raise ValueError("poison")
        return await echo(ctx)

    telegram = Updates(client, message(1), message(2, "behind it"))
    await polled(handler, telegram)
    assert [letter["update_id"] for letter in cemetery.recorded] == [1]
    assert telegram.replies == ["Sorry, P7", "behind it"]


async def test_an_update_waits_for_a_peer_that_is_away_however_long(
    polled: Polled, autojump_clock: MockClock, client: FakeClient, cemetery: Cemetery
) -> None:
    started = trio.current_time()

    async def handler(ctx: Context) -> Reply:
        if trio.current_time() - started < 200:
            raise AwayError("no database")
        return await echo(ctx)

    telegram = Updates(client, message(1, "patient"))
    await polled(handler, telegram)
    assert telegram.replies == ["patient"]
    assert cemetery.recorded == []


async def test_an_unreadable_update_does_not_spoil_its_batch(
    polled: Polled,
    autojump_clock: MockClock,
    client: FakeClient,
    cemetery: Cemetery,
    expected_errors: list[str],
) -> None:
    expected_errors.append("update.dead_letter")
    telegram = Updates(client, {"update_id": 1, "message": {"new": "form"}}, message(2, "fine"))
    await polled(echo, telegram)
    assert [letter["update_id"] for letter in cemetery.recorded] == [1]
    assert telegram.replies == ["fine"]


async def test_a_reply_that_could_not_be_sent_is_sent_again_and_the_handler_is_not(
    polled: Polled, autojump_clock: MockClock, client: FakeClient
) -> None:
    runs = []

    async def handler(ctx: Context) -> Reply:
        runs.append(1)
        return await echo(ctx)

    telegram = Updates(client, message(1, "at last"))
    telegram.reply_failures = [TransportError("no line"), TransportError("no line")]
    await polled(handler, telegram)
    assert (telegram.replies, runs) == (["at last"], [1])


async def test_a_reply_is_given_up_after_three_attempts(
    polled: Polled, autojump_clock: MockClock, client: FakeClient
) -> None:
    telegram = Updates(client, message(1, "never"), message(2, "behind it"))
    telegram.reply_failures = [TransportError("no line")] * 3
    await polled(echo, telegram)
    assert telegram.replies == ["behind it"]


async def test_a_conflict_is_explained_and_the_loop_begins_again(
    polled: Polled,
    autojump_clock: MockClock,
    client: FakeClient,
    conflict: ConflictError,
    logged: LogCapture,
) -> None:
    telegram = Updates(client, message(1, "hi"))
    telegram.failures = [conflict, TransportError("no line"), conflict]
    await polled(echo, telegram)
    assert telegram.replies == ["hi"]
    (hint, _) = (e["hint"] for e in logged.entries if e["event"] == "polling.conflict")
    assert "webhook" in hint
    assert sum(isinstance(method, DeleteWebhook) for method in client.sent) == 4


async def test_a_token_that_is_refused_ends_the_poller(
    polled: Polled, autojump_clock: MockClock, client: FakeClient, unauthorized: UnauthorizedError
) -> None:
    telegram = Updates(client)
    telegram.failures = [unauthorized]
    with pytest.RaisesGroup(UnauthorizedError, flatten_subgroups=True):
        await polled(echo, telegram)


async def test_the_stop_interrupts_the_question_and_not_the_handlers(
    client: FakeClient,
    make_dispatcher: Make,
    make_settings: Callable[..., Settings],
) -> None:
    started, go_on, ended, stop = trio.Event(), trio.Event(), trio.Event(), trio.Event()
    runs = []

    async def handler(ctx: Context) -> Reply:
        runs.append(ctx.update.update_id)
        started.set()
        await go_on.wait()
        return await echo(ctx)

    router = Router()
    router.message()(handler)
    dispatcher = make_dispatcher(router)
    telegram = Updates(client, message(1, "in flight"), message(2, "not begun"))

    async def polling() -> None:
        await poll(client, dispatcher, make_settings(), stop=stop)  # type: ignore[arg-type]
        ended.set()

    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(polling)
            await started.wait()
            stop.set()
            await wait_all_tasks_blocked()
            assert not ended.is_set()
            go_on.set()
    assert (runs, telegram.replies) == ([1], ["in flight"])
    assert telegram.asked[-1].offset == 2


async def test_the_stop_interrupts_a_long_poll(
    client: FakeClient, make_dispatcher: Make, make_settings: Callable[..., Settings]
) -> None:
    stop = trio.Event()
    telegram = Updates(client)
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(
                lambda: poll(client, make_dispatcher(Router()), make_settings(), stop=stop)  # type: ignore[arg-type]
            )
            await telegram.none_left.wait()
            stop.set()
