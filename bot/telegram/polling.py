"""Updates by getUpdates, for a machine that Telegram can't reach.

A batch is handled side by side, chat by chat, and then confirmed up to the first update that is
not settled: an offset is all the acknowledgement that getUpdates has. So an update that fails
keeps those behind it waiting at Telegram, until it succeeds or is a dead letter; what came after
it and is settled is remembered here, and not handled twice.
"""

import json
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import structlog
import trio
from pydantic import ValidationError

from bot.settings import Settings
from bot.telegram.client import TelegramClient
from bot.telegram.dead_letters import MAX_TRIES
from bot.telegram.dispatcher import Dispatcher
from bot.telegram.errors import (
    ConflictError,
    RetryAfterError,
    ServerError,
    TelegramError,
    TransportError,
    UnauthorizedError,
)
from bot.telegram.methods import Method
from bot.telegram.outcome import Outcome
from bot.telegram.registration import delete_webhook
from bot.telegram.types import ALLOWED_UPDATES, Update

log = structlog.get_logger(__name__)

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0

_REPLY_SECONDS = 20.0
_GOODBYE_SECONDS = 3.0


async def poll(
    client: TelegramClient, dispatcher: Dispatcher, settings: Settings, *, stop: trio.Event
) -> None:
    """Take updates until `stop` is set; return when those that were taken have ended.

    Raises UnauthorizedError, in a group; after every other error of Telegram's it starts again.
    """
    # Telegram answers an empty poll before the client's own deadline for a call is over.
    seconds = max(1, int(settings.telegram_http_timeout.total_seconds()) - 3)
    await Poller(client, dispatcher, stop, long_poll_seconds=seconds).run()


class GetRawUpdates(Method[list[dict[str, Any]]]):
    """getUpdates, without a reading of the updates: each is read by itself (`_read`)."""

    name: ClassVar[str] = "getUpdates"
    repeatable: ClassVar[bool] = True

    offset: int | None = None
    limit: int
    timeout: int
    allowed_updates: list[str]


@dataclass(frozen=True, slots=True)
class _Received:
    """One update of a batch; `update` is None if it is in no form we know, for the reason given."""

    update_id: int
    raw: bytes
    update: Update | None
    unreadable: str = ""

    @property
    def turn(self) -> Hashable:
        """The chat; an update without one stands alone."""
        chat_id = self.update.chat_id if self.update else None
        return ("update", self.update_id) if chat_id is None else chat_id


@dataclass(slots=True)
class _Unsent:
    """The last reply of an update that is otherwise done."""

    reply: Method[Any]
    tries: int = 0


