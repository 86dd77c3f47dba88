"""Notices on their way out of the outbox: claimed for a while, then sent, put off or given up.

What was claimed by a process that died is claimed again when its lease is over, or at once by
the next leader (`release_leases`): there is only one that sends.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.db import Lane, Row
from bot.shop.users import Locale, locale_of


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice to one chat; `attempts` counts this one."""

    id: int
    chat_id: int
    kind: str
    params: Mapping[str, Any]
    locale: Locale
    broadcast_id: int | None
    attempts: int


# `skip locked`: another process that sends by mistake takes others, never the same.
_CLAIM = """
    with due as (
        select id
          from notifications
         where sent_at is null and failed_at is null  -- notifications_to_send
           and chat_id is not null
           and run_at <= $1
           and (leased_until is null or leased_until <= $1)
           and not exists (
               select 1
                 from broadcasts
                where broadcasts.id = broadcast_id and state = 'paused'
           )
         order by priority, run_at, id
         limit $2
           for update skip locked
    ), claimed as (
        update notifications
           set leased_until = $3, attempts = attempts + 1
          from due
         where notifications.id = due.id
        returning notifications.*
    )
    select claimed.id, chat_id, kind, params, broadcast_id, attempts, priority, run_at,
           users.language, users.language_code
      from claimed
      left join users on users.id = claimed.chat_id
     order by priority, run_at, id
"""

_SENT = """
    update notifications
       set sent_at = $2, leased_until = null, last_error = null
     where id = any($1::bigint[])
"""

# Whoever has it in hand sends it.
_ANSWERED = """
    update notifications
       set sent_at = $3
     where chat_id = $1 and key = $2  -- notifications_chat_id_key_key
       and sent_at is null and failed_at is null
       and (leased_until is null or leased_until <= $3)
"""

_PUT_OFF = """
    update notifications
       set run_at = $2, leased_until = null, last_error = $3, attempts = attempts - $4
     where id = any($1::bigint[]) and sent_at is null
"""

_GIVE_UP = """
    update notifications
       set failed_at = $2, leased_until = null, last_error = $3
     where id = $1 and sent_at is null
"""

# Everything that waits for a person who left goes with the first that found out.
_GIVE_UP_CHAT = """
    update notifications
       set failed_at = $2, leased_until = null, last_error = $3
     where chat_id = $1 and sent_at is null and failed_at is null
"""

_MARK_BLOCKED = """
    update users set blocked_at = $2 where id = $1 and blocked_at is null
"""

_RELEASE = """
    update notifications
       set leased_until = null
     where sent_at is null and failed_at is null and leased_until is not null
"""

_FAN_OUT = """
    with waiting as (
        select id, kind, params, key, priority, created_at, run_at
          from notifications
         where chat_id is null and sent_at is null  -- notifications_to_admins
         order by id
         limit 100
           for update skip locked
    ), copied as (
        insert into notifications (chat_id, kind, params, key, priority, created_at, run_at)
        select admin, kind, params, key, priority, created_at, run_at
          from waiting cross join unnest($1::bigint[]) as admin
        on conflict (chat_id, key) do nothing
    )
    update notifications
       set sent_at = $2
      from waiting
     where notifications.id = waiting.id
"""


async def claim_notices(lane: Lane, now: datetime, *, limit: int, lease: timedelta) -> list[Notice]:
    """Take up to `limit` notices that are due, the most urgent first; nobody else has them."""
    return [_notice(row) for row in await lane.fetch(_CLAIM, now, limit, now + lease)]


async def notices_sent(lane: Lane, ids: Collection[int], now: datetime) -> None:
    """Note that Telegram has taken them; safe to repeat."""
    await lane.execute(_SENT, list(ids), now)


async def answered(lane: Lane, chat_id: int, key: str, now: datetime) -> None:
    """Note that a handler tells the person itself, on the screen they look at; safe to repeat.

    For handlers whose answer Telegram's redelivery of the update makes certain.
    """
    await lane.execute(_ANSWERED, chat_id, key, now)


async def put_off(
    lane: Lane, ids: Collection[int], *, until: datetime, error: str, blameless: bool = False
) -> None:
    """Try them again at `until`; a `blameless` attempt (a flood, a stop) isn't counted."""
    await lane.execute(_PUT_OFF, list(ids), until, error, int(blameless))


async def give_up(lane: Lane, notice: Notice, *, error: str, now: datetime) -> None:
    """Never send it: Telegram refuses it for good."""
    await lane.execute(_GIVE_UP, notice.id, now, error)


async def person_left(lane: Lane, chat_id: int, *, error: str, now: datetime) -> None:
    """Mark a person who blocked the bot or is gone, and send them nothing of what waits."""
    async with lane.transaction() as tx:
        await tx.execute(_MARK_BLOCKED, chat_id, now)
        await tx.execute(_GIVE_UP_CHAT, chat_id, now, error)


async def release_leases(lane: Lane) -> None:
    """Free what an earlier process had claimed; for the leader, before it sends anything."""
    await lane.execute(_RELEASE)


async def address_admins(lane: Lane, admin_ids: Collection[int], now: datetime) -> None:
    """Turn each notice to the administrators into one to each of them; safe to repeat."""
    await lane.execute(_FAN_OUT, list(admin_ids), now)


def _notice(row: Row) -> Notice:
    return Notice(
        id=row["id"],
        chat_id=row["chat_id"],
        kind=row["kind"],
        params=json.loads(row["params"]),
        locale=row["language"] or locale_of(row["language_code"]),
        broadcast_id=row["broadcast_id"],
        attempts=row["attempts"],
    )
