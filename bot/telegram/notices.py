"""The few words that a person gets from the dispatcher itself, when no handler can speak."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.telegram.methods import AnswerCallbackQuery, Method, SendMessage
from bot.telegram.types import Update, User


@dataclass(frozen=True, slots=True)
class Notices:
    """Texts of the application, in the person's language."""

    too_fast: Callable[[User], str]
    failed: Callable[[User], str]


def notice(update: Update, words: Callable[[User], str]) -> Method[Any] | None:
    """Return `words` as an answer in kind: a toast for a button, a message for a message."""
    user = update.user
    if user is None:
        return None
    if update.callback_query is not None:
        return AnswerCallbackQuery(callback_query_id=update.callback_query.id, text=words(user))
    if update.message is not None:
        return SendMessage(chat_id=update.message.chat.id, text=words(user))
    return None
