"""POST /telegram/webhook as a plain ASGI application; everything else goes to the one behind it.

It stands in front of Quart for two reasons. Speed: Quart costs about a tenth of what a whole
update costs. And safety: Quart-Trio cancels a handler when the client goes away, which could cut
an update off between its commit and its answer; a plain application is told of it and goes on.

Statuses, as Telegram understands them (anything but 2xx is delivered again):
200 settled · 400 not an update · 401 not Telegram · 405 not a POST · 408 body too slow ·
413 body too large · 503 not ready, a peer is away, or the update failed: later, please.
"""

import hmac
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

import structlog
import trio
from pydantic import ValidationError

from bot import metrics
from bot.telegram.client import TelegramClient
from bot.telegram.dispatcher import Dispatcher
from bot.telegram.outcome import Outcome
from bot.telegram.types import Update

log = structlog.get_logger(__name__)

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[Message, Receive, Send], Awaitable[None]]

PATH = "/telegram/webhook"
MAX_BODY_BYTES = 1024 * 1024
NOT_READY_RETRY_SECONDS = 5

_LAST = "http.response.body"
_SECRET_HEADER = b"x-telegram-bot-api-secret-token"
_JSON = (b"content-type", b"application/json")


class _RefusedError(Exception):
    """The request gets `status`; its body may be unread."""

    def __init__(self, status: int, *headers: tuple[bytes, bytes]) -> None:
        super().__init__(status)
        self.status = status
        self.headers = headers


class _ClientGoneError(Exception):
    """The client left before its request was complete: there is nobody to answer."""


class Webhook:
    """The public application. `ready` returns the reason why updates can't be taken, or None."""

    body_seconds = 10.0
    """Deadline for the whole body of a request to arrive."""

    def __init__(
        self,
        inner: Application,
        dispatcher: Dispatcher,
        *,
        client: TelegramClient,
        secret: str,
        ready: Callable[[], str | None],
    ) -> None:
        self._inner = inner
        self._dispatcher = dispatcher
        self._client = client
        self._secret = secret.encode()
        self._ready = ready
        self.in_flight = 0
        """Requests that came to the webhook and are not answered yet."""
        metrics.WEBHOOK_IN_FLIGHT.set_function(lambda: self.in_flight)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one ASGI scope."""
        if scope["type"] == "http" and scope["path"] == PATH:
            self.in_flight += 1
            try:
                await self._answer(scope, receive, send)
            finally:
                self.in_flight -= 1
        else:
            await self._inner(scope, receive, send)

    async def _answer(self, scope: Message, receive: Receive, send: Send) -> None:
        try:
            self._admit(scope)
            raw = await self._read(receive)
            outcome = await self._take(raw)
        except _RefusedError as refused:
            await _refuse(refused, receive, send)
        except _ClientGoneError:
            log.info("webhook.client_gone")
        else:
            if outcome.reply is not None:
                self._client.note_reply(outcome.reply)
            await _respond(outcome, send)

    def _admit(self, scope: Message) -> None:
        """Decide by the head of the request alone; the body is not touched before."""
        if scope["method"] != "POST":
            raise _RefusedError(405, (b"allow", b"POST"))
        secret, length = b"", b"0"
        for name, value in scope["headers"]:
            if name == _SECRET_HEADER:
                secret = value
            elif name == b"content-length":
                length = value
        if not hmac.compare_digest(secret, self._secret):
            raise _RefusedError(401)
        if int(length) > MAX_BODY_BYTES:
            raise _RefusedError(413)
        if self._ready() is not None:
            raise _RefusedError(503, _retry_after(NOT_READY_RETRY_SECONDS))

    async def _read(self, receive: Receive) -> bytes:
        """Read the body; at most its limit and one part more is ever held."""
        parts: list[bytes] = []
        size = 0
        with trio.move_on_after(self.body_seconds):
            while True:
                event = await receive()
                if event["type"] == "http.disconnect":
                    raise _ClientGoneError
                parts.append(event["body"])
                size += len(parts[-1])
                if size > MAX_BODY_BYTES:
                    raise _RefusedError(413)
                if not event["more_body"]:
                    return b"".join(parts)
        raise _RefusedError(408)

    async def _take(self, raw: bytes) -> Outcome:
        try:
            update = Update.model_validate_json(raw)
        except ValidationError as error:
            update_id = _update_id(raw)
            if update_id is None:
                log.warning("webhook.not_an_update", bytes=len(raw))
                raise _RefusedError(400) from None
            # It is Telegram's, and in a form we don't know: 400 would bring it back for a day.
            reason = str(error.errors(include_url=False, include_input=False))
            return await self._dispatcher.bury_unreadable(update_id, raw=raw, error=reason)
        return await self._dispatcher.feed(update, raw=raw)


def _update_id(raw: bytes) -> int | None:
    """Return the `update_id` of an object that has one, whatever else it has."""
    try:
        body = json.loads(raw.decode())  # bytes would be taken for UTF-16 as well
    except (ValueError, RecursionError):
        return None
    update_id = body.get("update_id") if isinstance(body, dict) else None
    # Not a bool, and what fits a bigint.
    return update_id if type(update_id) is int and 0 <= update_id < 2**63 else None


def _retry_after(seconds: int) -> tuple[bytes, bytes]:
    return (b"retry-after", str(seconds).encode())


def _start(status: int, length: int, *headers: tuple[bytes, bytes]) -> Message:
    return {
        "type": "http.response.start",
        "status": status,
        "headers": [(b"content-length", str(length).encode()), *headers],
    }


_EMPTY_200 = _start(200, 0)
_EMPTY_BODY: Message = {"type": _LAST, "body": b""}


async def _respond(outcome: Outcome, send: Send) -> None:
    """Answer what the dispatcher decided; the reply is carried out by Telegram."""
    if not outcome.settled:
        _count(503)
        await send(_start(503, 0, _retry_after(outcome.retry_after)))
        await send(_EMPTY_BODY)
        return
    _count(200)
    if outcome.body:
        await send(_start(200, len(outcome.body), _JSON))
        await send({"type": _LAST, "body": outcome.body})
    else:
        await send(_EMPTY_200)
        await send(_EMPTY_BODY)


async def _refuse(refused: _RefusedError, receive: Receive, send: Send) -> None:
    """Answer without having read the body, and throw away what of it still comes meanwhile.

    Hypercorn queues ten parts of a body, then it waits for the application to read on, also
    inside the sending of the answer: a large body left unread would hold the connection for good.
    """
    _count(refused.status)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_discard, receive)
        await send(_start(refused.status, 0, *refused.headers))
        await send(_EMPTY_BODY)
        nursery.cancel_scope.cancel()


async def _discard(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _count(status: int) -> None:
    metrics.WEBHOOK_REQUESTS.labels(status).inc()
