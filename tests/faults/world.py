"""The world of an experiment: a database that can be set back, and what must hold in it always."""

from typing import Any

from bot.db import Database, Lane

_TABLES = """
    select string_agg(format('%I', tablename), ', ' order by tablename)
      from pg_tables
     where schemaname = 'public' and tablename <> 'schema_migrations'
"""
_SEQUENCES = """
    select string_agg(format('%I', sequencename), ', ') from pg_sequences where last_value > 0
"""
_OPEN_TRANSACTIONS = """
    select pid, state, query
      from pg_stat_activity
     where datname = current_database() and backend_type = 'client backend'
       and pid <> pg_backend_pid() and xact_start is not null
"""


async def set_back(lane: Lane) -> None:
    """Empty every table; numbers begin at 1 again.

    Faster than `truncate`, which makes new files; a replica runs no triggers (PostgreSQL
    documentation, session_replication_role), so that append-only tables can be emptied as well.
    """
    tables = (await lane.fetchval(_TABLES)).split(", ")
    sequences = (await lane.fetchval(_SEQUENCES) or "").split(", ")
    emptied = [f"delete from {table}" for table in tables]  # noqa: S608 - of the catalogue
    restarted = [f"alter sequence {sequence} restart" for sequence in sequences if sequence]
    as_replica = "set local session_replication_role = replica"
    await lane.execute(";".join(["begin", as_replica, *emptied, *restarted, "commit"]))


async def nothing_held(database: Database) -> None:
    """Check that no slot of a lane, no connection and no transaction is in anybody's hands."""
    assert {lane.name: lane.limiter.borrowed_tokens for lane in database.lanes} == dict.fromkeys(
        (lane.name for lane in database.lanes), 0
    )
    assert database.holders() == []
    stats = database.stats()
    assert stats.idle == stats.size
    assert await database.health.fetch(_OPEN_TRANSACTIONS) == []


async def census(lane: Lane) -> dict[str, Any]:
    """Return how many rows each table has, what everybody owns, and what they were told.

    Whatever was done twice or not at all shows here.
    """
    tables = (await lane.fetchval(_TABLES)).split(", ")
    counts = " union all ".join(
        f"select '{table}' as name, count(*) as rows from {table}"  # noqa: S608 - of the catalogue
        for table in tables
    )
    return {
        "rows": {row["name"]: row["rows"] for row in await lane.fetch(counts)},
        "balances": await _all(lane, "select user_id, amount_minor from balances order by 1"),
        "access": await _all(
            lane, "select user_id, expires_at, ended_at is null from subscriptions order by 1"
        ),
        "purchases": await _all(lane, "select user_id, state from purchases order by 1, 2"),
        "payments": await _all(lane, "select user_id, state from payments order by 1, 2"),
        "told": await _all(
            lane, "select chat_id, kind, sent_at is null from notifications order by 1, 2, 3"
        ),
    }


async def _all(lane: Lane, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await lane.fetch(sql)]
