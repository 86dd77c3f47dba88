"""VPN hosts: which there are, how full they are, and where the next person goes."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

from bot.db import Lane, Row, Transaction
from bot.shop import audit

HostId = NewType("HostId", int)

# The rule itself is host_with_room() of the schema: purchases ask it inside their own statements.
_CHOOSE = "select host_with_room()"

_DEFAULT_CAPACITY = 1000

_ENSURE = """
    insert into vpn_hosts as h (name, api_url, api_key, share_link, capacity, created_at)
    values ($1, $2, $3, $4, $5, $6)
    on conflict (name) do update
       set api_url = excluded.api_url,
           api_key = excluded.api_key,
           share_link = excluded.share_link
     where (h.api_url, h.api_key, h.share_link)
           is distinct from (excluded.api_url, excluded.api_key, excluded.share_link)
"""
_COLUMNS = """
    id, name, api_url, api_key, share_link, capacity, weight, state, healthy, clients
"""
_SELECT = f"select {_COLUMNS} from vpn_hosts"  # noqa: S608 - columns of ours
_IN_USE = f"{_SELECT} where state <> 'retired' order by id"
_EVERY = f"{_SELECT} order by state = 'retired', id"
_ONE = f"{_SELECT} where id = $1"
_LOST_ITS_CLIENTS = """
    select not healthy or coalesce($2 > started_at + interval '3 seconds', false)
      from vpn_hosts
     where id = $1
"""
_NOTE_WELL = """
    update vpn_hosts
       set healthy = true, checked_at = $3, started_at = coalesce($2, started_at)
     where id = $1
"""
_NOTE_AWAY = "update vpn_hosts set healthy = false, checked_at = $2 where id = $1"
_COUNT_CLIENTS = """
    update vpn_hosts
       set clients = counted.clients
      from (
          select vpn_hosts.id, count(uuid) as clients
            from vpn_hosts
            left join vpn_clients on host_id = vpn_hosts.id and desired = 'present'
           group by vpn_hosts.id
      ) as counted
     where counted.id = vpn_hosts.id and counted.clients <> vpn_hosts.clients
"""
_SET_STATE = "update vpn_hosts set state = $2 where id = $1 and state <> $2 returning name"


class HostState(StrEnum):
    """Whether a host takes people: active; not now (maintenance); never again (retired)."""

    ACTIVE = "active"
    MAINTENANCE = "maintenance"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Host:
    """A VPN host; `share_link` is the template of every person's link, `clients` was counted."""

    id: HostId
    name: str
    api_url: str
    api_key: str = field(repr=False)
    share_link: str = field(repr=False)
    capacity: int
    weight: int
    state: HostState
    healthy: bool
    clients: int


async def choose_host(tx: Transaction) -> HostId | None:
    """Return the least loaded active, healthy host with room; None if every one is full."""
    chosen = await tx.fetchval(_CHOOSE)
    return None if chosen is None else HostId(chosen)


async def ensure_host(
    lane: Lane, *, name: str, api_url: str, api_key: str, share_link: str, now: datetime
) -> None:
    """Make the host that the operator's settings name be as they say; safe to repeat."""
    await lane.execute(_ENSURE, name, api_url, api_key, share_link, _DEFAULT_CAPACITY, now)


async def hosts_in_use(lane: Lane) -> list[Host]:
    """Return every host that isn't retired: those that workers look after."""
    return [_host(row) for row in await lane.fetch(_IN_USE)]


async def all_hosts(lane: Lane) -> list[Host]:
    """Return every host for administrators, the retired last."""
    return [_host(row) for row in await lane.fetch(_EVERY)]


async def host(lane: Lane, host_id: int) -> Host | None:
    """Return one host."""
    row = await lane.fetchrow(_ONE, host_id)
    return None if row is None else _host(row)


async def has_lost_clients(lane: Lane, host_id: int, started_at: datetime | None) -> bool:
    """Say whether a host that answers came back, or its core has started anew since `note_well`.

    `started_at` is when its core started, as far as the host says; a second or two is its clock.
    """
    return bool(await lane.fetchval(_LOST_ITS_CLIENTS, host_id, started_at))


async def note_well(
    lane: Lane, host_id: int, *, started_at: datetime | None, now: datetime
) -> None:
    """Note that a host answered and has what it must have: after it was given that again."""
    await lane.execute(_NOTE_WELL, host_id, started_at, now)


async def note_away(lane: Lane, host_id: int, now: datetime) -> None:
    """Note that a host didn't answer: it gets no new people until it does."""
    await lane.execute(_NOTE_AWAY, host_id, now)


async def count_clients(lane: Lane) -> None:
    """Count how full each host is; what `host_with_room` goes by until the next count."""
    await lane.execute(_COUNT_CLIENTS)


async def set_host_state(
    lane: Lane, host_id: int, state: HostState, *, admin_id: int, now: datetime
) -> None:
    """Let a host take people, rest (maintenance) or go (retired); safe to repeat."""
    async with lane.transaction() as tx:
        name = await tx.fetchval(_SET_STATE, host_id, state.value)
        if name is not None:
            await audit.record(
                tx,
                admin_id=admin_id,
                action="host.state",
                details={"host": name, "state": state.value},
                now=now,
            )


def _host(row: Row) -> Host:
    return Host(
        id=HostId(row["id"]),
        name=row["name"],
        api_url=row["api_url"],
        api_key=row["api_key"],
        share_link=row["share_link"],
        capacity=row["capacity"],
        weight=row["weight"],
        state=HostState(row["state"]),
        healthy=row["healthy"],
        clients=row["clients"],
    )
