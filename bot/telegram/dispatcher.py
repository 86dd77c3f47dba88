"""The way of an update, from the transport to its handler and back. Read `feed` downwards.

    last update     when it came
    rate limit      a person too fast is told so once and dropped; money is never dropped
    deadline        UPDATE_TIMEOUT around all that follows, the waiting too
    turn            one update of a chat at a time
    slot            MAX_CONCURRENT_UPDATES at a time; a pre_checkout_query takes none
    dedupe          done already: the same answer again, and nothing else
    error boundary  below it exceptions, above it outcomes
    routing         middlewares of the application, filters, the handler
    replies         all but the last are sent; the last travels with the transport, unless it
                    uploads a file: then it is sent as well

The turn comes before the slot: whoever waits for a turn holds nothing, so the flood of one
person can't take the slots of the others.

An update is settled (200) when its handler ended and its replies that had to be sent were sent,
or when it is kept as a dead letter. Everything else is 503, and Telegram delivers it again: a
handler that failed or ran out of time runs again; one that ended, but whose replies could not
all be sent, doesn't, only the rest is sent. `MAX_TRIES` bounds both. A transaction that was
committed before a failure is met again by the keys of its effects (design invariant 8).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
import trio

from bot import metrics
from bot.settings import Settings
from bot.telegram.client import TelegramClient
from bot.telegram.context import Context, Middleware, Reply
from bot.telegram.dead_letters import MAX_TRIES, DeadLetter, DeadLetters
from bot.telegram.errors import (
    ChatNotFoundError,
    ForbiddenError,
    MessageNotFoundError,
    NotModifiedError,
    QueryTooOldError,
)
from bot.telegram.methods import Method
from bot.telegram.middlewares.chat_order import ChatOrder
from bot.telegram.middlewares.dedupe import Progress, RecentUpdates
from bot.telegram.middlewares.error_boundary import ErrorBoundary
from bot.telegram.middlewares.last_update import LastUpdate
from bot.telegram.middlewares.limiter import UpdateSlots
from bot.telegram.middlewares.rate_limit import RateLimit, Verdict, never_limited
from bot.telegram.notices import Notices, notice
from bot.telegram.outcome import Outcome, Status, outcome_of
from bot.telegram.routing import Router, RoutingTable
from bot.telegram.types import Update

log = structlog.get_logger(__name__)

_REPLY_SECONDS = 15.0

# The person left, or the thing to change is gone or is as it should be: nothing is left to do.
_MOOT = (
    ForbiddenError,
    ChatNotFoundError,
    MessageNotFoundError,
    NotModifiedError,
    QueryTooOldError,
)


class Dispatcher:
    """Both transports call `feed`; what became of the update is their answer to Telegram."""

    def __init__(
        self,
        router: Router,
        *,
        settings: Settings,
        client: TelegramClient,
        lane: Any,
        clock: Callable[[], datetime],
        dead_letters: DeadLetters,
        notices: Notices,
        middlewares: Iterable[Middleware] = (),
        unavailable: tuple[type[Exception], ...] = (),
    ) -> None:
        self.last_update = LastUpdate()
        self.rate_limit = RateLimit(rate=settings.user_rate_limit, burst=settings.user_rate_burst)
        self.chat_order = ChatOrder()
        self.slots = UpdateSlots(settings.max_concurrent_updates)
        self.recent = RecentUpdates()
        self._timeout = settings.update_timeout.total_seconds()
        self._boundary = ErrorBoundary(unavailable)
        self._routing = RoutingTable(router.routes(), middlewares)
        self._client = client
        self._lane = lane
        self._clock = clock
        self._dead_letters = dead_letters
        self._notices = notices

    async def feed(self, update: Update, *, raw: bytes) -> Outcome:
        """Take an update to its handler; `raw` is what is kept of it if it ends as a dead letter.

        What a handler raises never comes out of it. Cancelled: nothing is held any more, and
        nothing is remembered as done that isn't.
        """
        self.last_update.note()
        kind, user = update.kind or "unknown", update.user
        # What the tree of tasks and the holders of connections are read by.
        task = trio.lowlevel.current_task()
        name, task.name = task.name, f"update {update.update_id} ({kind})"
        structlog.contextvars.bind_contextvars(
            update_id=update.update_id, kind=kind, user_id=user.id if user else None
        )
        try:
            outcome = self._refusal(update)
            if outcome is None:
                progress = self.recent.of(update.update_id)
                outcome = await self._admitted(_Delivery(update, kind, raw, progress))
        finally:
            structlog.contextvars.unbind_contextvars("update_id", "kind", "user_id", "handler")
            task.name = name
        metrics.UPDATES.labels(kind, outcome.status.value).inc()
        return outcome

    async def bury_unreadable(self, update_id: int, *, raw: bytes, error: str) -> Outcome:
        """Keep an update that isn't in a form we know: Telegram would send the same for a day."""
        self.last_update.note()
        letter = DeadLetter(update_id, "unreadable", None, error, 1, raw)
        buried = await self._dead_letters.bury(letter)
        outcome = Outcome(Status.DEAD_LETTER if buried else Status.UNAVAILABLE)
        metrics.UPDATES.labels("unreadable", outcome.status.value).inc()
        return outcome

    def _refusal(self, update: Update) -> Outcome | None:
        """Apply the rate limit. A redelivery of what was admitted once is admitted."""
        user = update.user
        if user is None or update.update_id in self.recent or never_limited(update):
            return None
        verdict = self.rate_limit.take(user.id)
        if verdict is Verdict.ADMITTED:
            return None
        if verdict is Verdict.REFUSED:
            return Outcome(Status.RATE_LIMITED)
        log.info("update.rate_limited")
        return outcome_of(Status.RATE_LIMITED, notice(update, self._notices.too_fast))

    async def _admitted(self, delivery: "_Delivery") -> Outcome:
        outcome = await self._within_deadline(delivery)
        update, progress = delivery.update, delivery.progress
        if outcome.settled or not delivery.had_its_turn or progress.tries < MAX_TRIES:
            return outcome
        letter = DeadLetter(
            update_id=update.update_id,
            kind=delivery.kind,
            user_id=update.user.id if update.user else None,
            error=progress.error,
            tries=progress.tries,
            body=delivery.raw,
        )
        if not await self._dead_letters.bury(letter):
            return outcome
        buried = outcome_of(Status.DEAD_LETTER, notice(update, self._notices.failed))
        self.recent.settle(update.update_id, progress, buried)
        return buried

    async def _within_deadline(self, delivery: "_Delivery") -> Outcome:
        with trio.move_on_after(self._timeout):
            return await self._in_turn(delivery)
        # Cancelled where it was: a transaction has rolled back, the slot and the turn are free.
        log.error(
            "update.timed_out",
            timeout_seconds=self._timeout,
            was_in="handler" if delivery.had_its_turn else "queue",
        )
        if delivery.had_its_turn:
            delivery.progress.count_failure(f"not ended within {self._timeout:g} seconds")
        return Outcome(Status.TIMEOUT)

    async def _in_turn(self, delivery: "_Delivery") -> Outcome:
        update = delivery.update
        # Without a chat (a pre_checkout_query) an update waits for no other, only for itself.
        chat = update.chat_id
        turn = ("update", update.update_id) if chat is None else chat
        async with (
            self.chat_order.turn(turn, update.update_id),
            self.slots.slot(update),
        ):
            delivery.had_its_turn = True
            delivery.progress = progress = self.recent.of(update.update_id)
            if progress.answer is not None:
                return progress.answer
            if progress.tries >= MAX_TRIES:  # and burying it has failed: only that is left
                return Outcome(Status.FAILED)
            return await self._boundary.attempt(
                lambda: self._take_effect(update, progress), progress
            )

    async def _take_effect(self, update: Update, progress: Progress) -> Outcome:
        if progress.handled_as is None:
            ctx = Context(update, self._clock(), self._client, self._lane)
            reply = await self._routing(ctx)
            # No await between the end of the handler and this: it must not run again.
            progress.handled_as = Status.HANDLED if ctx.handler else Status.UNHANDLED
            progress.unsent = _as_tuple(reply)
        while len(progress.unsent) > 1 or (progress.unsent and progress.unsent[0].has_upload):
            await self._send(progress.unsent[0])
            progress.unsent = progress.unsent[1:]
        last = progress.unsent[0] if progress.unsent else None
        outcome = outcome_of(progress.handled_as, last)
        self.recent.settle(update.update_id, progress, outcome)
        return outcome

    async def _send(self, method: Method[Any]) -> None:
        try:
            # When Telegram asks for a longer pause than this, the client says so at once: the
            # slot is better used by somebody else, and the rest is sent on redelivery.
            with trio.fail_after(_REPLY_SECONDS):
                await self._client(method)
        except _MOOT as error:
            log.info("reply.moot", method=method.name, error=str(error))


@dataclass(slots=True)
class _Delivery:
    """One delivery of an update, which Telegram may deliver many times."""

    update: Update
    kind: str
    raw: bytes
    progress: Progress
    had_its_turn: bool = False


def _as_tuple(reply: Reply) -> tuple[Method[Any], ...]:
    if reply is None:
        return ()
    return tuple(reply) if isinstance(reply, Sequence) else (reply,)
