"""Sends what waits in the outbox: answers first, then reminders, then broadcasts.

Telegram's rates are kept by the client, which every sender shares. A notice is noted as sent as
soon as Telegram has taken it, shielded from cancellation: only a crash in between can send one
twice. A person who blocked the bot is marked, and gets nothing of what waits for them.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import structlog
import trio

from bot import metrics
from bot.db import Lane
from bot.shop.deliveries import (
    Notice,
    address_admins,
    claim_notices,
    give_up,
    notices_sent,
    person_left,
    put_off,
)
from bot.telegram.client import TelegramClient
from bot.telegram.errors import (
    ApiError,
    ChatNotFoundError,
    ForbiddenError,
    RetryAfterError,
    ServerError,
    TelegramError,
    TransportError,
    UnauthorizedError,
)
from bot.telegram.methods import Method

log = structlog.get_logger(__name__)

Render: TypeAlias = Callable[[Notice], Method[Any]]

_BATCH = 30
_SIDE_BY_SIDE = 8
_RECORDING_SECONDS = 5.0
_FIRST_PAUSE = timedelta(seconds=5)
_LONGEST_PAUSE = timedelta(minutes=10)
_LAST_BATCH_STARTS_BEFORE = 20.0
DEADLINE = timedelta(seconds=55)
LEASE = timedelta(seconds=90)


@dataclass(slots=True)
class _Flood:
    """Until when Telegram wants no more, as one of a batch was told."""

    until: datetime | None = None


class Notifier:
    """The tick that empties the outbox; `render` makes a call to the Bot API of a notice."""

    def __init__(
        self,
        lane: Lane,
        client: TelegramClient,
        *,
        render: Render,
        admin_ids: Collection[int],
        clock: Callable[[], datetime],
    ) -> None:
        self._lane = lane
        self._client = client
        self._render = render
        self._admin_ids = admin_ids
        self._clock = clock
        self._recording = trio.Lock()

    async def tick(self) -> None:
        """Send what is due, batch by batch; the rest waits for the next tick."""
        started = trio.current_time()
        await address_admins(self._lane, self._admin_ids, self._clock())
        while trio.current_time() - started < _LAST_BATCH_STARTS_BEFORE:
            notices = await claim_notices(self._lane, self._clock(), limit=_BATCH, lease=LEASE)
            if not notices:
                return
            slots, flood = trio.CapacityLimiter(_SIDE_BY_SIDE), _Flood()
            async with trio.open_nursery() as nursery:
                for notice in notices:
                    nursery.start_soon(
                        self._deliver, notice, slots, flood, name=f"notice {notice.id}"
                    )
            if flood.until is not None:
                return

    async def _deliver(self, notice: Notice, slots: trio.CapacityLimiter, flood: _Flood) -> None:
        async with slots:
            if flood.until is not None:
                await self._wait_for_flood(notice, flood.until)
                return
            try:
                method = self._render(notice)
            except (KeyError, ValueError) as error:
                # A fault of ours in one text; the others still go out.
                log.exception("notice.unreadable", kind=notice.kind, notice=notice.id)
                async with self._recording:
                    await give_up(self._lane, notice, error=repr(error), now=self._clock())
                return
            try:
                await self._client(method)
            except RetryAfterError as error:
                flood.until = self._clock() + timedelta(seconds=error.retry_after)
                await self._wait_for_flood(notice, flood.until)
            except TelegramError as error:
                await self._refused(notice, error)
            else:
                with trio.move_on_after(_RECORDING_SECONDS, shield=True):
                    # One at a time: a tick holds one connection, however many are under way.
                    async with self._recording:
                        await notices_sent(self._lane, [notice.id], self._clock())
                metrics.NOTICES.labels(notice.kind, "sent").inc()

    async def _wait_for_flood(self, notice: Notice, until: datetime) -> None:
        async with self._recording:
            await put_off(self._lane, [notice.id], until=until, error="flood", blameless=True)
        metrics.NOTICES.labels(notice.kind, "flood").inc()

    async def _refused(self, notice: Notice, error: TelegramError) -> None:
        async with self._recording:
            result = await self._note_refusal(notice, error)
        metrics.NOTICES.labels(notice.kind, result).inc()

    async def _note_refusal(self, notice: Notice, error: TelegramError) -> str:
        now, words = self._clock(), str(error)
        match error:
            case ForbiddenError() | ChatNotFoundError():
                await person_left(self._lane, notice.chat_id, error=words, now=now)
                return "left"
            case TransportError() | ServerError():
                pause = min(_FIRST_PAUSE * 2 ** min(notice.attempts - 1, 10), _LONGEST_PAUSE)
                await put_off(self._lane, [notice.id], until=now + pause, error=words)
                return "away"
            case UnauthorizedError():
                raise error  # it isn't the notice that is refused
            case ApiError():
                # Refused for good: a fault of ours, and another try would get the same answer.
                log.error("notice.refused", kind=notice.kind, notice=notice.id, error=words)
                await give_up(self._lane, notice, error=words, now=now)
                return "refused"
            case _:
                raise error
