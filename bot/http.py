"""The one way to make an HTTP client: a limiter before the pool, and the guard before the wire.

httpx 0.28 loses pool slots for good when requests that queue inside the pool are cancelled
(encode/httpcore issue 1093). So nothing ever queues there: a `trio.CapacityLimiter` no larger
than the pool stands before it, and waiting, and being cancelled while waiting, happens in Trio.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypedDict, Unpack, cast

import httpx
import trio

from bot.holding import require_nothing_held


class Body(TypedDict, total=False):
    """What a request carries: `content` as it is, or a form of `data` and `files`.

    A file is its name and its bytes; a form with files is sent as multipart/form-data.
    """

    content: bytes
    data: dict[str, str]
    files: dict[str, tuple[str, bytes]]
    headers: dict[str, str]


class HttpClient:
    """An `httpx.AsyncClient` whose requests wait in a limiter and refuse to hold a connection.

    The caller owns the deadline: every request belongs inside `trio.fail_after`. The phase
    timeouts given to `open_http_client` only bound a single phase (connect, read, write).
    """

    def __init__(self, client: httpx.AsyncClient, limiter: trio.CapacityLimiter) -> None:
        self._client = client
        self.limiter = limiter

    async def request(self, method: str, url: str, **body: Unpack[Body]) -> httpx.Response:
        """Send one request and read the whole answer.

        Raises httpx.TransportError when there was no answer, ConnectionHeldError (in tests) when
        a database connection is held. Cancelled: the connection is dropped, the pool stays whole.
        """
        require_nothing_held(f"{method} {httpx.URL(url).path.rsplit('/', 1)[-1]}")
        async with self.limiter:
            return await self._client.request(method, url, **body)


class _BoundedStream(httpx.AsyncByteStream):
    """The body of an answer, up to so many bytes; one that is longer is no answer of our peers."""

    def __init__(self, inner: httpx.AsyncByteStream, most_bytes: int) -> None:
        self._inner = inner
        self._most_bytes = most_bytes

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        try:
            async for chunk in self._inner:
                size += len(chunk)
                if size <= self._most_bytes:
                    yield chunk
                else:
                    # The next read fails where it is made, so that httpx's own generators end too.
                    await self._inner.aclose()
        except httpx.TransportError:
            if size <= self._most_bytes:
                raise
        if size > self._most_bytes:
            raise httpx.DecodingError(f"an answer of more than {self._most_bytes} bytes")

    async def aclose(self) -> None:
        await self._inner.aclose()


def _bounding(most_bytes: int) -> Callable[[httpx.Response], Awaitable[None]]:
    async def bound(response: httpx.Response) -> None:
        # What is packed may be a thousand times as long; we asked for it as it is.
        if response.headers.get("content-encoding", "identity") != "identity":
            await response.aclose()
            raise httpx.DecodingError("an answer in an encoding that wasn't asked for")
        response.stream = _BoundedStream(cast("httpx.AsyncByteStream", response.stream), most_bytes)

    return bound


@asynccontextmanager
async def open_http_client(
    *,
    connections: int,
    phase_seconds: float,
    headers: dict[str, str] | None = None,
    most_bytes: int | None = None,
) -> AsyncIterator[HttpClient]:
    """Yield a client of at most `connections` parallel requests; closed, bounded, on the way out.

    `phase_seconds` bounds each phase of a request as httpx counts them. An answer of more than
    `most_bytes` is cut off and raises httpx.DecodingError: for peers that are trusted less.
    """
    hooks = {}
    if most_bytes is not None:
        headers = {"accept-encoding": "identity"} | (headers or {})
        hooks = {"response": [_bounding(most_bytes)]}
    client = httpx.AsyncClient(
        limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
        timeout=httpx.Timeout(phase_seconds, pool=None),
        headers=headers,
        event_hooks=hooks,
        # A proxy named in the environment would see the bot's token.
        trust_env=False,
        follow_redirects=False,
    )
    try:
        yield HttpClient(client, trio.CapacityLimiter(connections))
    finally:
        with trio.move_on_after(phase_seconds, shield=True):
            await client.aclose()