class Poller:
    """The loop, and what it knows of the updates above the confirmed offset."""

    def __init__(
        self,
        client: TelegramClient,
        dispatcher: Dispatcher,
        stop: trio.Event,
        *,
        long_poll_seconds: int,
    ) -> None:
        self._long_poll_seconds = long_poll_seconds
        self._client = client
        self._dispatcher = dispatcher
        self._stop = stop
        self._asking = trio.CancelScope()
        self._pause_seconds = FIRST_PAUSE_SECONDS
        self._offset: int | None = None
        self._settled: set[int] = set()
        self._unsent: dict[int, _Unsent] = {}

    async def run(self) -> None:
        """Be the loop, from taking the webhook away to the last confirmation."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._stop_asking)
            while not self._stop.is_set():
                await self._take_until_something_breaks()
            await self._say_goodbye()
            nursery.cancel_scope.cancel()

    async def _take_until_something_breaks(self) -> None:
        try:
            with self._interrupted_by_stop():
                await delete_webhook(self._client)
            while not self._stop.is_set():
                await self._take_a_batch()
        except UnauthorizedError:
            raise
        except ConflictError as error:
            log.warning(
                "polling.conflict",
                error=str(error),
                hint="another process polls with this token, or a webhook was set meanwhile: "
                "one bot, one process",
            )
            await self._pause()
        except (TelegramError, trio.TooSlowError) as error:
            log.warning("polling.interrupted", error=str(error) or "no answer in time")
            await self._pause()

    async def _take_a_batch(self) -> None:
        batch: list[_Received] = []
        with self._interrupted_by_stop():
            batch = await self._get_updates(seconds=self._long_poll_seconds)
        async with trio.open_nursery() as nursery:
            for updates in _by_chat(one for one in batch if one.update_id not in self._settled):
                nursery.start_soon(self._handle_in_order, updates)
        if self._confirm(batch):
            self._pause_seconds = FIRST_PAUSE_SECONDS
        else:
            await self._pause()

    async def _handle_in_order(self, updates: list[_Received]) -> None:
        """Handle the updates of one chat; those behind one that isn't settled wait with it."""
        for received in updates:
            if self._stop.is_set() or not await self._settle(received):
                return
            self._settled.add(received.update_id)

    async def _settle(self, received: _Received) -> bool:
        update_id = received.update_id
        if update_id not in self._unsent:
            outcome = await self._feed(received)
            if not outcome.settled or outcome.reply is None:
                return outcome.settled
            self._unsent[update_id] = _Unsent(outcome.reply)
        if not await self._deliver(self._unsent[update_id]):
            return False
        del self._unsent[update_id]
        return True

    async def _feed(self, received: _Received) -> Outcome:
        if received.update is None:
            return await self._dispatcher.bury_unreadable(
                received.update_id, raw=received.raw, error=received.unreadable
            )
        return await self._dispatcher.feed(received.update, raw=received.raw)

    async def _deliver(self, unsent: _Unsent) -> bool:
        """Send the reply that a webhook response would have carried; True: no more to be done."""
        unsent.tries += 1
        try:
            with trio.fail_after(_REPLY_SECONDS):
                await self._client(unsent.reply)
        except (RetryAfterError, ServerError, TransportError, trio.TooSlowError) as error:
            log.warning("polling.reply_not_sent", tries=unsent.tries, error=str(error))
            return unsent.tries >= MAX_TRIES
        except TelegramError as error:
            # As in a webhook response: what Telegram refuses there, nobody hears of.
            log.info("polling.reply_refused", error=str(error))
        return True

    def _confirm(self, batch: list[_Received]) -> bool:
        """Move the offset over what is settled; False if something of the batch isn't."""
        for update_id in sorted(received.update_id for received in batch):
            if update_id not in self._settled:
                return False
            self._settled.discard(update_id)
            self._offset = update_id + 1
        return True

    async def _get_updates(self, *, seconds: int, limit: int = 100) -> list[_Received]:
        with trio.fail_after(seconds + _REPLY_SECONDS):
            listed = await self._client(
                GetRawUpdates(
                    offset=self._offset,
                    limit=limit,
                    timeout=seconds,
                    allowed_updates=list(ALLOWED_UPDATES),
                )
            )
        return [_read(item) for item in listed]

    async def _say_goodbye(self) -> None:
        """Confirm what was handled last: only the next getUpdates would, and there is none."""
        if self._offset is None:
            return
        with trio.move_on_after(_GOODBYE_SECONDS):
            try:
                await self._get_updates(seconds=0, limit=1)
            except (TelegramError, trio.TooSlowError) as error:
                log.warning("polling.not_confirmed", offset=self._offset, error=str(error))

    async def _pause(self) -> None:
        """Wait, longer each time, but not for longer than until the stop."""
        with trio.move_on_after(self._pause_seconds):
            await self._stop.wait()
        self._pause_seconds = min(2 * self._pause_seconds, LONGEST_PAUSE_SECONDS)

    def _interrupted_by_stop(self) -> trio.CancelScope:
        """Return a scope that the stop cancels; for asking, never for handling."""
        self._asking = trio.CancelScope()
        if self._stop.is_set():
            self._asking.cancel(reason="stop")
        return self._asking

    async def _stop_asking(self) -> None:
        await self._stop.wait()
        self._asking.cancel(reason="stop")


def _read(item: dict[str, Any]) -> _Received:
    """Read one update by itself: one that can't be read must not spoil its whole batch."""
    raw = json.dumps(item, ensure_ascii=False).encode()
    try:
        return _Received(item["update_id"], raw, Update.model_validate(item))
    except ValidationError as error:
        reason = str(error.errors(include_url=False, include_input=False))
        return _Received(item["update_id"], raw, None, reason)


def _by_chat(batch: Iterable[_Received]) -> Iterable[list[_Received]]:
    """Group by chat, each in the order of `update_id`."""
    chats: dict[Hashable, list[_Received]] = {}
    for received in sorted(batch, key=lambda received: received.update_id):
        chats.setdefault(received.turn, []).append(received)
    return chats.values()
