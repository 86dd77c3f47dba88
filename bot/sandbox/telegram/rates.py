"""How much a bot may send: about 30 messages a second, and one a second to a chat.

Bots FAQ, "My bot is hitting limits": short bursts to one chat pass. A bucket is the moment at
which its debt is paid; a burst is a debt that is allowed.
"""

import math

import trio

from bot.sandbox.telegram.refusals import RefusalError


class Rates:
    """Counts what is sent; `admit` refuses what is too much, and refuses without counting."""

    def __init__(self, *, overall_per_second: int, chat_burst: int) -> None:
        self._overall_cost = 1 / overall_per_second
        self._chat_burst = chat_burst
        self._overall_at = 0.0
        self._chat_at: dict[int, float] = {}

    def admit(self, chat_id: int) -> None:
        """Count one message to a chat; raises RefusalError (429) with `retry_after`."""
        now = trio.current_time()
        overall_at = max(self._overall_at, now) + self._overall_cost
        chat_at = max(self._chat_at.get(chat_id, 0.0), now) + 1
        # Sums of fractions are not exact: a rounding error is no message.
        late = max(overall_at - now - 1, chat_at - now - self._chat_burst)
        if late > 1e-9:
            seconds = math.ceil(late)
            raise RefusalError(
                429, f"Too Many Requests: retry after {seconds}", retry_after=seconds
            )
        self._overall_at, self._chat_at[chat_id] = overall_at, chat_at
