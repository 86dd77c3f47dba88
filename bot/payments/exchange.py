"""One call to a provider: its deadline, its retries, its metrics, and errors without secrets.

What httpx raises carries the request, and with it tokens and keys: nothing of it is let through.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

import httpx
import structlog
import trio

from bot import metrics
from bot.http import Body, HttpClient
from bot.payments.errors import NotSentError, ProviderAwayError
from bot.payments.provider import ProviderName

log = structlog.get_logger(__name__)

CONNECTIONS = 8
"""Parallel requests to one provider: a shop's worth of taps, far below any provider's limits."""

MAX_RETRIES = 2
_FIRST_PAUSE = 0.3


@dataclass(frozen=True, slots=True)
class Call:
    """One request; `name` is what logs and metrics call it.

    `repeatable` is true of a read, and of what carries an idempotence key: sent again with the
    same key and body, it has one effect.
    """

    name: str
    method: str
    path: str
    body: bytes | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    repeatable: bool = False


class Exchange:
    """Sends calls to one provider and returns the answers that say something."""

    def __init__(
        self, http: HttpClient, provider: ProviderName, base_url: str, seconds: float
    ) -> None:
        self._http = http
        self._provider = provider
        self._base_url = base_url
        self._seconds = seconds

    async def __call__(self, call: Call) -> httpx.Response:
        """Send `call` and return its answer, which is below 500 and not a 429.

        Each attempt has PAYMENT_HTTP_TIMEOUT; the caller owns the deadline of the whole. It is
        tried again, twice, if it is repeatable or was never sent. Raises ProviderAwayError.
        Cancelled: it may or may not have taken effect.
        """
        started = trio.current_time()
        result = "cancelled"
        try:
            response = await self._with_retries(call)
            result = "ok" if response.is_success else "refused"
        except ProviderAwayError:
            result = "away"
            raise
        finally:
            metrics.PAYMENT_CALLS.labels(self._provider, call.name, result).inc()
            metrics.PAYMENT_SECONDS.labels(self._provider, call.name).observe(
                trio.current_time() - started
            )
        return response

    async def _with_retries(self, call: Call) -> httpx.Response:
        retries = 0
        while True:
            try:
                return await self._attempt(call)
            except ProviderAwayError as error:
                harmless = call.repeatable or isinstance(error, NotSentError)
                if not harmless or retries == MAX_RETRIES:
                    raise
                pause = _FIRST_PAUSE * 2**retries
                retries += 1
                log.info("payments.retry", call=call.name, error=str(error), seconds=pause)
                await trio.sleep(pause)

    async def _attempt(self, call: Call) -> httpx.Response:
        name = f"{self._provider} {call.name}"
        body = Body(headers={"accept": "application/json", **call.headers})
        if call.body is not None:
            body["content"] = call.body
            body["headers"]["content-type"] = "application/json"
        try:
            with trio.fail_after(self._seconds):
                response = await self._http.request(
                    call.method, f"{self._base_url}{call.path}", **body
                )
        except trio.TooSlowError:
            raise ProviderAwayError(f"{name}: no answer in time") from None
        except (httpx.ConnectError, httpx.ConnectTimeout):
            raise NotSentError(f"{name}: can't be reached") from None
        except httpx.HTTPError as error:
            raise ProviderAwayError(f"{name}: {type(error).__name__}") from None
        if response.status_code >= 500 or response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            raise ProviderAwayError(f"{name}: HTTP {response.status_code}")
        return response
