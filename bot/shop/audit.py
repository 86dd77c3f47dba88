"""What administrators did: one row in the transaction of the deed itself, never changed."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.db import Transaction

_RECORD = """
    insert into audit_log (admin_id, action, user_id, details, created_at)
    values ($1, $2, $3, $4::jsonb, $5)
"""


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
