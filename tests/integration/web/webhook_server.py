"""The webhook on a real Hypercorn, and requests written byte by byte."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import h11
import trio

from bot.setting_types import Bind
from bot.settings import load
from bot.telegram.context import Context, Reply
from bot.telegram.dead_letters import DeadLetters
from bot.telegram.dispatcher import Dispatcher
from bot.telegram.methods import Method
from bot.telegram.notices import Notices
from bot.telegram.routing import Router
from bot.web.server import serve
from bot.web.webhook import Webhook

SECRET = "s3cret-token_of-the-webhook"
NOW = datetime(2026, 11, 24, tzinfo=UTC)

Handler = Callable[[Context], Awaitable[Reply]]


class AwayError(Exception):
    """Stands for the database being away."""


class SilentClient:
    """A client whose every call succeeds."""

    def __init__(self) -> None:
        self.sent: list[Method[Any]] = []
        self.noted: list[Method[Any]] = []

    async def __call__(self, method: Method[Any]) -> Any:
        await trio.lowlevel.checkpoint()
        self.sent.append(method)

    def note_reply(self, method: Method[Any]) -> None:
        self.noted.append(method)


@dataclass
class Server:
    """A running webhook; `not_ready` is the reason that it gives, `letters` what was buried."""

    port: int = 0
    not_ready: str | None = None
    client: SilentClient = field(default_factory=SilentClient)
    letters: list[dict[str, Any]] = field(default_factory=list)
    inner_scopes: list[str] = field(default_factory=list)
    stop: trio.Event = field(default_factory=trio.Event)
    dispatcher: Dispatcher = field(init=False)
    webhook: Webhook = field(init=False)

    async def record(self, **letter: Any) -> None:
        self.letters.append(letter)

    async def connect(self) -> trio.SocketStream:
        return await trio.open_tcp_stream("127.0.0.1", self.port)

    async def send(self, request: bytes) -> "Answer":
        """Send one request as it stands and read its answer."""
        async with await self.connect() as stream:
            await stream.send_all(request)
            return await read_answer(stream)


async def until(condition: Callable[[], bool]) -> None:
    """Let others run until `condition` holds: across sockets there is no event to wait for.

    The deadline of `running` bounds it.
    """
    while True:
        if condition():
            return
        await trio.lowlevel.checkpoint()


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


async def read_answer(stream: trio.SocketStream, *, connection: Any = None) -> Answer:
    """Read one answer; `connection` keeps what came of the next one."""
    if connection is None:
        connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method="POST", target="/", headers=[("host", "a")]))
    connection.send(h11.EndOfMessage())
    response, body = None, b""
    with trio.fail_after(10):
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA:
                connection.receive_data(await stream.receive_some(65536))
            elif isinstance(event, h11.Response):
                response = event
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                break
            else:
                raise AssertionError(f"no answer: {event}")
    assert response is not None
    headers = {name.decode(): value.decode() for name, value in response.headers}
    if connection.their_state is h11.DONE:
        connection.start_next_cycle()
    return Answer(response.status_code, headers, body)


def head(
    *fields: tuple[str, str | bytes],
    method: str = "POST",
    path: str = "/telegram/webhook",
    secret: str | bytes | None = SECRET,
) -> bytes:
    """The head of a request to the webhook."""
    lines = [f"{method} {path} HTTP/1.1".encode(), b"Host: warren"]
    if secret is not None:
        fields += (("X-Telegram-Bot-Api-Secret-Token", secret),)
    for name, value in fields:
        encoded = value if isinstance(value, bytes) else value.encode()
        lines.append(name.encode() + b": " + encoded)
    return b"\r\n".join(lines) + b"\r\n\r\n"


def post(body: bytes | dict[str, Any], *fields: tuple[str, str], **changes: Any) -> bytes:
    """A whole request to the webhook."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    length = ("Content-Length", str(len(content)))
    return head(("Content-Type", "application/json"), length, *fields, **changes) + content


def message(update_id: int, text: str = "hello", user: int = 7) -> dict[str, Any]:
    return {
        "update_id": update_id,
        "message": {
            "message_id": update_id,
            "date": 1_790_000_000,
            "chat": {"id": user, "type": "private", "first_name": "P"},
            "from": {"id": user, "is_bot": False, "first_name": "P"},
            "text": text,
        },
    }


@asynccontextmanager
async def running(handler: Handler, **changes: Any) -> AsyncIterator[Server]:
    """Serve the webhook with this handler of messages; stopped gracefully at the end."""
    router = Router()
    router.message()(handler)
    given = {"bot_token": "123456789:" + "A" * 35, "mode": "polling"}
    server = Server()

    async def tell_admins(letter: Any) -> None: ...

    server.dispatcher = Dispatcher(
        router,
        settings=load(_env_file=None, **given | changes),
        client=server.client,  # type: ignore[arg-type]
        lane=None,
        clock=lambda: NOW,
        dead_letters=DeadLetters(server.record, tell_admins),
        notices=Notices(too_fast=lambda _: "slower", failed=lambda _: "sorry"),
        unavailable=(AwayError,),
    )

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        server.inner_scopes.append(scope["type"])
        if scope["type"] == "lifespan":
            for _ in range(2):
                event = await receive()
                await send({"type": f"{event['type']}.complete"})
            return
        await send({"type": "http.response.start", "status": 418, "headers": []})
        await send({"type": "http.response.body", "body": b"behind"})

    server.webhook = Webhook(
        inner,
        server.dispatcher,
        client=server.client,  # type: ignore[arg-type]
        secret=SECRET,
        ready=lambda: server.not_ready,
    )
    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            address = await nursery.start(
                partial(
                    serve,
                    server.webhook,
                    Bind(("127.0.0.1", 0)),
                    name="test",
                    stop=server.stop,
                    grace=timedelta(seconds=5),
                )
            )
            server.port = int(address.rpartition(":")[2])
            yield server
            server.stop.set()
