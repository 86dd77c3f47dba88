"""A server that survives its protocol code, stops by its event, and says why it can't start."""

import errno
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import hypercorn.trio.run
import hypercorn.trio.tcp_server
import pytest
import trio
from hypercorn.protocol import ProtocolWrapper
from hypercorn.trio.tcp_server import TCPServer
from structlog.testing import LogCapture
from trio.lowlevel import Task

from bot.setting_types import Bind
from bot.web.public import make_public_app
from bot.web.server import BindError, serve
from tests.integration.web.webhook_server import Answer, read_answer, until

ASK = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
ASK_AND_WAIT = b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n"
ASK_QUART = b"GET /quart HTTP/1.1\r\nHost: a\r\n\r\n"
ASK_QUART_AND_CLOSE = ASK_QUART.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
ASK_FOR_MUCH = b"GET /much HTTP/1.1\r\nHost: a\r\n\r\n"
UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
KILLER = UPGRADE + b"x"
UPGRADE_H2C = (
    b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
    b"HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n"
)
H2_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

MALFORMED = {
    "a websocket upgrade and a byte": KILLER,
    "a websocket upgrade and a request": UPGRADE + ASK,
    "a websocket upgrade of a later version": UPGRADE.replace(b"13", b"99") + b"x",
    "a websocket upgrade with a body": UPGRADE.replace(b"GET", b"POST").replace(
        b"\r\n\r\n", b"\r\nContent-Length: 1\r\n\r\nx"
    ),
    "a request and a killer in its pipe": ASK + KILLER,
    "many requests in one pipe": ASK * 50,
    "an h2c upgrade": UPGRADE_H2C,
    "an h2c upgrade and a byte": UPGRADE_H2C + b"x",
    "an h2c upgrade and noise": UPGRADE_H2C + H2_PREFACE + b"\xff" * 64,
    "an h2c upgrade with bad settings": UPGRADE_H2C.replace(b"AAMA", b"!!!!"),
    "HTTP/2 without asking": H2_PREFACE + b"\xff" * 64,
    "a TLS hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\xff" * 32,
    "a zero in the path": b"GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "an endless header": b"GET / HTTP/1.1\r\nX: " + b"a" * 100_000,
    "two lengths": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "a bad chunk": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    "more than its last chunk": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"0\r\n\r\nxyz",
    "a connect": b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n",
}


@dataclass
class Service:
    """An application behind `serve`, and a task that stands for the workers."""

    port: int = 0
    stop: trio.Event = field(default_factory=trio.Event)
    stopped: trio.Event = field(default_factory=trio.Event)
    waiting: trio.Event = field(default_factory=trio.Event)
    go_on: trio.Event = field(default_factory=trio.Event)
    ticks: int = 0
    quart: Any = field(default_factory=lambda: make_public_app([]))

    async def tick(self) -> None:
        while True:
            await trio.lowlevel.checkpoint()
            self.ticks += 1

    async def serve(self, grace: timedelta, *, task_status: trio.TaskStatus[str]) -> None:
        bind = Bind(("127.0.0.1", 0))
        await serve(
            self.app, bind, name="test", stop=self.stop, grace=grace, task_status=task_status
        )
        self.stopped.set()

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for _ in range(2):
                event = await receive()
                await send({"type": f"{event['type']}.complete"})
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
        elif scope["path"] == "/quart":
            await self.quart(scope, receive, send)
        else:
            body = b"0" * 20_000_000 if scope["path"] == "/much" else b"fine"
            if scope["path"] != "/":
                self.waiting.set()
            if scope["path"] == "/wait":
                await self.go_on.wait()
            length = (b"content-length", str(len(body)).encode())
            await send({"type": "http.response.start", "status": 200, "headers": [length]})
            await send({"type": "http.response.body", "body": body})

    @property
    def connections(self) -> int:
        """How many connections the server has a task for."""
        return sum(task.name == "connection to the test server" for task in _every_task())

    async def connect(self) -> trio.SocketStream:
        return await trio.open_tcp_stream("127.0.0.1", self.port)

    async def ask(self, request: bytes = ASK) -> Answer:
        async with await self.connect() as stream:
            await stream.send_all(request)
            return await read_answer(stream)

    async def until_nobody_is_accepted(self) -> None:
        with suppress(OSError, AssertionError):
            while True:
                await self.ask()


