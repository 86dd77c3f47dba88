"""How fast the bot may send, and how long Telegram has asked it not to.

Bots FAQ, "My bot is hitting limits": 30 messages a second in all; one a second to a chat, where
short bursts pass. It is first come, first served, in all and in each chat.
"""

import math
from dataclasses import dataclass, field

import trio

# A bucket that refills while it is emptied lets the sum of both through in its first second:
# together these are the 30 of the FAQ.
OVERALL_BURST = 5
OVERALL_PER_SECOND = 25
CHAT_BURST = 3
_STEP = 1 / OVERALL_PER_SECOND
_FORGET_EVERY = 1024


@dataclass(slots=True, eq=False)
class _Chat:
    """A chat's bucket: `paid_at` is when its debts are paid; one sender at a time adds to them."""

    paid_at: float = -math.inf
    turn: trio.Lock = field(default_factory=trio.Lock)


class SendLimits:
    """Lets messages go, each at its moment; memory is that of the last seconds."""

    def __init__(self) -> None:
        self._paid_at = -math.inf
        self._chats: dict[int | str, _Chat] = {}
        self._seen = 0

    async def wait(self, chat_id: int | str) -> None:
        """Return when a message to this chat may go out: it is counted, and goes now.

        Cancelled: the chat's next message doesn't wait for it; a slot in all may be lost.
        """
        chat = self._chat(chat_id)
        async with chat.turn:
            await trio.sleep_until(chat.paid_at - (CHAT_BURST - 1))
            # Only now: a slot in the future would be one that no other chat gets meanwhile.
            self._owe_overall()
            await trio.sleep_until(self._paid_at - OVERALL_BURST * _STEP)
            _owe(chat)

    def note(self, chat_id: int | str) -> None:
        """Count a message that goes out now whatever the limits say: later ones wait for it."""
        _owe(self._chat(chat_id))
        self._owe_overall()

    def _owe_overall(self) -> None:
        self._paid_at = max(self._paid_at, trio.current_time()) + _STEP

    def _chat(self, chat_id: int | str) -> _Chat:
        self._seen += 1
        if self._seen % _FORGET_EVERY == 0:
            now = trio.current_time()
            self._chats = {
                key: chat
                for key, chat in self._chats.items()
                if chat.paid_at > now or chat.turn.locked()
            }
        return self._chats.setdefault(chat_id, _Chat())


def _owe(chat: _Chat) -> None:
    chat.paid_at = max(chat.paid_at, trio.current_time()) + 1


class FloodPauses:
    """The pauses that came with a 429, each kept by what shares the limit that was hit.

    Telegram doesn't say which limit it was. For a message it is taken to be the chat's; a second
    chat that is refused meanwhile shows that it was the one on all messages. For any other
    method it is the method's own: a pause of hours for setMyCommands silences nobody.
    """

    def __init__(self) -> None:
        self._methods: dict[str, float] = {}
        self._chats: dict[int | str, float] = {}
        self._all_messages = -math.inf

    def note(self, method: str, chat_id: int | str | None, seconds: float) -> None:
        """Keep a pause that Telegram has just asked for; `chat_id` is None if it's no message."""
        now = trio.current_time()
        until = now + seconds
        if chat_id is None:
            self._methods[method] = max(self._methods.get(method, until), until)
            return
        self._chats = {chat: at for chat, at in self._chats.items() if at > now}
        if self._chats.keys() - {chat_id}:
            self._all_messages = max(self._all_messages, until)
        self._chats[chat_id] = max(self._chats.get(chat_id, until), until)

    def seconds_left(self, method: str, chat_id: int | str | None) -> float:
        """Return how long a call must still wait; 0 if it may go out."""
        if chat_id is None:
            until = self._methods.get(method, -math.inf)
        else:
            until = max(self._chats.get(chat_id, -math.inf), self._all_messages)
        return max(0.0, until - trio.current_time())
