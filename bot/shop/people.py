"""People as administrators see them: finding one, their whole history, a ban."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.db import Lane, Row
from bot.money import Money
from bot.shop import audit

_MOST_FOUND = 10


@dataclass(frozen=True, slots=True)
class Person:
    """Who somebody is, and how they stand with the shop."""

    id: int
    first_name: str
    last_name: str | None
    username: str | None
    created_at: datetime
    seen_at: datetime
    blocked_at: datetime | None
    banned_at: datetime | None
    referrer_id: int | None
    balance: Money | None
    expires_at: datetime | None
    is_trial: bool | None


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a person: `kind` names it, `details` are its figures."""

    at: datetime
    kind: str
    details: Mapping[str, Any]


_SELECT = """
    select users.id, first_name, last_name, username, users.created_at, seen_at, blocked_at,
           banned_at, referrer_id, balances.amount_minor, balances.currency,
           subscriptions.expires_at, subscriptions.is_trial
      from users
      left join balances on balances.user_id = users.id
      left join subscriptions on subscriptions.user_id = users.id
"""

_BY_ID = f"{_SELECT} where users.id = $1"

# Names are searched by reading everybody: administrators may wait, and they seldom do.
_BY_NAME = f"""{_SELECT}
     where lower(username) = lower($1)
        or first_name || ' ' || coalesce(last_name, '') ilike '%' || $2 || '%'
     order by lower(username) = lower($1) desc nulls last, seen_at desc
     limit $3
"""

# Every branch reads an index on the person; the newest come first.
_HISTORY = """
    select at, kind, details
      from (
          select paid_at as at, 'payment' as kind, jsonb_build_object(
                     'id', id, 'provider', provider, 'amount_minor', amount_minor,
                     'currency', currency, 'state', state, 'charge_id', charge_id) as details
            from payments where user_id = $1              -- payments_of_user
          union all
          select created_at, 'purchase', jsonb_build_object(
                     'id', id, 'item', kind, 'provider', provider, 'amount_minor', amount_minor,
                     'currency', currency, 'state', state)
            from purchases where user_id = $1 and state <> 'paid'  -- purchases_of_user
          union all
          select created_at, 'ledger', jsonb_build_object(
                     'reason', kind, 'amount_minor', amount_minor, 'currency', currency,
                     'balance_minor', balance_minor, 'note', note)
            from ledger where user_id = $1                -- ledger_of_user
          union all
          select created_at, 'access', jsonb_build_object(
                     'source', source, 'seconds', seconds, 'note', note)
            from access_grants where user_id = $1         -- access_grants_of_user
          union all
          select created_at, 'audit', jsonb_build_object(
                     'action', action, 'admin_id', admin_id) || details
            from audit_log where user_id = $1             -- audit_log_of_user
          union all
          select used_at, 'promo', jsonb_build_object('code', code)
            from promo_uses join promo_codes on promo_codes.id = promo_code_id
           where user_id = $1
      ) as events
     order by at desc
     limit $2 offset $3
"""

_BAN = """
    update users
       set banned_at = case when $2 then coalesce(banned_at, $3) end
     where id = $1 and (banned_at is not null) <> $2
    returning id
"""


async def find_people(lane: Lane, words: str) -> list[Person]:
    """Return who is meant by an id, a @username or a part of a name: the likeliest first."""
    words = words.strip()
    if words.isascii() and words.isdigit() and len(words) <= 18:
        row = await lane.fetchrow(_BY_ID, int(words))
        return [_person(row)] if row is not None else []
    name = words.removeprefix("@")
    if not name:
        return []
    # The text is data in a pattern: its wildcards stand for themselves.
    pattern = name.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return [_person(row) for row in await lane.fetch(_BY_NAME, name, pattern, _MOST_FOUND)]


async def person(lane: Lane, user_id: int) -> Person | None:
    """Return one person, or None if nobody has this id."""
    row = await lane.fetchrow(_BY_ID, user_id)
    return None if row is None else _person(row)


async def history(lane: Lane, user_id: int, *, limit: int, offset: int = 0) -> list[Event]:
    """Return what happened to a person: money, days, codes, and what administrators did."""
    rows = await lane.fetch(_HISTORY, user_id, limit, offset)
    return [Event(row["at"], row["kind"], json.loads(row["details"])) for row in rows]


async def set_banned(
    lane: Lane, user_id: int, *, banned: bool, admin_id: int, now: datetime
) -> bool:
    """Ban a person from the bot, or let them back; returns False if it was so already.

    Access that was paid for stays: to take it away is another decision.
    """
    async with lane.transaction() as tx:
        changed = await tx.fetchval(_BAN, user_id, banned, now) is not None
        if changed:
            action = "ban" if banned else "unban"
            await audit.record(
                tx, admin_id=admin_id, action=action, user_id=user_id, details={}, now=now
            )
    return changed


def _person(row: Row) -> Person:
    has_balance = row["amount_minor"] is not None
    return Person(
        id=row["id"],
        first_name=row["first_name"],
        last_name=row["last_name"],
        username=row["username"],
        created_at=row["created_at"],
        seen_at=row["seen_at"],
        blocked_at=row["blocked_at"],
        banned_at=row["banned_at"],
        referrer_id=row["referrer_id"],
        balance=Money(row["amount_minor"], row["currency"]) if has_balance else None,
        expires_at=row["expires_at"],
        is_trial=row["is_trial"],
    )
