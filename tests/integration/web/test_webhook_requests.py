"""What Telegram, and everybody who isn't, gets for an answer."""

import json
from typing import Any

import pytest
import trio

from bot.telegram.context import Context, Reply
from bot.telegram.methods import SendMessage
from tests.integration.web.webhook_server import (
    SECRET,
    AwayError,
    head,
    message,
    post,
    read_answer,
    running,
)

MIB = 1024 * 1024


async def echo(ctx: Context) -> Reply:
    assert ctx.update.message is not None
    return SendMessage(chat_id=ctx.update.message.chat.id, text=ctx.update.message.text or "?")


async def fails(ctx: Context) -> Reply:
    raise ValueError("a bug")


async def away(ctx: Context) -> Reply:
    raise AwayError("no database")


async def test_the_reply_travels_in_the_response() -> None:
    async with running(echo) as server:
        answer = await server.send(post(message(1, "hi")))
        assert answer.status == 200
        assert answer.headers["content-type"] == "application/json"
        assert json.loads(answer.body) == {"method": "sendMessage", "chat_id": 7, "text": "hi"}
        assert server.client.noted == [SendMessage(chat_id=7, text="hi")]
        assert server.client.sent == []


async def test_a_redelivery_gets_the_same_bytes() -> None:
    async with running(echo) as server:
        first = await server.send(post(message(1, "hi")))
        again = await server.send(post(message(1, "hi")))
        assert (again.status, again.body) == (200, first.body)


@pytest.mark.parametrize(
    "secret",
    [
        None,
        "",
        "wrong",
        SECRET[:-1],
        SECRET + "x",
        SECRET.upper(),
        "x" * 8_000,
        "sécret".encode("latin-1"),
        "секрет".encode(),
    ],
)
async def test_a_wrong_secret_gets_401(secret: str | bytes | None) -> None:
    async with running(echo) as server:
        answer = await server.send(post(message(1), secret=secret))
        assert answer.status == 401
        assert server.dispatcher.last_update.at < trio.current_time()
        assert 1 not in server.dispatcher.recent


async def test_the_secret_is_checked_before_the_body_is_awaited() -> None:
    async with running(echo) as server:
        answer = await server.send(head(("Content-Length", "1000"), secret="wrong"))
        assert answer.status == 401


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
async def test_what_is_no_post_gets_405(method: str) -> None:
    async with running(echo) as server:
        answer = await server.send(head(method=method))
        assert (answer.status, answer.headers["allow"]) == (405, "POST")


async def test_a_declared_length_over_the_limit_gets_413_unread() -> None:
    async with running(echo) as server:
        answer = await server.send(head(("Content-Length", str(MIB + 1))))
        assert answer.status == 413


async def test_a_length_beyond_all_numbers_gets_a_refusal() -> None:
    async with running(echo) as server:
        answer = await server.send(head(("Content-Length", "9" * 30)))
        assert answer.status in {400, 413}


@pytest.mark.parametrize(("size", "status"), [(MIB, 400), (MIB + 1, 413)])
async def test_a_chunked_body_is_counted_as_it_comes(size: int, status: int) -> None:
    body = b"[" + b"1," * ((size - 2) // 2)
    body += b" " * (size - 1 - len(body)) + b"]"
    assert len(body) == size
    async with running(echo) as server:
        chunk = f"{size:x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
        answer = await server.send(head(("Transfer-Encoding", "chunked")) + chunk)
        assert answer.status == status


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"7",
        b'"update"',
        b"{}",
        b'{"update_id": "x"}',
        b'{"update_id": 1e400}',
        b'{"message": {}}',
        b"\xff\xfe\x00",
        '{"update_id": 1}'.encode("utf-16"),
        b"[" * 100_000,
        b'{"update_id": ' + b"9" * 5_000 + b"}",
    ],
    ids=range(14),
)
async def test_what_is_no_update_gets_400(body: bytes) -> None:
    async with running(echo) as server:
        answer = await server.send(post(body))
        assert answer.status == 400
        assert server.letters == []


async def test_an_unknown_kind_of_update_gets_200() -> None:
    async with running(echo) as server:
        answer = await server.send(post({"update_id": 1, "telepathy": {"thought": "hm"}}))
        assert (answer.status, answer.body) == (200, b"")


