"""When no update comes: asks Telegram why, registers the webhook again, tells the administrators.

It cancels nothing and restarts nothing: silence is either a quiet night or a fault outside of this
process, and Telegram keeps the updates meanwhile.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

import structlog
import trio

from bot.telegram.types import WebhookInfo

log = structlog.get_logger(__name__)


class Cause(StrEnum):
    """Why updates wait at Telegram, as far as Telegram knows."""

    SECRET = "secret"  # noqa: S105 - our own 401: Telegram sends another secret than ours
    NOT_READY = "not-ready"  # our own 503
    OTHER_SERVER = "other-server"  # an answer that this program doesn't give
    CERTIFICATE = "certificate"
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"  # updates wait, and Telegram names no error


class Event(StrEnum):
    """What administrators are told of."""

    REPAIRED = "repaired"
    SILENT = "silent"
    BACK = "back"


@dataclass(frozen=True, slots=True)
class WebhookAlert:
    """Something that administrators should know of the webhook."""

    event: Event
    silent_for: timedelta
    pending: int
    cause: Cause
    error: str | None


Look: TypeAlias = Callable[[], Awaitable[tuple[WebhookInfo, list[str]]]]
"""Returns what Telegram says of the webhook, and what of it somebody has changed."""


@dataclass(slots=True)
class UpdateSilence:
    """The watch over the webhook's registration; it acts once in each spell of silence.

    `last_update_at` is Trio's clock, `now` an aware UTC time; `register` sets the webhook as this
    process wants it; `tell` raises if no administrator was reached, and is tried again then.
    """

    look: Look
    register: Callable[[], Awaitable[None]]
    tell: Callable[[WebhookAlert], Awaitable[None]]
    last_update_at: Callable[[], float]
    now: Callable[[], datetime]
    threshold: timedelta
    webhook: WebhookInfo | None = None
    _told_of: float | None = None
    """The last update before the silence that administrators know of."""

    async def tick(self) -> None:
        """Repair a registration that is not ours; explain a silence that has updates behind it."""
        info, changed = await self.look()
        self.webhook = info
        last = self.last_update_at()
        silent_for = timedelta(seconds=trio.current_time() - last)
        if changed:
            log.warning("webhook.changed_by_others", changed=changed, found_url=info.url)
            await self.register()
            await self.tell(_alert(Event.REPAIRED, silent_for, info))
        elif silent_for >= self.threshold:
            await self._explain(info, silent_for, last)
        elif self._told_of is not None and last > self._told_of:
            log.info("updates.back")
            await self.tell(_alert(Event.BACK, silent_for, info))
            self._told_of = None

    async def _explain(self, info: WebhookInfo, silent_for: timedelta, last: float) -> None:
        failed = (info.last_error_date or 0) >= int((self.now() - silent_for).timestamp())
        log.info(
            "updates.silent",
            silent_seconds=round(silent_for.total_seconds()),
            pending=info.pending_update_count,
            last_error=info.last_error_message,
            failed_since=failed,
        )
        # Nobody writing is no fault. Updates that wait at Telegram and don't come are one, and so
        # are those that Telegram tried to bring in vain and gave up.
        if not (info.pending_update_count or failed) or self._told_of == last:
            return
        # Telegram doesn't show the secret that it sends; registering anew puts ours back in its
        # place, and changes nothing where nothing was changed.
        await self.register()
        await self.tell(_alert(Event.SILENT, silent_for, info))
        self._told_of = last


def _alert(event: Event, silent_for: timedelta, info: WebhookInfo) -> WebhookAlert:
    return WebhookAlert(
        event=event,
        silent_for=silent_for,
        pending=info.pending_update_count,
        cause=cause_of(info.last_error_message),
        error=info.last_error_message,
    )


def cause_of(error: str | None) -> Cause:
    """Read what `last_error_message` means; there is nothing but its text.

    The words are those of Telegram's Bot API server (tdlib/telegram-bot-api, WebhookActor.cpp).
    """
    if not error:
        return Cause.UNKNOWN
    if answer := re.match(r"Wrong response from the webhook: (\d{3})", error):
        return {"401": Cause.SECRET, "503": Cause.NOT_READY}.get(answer[1], Cause.OTHER_SERVER)
    if re.search(r"SSL|certificate", error, re.IGNORECASE):
        return Cause.CERTIFICATE
    return Cause.UNREACHABLE
