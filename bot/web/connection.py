"""One accepted connection: HTTP/1.1 and nothing else, and it ends when there is nobody to serve.

Hypercorn 0.18 is mended here, each place held by `tests/integration/web/test_server.py`:

- What its protocol code raises went through every other connection and out of `serve()`
  (pgjones/hypercorn issue 225: a WebSocket upgrade with a trailing byte). It ends one connection.
- A WebSocket, HTTP/2 or a tunnel is nothing that this process offers, and their code is where
  strangers could do that, or leave tasks behind for good. Requests for them are plain requests,
  as RFC 9110 (7.8) lets a server take them.
- A client that left kept its task and its socket until the keep-alive time was over, and one
  that left with requests in the pipe kept them for good.
- What is sent was shielded without a bound: a client that doesn't read kept a stopped server,
  and the process with it, for as long as it liked.
- Quart-Trio cancels a request as soon as its stream is closed, in the middle of what Hypercorn
  does about the connection then: it was neither closed nor waited for, so that it stayed until
  the client left, and a stop waited out its whole grace for it.
"""

from typing import Any

import h11
import structlog
import trio
from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.trio import run as hypercorn_run
from hypercorn.trio import tcp_server
from hypercorn.trio.tcp_server import TCPServer

from bot import metrics
from bot.error_groups import leaves

log = structlog.get_logger(__name__)

_SEND_SECONDS = 30.0
"""How long a client may take nothing, or too little, of what is being sent."""
_CLOSE_SECONDS = 1.0
"""How long the end of a connection may take: TLS says goodbye, nothing else waits for anybody."""


class NamedConfig(Config):
    """Hypercorn's settings, with the name under which a connection's errors are counted."""

    name = ""


class _Http1(H11Protocol):
    """Stands where Hypercorn chooses a protocol."""

    def __init__(self, *args: Any) -> None:
        *given, _alpn = args
        super().__init__(*given)

    async def _check_protocol(self, event: h11.Request) -> None:
        """Switch to nothing."""

    async def _create_stream(self, request: h11.Request) -> None:
        if request.method == b"CONNECT":
            # Whatever 2xx an application might say, it would open a tunnel.
            await self._send_error_response(405)
            await self.send(Closed())
            return
        headers = [(name, value) for name, value in request.headers if name != b"upgrade"]
        if len(headers) != len(request.headers):
            request = h11.Request(
                method=request.method,
                target=request.target,
                headers=headers,
                http_version=request.http_version,
            )
        await super()._create_stream(request)


class Connection(TCPServer):
    """Serves one client; made by Hypercorn for each that it accepts."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._reading = trio.CancelScope()
        self._client_left = False

    async def run(self) -> None:
        """Serve the connection to its end; whatever its protocol code raises is only its own."""
        name = getattr(self.config, "name", "")
        trio.lowlevel.current_task().name = f"connection to the {name} server"
        try:
            await super().run()
        except* Exception as group:  # noqa: BLE001 - the edge between a connection and the server
            metrics.CONNECTION_ERRORS.labels(name).inc()
            log.warning("server.connection_failed", error=repr(list(leaves(group))))

    async def protocol_send(self, event: Event) -> None:
        """Take what the protocol wants done."""
        match event:
            case RawData():
                await self._send(event.data)
            case Updated() if self._client_left:
                pass  # no next request is waited for
            case _:
                with trio.move_on_after(_CLOSE_SECONDS, shield=True):
                    await super().protocol_send(event)

    async def _send(self, data: bytes) -> None:
        """Send, and give the connection up where that doesn't end: after a time, or cancelled."""
        async with self.send_lock:
            try:
                with trio.fail_after(_SEND_SECONDS):
                    await self.stream.send_all(data)
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                await self._give_up()
            except trio.TooSlowError:
                await trio.aclose_forcefully(self.stream)
                await self._give_up()
            except trio.Cancelled:
                # Who knows how much of it went out: nothing may follow.
                await trio.aclose_forcefully(self.stream)
                raise

    async def _give_up(self) -> None:
        # The reader may be waiting for this answer to have gone out before it reads on.
        self._reading.cancel(reason="the client is gone")
        await self.protocol.handle(Closed())

    async def _read_data(self) -> None:
        """Read to the end. A running request ends by itself; nothing else is waited for."""
        with self._reading:
            await super()._read_data()
        self._client_left = True
        await self.idle_task.stop()


# Where Hypercorn looks them up; there are no parameters for them.
tcp_server.ProtocolWrapper = _Http1  # type: ignore[assignment, attr-defined]
hypercorn_run.TCPServer = Connection  # type: ignore[assignment, attr-defined]
