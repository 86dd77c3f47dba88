"""What administrators did: one row in the transaction of the deed itself, never changed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.db import Lane, Transaction

_RECORD = """
    insert into audit_log (admin_id, action, user_id, details, created_at)
    values ($1, $2, $3, $4::jsonb, $5)
"""
# audit_log_pkey
_DEEDS = """
    select id, admin_id, action, user_id, details, created_at
      from audit_log
     where id < coalesce($1, 9223372036854775807)
     order by id desc
     limit $2
"""


@dataclass(frozen=True, slots=True)
class Deed:
    """What an administrator did; `user_id` is whom it concerned, None for nobody in particular."""

    id: int
    admin_id: int
    action: str
    user_id: int | None
    details: Mapping[str, Any]
    at: datetime


async def record(
    tx: Transaction,
    *,
    admin_id: int,
    action: str,
    now: datetime,
    user_id: int | None = None,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Note who did what: `action` like `payment.refund`, `user_id` whom it concerned."""
    await tx.execute(_RECORD, admin_id, action, user_id, json.dumps(details or {}), now)


async def deeds(lane: Lane, before_id: int | None, limit: int) -> list[Deed]:
    """Return a page of the log, the latest first; `before_id` is the last one's id."""
    return [
        Deed(
            id=row["id"],
            admin_id=row["admin_id"],
            action=row["action"],
            user_id=row["user_id"],
            details=json.loads(row["details"]),
            at=row["created_at"],
        )
        for row in await lane.fetch(_DEEDS, before_id, limit)
    ]
