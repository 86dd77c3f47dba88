"""Broadcasts: one message copied to a segment of people, through the outbox, at its pace.

A broadcast is a cursor over the people, in the order of their ids: `feed` moves it on by one
batch, in the transaction that writes the batch into the outbox, so that after a restart it goes
on where it was and nobody gets it twice. What waits of one that is paused isn't claimed.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

from bot.db import Lane, Row, Transaction
from bot.shop import audit, outbox
from bot.shop.errors import BroadcastStateError

BroadcastId = NewType("BroadcastId", int)

NOTICE_KIND = "broadcast"
_FED_AHEAD = 500  # what Telegram takes in some 17 seconds


class Segment(StrEnum):
    """Whom a broadcast goes to; people who blocked the bot or are banned are never among them."""

    EVERYBODY = "everybody"
    ACTIVE = "active"  # access that was paid for
    TRIAL = "trial"
    ENDED = "ended"  # had access, has none now
    NEVER = "never"  # neither bought nor tried
    RUSSIAN = "russian"
    ENGLISH = "english"


@dataclass(frozen=True, slots=True)
class Broadcast:
    """A broadcast and how far it is."""

    id: BroadcastId
    admin_id: int
    segment: Segment
    from_chat_id: int
    message_id: int
    state: str
    total: int
    sent: int
    failed: int
    waiting: int
    created_at: datetime
    finished_at: datetime | None


# What follows `where` for each segment; $1 is now. The texts are constants, never a person's.
_SPEAKS_RUSSIAN = (
    "coalesce(users.language, case when split_part(lower(users.language_code), '-', 1) in "
    "('ru', 'uk', 'be', 'kk', 'ky', 'uz', 'tg', 'hy', 'az') then 'ru' else 'en' end) = "
)
_IN_SEGMENT = {
    Segment.EVERYBODY: "$1::timestamptz is not null",
    Segment.ACTIVE: "subscriptions.expires_at > $1 and not subscriptions.is_trial",
    Segment.TRIAL: "subscriptions.expires_at > $1 and subscriptions.is_trial",
    Segment.ENDED: "subscriptions.expires_at <= $1",
    Segment.NEVER: "$1::timestamptz is not null and subscriptions.user_id is null",
    Segment.RUSSIAN: f"$1::timestamptz is not null and {_SPEAKS_RUSSIAN} 'ru'",
    Segment.ENGLISH: f"$1::timestamptz is not null and {_SPEAKS_RUSSIAN} 'en'",
}
_REACHABLE = """
      from users
      left join subscriptions on subscriptions.user_id = users.id
     where users.blocked_at is null
       and users.banned_at is null
       and """

_DRAFT = """
    insert into broadcasts (admin_id, segment, from_chat_id, message_id, created_at)
    values ($1, $2, $3, $4, $5)
    returning id
"""

_LOCK = "select state, segment, last_user_id from broadcasts where id = $1 for update"

_START = """
    update broadcasts
       set state = 'running', started_at = coalesce(started_at, $2), total = $3
     where id = $1
"""

_CHANGE = "update broadcasts set state = $2, finished_at = $3 where id = $1"

_RUNNING = "select id from broadcasts where state = 'running' order by id limit 1"

_WAITING = """
    select count(*)
      from notifications
     where broadcast_id = $1 and sent_at is null and failed_at is null
       -- notifications_of_broadcast
"""

_FEED = """
    with batch as (
        select users.id {reachable} {segment}
           and users.id > $2  -- users_pkey
         order by users.id
         limit $3
    ), written as (
        insert into notifications
               (chat_id, kind, params, key, priority, broadcast_id, created_at, run_at)
        select batch.id, $4,
               jsonb_build_object('from_chat_id', from_chat_id, 'message_id', message_id),
               $4 || ':' || $5::bigint, $6, $5, $1, $1
          from batch
          join broadcasts on broadcasts.id = $5
        on conflict (chat_id, key) do nothing
    ), moved as (
        update broadcasts
           set last_user_id = (select max(id) from batch)
         where id = $5 and exists (select 1 from batch)
    )
    select count(*) from batch
"""

# What is in the outbox already of a broadcast that was canceled is not sent.
_DROP_WAITING = """
    update notifications
       set failed_at = $2, last_error = 'canceled'
     where broadcast_id = $1 and sent_at is null and failed_at is null
"""

_SHOW = """
    select broadcasts.*,
           count(notifications.id) filter (where sent_at is not null)   as sent,
           count(notifications.id) filter (where failed_at is not null) as failed,
           count(notifications.id) filter (
               where sent_at is null and failed_at is null)             as waiting
      from broadcasts
      left join notifications on notifications.broadcast_id = broadcasts.id
     where broadcasts.id = any($1::bigint[])
     group by broadcasts.id
     order by broadcasts.id desc
