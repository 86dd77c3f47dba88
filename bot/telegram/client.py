"""The client of the Bot API: deadlines, limits, retries, and errors that say what to do.

The token is a part of every address, so nothing that httpx raises is let through: its errors
carry the request. What is raised here names the method and the kind of failure, no more.
"""

import json
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import httpx
import structlog
import trio
from pydantic import BaseModel, ValidationError

from bot import metrics
from bot.http import Body, HttpClient, open_http_client
from bot.settings import Settings
from bot.telegram.errors import (
    RetryAfterError,
    ServerError,
    TelegramError,
    TransportError,
    api_error,
)
from bot.telegram.limits import FloodPauses, SendLimits
from bot.telegram.methods import InputFile, Method
from bot.telegram.methods.method import UPLOAD_PART
from bot.telegram.types import ResponseParameters

log = structlog.get_logger(__name__)

T = TypeVar("T")

MAX_RETRIES = 2
_FIRST_PAUSE = 0.3


class _Answer(BaseModel):
    """Bot API, "Making requests": every answer has this shape."""

    ok: bool
    result: Any = None
    error_code: int = 0
    description: str = ""
    parameters: ResponseParameters | None = None


class _NotSentError(TransportError):
    """The connection was never made: nothing can have taken effect."""


class TelegramClient:
    """Calls methods: `await client(SendMessage(...))`. Made by `open_telegram`."""

    def __init__(self, http: HttpClient, base_url: str, token: str, seconds: float) -> None:
        self._http = http
        self._base_url = f"{base_url}/bot{token}"
        self._seconds = seconds
        self._limits = SendLimits()
        self._pauses = FloodPauses()

    def __repr__(self) -> str:
        return "<TelegramClient>"

    async def __call__(self, method: Method[T]) -> T:
        """Call `method` and return its result.

        Each attempt has TELEGRAM_HTTP_TIMEOUT; the caller owns the deadline of the whole. A 429
        is waited for if the caller's deadline allows it. Failures of the network and of Telegram
        are tried again, twice, where repeating is harmless. Raises classes of
        `bot.telegram.errors`. Cancelled: the request may or may not have taken effect.
        """
        started = trio.current_time()
        result = "cancelled"
        try:
            value = await self._with_retries(method)
            result = "ok"
        except TelegramError as error:
            result = type(error).__name__.removesuffix("Error").lower()
            raise
        finally:
            metrics.API_CALLS.labels(method.name, result).inc()
            metrics.API_SECONDS.labels(method.name).observe(trio.current_time() - started)
        return value

    def note_reply(self, method: Method[Any]) -> None:
        """Count a method that goes out in a webhook response: it uses the limits all the same."""
        if (chat_id := _limited_chat(method)) is not None:
            self._limits.note(chat_id)

    async def _with_retries(self, method: Method[T]) -> T:
        chat_id = _limited_chat(method)
        retries = 0
        while True:
            await self._wait_for_a_turn(method, chat_id)
            try:
                return await self._attempt(method)
            except RetryAfterError as error:
                log.warning(
                    "telegram.flood", method=method.name, retry_after_seconds=error.retry_after
                )
                self._pauses.note(method.name, chat_id, error.retry_after)
            except (TransportError, ServerError) as error:
                harmless = method.repeatable or isinstance(error, _NotSentError)
                if not harmless or retries == MAX_RETRIES:
                    raise
                pause = _FIRST_PAUSE * 2**retries
                retries += 1
                log.info("telegram.retry", method=method.name, error=str(error), seconds=pause)
                await trio.sleep(pause)

    async def _wait_for_a_turn(self, method: Method[Any], chat_id: int | str | None) -> None:
        """Wait out Telegram's pauses, then the limits; raise where the caller hasn't the time."""
        while True:
            while seconds := self._pauses.seconds_left(method.name, chat_id):
                if trio.current_time() + seconds >= trio.current_effective_deadline():
                    left = math.ceil(seconds)
                    raise RetryAfterError(
                        429,
                        f"Too Many Requests: retry after {left}",
                        ResponseParameters(retry_after=left),
                    )
                await trio.sleep(seconds)
            if chat_id is None:
                return
            await self._limits.wait(chat_id)
            if not self._pauses.seconds_left(method.name, chat_id):
                return

    async def _attempt(self, method: Method[T]) -> T:
        parameters = method.parameters()
        # A long poll answers when its own time is up; only after that is silence a fault.
        patience = parameters.get("timeout", 0) if method.name == "getUpdates" else 0
        try:
            with trio.fail_after(self._seconds + patience):
                response = await self._http.request(
                    "POST",
                    f"{self._base_url}/{method.name}",
                    **_body(parameters, method.upload),
                )
        except trio.TooSlowError:
            raise TransportError(f"{method.name}: no answer in time") from None
        except (httpx.ConnectError, httpx.ConnectTimeout):
            raise _NotSentError(f"{method.name}: Telegram can't be reached") from None
        except httpx.HTTPError as error:
            raise TransportError(f"{method.name}: {type(error).__name__}") from None
        return _result(method, response)


def _body(parameters: dict[str, Any], upload: InputFile | None) -> Body:
    """Return the parameters as JSON, or, with a file beside them, as multipart/form-data."""
    if upload is None:
        headers = {"content-type": "application/json"}
        return {"content": json.dumps(parameters).encode(), "headers": headers}
    # Bot API: "Making requests": in a form whatever is not a string is JSON.
    form = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in parameters.items()
    }
    return {"data": form, "files": {UPLOAD_PART: (upload.filename, upload.content)}}


def _result(method: Method[T], response: httpx.Response) -> T:
    try:
        answer = _Answer.model_validate_json(response.content)
        if answer.ok:
            value: T = method.result().validate_python(answer.result)
            return value
    except ValidationError:
        # A proxy's page, half an answer, or a result in a form we don't know.
        if response.status_code >= 500:
            raise ServerError(response.status_code, f"{method.name}: not in JSON") from None
        raise TransportError(
            f"{method.name}: an answer that can't be read (HTTP {response.status_code})"
        ) from None
    code = answer.error_code or response.status_code
    raise api_error(code, answer.description, answer.parameters)


def _limited_chat(method: Method[Any]) -> int | str | None:
    """Return the chat if the method counts as a message; edits do."""
    if method.name.startswith(("send", "edit", "copy", "forward")):
        chat_id: int | str | None = getattr(method, "chat_id", None)
        return chat_id
    return None


@asynccontextmanager
async def open_telegram(settings: Settings) -> AsyncIterator[TelegramClient]:
    """Yield a client for the configured bot; its connections are closed on the way out."""
    seconds = settings.telegram_http_timeout.total_seconds()
    async with open_http_client(
        connections=settings.telegram_connections, phase_seconds=seconds
    ) as http:
        yield TelegramClient(
            http, settings.telegram_api_url, settings.bot_token.get_secret_value(), seconds
        )
