"""VPN jobs: rows of `vpn_clients` that a host doesn't agree with yet, and how they get there.

A job is claimed with a lease, carried out by the activation worker without a connection held,
and its result written here. It is never dropped: a host that is away is tried again with growing
pauses, people are told after `FLAG_AFTER` attempts, and the job converges when the host returns.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from bot.db import Lane, Row, Transaction
from bot.shop.outbox import notify, notify_admins

FLAG_AFTER = 5
_FIRST_PAUSE = timedelta(seconds=2)
_LONGEST_PAUSE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class VpnJob:
    """One client that a host must have, or must not have, in its version of the claim."""

    uuid: UUID
    host_id: int
    host_url: str
    host_key: str = field(repr=False)
    share_link: str = field(repr=False)
    user_id: int
    label: str
    present: bool
    expires_at: datetime | None
    traffic_limit_bytes: int | None
    version: int
    attempts: int
    is_new: bool
    """The host never had it: somebody waits for their access."""


@dataclass(frozen=True, slots=True)
class Unprovisioned:
    """Access that was granted and isn't on its host yet."""

    user_id: int
    uuid: UUID
    host: str
    wanted_at: datetime
    attempts: int
    last_error: str | None
    flagged: bool


_CLAIM = """
    with due as (
        select host_id, uuid
          from vpn_clients
         where applied_version < version  -- vpn_clients_jobs
           and run_at <= $1
           and (leased_until is null or leased_until <= $1)
         order by run_at
         limit $2
           for update skip locked
    ), claimed as (
        update vpn_clients
           set leased_until = $3, attempts = attempts + 1
          from due
         where vpn_clients.host_id = due.host_id and vpn_clients.uuid = due.uuid
        returning vpn_clients.*
    )
    select claimed.*, vpn_hosts.api_url, vpn_hosts.api_key, vpn_hosts.share_link
      from claimed
      join vpn_hosts on vpn_hosts.id = claimed.host_id
     order by run_at
"""

# A row that was wanted otherwise in the meantime keeps its newer version: it is a job again.
_DONE = """
    update vpn_clients as c
       set applied_version = job.version,
           attempts = 0,
           leased_until = null,
           last_error = null,
           applied_at = $4
      from unnest($1::bigint[], $2::uuid[], $3::bigint[]) as job (host_id, uuid, version)
     where c.host_id = job.host_id and c.uuid = job.uuid and c.applied_version < job.version
    returning c.host_id, c.uuid, c.user_id, c.desired, c.replaces, c.flagged_at,
              c.applied_version = c.version as agreed
"""

_REPLACED = """
    update vpn_clients
       set desired = 'absent', version = version + 1, run_at = $3, wanted_at = $3, attempts = 0
     where user_id = any($1::bigint[])  -- vpn_clients_of_user
       and uuid = any($2::uuid[])
       and desired = 'present'
"""

_SETTLE = """
    update vpn_clients as c
       set replaces = null, flagged_at = null
      from unnest($1::bigint[], $2::uuid[]) as job (host_id, uuid)
     where c.host_id = job.host_id and c.uuid = job.uuid
       and (c.replaces is not null or c.flagged_at is not null)
"""

# What a host must not have, and hasn't, is nothing to remember.
_FORGET = """
    delete from vpn_clients as c
     using unnest($1::bigint[], $2::uuid[]) as job (host_id, uuid)
     where c.host_id = job.host_id and c.uuid = job.uuid
       and c.desired = 'absent' and c.applied_version = c.version
"""

_FAILED = """
    update vpn_clients as c
       set leased_until = null,
           last_error = job.error,
           run_at = case when c.version = job.version then job.run_at else c.run_at end,
           flagged_at = case
               when c.attempts >= $6 then coalesce(c.flagged_at, $7) else c.flagged_at end
      from unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::text[], $5::timestamptz[])
           as job (host_id, uuid, version, error, run_at)
     where c.host_id = job.host_id and c.uuid = job.uuid
    returning c.host_id, c.uuid, c.user_id, c.desired, c.version, c.applied_version,
              c.flagged_at = $7 as newly_flagged
"""

_RELEASE = """
    update vpn_clients
       set leased_until = null
     where applied_version < version and leased_until is not null  -- vpn_clients_jobs
"""

_HASTEN = """
    update vpn_clients
       set run_at = $2
     where applied_version < version  -- vpn_clients_jobs
       and run_at > $2
       and host_id = $1
"""

_UNPROVISIONED = """
    select vpn_clients.user_id, uuid, vpn_hosts.name, wanted_at, attempts, last_error,
           flagged_at is not null as flagged
      from vpn_clients
      join vpn_hosts on vpn_hosts.id = host_id
     where applied_version < version  -- vpn_clients_jobs
       and desired = 'present'
       and wanted_at <= $1
    union all
    -- Nobody had room when it was granted.
    select user_id, vpn_uuid, '', updated_at, 0, null, true
      from subscriptions
     where host_id is null and ended_at is null and expires_at > $2  -- subscriptions_without_host
       and updated_at <= $1
"""
_LIST_UNPROVISIONED = f"{_UNPROVISIONED} order by wanted_at limit $3"
_COUNT_UNPROVISIONED = f"select count(*) from ({_UNPROVISIONED}) as waiting"  # noqa: S608 - ours


