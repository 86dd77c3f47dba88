"""Updates that could not be handled, kept for an administrator to look at."""

from bot.db import Lane

# The key is the update: recording it again changes nothing.
_RECORD = """
    insert into dead_letters (update_id, kind, user_id, error, tries, body)
    values ($1, $2, $3, $4, $5, $6)
    on conflict (update_id) do nothing
"""


async def record(
    lane: Lane, *, update_id: int, kind: str, user_id: int | None, error: str, tries: int, body: str
) -> None:
    """Keep an update for good; `body` is its JSON. Safe to repeat."""
    # jsonb has no character zero, and neither has text (PostgreSQL documentation, 8.14).
    body = body.replace("\\u0000", "\\ufffd")
    error = error.replace("\0", "\ufffd")
    await lane.execute(_RECORD, update_id, kind, user_id, error, tries, body)
