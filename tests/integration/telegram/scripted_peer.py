"""A peer that answers what a test tells it, byte by byte: also what no good server would."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import h11
import trio

from bot.settings import load
from bot.telegram.client import TelegramClient, open_telegram

TOKEN = "123456789:" + "AbC-dEf_" * 4 + "xyz"

ME = {"id": 1, "is_bot": True, "first_name": "Warren", "username": "warren_bot"}
SENT = {"message_id": 5, "date": 1, "chat": {"id": 7, "type": "private"}, "text": "hi"}


@dataclass(frozen=True)
class Request:
    """What came: `method` as the Bot API names it."""

    method: str
    path: str
    body: dict[str, Any]


Say = Callable[[trio.SocketStream], Awaitable[None]]


def answer(status: int, body: bytes, kind: str = "application/json") -> Say:
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"

    async def say(stream: trio.SocketStream) -> None:
        await stream.send_all(head.encode() + body)

    return say


def ok(result: Any) -> Say:
    return answer(200, json.dumps({"ok": True, "result": result}).encode())


def refused(code: int, description: str, **parameters: Any) -> Say:
    body: dict[str, Any] = {"ok": False, "error_code": code, "description": description}
    if parameters:
        body["parameters"] = parameters
    return answer(code, json.dumps(body).encode())


async def hang_up(stream: trio.SocketStream) -> None:
    """End the connection without a word."""
    await stream.aclose()


async def cut_short(stream: trio.SocketStream) -> None:
    """Promise more than is sent."""
    await stream.send_all(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"ok": true, "res')
    await stream.aclose()


async def never(_stream: trio.SocketStream) -> None:
    """Take the request and say nothing."""
    await trio.sleep_forever()


@dataclass
class Peer:
    """The server: `script` is what it says next; at its end, `always`."""

    port: int = 0
    script: list[Say] = field(default_factory=list)
    always: Say = field(default_factory=lambda: ok(ME))
    requests: list[Request] = field(default_factory=list)
    arrived: trio.Event = field(default_factory=trio.Event)

    def says(self, *script: Say) -> None:
        self.script = list(script)

    @property
    def methods(self) -> list[str]:
        return [request.method for request in self.requests]

    async def serve(self, stream: trio.SocketStream) -> None:
        async with stream:
            while (request := await _read(stream)) is not None:
                self.requests.append(request)
                self.arrived.set()
                try:
                    await (self.script.pop(0) if self.script else self.always)(stream)
                except (trio.BrokenResourceError, trio.ClosedResourceError):
                    return


async def _read(stream: trio.SocketStream) -> Request | None:
    """Read one request; None when there is no more. Requests of one connection follow answers."""
    connection = h11.Connection(h11.SERVER)
    target, body = "", b""
    # A client that is cancelled leaves anywhere: in the middle of a request, or with a reset.
    with suppress(trio.BrokenResourceError, trio.ClosedResourceError, h11.RemoteProtocolError):
        while True:
            event = connection.next_event()
            match event:
                case h11.NEED_DATA:
                    connection.receive_data(await stream.receive_some())
                case h11.Request():
                    target = event.target.decode()
                case h11.Data():
                    body += bytes(event.data)
                case h11.EndOfMessage():
                    return Request(target.rpartition("/")[2], target, json.loads(body))
                case _:
                    return None
    return None


@asynccontextmanager
async def serving() -> AsyncIterator[Peer]:
    peer = Peer()
    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            listeners = await nursery.start(trio.serve_tcp, peer.serve, 0)
            peer.port = listeners[0].socket.getsockname()[1]
            yield peer
            nursery.cancel_scope.cancel()


@asynccontextmanager
async def client_of(port: int, **changes: Any) -> AsyncIterator[TelegramClient]:
    given = {
        "bot_token": TOKEN,
        "mode": "polling",
        "telegram_api_url": f"http://127.0.0.1:{port}",
        "telegram_http_timeout": 5,
    }
    async with open_telegram(load(_env_file=None, **given | changes)) as client:
        yield client