"""

_LATEST = "select id from broadcasts where state <> 'draft' order by id desc limit $1"

# From which states one may go to which.
_FROM = {
    "running": {"draft", "paused"},
    "paused": {"running"},
    "canceled": {"draft", "running", "paused"},
}
_ACTIONS = {
    "running": "broadcast.start",
    "paused": "broadcast.pause",
    "canceled": "broadcast.cancel",
}


async def draft_broadcast(
    lane: Lane,
    *,
    admin_id: int,
    segment: Segment,
    from_chat_id: int,
    message_id: int,
    now: datetime,
) -> BroadcastId:
    """Keep a broadcast that an administrator looks at before it goes out."""
    return BroadcastId(
        await lane.fetchval(_DRAFT, admin_id, segment.value, from_chat_id, message_id, now)
    )


async def audience(lane: Lane, segment: Segment, now: datetime) -> int:
    """Return how many people a broadcast to `segment` would reach now."""
    count: int = await lane.fetchval(f"select count(*) {_REACHABLE} {_IN_SEGMENT[segment]}", now)
    return count


async def start_broadcast(
    lane: Lane, broadcast_id: BroadcastId, *, admin_id: int, now: datetime
) -> None:
    """Let a draft go out, or a paused one go on; raises BroadcastStateError."""
    async with lane.transaction() as tx:
        row = await tx.fetchrow(_LOCK, broadcast_id)
        if row is None or row["state"] not in _FROM["running"]:
            raise BroadcastStateError("this broadcast can't be started")
        segment = Segment(row["segment"])
        total = await tx.fetchval(f"select count(*) {_REACHABLE} {_IN_SEGMENT[segment]}", now)
        await tx.execute(_START, broadcast_id, now, total)
        await _record(tx, _ACTIONS["running"], broadcast_id, admin_id, now)


async def pause_broadcast(
    lane: Lane, broadcast_id: BroadcastId, *, admin_id: int, now: datetime
) -> None:
    """Send no more of it until it goes on. Raises BroadcastStateError."""
    await _change(lane, broadcast_id, "paused", admin_id, now)


async def cancel_broadcast(
    lane: Lane, broadcast_id: BroadcastId, *, admin_id: int, now: datetime
) -> None:
    """End it for good; what waits in the outbox isn't sent. Raises BroadcastStateError."""
    await _change(lane, broadcast_id, "canceled", admin_id, now)


async def feed(lane: Lane, now: datetime, ahead: int = _FED_AHEAD) -> int:
    """Write the next people of the oldest running broadcast into the outbox.

    At most `ahead` wait there at a time. Returns how many were written. One transaction:
    cancelled or repeated, nobody is written twice.
    """
    async with lane.transaction() as tx:
        broadcast_id = await tx.fetchval(_RUNNING)
        if broadcast_id is None:
            return 0
        row = await tx.fetchrow(_LOCK, broadcast_id)
        if row is None or row["state"] != "running":
            return 0
        room = ahead - await tx.fetchval(_WAITING, broadcast_id)
        if room <= 0:
            return 0
        sql = _FEED.format(reachable=_REACHABLE, segment=_IN_SEGMENT[Segment(row["segment"])])
        fed: int = await tx.fetchval(
            sql, now, row["last_user_id"], room, NOTICE_KIND, broadcast_id, outbox.BROADCAST
        )
        if fed == 0 and room == ahead:
            await tx.execute(_CHANGE, broadcast_id, "done", now)
        return fed


async def broadcast(lane: Lane, broadcast_id: BroadcastId) -> Broadcast | None:
    """Return a broadcast with its progress."""
    rows = await lane.fetch(_SHOW, [broadcast_id])
    return _broadcast(rows[0]) if rows else None


async def latest_broadcasts(lane: Lane, limit: int = 10) -> list[Broadcast]:
    """Return the latest that were started, the newest first."""
    ids = [row["id"] for row in await lane.fetch(_LATEST, limit)]
    return [_broadcast(row) for row in await lane.fetch(_SHOW, ids)]


async def _change(
    lane: Lane, broadcast_id: BroadcastId, state: str, admin_id: int, now: datetime
) -> None:
    async with lane.transaction() as tx:
        row = await tx.fetchrow(_LOCK, broadcast_id)
        if row is None or row["state"] not in _FROM[state]:
            raise BroadcastStateError(f"this broadcast can't be {state}")
        ended = now if state == "canceled" else None
        await tx.execute(_CHANGE, broadcast_id, state, ended)
        if ended is not None:
            await tx.execute(_DROP_WAITING, broadcast_id, now)
        await _record(tx, _ACTIONS[state], broadcast_id, admin_id, now)


async def _record(
    tx: Transaction, action: str, broadcast_id: BroadcastId, admin_id: int, now: datetime
) -> None:
    await audit.record(
        tx, admin_id=admin_id, action=action, details={"broadcast": broadcast_id}, now=now
    )


def _broadcast(row: Row) -> Broadcast:
    return Broadcast(
        id=BroadcastId(row["id"]),
        admin_id=row["admin_id"],
        segment=Segment(row["segment"]),
        from_chat_id=row["from_chat_id"],
        message_id=row["message_id"],
        state=row["state"],
        total=row["total"],
        sent=row["sent"],
        failed=row["failed"],
        waiting=row["waiting"],
        created_at=row["created_at"],
        finished_at=row["finished_at"],
    )
