"""People: who they are, the language they chose, what brought them, whether they can be reached."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from bot.db import Lane

Locale: TypeAlias = Literal["ru", "en"]

# Telegram's language_code of people who read Russian more easily than English.
_READ_RUSSIAN = frozenset({"ru", "uk", "be", "kk", "ky", "uz", "tg", "hy", "az"})


@dataclass(frozen=True, slots=True)
class Profile:
    """What Telegram says of a person at the moment."""

    id: int
    first_name: str
    last_name: str | None
    username: str | None
    language_code: str | None


@dataclass(frozen=True, slots=True)
class User:
    """A person as the database knows them."""

    id: int
    first_name: str
    last_name: str | None
    username: str | None
    language_code: str | None
    language: Locale | None
    start_payload: str | None
    blocked_at: datetime | None
    banned_at: datetime | None = None
    awaiting: str | None = None
    access_until: datetime | None = None  # in the past: it is over; None: they never had any

    @property
    def locale(self) -> Locale:
        """The language to speak: the chosen one, else the one of the person's Telegram."""
        return self.language or locale_of(self.language_code)


def locale_of(language_code: str | None) -> Locale:
    """Return the language to speak to somebody who hasn't chosen one."""
    primary = (language_code or "").partition("-")[0].lower()
    return "ru" if primary in _READ_RUSSIAN else "en"


_CHOOSE_LANGUAGE = "update users set language = $2 where id = $1"

# The first deep link wins: it says who brought the person.
_KEEP_START_PAYLOAD = """
    update users set start_payload = $2 where id = $1 and start_payload is null
"""

_AWAIT = "update users set awaiting = $2 where id = $1 and awaiting is distinct from $2"

# Updates come in any order and more than once: only a later date changes anything.
_MARK_MEMBERSHIP = """
    update users
       set blocked_at = case when $2 then $3::timestamptz end,
           membership_at = $3
     where id = $1 and (membership_at is null or membership_at < $3)
"""


async def choose_language(lane: Lane, user_id: int, language: Locale) -> None:
    """Remember the language that the person chose; safe to repeat."""
    await lane.execute(_CHOOSE_LANGUAGE, user_id, language)


async def keep_start_payload(lane: Lane, user_id: int, payload: str) -> None:
    """Keep the payload of the first deep link; later ones change nothing."""
    await lane.execute(_KEEP_START_PAYLOAD, user_id, payload)


async def await_words(lane: Lane, user_id: int, question: str | None) -> None:
    """Note what the person's next words answer, or that nothing is asked; safe to repeat."""
    await lane.execute(_AWAIT, user_id, question)


async def mark_membership(lane: Lane, user_id: int, *, blocked: bool, at: datetime) -> None:
    """Note that the person blocked the bot at `at`, or came back; older news changes nothing."""
    await lane.execute(_MARK_MEMBERSHIP, user_id, blocked, at)