async def claim_jobs(lane: Lane, now: datetime, *, limit: int, lease: timedelta) -> list[VpnJob]:
    """Take up to `limit` jobs that are due, the oldest first; nobody else has them."""
    return [_job(row) for row in await lane.fetch(_CLAIM, now, limit, now + lease)]


async def jobs_done(lane: Lane, jobs: Sequence[VpnJob], now: datetime) -> bool:
    """Note that the hosts agree; returns True if that made new jobs (an old key has to go).

    One transaction; safe to repeat.
    """
    if not jobs:
        return False
    hosts, uuids = [job.host_id for job in jobs], [job.uuid for job in jobs]
    async with lane.transaction() as tx:
        rows = await tx.fetch(_DONE, hosts, uuids, [job.version for job in jobs], now)
        agreed = [row for row in rows if row["agreed"] and row["desired"] == "present"]
        replacing = [row for row in agreed if row["replaces"] is not None]
        if replacing:
            people = [row["user_id"] for row in replacing]
            await tx.execute(_REPLACED, people, [row["replaces"] for row in replacing], now)
        if flagged := [row for row in agreed if row["flagged_at"] is not None]:
            await _tell_ready(tx, flagged, now)
        if replacing or flagged:
            changed = [*replacing, *flagged]
            await tx.execute(
                _SETTLE, [row["host_id"] for row in changed], [row["uuid"] for row in changed]
            )
        if any(row["desired"] == "absent" for row in rows):
            await tx.execute(_FORGET, hosts, uuids)
    return bool(replacing)


async def jobs_failed(lane: Lane, failures: Sequence[tuple[VpnJob, str]], now: datetime) -> None:
    """Note why hosts don't agree yet, and try again after a growing pause.

    After `FLAG_AFTER` attempts the person who waits is told that it takes longer, and the
    administrators which host is at fault: once, in the same transaction.
    """
    if not failures:
        return
    async with lane.transaction() as tx:
        rows = await tx.fetch(
            _FAILED,
            [job.host_id for job, _ in failures],
            [job.uuid for job, _ in failures],
            [job.version for job, _ in failures],
            [error[:500] for _, error in failures],
            [now + _pause(job.attempts) for job, _ in failures],
            FLAG_AFTER,
            now,
        )
        flagged = [row for row in rows if row["newly_flagged"]]
        for row in flagged:
            if row["desired"] == "present" and row["applied_version"] == 0:
                await notify(
                    tx,
                    chat_id=row["user_id"],
                    kind="access-delayed",
                    key=f"access-delayed:{row['uuid']}:{row['version']}",
                    params={},
                    now=now,
                    priority=0,
                )
        for host_id in {row["host_id"] for row in flagged}:
            await notify_admins(
                tx,
                kind="vpn-host-stuck",
                key=f"vpn-host-stuck:{host_id}:{now:%Y-%m-%dT%H}",
                params={"host": host_id},
                now=now,
            )


async def hasten_jobs(lane: Lane, host_id: int, now: datetime) -> None:
    """Let every job of a host that has come back run at once."""
    await lane.execute(_HASTEN, host_id, now)


async def release_jobs(lane: Lane) -> None:
    """Free what an earlier process had claimed; for the leader, before it claims anything."""
    await lane.execute(_RELEASE)


async def unprovisioned(
    lane: Lane, now: datetime, *, older_than: timedelta, limit: int = 50
) -> list[Unprovisioned]:
    """Return access that was granted longer ago than this and isn't there; none if all is well."""
    rows = await lane.fetch(_LIST_UNPROVISIONED, now - older_than, now, limit)
    return [
        Unprovisioned(
            user_id=row["user_id"],
            uuid=row["uuid"],
            host=row["name"],
            wanted_at=row["wanted_at"],
            attempts=row["attempts"],
            last_error=row["last_error"],
            flagged=row["flagged"],
        )
        for row in rows
    ]


async def count_unprovisioned(lane: Lane, now: datetime, *, older_than: timedelta) -> int:
    """Return how much access was granted longer ago than this and isn't there."""
    count: int = await lane.fetchval(_COUNT_UNPROVISIONED, now - older_than, now)
    return count


async def _tell_ready(tx: Transaction, rows: Sequence[Row], now: datetime) -> None:
    for row in rows:
        await notify(
            tx,
            chat_id=row["user_id"],
            kind="access-ready",
            key=f"access-ready:{row['uuid']}:{row['flagged_at']:%Y-%m-%dT%H:%M:%S}",
            params={},
            now=now,
            priority=0,
        )


def _pause(attempts: int) -> timedelta:
    doublings: int = 2 ** min(attempts - 1, 10)
    return min(_FIRST_PAUSE * doublings, _LONGEST_PAUSE)


def _job(row: Row) -> VpnJob:
    return VpnJob(
        uuid=row["uuid"],
        host_id=row["host_id"],
        host_url=row["api_url"],
        host_key=row["api_key"],
        share_link=row["share_link"],
        user_id=row["user_id"],
        label=row["label"],
        present=row["desired"] == "present",
        expires_at=row["expires_at"],
        traffic_limit_bytes=row["traffic_limit_bytes"],
        version=row["version"],
        attempts=row["attempts"],
        is_new=row["applied_version"] == 0,
    )
