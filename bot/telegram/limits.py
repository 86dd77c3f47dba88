"""How fast the bot may send: 30 messages a second in all, one a second to a chat.

Bots FAQ, "My bot is hitting limits": short bursts to one chat pass. A slot in the future is
booked at once and then waited for, so waiting is first come, first served, and whoever is
cancelled while waiting has used its slot: sending less than allowed is always allowed.
"""

import trio

OVERALL_PER_SECOND = 30
CHAT_BURST = 3
_FORGET_EVERY = 1024


class SendLimits:
    """Books the moments at which messages may go out; memory is that of the last seconds."""

    def __init__(self) -> None:
        self._overall_at = 0.0
        self._chat_at: dict[int | str, float] = {}
        self._booked = 0

    async def wait(self, chat_id: int | str) -> None:
        """Return when a message to this chat may go out."""
        await trio.sleep_until(self.book(chat_id))

    def book(self, chat_id: int | str) -> float:
        """Take the next slot and return its moment, which may be now."""
        now = trio.current_time()
        self._forget(now)
        # A bucket is the moment at which its debts are paid; a burst is a debt that is allowed.
        chat_at = max(self._chat_at.get(chat_id, 0.0), now - (CHAT_BURST - 1)) + 1
        overall_at = max(self._overall_at, now - 1) + 1 / OVERALL_PER_SECOND
        self._chat_at[chat_id], self._overall_at = chat_at, overall_at
        return max(now, chat_at - 1, overall_at - 1 / OVERALL_PER_SECOND)

    def _forget(self, now: float) -> None:
        self._booked += 1
        if self._booked % _FORGET_EVERY == 0:
            self._chat_at = {
                chat: at for chat, at in self._chat_at.items() if at > now - CHAT_BURST
            }
