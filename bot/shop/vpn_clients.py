"""What the VPN hosts must have: desired state, written with the commit that decides it.

A row whose applied_version is behind its version is a job; workers make the host agree.
"""

from datetime import datetime
from typing import Literal
from uuid import UUID

from bot.db import Transaction

# vpn_clients_pkey. A change is a new version: it is applied anew, and failures of earlier ones
# are forgotten. A key's label is of the key, not of the person: two keys exist for a moment.
WANT = """
    insert into vpn_clients as c (uuid, host_id, user_id, label, desired, replaces, expires_at,
                                  traffic_limit_bytes, run_at, wanted_at)
    select uuid, host_id, user_id, user_id || '-' || left(uuid::text, 8), desired, replaces,
           expires_at, traffic_limit_bytes, wanted_at, wanted_at
      from wanted
    on conflict (host_id, uuid) do update
       set desired = excluded.desired,
           replaces = coalesce(excluded.replaces, c.replaces),
           expires_at = excluded.expires_at,
           traffic_limit_bytes = excluded.traffic_limit_bytes,
           version = c.version + 1,
           attempts = 0,
           run_at = excluded.run_at,
           flagged_at = null,
           wanted_at = excluded.wanted_at
"""
"""Wants the rows of a relation `wanted`: for statements that know more than one thing at once."""

_WANT_ONE = f"""
    with wanted as (
        select $1::uuid as uuid, $2::bigint as host_id, $3::bigint as user_id,
               $4::text as desired, $5::uuid as replaces, $6::timestamptz as expires_at,
               $7::bigint as traffic_limit_bytes, $8::timestamptz as wanted_at
    )
    {WANT}
"""
# vpn_clients_of_user
_WANT_NONE = """
    update vpn_clients
       set desired = 'absent', version = version + 1, attempts = 0, run_at = $2,
           flagged_at = null, wanted_at = $2
     where user_id = any($1::bigint[]) and desired = 'present'
"""


async def want(
    tx: Transaction,
    *,
    uuid: UUID,
    host_id: int,
    user_id: int,
    desired: Literal["present", "absent"],
    now: datetime,
    expires_at: datetime | None = None,
    traffic_limit_bytes: int | None = None,
    replaces: UUID | None = None,
) -> None:
    """Want the key `uuid` on a host, or off it; `replaces` is an earlier key that goes after."""
    await tx.execute(
        _WANT_ONE,
        uuid,
        host_id,
        user_id,
        desired,
        replaces,
        expires_at,
        traffic_limit_bytes,
        now,
    )


async def want_none(tx: Transaction, user_ids: list[int], now: datetime) -> None:
    """Want every key of these people off every host."""
    await tx.execute(_WANT_NONE, user_ids, now)
