"""Support: which person a message in the administrators' chat came from."""

from datetime import datetime

from bot.db import Lane

# The key is the relayed message: relaying it again would be another message.
_REMEMBER = """
    insert into support_messages
           (admin_chat_id, admin_message_id, user_id, user_message_id, created_at)
    values ($1, $2, $3, $4, $5)
    on conflict (admin_chat_id, admin_message_id) do nothing
"""

_AUTHOR = """
    select user_id
      from support_messages
     where admin_chat_id = $1 and admin_message_id = $2  -- support_messages_pkey
"""


async def remember(
    lane: Lane,
    *,
    admin_chat_id: int,
    admin_message_id: int,
    user_id: int,
    user_message_id: int,
    now: datetime,
) -> None:
    """Note that a person's message stands in the administrators' chat; safe to repeat."""
    await lane.execute(_REMEMBER, admin_chat_id, admin_message_id, user_id, user_message_id, now)


async def author_of(lane: Lane, admin_chat_id: int, admin_message_id: int) -> int | None:
    """Return whose message was relayed as this one; None if it is no relayed message."""
    author: int | None = await lane.fetchval(_AUTHOR, admin_chat_id, admin_message_id)
    return author
