"""What a VPN host has against what it must have, a page at a time, in bounded memory.

A page is a range of UUIDs, so both sides are read in the same order and neither is held whole.
Wherever the host lacks a client that it once confirmed, the client is wanted anew; clients of the
host that the database doesn't know are sighted, and go only when two runs in a row saw them.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bot.db import Lane

MOST_ORPHANS = 2000


@dataclass(frozen=True, slots=True)
class PageFindings:
    """What one page showed: how many the database has there, and where the sides differ."""

    known: int
    missing: tuple[UUID, ...]
    unknown: tuple[UUID, ...]


# Below a fresh job nothing is compared: its host doesn't agree yet, and activation knows.
_RANGE = """
    select uuid, desired = 'present' and applied_version = version as confirmed
      from vpn_clients
     where host_id = $1  -- vpn_clients_pkey
       and ($2::uuid is null or uuid > $2)
       and ($3::uuid is null or uuid <= $3)
     order by uuid
"""

_WANT_AGAIN = """
    update vpn_clients
       set version = version + 1, attempts = 0, run_at = $3
     where host_id = $1 and uuid = any($2::uuid[])  -- vpn_clients_pkey
       and desired = 'present' and applied_version = version
"""

_COUNT = """
    select count(*) from vpn_clients where host_id = $1 and desired = 'present'
"""

_SIGHT = """
    insert into vpn_orphans as o (host_id, uuid, first_seen_at, last_seen_at)
    select $1, uuid, $3, $3 from unnest($2::uuid[]) as uuid
    on conflict (host_id, uuid) do update
       set seen_runs = o.seen_runs + 1, last_seen_at = excluded.last_seen_at
"""

# Who wasn't seen in this run begins anew when it is seen again.
_FORGET_UNSEEN = "delete from vpn_orphans where host_id = $1 and last_seen_at < $2"

_TO_REMOVE = """
    select uuid
      from vpn_orphans
     where host_id = $1 and seen_runs >= 2 and last_seen_at = $2
       -- Somebody may have been given this very key since.
       and not exists (
           select 1 from vpn_clients
            where vpn_clients.host_id = $1 and vpn_clients.uuid = vpn_orphans.uuid)
     limit $3
"""

_REMOVED = "delete from vpn_orphans where host_id = $1 and uuid = any($2::uuid[])"


async def compare_page(
    lane: Lane, host_id: int, on_host: Sequence[UUID], *, after: UUID | None, until: UUID | None
) -> PageFindings:
    """Compare the host's clients of one range of UUIDs, `after` < uuid <= `until`.

    None stands for the ends: the first page begins at None, the last one ends there.
    """
    rows = await lane.fetch(_RANGE, host_id, after, until)
    here = set(on_host)
    known = {row["uuid"] for row in rows}
    return PageFindings(
        known=len(rows),
        missing=tuple(row["uuid"] for row in rows if row["confirmed"] and row["uuid"] not in here),
        unknown=tuple(uuid for uuid in on_host if uuid not in known),
    )


async def want_again(lane: Lane, host_id: int, uuids: Collection[UUID], now: datetime) -> int:
    """Make jobs of clients that the host has lost; returns how many."""
    tag = await lane.execute(_WANT_AGAIN, host_id, list(uuids), now)
    return int(tag.rpartition(" ")[2])


async def clients_wanted(lane: Lane, host_id: int) -> int:
    """Return how many clients the host must have."""
    count: int = await lane.fetchval(_COUNT, host_id)
    return count


async def sight_orphans(lane: Lane, host_id: int, uuids: Collection[UUID], now: datetime) -> None:
    """Note what a whole run saw on the host and the database doesn't know.

    Once per run, with the run's own `now`: two sightings are two runs.
    """
    async with lane.transaction() as tx:
        await tx.execute(_SIGHT, host_id, list(uuids), now)
        await tx.execute(_FORGET_UNSEEN, host_id, now)


async def orphans_to_remove(lane: Lane, host_id: int, now: datetime) -> list[UUID]:
    """Return those that this run, the one of `now`, and an earlier one saw."""
    return [row["uuid"] for row in await lane.fetch(_TO_REMOVE, host_id, now, MOST_ORPHANS)]


async def orphans_removed(lane: Lane, host_id: int, uuids: Collection[UUID]) -> None:
    """Forget orphans that the host no longer has."""
    await lane.execute(_REMOVED, host_id, list(uuids))
