"""The one way to make an HTTP client: a limiter before the pool, and the guard before the wire.

httpx 0.28 loses pool slots for good when requests that queue inside the pool are cancelled
(encode/httpcore issue 1093). So nothing ever queues there: a `trio.CapacityLimiter` no larger
than the pool stands before it, and waiting, and being cancelled while waiting, happens in Trio.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypedDict, Unpack

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


@asynccontextmanager
async def open_http_client(
    *, connections: int, phase_seconds: float, headers: dict[str, str] | None = None
) -> AsyncIterator[HttpClient]:
    """Yield a client of at most `connections` parallel requests; closed, bounded, on the way out.

    `phase_seconds` bounds each phase of a request as httpx counts them.
    """
    client = httpx.AsyncClient(
        limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
        timeout=httpx.Timeout(phase_seconds, pool=None),
        headers=headers,
        # A proxy named in the environment would see the bot's token.
        trust_env=False,
        follow_redirects=False,
    )
    try:
        yield HttpClient(client, trio.CapacityLimiter(connections))
    finally:
        with trio.move_on_after(phase_seconds, shield=True):
            await client.aclose()
