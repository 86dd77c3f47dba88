"""Rows that a test begins with, written as the shop would leave them."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from bot.db import Lane

SHARE_LINK = (
    "vless://00000000-0000-4000-8000-000000000000@vpn.example.org:443"
    "?security=reality&sni=example.com&pbk=Bv1u8gW3h9Y2Jm0sQ4kXc7nT5rLdPzOeAaHfGiKjVxo"
    "&sid=00&fp=chrome&type=tcp"
)


async def add_person(lane: Lane, user_id: int, **columns: Any) -> int:
    given = {"id": user_id, "first_name": f"P{user_id}"} | columns
    await lane.execute(_insert("users", given), *given.values())
    return user_id


async def add_host(lane: Lane, name: str = "host", *, capacity: int = 1000) -> int:
    host_id: int = await lane.fetchval(
        "insert into vpn_hosts (name, api_url, api_key, share_link, capacity) "
        "values ($1, 'http://127.0.0.1:1', 'key', $2, $3) returning id",
        name,
        SHARE_LINK,
        capacity,
    )
    return host_id


async def add_subscription(
    lane: Lane, user_id: int, expires_at: datetime, *, began_at: datetime, **columns: Any
) -> UUID:
    uuid = uuid4()
    given = {
        "user_id": user_id,
        "vpn_uuid": uuid,
        "link_token": uuid.hex,
        "expires_at": expires_at,
        "created_at": began_at,
        "updated_at": began_at,
        "is_trial": False,
    } | columns
    await lane.execute(_insert("subscriptions", given), *given.values())
    await add_grant(lane, user_id, expires_at, at=began_at)
    return uuid


async def add_grant(lane: Lane, user_id: int, expires_at: datetime, *, at: datetime) -> None:
    given = {
        "user_id": user_id,
        "source": "admin",
        "key": f"test:{uuid4()}",
        "seconds": int((expires_at - at).total_seconds()),
        "expires_after": expires_at,
        "created_at": at,
    }
    await lane.execute(_insert("access_grants", given), *given.values())


def _insert(table: str, columns: dict[str, Any]) -> str:
    places = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
    return f"insert into {table} ({', '.join(columns)}) values ({places})"  # noqa: S608 - test data
