"""One update of a chat at a time, the lowest `update_id` of those that wait first.

Telegram delivers up to `max_connections` updates side by side, so two of one chat may come at
once and in any order. Waiting for a turn takes no update slot: a person who floods the bot fills
a queue of their own and nobody else's. (That is why the turn comes before the slot.)

A turn is handed over: it never becomes free while somebody waits, so nobody can slip in between,
and a task that was given the turn can't be cancelled before it knows (Trio doesn't abort a task
that is rescheduled already), so no turn is ever lost.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from types import TracebackType

import trio


@dataclass(order=True, slots=True)
class _Waiter:
    update_id: int
    arrival: int  # a redelivery has the same update_id: first come, first served
    task: trio.lowlevel.Task = field(compare=False)


class ChatOrder:
    """The turns of all chats that have an update now; empty when none has."""

    def __init__(self) -> None:
        # A key is here while somebody has its turn; its value is a heap of those who wait.
        self._waiting: dict[Hashable, list[_Waiter]] = {}
        self._arrivals = 0

    def __len__(self) -> int:
        """Return how many chats have an update on its way."""
        return len(self._waiting)

    def turn(self, chat: Hashable, update_id: int) -> "_Turn":
        """Hold the turn of `chat` for the length of the block; cancelled while waiting: nothing."""
        return _Turn(self, chat, update_id)

    async def acquire(self, chat: Hashable, update_id: int) -> None:
        """Wait for the turn of `chat`. Without contention it is taken at once, with no switch."""
        waiting = self._waiting.get(chat)
        if waiting is None:
            await trio.lowlevel.checkpoint_if_cancelled()
            self._waiting[chat] = []
            return
        self._arrivals += 1
        waiter = _Waiter(update_id, self._arrivals, trio.lowlevel.current_task())
        heappush(waiting, waiter)

        def leave(_: trio.lowlevel.RaiseCancelT) -> trio.lowlevel.Abort:
            waiting.remove(waiter)
            heapify(waiting)
            return trio.lowlevel.Abort.SUCCEEDED

        await trio.lowlevel.wait_task_rescheduled(leave)

    def release(self, chat: Hashable) -> None:
        """Give the turn of `chat` to the lowest update that waits for it, or to nobody."""
        waiting = self._waiting[chat]
        if waiting:
            trio.lowlevel.reschedule(heappop(waiting).task)
        else:
            del self._waiting[chat]


class _Turn:
    __slots__ = ("_chat", "_order", "_update_id")

    def __init__(self, order: ChatOrder, chat: Hashable, update_id: int) -> None:
        self._order = order
        self._chat = chat
        self._update_id = update_id

    async def __aenter__(self) -> None:
        await self._order.acquire(self._chat, self._update_id)

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._order.release(self._chat)
