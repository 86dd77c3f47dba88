"""Telegram's refusals, as nearly in its own words as they are known.

Many texts are those of the Bot API server (tdlib/telegram-bot-api, Client.cpp), of TDLib, and of
the servers behind them, whose errors (core.telegram.org/api/errors) arrive as they are:
`Bad Request: BUTTON_DATA_INVALID`. Others were written from memory and not compared with a real
answer: the status and the meaning hold, the exact words may differ. So the bot decides by the few
texts that `bot.telegram.errors` matches, and by no other.
"""

from typing import Any


class RefusalError(Exception):
    """What Telegram answers instead of a result."""

    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


def bad(description: str) -> RefusalError:
    """Return the refusal of a request that can't be carried out as it is."""
    return RefusalError(400, f"Bad Request: {description}")


QUERY_TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the "
    "same as a current content and reply markup of the message"
)
