"""Support: which message of a person stands where, so that an answer finds the way to them.

A row joins a message in an administrators' chat with one in a person's: a question that was
passed on, or an answer that was brought back. It is kept for good: answers may come late.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from bot.db import Lane
from bot.shop.users import Locale, locale_of

# The key is the message in the administrators' chat: passing it on again would be another one.
_REMEMBER = """
    insert into support_messages
           (admin_chat_id, admin_message_id, user_id, user_message_id, created_at)
    values ($1, $2, $3, $4, $5)
    on conflict (admin_chat_id, admin_message_id) do nothing
"""

_CONCERNING = """
    select user_id, user_message_id, language, language_code
      from support_messages
      join users on users.id = user_id
     where admin_chat_id = $1 and admin_message_id = $2  -- support_messages_pkey
"""

# support_messages_of_user
_IS_KNOWN = """
    select exists (select from support_messages where user_id = $1 and user_message_id = $2)
"""

_LOCALES = """
    select id, language, language_code from users where id = any($1::bigint[])  -- users_pkey
"""


@dataclass(frozen=True, slots=True)
class Concern:
    """Whom a message in an administrators' chat is about: the person and their message."""

    user_id: int
    user_message_id: int
    locale: Locale


async def remember(
    lane: Lane,
    *,
    admin_chat_id: int,
    admin_message_id: int,
    user_id: int,
    user_message_id: int,
    now: datetime,
) -> None:
    """Note that two messages belong together; safe to repeat."""
    await lane.execute(_REMEMBER, admin_chat_id, admin_message_id, user_id, user_message_id, now)


async def concerning(lane: Lane, admin_chat_id: int, admin_message_id: int) -> Concern | None:
    """Return whom a message in an administrators' chat is about; None if about nobody."""
    row = await lane.fetchrow(_CONCERNING, admin_chat_id, admin_message_id)
    if row is None:
        return None
    locale = row["language"] or locale_of(row["language_code"])
    return Concern(row["user_id"], row["user_message_id"], locale)


async def is_of_support(lane: Lane, user_id: int, user_message_id: int) -> bool:
    """Say whether a message in a person's chat is a part of their talk with support."""
    return bool(await lane.fetchval(_IS_KNOWN, user_id, user_message_id))


async def locales_of(lane: Lane, user_ids: Collection[int]) -> dict[int, Locale]:
    """Return the languages of people, without those whom nobody knows."""
    return {
        row["id"]: row["language"] or locale_of(row["language_code"])
        for row in await lane.fetch(_LOCALES, list(user_ids))
    }
