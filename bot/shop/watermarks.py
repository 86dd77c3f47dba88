"""How far a reader of somebody else's history has come."""

from bot.db import Lane

_READ = "select value from watermarks where name = $1"
_WRITE = """
    insert into watermarks (name, value) values ($1, $2)
    on conflict (name) do update set value = excluded.value
"""


async def watermark(lane: Lane, name: str) -> str | None:
    """Return where the reader `name` stopped; None if it never began."""
    value: str | None = await lane.fetchval(_READ, name)
    return value


async def set_watermark(lane: Lane, name: str, value: str) -> None:
    """Note where the reader `name` goes on; safe to repeat."""
    await lane.execute(_WRITE, name, value)
