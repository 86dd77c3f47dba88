"""Gifts: a plan that was bought as a link for somebody else."""

from dataclasses import dataclass
from datetime import datetime

from bot.db import Lane, Row
from bot.shop.access import Grant, Source, grant_access
from bot.shop.errors import GiftGoneError
from bot.shop.locks import lock_people
from bot.shop.outbox import ANSWER, notify
from bot.shop.subscriptions import Subscription
from bot.shop.time_left import Limits

PAYLOAD_PREFIX = "gift_"
"""What a gift's deep link begins with; its code follows."""

_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Gift:
    """A gift: `code` is what its link carries, and whoever has the link may take it once."""

    id: int
    code: str
    buyer_id: int
    duration_days: int
    plan_id: int
    created_at: datetime
    claimed_at: datetime | None
    canceled_at: datetime | None


_COLUMNS = """
    g.id, g.code, g.buyer_id, g.created_at, g.claimed_at, g.canceled_at,
    p.duration_days, p.plan_id
"""
_OF_BUYER = f"""
    select {_COLUMNS}
      from gifts g
      join purchases p on p.id = g.purchase_id
     where g.buyer_id = $1  -- gifts_of_buyer
     order by g.id desc
     limit $2
"""  # noqa: S608 - columns of ours
_BUYER = "select buyer_id from gifts where code = $1"
_FIND = f"""
    select {_COLUMNS}, p.device_limit, p.traffic_limit_bytes, p.value_minor, p.list_minor,
           payments.id as payment_id
      from gifts g
      join purchases p on p.id = g.purchase_id
      join payments on payments.purchase_id = p.id and payments.state = 'applied'
     where g.code = $1  -- gifts_code_key
       and g.claimed_at is null
       and g.canceled_at is null
       for update of g
"""  # noqa: S608 - columns of ours
_CLAIM = "update gifts set claimed_by = $2, claimed_at = $3 where id = $1"


async def gifts_of(lane: Lane, buyer_id: int, limit: int = 10) -> list[Gift]:
    """Return the gifts that a person bought, the newest first."""
    return [_gift(row) for row in await lane.fetch(_OF_BUYER, buyer_id, limit)]


async def claim_gift(lane: Lane, *, code: str, user_id: int, now: datetime) -> Subscription:
    """Give the gift to the first who comes with its link, and tell the buyer.

    The buyer may take it too. Raises GiftGoneError: no such gift, taken, or refunded.
    """
    async with lane.transaction() as tx:
        buyer_id = await tx.fetchval(_BUYER, code)
        if buyer_id is None:
            raise GiftGoneError(code)
        # The buyer's lock keeps a refund of the gift out until this is over.
        await lock_people(tx, {user_id, buyer_id})
        row = await tx.fetchrow(_FIND, code)
        if row is None:
            raise GiftGoneError(code)
        await tx.execute(_CLAIM, row["id"], user_id, now)
        subscription = await grant_access(
            tx,
            Grant(
                user_id,
                Source.GIFT,
                f"gift:{row['id']}",
                row["duration_days"] * _DAY_SECONDS,
                plan_id=row["plan_id"],
                limits=Limits(row["device_limit"], row["traffic_limit_bytes"]),
                value_minor=row["value_minor"],
                list_minor=row["list_minor"],
                payment_id=row["payment_id"],
            ),
            now,
        )
        await notify(
            tx,
            chat_id=buyer_id,
            kind="gift-claimed",
            key=f"gift-claimed:{row['id']}",
            params={"days": row["duration_days"]},
            now=now,
            priority=ANSWER,
        )
    return subscription


def _gift(row: Row) -> Gift:
    return Gift(
        id=row["id"],
        code=row["code"],
        buyer_id=row["buyer_id"],
        duration_days=row["duration_days"],
        plan_id=row["plan_id"],
        created_at=row["created_at"],
        claimed_at=row["claimed_at"],
        canceled_at=row["canceled_at"],
    )
