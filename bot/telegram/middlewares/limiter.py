"""MAX_CONCURRENT_UPDATES: how many handlers run at the same time."""

from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any

import trio

from bot.telegram.types import Update


class UpdateSlots:
    """At most `total` updates are handled at once; who waits is served in order of arrival.

    A slot is taken after the turn in the chat, so each chat waits for at most one slot.
    """

    def __init__(self, total: int) -> None:
        self.limiter = trio.CapacityLimiter(total)
        self._no_slot: AbstractAsyncContextManager[None] = nullcontext()

    def slot(self, update: Update) -> AbstractAsyncContextManager[Any]:
        """Hold a slot for the length of the block; cancelled while waiting: nothing is held."""
        # Bot API: answerPreCheckoutQuery must come within 10 seconds, so it stands in no queue.
        return self._no_slot if update.pre_checkout_query is not None else self.limiter
