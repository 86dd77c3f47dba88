"""100,000 people with access, in the database and on a VPN host, as the shop leaves them."""

import random
from uuid import UUID

from bot.db import Lane

SEED = 1
_ROWS = """
    with person as (
        select n, 1000000 + n as id, uuid
          from unnest($1::uuid[]) with ordinality as given (uuid, n)
    ), people as (
        insert into users (id, first_name, language_code)
        select id, 'P' || n, case when n % 2 = 0 then 'ru' else 'en' end from person
    ), accesses as (
        insert into subscriptions (user_id, vpn_uuid, link_token, host_id, expires_at, is_trial,
                                   created_at, updated_at)
        select id, uuid, md5(id::text), 1,
               now() + case when n <= $2 then -1 else 20 end * interval '1 day',
               false, now() - interval '30 days', now() - interval '30 days'
          from person
    )
    insert into vpn_clients (uuid, host_id, user_id, label, desired, version, applied_version,
                             run_at, wanted_at, applied_at)
    select uuid, 1, id, 'u' || n, 'present', 1, 1, now(), now(), now() from person
"""


def keys(count: int) -> list[UUID]:
    """Return the keys that the stand-in makes up for `fill` with SEED."""
    rng = random.Random(SEED)
    return [UUID(int=rng.getrandbits(128), version=4) for _ in range(count)]


async def add_people(lane: Lane, count: int, *, expired: int) -> None:
    """Add people whose keys are on host 1; the access of `expired` of them ended yesterday."""
    async with lane.transaction(patient=True) as tx:
        await tx.execute("set constraints all deferred")
        await tx.execute(_ROWS, keys(count), expired)
    await lane.execute("analyze users")
    await lane.execute("analyze subscriptions")
    await lane.execute("analyze vpn_clients")
