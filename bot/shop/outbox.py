"""The outbox: what people must be told is written with the money and sent after the commit.

A notice is a kind and its parameters; the words are made when it is sent, in the language that
the person has by then. Its kind names the text: `notice-<kind>`.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.db import Transaction

# Priorities: what answers somebody comes before reminders, and those before broadcasts.
ANSWER, REMINDER, BROADCAST = 0, 1, 2

# The key is the event: writing it again changes nothing (unique with the chat).
_WRITE = """
    insert into notifications (chat_id, kind, params, key, priority, created_at, run_at)
    values ($1, $2, $3::jsonb, $4, $5, $6, $6)
    on conflict (chat_id, key) do nothing
"""


async def notify(
    tx: Transaction,
    *,
    chat_id: int,
    kind: str,
    key: str,
    params: Mapping[str, Any],
    now: datetime,
    priority: int = REMINDER,
) -> None:
    """Tell a person once per `key`; `params` are JSON: numbers, texts, dates in ISO form."""
    await tx.execute(_WRITE, chat_id, kind, json.dumps(params), key, priority, now)


async def notify_admins(
    tx: Transaction,
    *,
    kind: str,
    key: str,
    params: Mapping[str, Any],
    now: datetime,
    priority: int = ANSWER,
) -> None:
    """Tell every administrator once per `key`."""
    await tx.execute(_WRITE, None, kind, json.dumps(params), key, priority, now)