def _every_task() -> Iterator[Task]:
    below = [trio.lowlevel.current_root_task()]
    while below:
        task = below.pop()
        assert task is not None
        yield task
        below += [child for nursery in task.child_nurseries for child in nursery.child_tasks]


@asynccontextmanager
async def running(*, grace_seconds: float = 5) -> AsyncIterator[Service]:
    service = Service()
    grace = timedelta(seconds=grace_seconds)
    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(service.tick)
            address = await nursery.start(partial(service.serve, grace))
            service.port = int(address.rpartition(":")[2])
            yield service
            service.stop.set()
            await service.stopped.wait()
            nursery.cancel_scope.cancel()


@pytest.fixture
def unprotected(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hypercorn as it comes, without the first of the two lines of defence."""
    monkeypatch.setattr(hypercorn.trio.run, "TCPServer", TCPServer)
    monkeypatch.setattr(hypercorn.trio.tcp_server, "ProtocolWrapper", ProtocolWrapper)


@pytest.mark.parametrize("request_bytes", MALFORMED.values(), ids=MALFORMED.keys())
async def test_a_malformed_request_is_the_matter_of_its_own_connection(
    request_bytes: bytes, logged: LogCapture
) -> None:
    async with running() as service, await service.connect() as in_flight:
        await in_flight.send_all(ASK_AND_WAIT)
        await service.waiting.wait()
        async with await service.connect() as stream:
            await stream.send_all(request_bytes)
            # Something comes back: an answer, a refusal, or the end of the connection.
            with suppress(trio.BrokenResourceError):
                await stream.receive_some()
            before = service.ticks
            assert (await service.ask()).status == 200
            assert service.ticks > before
        service.go_on.set()
        assert (await read_answer(in_flight)).body == b"fine"
    assert not {"server.crashed", "server.connection_failed"} & {e["event"] for e in logged.entries}


@pytest.mark.parametrize("request_bytes", MALFORMED.values(), ids=MALFORMED.keys())
async def test_a_client_that_left_leaves_nothing_behind(request_bytes: bytes) -> None:
    async with running() as service:
        await service.ask()
        await until(lambda: service.connections == 0)
        async with await service.connect() as stream:
            await stream.send_all(request_bytes)
            with suppress(trio.BrokenResourceError):
                await stream.receive_some(1)
        await until(lambda: service.connections == 0)


async def test_a_client_that_leaves_its_kept_connection_is_not_waited_for() -> None:
    async with running() as service:
        async with await service.connect() as stream:
            await stream.send_all(ASK)
            await read_answer(stream)
            assert service.connections == 1
        await until(lambda: service.connections == 0)


async def test_an_error_in_the_protocol_code_ends_its_own_connection_only(
    monkeypatch: pytest.MonkeyPatch, logged: LogCapture
) -> None:
    monkeypatch.setattr(hypercorn.trio.tcp_server, "ProtocolWrapper", ProtocolWrapper)
    async with running() as service, await service.connect() as in_flight:
        await in_flight.send_all(ASK_AND_WAIT)
        await service.waiting.wait()
        async with await service.connect() as stream:
            await stream.send_all(KILLER)
            await until(
                lambda: any(e["event"] == "server.connection_failed" for e in logged.entries)
            )
        service.go_on.set()
        assert (await read_answer(in_flight)).body == b"fine"
        await until(lambda: service.connections == 1)
    assert "server.crashed" not in [entry["event"] for entry in logged.entries]


async def test_a_server_that_crashes_comes_back_on_its_port_and_the_workers_go_on(
    unprotected: None, logged: LogCapture, expected_errors: list[str]
) -> None:
    expected_errors.append("server.crashed")
    async with running() as service:
        for crashes in (1, 2):
            async with await service.connect() as stream:
                await stream.send_all(KILLER)

                def crashed(times: int = crashes) -> bool:
                    events = [entry["event"] for entry in logged.entries]
                    return events.count("server.crashed") == times

                await until(crashed)
            before = service.ticks
            # Nobody is refused meanwhile: the socket listens on, and the next server accepts.
            assert (await service.ask()).status == 200
            assert service.ticks > before


async def test_a_stop_ends_a_server_that_has_just_crashed(
    unprotected: None, logged: LogCapture, expected_errors: list[str]
) -> None:
    expected_errors.append("server.crashed")
    async with running() as service:
        async with await service.connect() as stream:
            await stream.send_all(KILLER)
            await until(lambda: any(e["event"] == "server.crashed" for e in logged.entries))
        service.stop.set()
        with trio.fail_after(2):
            await service.stopped.wait()


async def test_a_stop_lets_the_request_in_flight_end_and_takes_no_other() -> None:
    async with running() as service, await service.connect() as in_flight:
        await in_flight.send_all(ASK_AND_WAIT)
        await service.waiting.wait()
        service.stop.set()
        await service.until_nobody_is_accepted()
        assert not service.stopped.is_set()
        service.go_on.set()
        answer = await read_answer(in_flight)
        assert (answer.status, answer.body) == (200, b"fine")
        with trio.fail_after(2):
            await service.stopped.wait()


async def test_a_request_that_outlasts_the_grace_is_cut_off() -> None:
    async with running(grace_seconds=0.2) as service, await service.connect() as in_flight:
        await in_flight.send_all(ASK_AND_WAIT)
        await service.waiting.wait()
        service.stop.set()
        with trio.fail_after(2):
            await service.stopped.wait()
            assert b"200" not in await in_flight.receive_some()


async def test_a_client_that_does_not_read_keeps_no_server_from_stopping() -> None:
    async with running(grace_seconds=0.2) as service, await service.connect() as greedy:
        await greedy.send_all(ASK_FOR_MUCH)
        await service.waiting.wait()
        await greedy.receive_some(1)
        service.stop.set()
        with trio.fail_after(2):
            await service.stopped.wait()


@pytest.mark.parametrize("request_bytes", [ASK, ASK_QUART])
@pytest.mark.parametrize("grace_seconds", [0.2, 5])
async def test_a_kept_connection_keeps_no_server_from_stopping(
    grace_seconds: float, request_bytes: bytes
) -> None:
    async with running(grace_seconds=grace_seconds) as service, await service.connect() as idle:
        await idle.send_all(request_bytes)
        await read_answer(idle)
        service.stop.set()
        with trio.fail_after(2):
            await service.stopped.wait()


async def test_a_connection_that_is_not_to_be_kept_ends_with_its_answer() -> None:
    async with running() as service, await service.connect() as stream:
        await stream.send_all(ASK_QUART_AND_CLOSE)
        assert (await read_answer(stream)).status == 404
        with trio.fail_after(2):
            assert await stream.receive_some() == b""
            await until(lambda: not service.connections)


async def refusal(bind: Bind) -> str:
    with pytest.raises(BindError) as raised:
        await serve(Service().app, bind, name="test", stop=trio.Event(), grace=timedelta(seconds=1))
    return str(raised.value)


async def test_a_port_that_is_taken_is_refused_with_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        words = await refusal(Bind(("127.0.0.1", port)))
    assert words.startswith(f"Can't listen on 127.0.0.1:{port}: another program listens there")
    assert "OPS_BIND" in words


async def test_an_address_of_another_machine_is_refused_with_what_to_do() -> None:
    # RFC 5737: documentation only, so nobody's.
    words = await refusal(Bind(("192.0.2.1", 8080)))
    assert words.startswith("Can't listen on 192.0.2.1:8080: this address can't be had here")


async def test_any_other_reason_is_passed_on_in_its_own_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(socket, "create_server", fail)
    assert "Too many open files" in await refusal(Bind(("127.0.0.1", 0)))
