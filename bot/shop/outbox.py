"""The outbox: what people must be told is written with the money and sent after the commit.

A notice is a kind and its parameters; the words are made when it is sent, in the language that
the person has by then. Its kind names the text: `notice-<kind>`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.db import Transaction

# Priorities: what answers somebody comes before reminders, and those before broadcasts.
ANSWER, REMINDER, BROADCAST = 0, 1, 2

# The key is the event: writing it again changes nothing (unique with the chat).
_WRITE = """
    insert into notifications (chat_id, kind, params, key, priority, created_at, run_at)
    select chat_id, kind, params, key, priority, $6, $6
      from unnest($1::bigint[], $2::text[], $3::jsonb[], $4::text[], $5::smallint[])
           as notice (chat_id, kind, params, key, priority)
    on conflict (chat_id, key) do nothing
"""


@dataclass(frozen=True, slots=True)
class Notice:
    """What somebody must be told once per `key`; `chat_id` None is every administrator.

    `params` are JSON: numbers, texts, dates in ISO form.
    """

    chat_id: int | None
    kind: str
    key: str
    params: Mapping[str, Any]
    priority: int = REMINDER


async def write(tx: Transaction, notices: Sequence[Notice], now: datetime) -> None:
    """Put notices into the outbox, all in one statement."""
    await tx.execute(
        _WRITE,
        [notice.chat_id for notice in notices],
        [notice.kind for notice in notices],
        [json.dumps(notice.params) for notice in notices],
        [notice.key for notice in notices],
        [notice.priority for notice in notices],
        now,
    )


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
    """Tell a person once per `key`."""
    await write(tx, [Notice(chat_id, kind, key, params, priority)], now)


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
    await write(tx, [Notice(None, kind, key, params, priority)], now)
