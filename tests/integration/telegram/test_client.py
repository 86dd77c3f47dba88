"""The client against a peer that refuses, breaks off, hangs and lies; over real sockets."""

import socket
import traceback
from collections.abc import AsyncIterator
from random import Random

import pytest
import trio

from bot import metrics
from bot.db import Database
from bot.holding import ConnectionHeldError
from bot.telegram import client as client_module
from bot.telegram.client import TelegramClient
from bot.telegram.errors import (
    ApiError,
    BadRequestError,
    BlockedByUserError,
    CantParseEntitiesError,
    ChatNotFoundError,
    ConflictError,
    ForbiddenError,
    MessageNotFoundError,
    MigratedError,
    NotModifiedError,
    QueryTooOldError,
    RetryAfterError,
    ServerError,
    TelegramError,
    TooLargeError,
    TransportError,
    UnauthorizedError,
    UserDeactivatedError,
)
from bot.telegram.methods import GetMe, Method, SendMessage
from tests.integration.telegram.scripted_peer import (
    ME,
    SENT,
    TOKEN,
    Peer,
    Say,
    answer,
    client_of,
    cut_short,
    hang_up,
    never,
    ok,
    refused,
    serving,
)

HELLO = SendMessage(chat_id=7, text="hi")
HTML = answer(502, b"<html><h1>Bad Gateway</h1></html>", "text/html")


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "_FIRST_PAUSE", 0.01)


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    async with serving() as running:
        yield running


@pytest.fixture
async def client(peer: Peer) -> AsyncIterator[TelegramClient]:
    async with client_of(peer.port) as opened:
        yield opened


async def error_of(client: TelegramClient, method: Method[object]) -> TelegramError:
    with pytest.raises(TelegramError) as raised:
        await client(method)
    return raised.value


async def test_a_call_carries_what_is_set_and_gives_the_result(
    peer: Peer, client: TelegramClient
) -> None:
    peer.says(ok(SENT))
    sent = await client(HELLO)
    assert (sent.message_id, sent.chat.id) == (5, 7)
    (request,) = peer.requests
    assert request.path == f"/bot{TOKEN}/sendMessage"
    assert request.body == {"chat_id": 7, "text": "hi"}


async def test_hundreds_of_cancelled_calls_leave_every_connection_usable(peer: Peer) -> None:
    """httpcore loses slots of its pool when calls that queue inside it are cancelled."""
    random = Random(1)
    cancelled = 0
    async with client_of(peer.port, telegram_connections=2) as client:

        async def impatient() -> None:
            nonlocal cancelled
            for _ in range(50):
                with trio.move_on_after(random.uniform(0, 0.01)) as scope:
                    await client(GetMe())
                cancelled += scope.cancelled_caught

        async with trio.open_nursery() as nursery:
            for _ in range(8):
                nursery.start_soon(impatient)
        assert cancelled >= 100

        with trio.fail_after(5):
            async with trio.open_nursery() as nursery:
                for _ in range(20):
                    nursery.start_soon(client, GetMe())


async def test_a_flood_is_waited_out(peer: Peer, client: TelegramClient) -> None:
    peer.says(refused(429, "Too Many Requests: retry after 1", retry_after=1), ok(SENT))
    started = trio.current_time()
    await client(HELLO)
    assert trio.current_time() - started >= 1
    assert peer.methods == ["sendMessage", "sendMessage"]


async def test_a_flood_longer_than_the_callers_deadline_is_said_at_once(
    peer: Peer, client: TelegramClient
) -> None:
    peer.says(refused(429, "Too Many Requests: retry after 3600", retry_after=3600))
    with trio.fail_after(5), pytest.raises(RetryAfterError) as raised:
        await client(HELLO)
    assert raised.value.retry_after == 3600
    # Who comes later hears it as well, and Telegram isn't asked again.
    with trio.fail_after(5), pytest.raises(RetryAfterError):
        await client(HELLO)
    assert peer.methods == ["sendMessage"]


async def test_a_flood_of_one_kind_silences_no_other(peer: Peer, client: TelegramClient) -> None:
    hours = refused(429, "Too Many Requests: retry after 7200", retry_after=7200)
    with trio.fail_after(5):
        peer.says(hours)
        await error_of(client, GetMe())
        peer.says(ok(SENT))
        await client(HELLO)

        peer.says(hours)
        await error_of(client, HELLO)
        peer.says(ok(SENT))
        await client(SendMessage(chat_id=8, text="hi"))


async def test_a_flood_of_two_chats_is_one_of_all_messages(
    peer: Peer, client: TelegramClient
) -> None:
    hours = refused(429, "Too Many Requests: retry after 7200", retry_after=7200)
    with trio.fail_after(5):
        peer.says(hours, hours)
        await error_of(client, HELLO)
        await error_of(client, SendMessage(chat_id=8, text="hi"))
        await error_of(client, SendMessage(chat_id=9, text="hi"))
    assert len(peer.requests) == 2


FAILURES = {
    "a fault of Telegram's": (refused(500, "Internal Server Error"), ServerError),
    "a gateway's page": (HTML, ServerError),
    "a connection that ends": (hang_up, TransportError),
    "an answer that is cut short": (cut_short, TransportError),
}


@pytest.mark.parametrize(("failure", "kind"), FAILURES.values(), ids=FAILURES.keys())
async def test_what_may_be_repeated_is_tried_three_times(
    peer: Peer, client: TelegramClient, failure: Say, kind: type[TelegramError]
) -> None:
    peer.says(failure, failure, ok(ME))
    assert (await client(GetMe())).username == "warren_bot"
    peer.says(failure, failure, failure)
    assert isinstance(await error_of(client, GetMe()), kind)
    assert len(peer.requests) == 6


