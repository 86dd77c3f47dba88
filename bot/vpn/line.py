"""The way to one host: a bulkhead, the breaker, deadlines and retries around each request.

An adapter speaks through a line and judges the answers that come; a line knows nothing of what
is said. Waiting for a slot, of the host or of the pool that all hosts share, comes before the
deadline of a request: being busy ourselves must not pass for the host's silence.
"""

import json
from typing import Any

import httpx
import structlog
import trio

from bot import metrics
from bot.http import Body, HttpClient
from bot.vpn.breaker import Breaker
from bot.vpn.errors import BreakerOpenError, HostAwayError, ProtocolError
from bot.vpn.types import HostAddress

log = structlog.get_logger(__name__)

MAX_RETRIES = 2
_FIRST_PAUSE = 0.3


class _AtOnceError(HostAwayError):
    """A failure that may be over in a moment: a connection cut, a 5xx."""


class HostLine:
    """Sends requests to one host; made by `bot.vpn.hosts`.

    `shared` counts the requests to all hosts, and is no larger than the client's pool.
    """

    def __init__(
        self,
        http: HttpClient,
        address: HostAddress,
        *,
        breaker: Breaker,
        calls: int,
        shared: trio.CapacityLimiter,
        seconds: float,
    ) -> None:
        self.address = address
        self.breaker = breaker
        self._http = http
        self._bulkhead = trio.CapacityLimiter(calls)
        self._shared = shared
        self._seconds = seconds

    async def request(
        self,
        operation: str,
        method: str,
        path: str,
        *,
        headers: dict[str, str] | None = None,
        body: Any = None,
    ) -> httpx.Response:
        """Send a request, `body` as JSON, and return any answer but a 5xx or a 429.

        What may be over in a moment is tried again, twice, after growing pauses: so only what can
        be repeated may be sent. Silence is not: it has taken VPN_HTTP_TIMEOUT already. Raises
        HostAwayError, BreakerOpenError, ProtocolError. Cancelled: the request may have been
        carried out.
        """
        sent: Body = {"headers": dict(headers or {})}
        if body is not None:
            sent["content"] = json.dumps(body).encode()
            sent["headers"]["content-type"] = "application/json"
        started = trio.current_time()
        result = "cancelled"
        try:
            response = await self._with_retries(operation, method, path, sent)
            result = f"{response.status_code // 100}xx"
        except BreakerOpenError:
            result = "breaker_open"
            raise
        except HostAwayError:
            result = "away"
            raise
        except ProtocolError:
            result = "unreadable"
            raise
        finally:
            host = str(self.address.id)
            metrics.VPN_CALLS.labels(host, operation, result).inc()
            metrics.VPN_SECONDS.labels(host, operation).observe(trio.current_time() - started)
        return response

    async def _with_retries(
        self, operation: str, method: str, path: str, sent: Body
    ) -> httpx.Response:
        retries = 0
        while True:
            try:
                async with self._bulkhead, self._shared:
                    with self.breaker.call():
                        return await self._attempt(method, path, sent)
            except _AtOnceError as error:
                if retries == MAX_RETRIES:
                    raise
                pause = _FIRST_PAUSE * 2**retries
                retries += 1
                log.info("vpn.retry", operation=operation, error=str(error), seconds=pause)
                await trio.sleep(pause)

    async def _attempt(self, method: str, path: str, sent: Body) -> httpx.Response:
        host = self.address.id
        # Errors of httpx carry the request, and the request carries the key: none gets out.
        try:
            with trio.fail_after(self._seconds):
                response = await self._http.request(method, self.address.url + path, **sent)
        except (trio.TooSlowError, httpx.TimeoutException):
            raise HostAwayError(host, f"no answer within {self._seconds:g} s") from None
        except httpx.TransportError as error:
            raise _AtOnceError(host, type(error).__name__) from None
        except httpx.HTTPError as error:
            raise ProtocolError(host, type(error).__name__) from None
        if response.status_code >= 500:
            raise _AtOnceError(host, f"HTTP {response.status_code}")
        if response.status_code == 429:
            raise HostAwayError(host, "HTTP 429: it asks for fewer calls")
        return response