async def test_an_update_in_a_form_we_do_not_know_is_kept_and_gets_200(
    expected_errors: list[str],
) -> None:
    expected_errors.append("update.dead_letter")
    async with running(echo) as server:
        answer = await server.send(post({"update_id": 1, "message": {"message_id": "new form"}}))
        assert answer.status == 200
        assert json.loads(server.letters[0]["body"])["message"] == {"message_id": "new form"}


async def test_not_ready_is_503_with_a_time() -> None:
    async with running(echo) as server:
        server.not_ready = "waiting for the database"
        answer = await server.send(post(message(1)))
        assert answer.status == 503
        assert int(answer.headers["retry-after"]) > 0
        server.not_ready = None
        assert (await server.send(post(message(1)))).status == 200


async def test_the_database_away_is_503_with_a_time_however_often() -> None:
    async with running(away) as server:
        for _ in range(5):
            answer = await server.send(post(message(1)))
            assert answer.status == 503
            assert int(answer.headers["retry-after"]) > 0


async def test_a_handler_that_fails_is_503_three_times_less_one(
    expected_errors: list[str],
) -> None:
    expected_errors += ["update.failed", "update.dead_letter"]
    async with running(fails) as server:
        answers = [await server.send(post(message(1))) for _ in range(4)]
        assert [answer.status for answer in answers] == [503, 503, 200, 200]
        assert json.loads(answers[2].body)["text"] == "sorry"
        assert answers[3].body == answers[2].body
        assert [letter["update_id"] for letter in server.letters] == [1]


async def test_a_handler_out_of_time_is_503(expected_errors: list[str]) -> None:
    expected_errors.append("update.timed_out")

    async def never_ends(ctx: Context) -> Reply:
        await trio.sleep_forever()

    async with running(never_ends, update_timeout=0.05) as server:
        assert (await server.send(post(message(1)))).status == 503


async def test_a_body_that_drips_gets_408(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(echo) as server:
        monkeypatch.setattr(server.webhook, "body_seconds", 0.1)
        answer = await server.send(head(("Content-Length", "100")) + b"{")
        assert answer.status == 408


async def test_pipelined_updates_are_answered_one_after_the_other() -> None:
    import h11

    async with running(echo) as server, await server.connect() as stream:
        await stream.send_all(b"".join(post(message(i, f"n{i}")) for i in range(5)))
        connection = h11.Connection(h11.CLIENT)
        texts = []
        for _ in range(5):
            answer = await read_answer(stream, connection=connection)
            texts.append(json.loads(answer.body)["text"])
        assert texts == [f"n{i}" for i in range(5)]


async def test_everything_else_goes_to_the_application_behind() -> None:
    async with running(echo) as server:
        for path in ("/", "/telegram/webhook/", "/telegram", "/sub/abc"):
            assert (await server.send(head(method="GET", path=path))).status == 418
        assert server.inner_scopes == ["lifespan", "http", "http", "http", "http"]


async def test_a_websocket_is_a_request_like_any_other() -> None:
    upgrade = head(
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("Sec-WebSocket-Version", "13"),
        method="GET",
    )
    async with running(echo) as server:
        answer = await server.send(upgrade)
        assert answer.status == 405
        assert "websocket" not in server.inner_scopes


async def test_a_refusal_does_not_wait_for_a_queue_that_nobody_reads() -> None:
    """Hypercorn queues ten parts, and puts the disconnect there before its send returns."""
    queue, parts = trio.open_memory_channel[dict[str, object]](10)
    sent = []

    async def send(event: Any) -> None:
        sent.append(event["type"])
        if event["type"] == "http.response.body":
            await queue.send({"type": "http.disconnect"})

    async with running(echo) as server, queue, parts:
        for _ in range(10):
            queue.send_nowait({"type": "http.request", "body": b"x", "more_body": True})
        scope = {"type": "http", "path": "/telegram/webhook", "method": "POST", "headers": []}
        with trio.fail_after(5):
            await server.webhook(scope, parts.receive, send)
    assert sent == ["http.response.start", "http.response.body"]