@pytest.mark.parametrize(("failure", "kind"), FAILURES.values(), ids=FAILURES.keys())
async def test_a_message_that_may_have_been_sent_is_not_sent_again(
    peer: Peer, client: TelegramClient, failure: Say, kind: type[TelegramError]
) -> None:
    peer.says(failure)
    assert isinstance(await error_of(client, HELLO), kind)
    assert len(peer.requests) == 1


async def test_a_message_that_can_not_have_been_sent_is_sent_again() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound and not listening: refused
        port = nobody.getsockname()[1]
        async with client_of(port) as client:
            before = trio.current_time()
            error = await error_of(client, HELLO)
    assert isinstance(error, TransportError)
    assert str(error) == "sendMessage: Telegram can't be reached"
    assert trio.current_time() - before >= 0.03  # the pauses before the second and third attempt


async def test_silence_ends_with_the_deadline_of_a_call(peer: Peer) -> None:
    async with client_of(peer.port, telegram_http_timeout=0.2) as client:
        peer.always = never
        with trio.fail_after(5):
            error = await error_of(client, HELLO)
        assert isinstance(error, TransportError)
        peer.always = ok(SENT)
        await client(HELLO)


@pytest.mark.parametrize(
    "nonsense",
    [
        answer(200, b"<html>a login page</html>", "text/html"),
        answer(200, b'{"ok": true, "resu'),
        answer(200, b""),
        answer(200, b"\xff\xfe\x00"),
        answer(200, b'{"ok": true, "result": {"id": "not a user"}}'),
        answer(200, b"[]"),
        answer(302, b"", "text/html"),
        answer(404, b"<html>nginx</html>", "text/html"),
    ],
)
async def test_an_answer_that_is_none_is_a_failure_of_the_transport(
    peer: Peer, client: TelegramClient, nonsense: Say
) -> None:
    peer.says(nonsense)
    assert type(await error_of(client, HELLO)) is TransportError


REFUSALS: list[tuple[int, str, type[ApiError]]] = [
    (401, "Unauthorized", UnauthorizedError),
    (404, "Not Found", UnauthorizedError),
    (403, "Forbidden: bot was blocked by the user", BlockedByUserError),
    (403, "Forbidden: user is deactivated", UserDeactivatedError),
    (403, "Forbidden: bot can't initiate conversation with a user", ForbiddenError),
    (400, "Bad Request: message is not modified: specified new …", NotModifiedError),
    (400, "Bad Request: message to edit not found", MessageNotFoundError),
    (400, "Bad Request: message to delete not found", MessageNotFoundError),
    (400, "Bad Request: message can't be edited", MessageNotFoundError),
    (400, "Bad Request: query is too old and response timeout expired", QueryTooOldError),
    (400, "Bad Request: chat not found", ChatNotFoundError),
    (400, "Bad Request: can't parse entities: Unsupported start tag", CantParseEntitiesError),
    (400, "Bad Request: group chat was upgraded to a supergroup chat", MigratedError),
    (400, "Bad Request: message text is empty", BadRequestError),
    (409, "Conflict: terminated by other getUpdates request", ConflictError),
    (413, "Request Entity Too Large", TooLargeError),
    (418, "something new", ApiError),
]


@pytest.mark.parametrize(("code", "description", "kind"), REFUSALS)
async def test_a_refusal_has_the_class_of_what_can_be_done(
    peer: Peer, client: TelegramClient, code: int, description: str, kind: type[ApiError]
) -> None:
    peer.says(refused(code, description, migrate_to_chat_id=-100))
    error = await error_of(client, HELLO)
    assert type(error) is kind
    assert isinstance(error, ApiError)
    assert (error.code, error.description) == (code, description)
    assert error.parameters.migrate_to_chat_id == -100
    assert len(peer.requests) == 1


@pytest.mark.parametrize(
    "failure", [hang_up, cut_short, HTML, refused(401, "Unauthorized"), answer(200, b"no JSON")]
)
async def test_no_error_shows_the_token(peer: Peer, client: TelegramClient, failure: Say) -> None:
    peer.always = failure
    error = await error_of(client, GetMe())
    shown = [str(error), repr(error), "".join(traceback.format_exception(error)), repr(client)]
    assert [text for text in shown if TOKEN in text] == []
    assert "getMe" in str(error) or "Unauthorized" in str(error)


async def test_calls_are_counted_by_method_and_result(peer: Peer, client: TelegramClient) -> None:
    def count(result: str) -> float:
        value = metrics.REGISTRY.get_sample_value(
            "warren_telegram_calls_total", {"method": "sendMessage", "result": result}
        )
        return value or 0.0

    results = ("ok", "blockedbyuser", "cancelled")
    before = [count(result) for result in results]
    peer.says(ok(SENT), refused(403, "Forbidden: bot was blocked by the user"), never)
    await client(HELLO)
    await error_of(client, HELLO)
    async with trio.open_nursery() as nursery:
        peer.arrived = trio.Event()
        nursery.start_soon(client, HELLO)
        await peer.arrived.wait()
        nursery.cancel_scope.cancel()
    after = [count(result) for result in results]
    assert [b - a for a, b in zip(before, after, strict=True)] == [1, 1, 1]


async def test_no_call_goes_out_while_a_connection_is_held(
    peer: Peer, client: TelegramClient, database: Database
) -> None:
    async with database.updates.transaction():
        with pytest.raises(ConnectionHeldError, match="getMe"):
            await client(GetMe())
        # A child has its parent's connection, as far as this is concerned.
        with pytest.RaisesGroup(ConnectionHeldError):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(client, GetMe())
                await trio.sleep_forever()
    assert peer.requests == []
    assert (await client(GetMe())).username == "warren_bot"
