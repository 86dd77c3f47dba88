"""Gifts: a plan that was bought as a link for somebody else."""

from dataclasses import dataclass
from datetime import datetime

from bot.db import Lane, Row, Transaction
from bot.shop.access import Grant, Source, grant_access
from bot.shop.errors import GiftGoneError
from bot.shop.locks import lock_people
from bot.shop.outbox import ANSWER, notify
from bot.shop.subscriptions import COLUMNS, Subscription, subscription_from
from bot.shop.time_left import Limits
from bot.shop.users import Locale

PAYLOAD_PREFIX = "gift_"
"""What a gift's deep link begins with; its code follows."""

_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Gift:
    """A gift: `code` is what its link carries, and whoever has the link may take it once."""

    id: int
    code: str
    title_ru: str
    title_en: str
    duration_days: int
    created_at: datetime
    claimed_at: datetime | None
    canceled_at: datetime | None

    @property
    def is_waiting(self) -> bool:
        """Say whether the link still gives something."""
        return self.claimed_at is None and self.canceled_at is None

    @property
    def payload(self) -> str:
        """What the deep link to it carries."""
        return PAYLOAD_PREFIX + self.code

    def title(self, locale: Locale) -> str:
        """Return the plan's name in the language of a person."""
        return self.title_ru if locale == "ru" else self.title_en


_SELECT = """
    select g.id, g.code, g.created_at, g.claimed_at, g.canceled_at, p.duration_days,
           plans.title_ru, plans.title_en
      from gifts g
      join purchases p on p.id = g.purchase_id
      join plans on plans.id = p.plan_id
"""
# gifts_of_buyer
_OF_BUYER = f"""
    {_SELECT}
     where g.buyer_id = $1 and g.id < coalesce($2, 9223372036854775807)
     order by g.id desc
     limit $3
"""
_ONE = f"{_SELECT} where g.buyer_id = $1 and g.id = $2"  # gifts_pkey
_OF_PURCHASE = f"{_SELECT} where g.buyer_id = $1 and g.purchase_id = $2"  # gifts_purchase_id_key
_BUYER = "select buyer_id from gifts where code = $1"  # gifts_code_key
# gifts_code_key
_FIND = """
    select g.id, g.claimed_by, g.canceled_at, p.duration_days, p.plan_id, p.device_limit,
           p.traffic_limit_bytes, p.value_minor, p.list_minor, payments.id as payment_id
      from gifts g
      join purchases p on p.id = g.purchase_id
      left join payments on payments.purchase_id = p.id and payments.state = 'applied'
     where g.code = $1
       for update of g
"""
_CLAIM = "update gifts set claimed_by = $2, claimed_at = $3 where id = $1"
_SUBSCRIPTION = f"select {COLUMNS} from subscriptions s where s.user_id = $1"  # noqa: S608 - ours


async def gifts_of(lane: Lane, buyer_id: int, before_id: int | None, limit: int) -> list[Gift]:
    """Return a page of the gifts that a person bought, the newest first.

    `before_id` is the last one's id on the page before.
    """
    return [_gift(row) for row in await lane.fetch(_OF_BUYER, buyer_id, before_id, limit)]


async def gift_of(lane: Lane, buyer_id: int, gift_id: int) -> Gift:
    """Return a gift that a person bought; raises GiftGoneError for any other."""
    return _found(await lane.fetchrow(_ONE, buyer_id, gift_id))


async def gift_of_purchase(lane: Lane, buyer_id: int, purchase_id: int) -> Gift:
    """Return the gift that a person's purchase was for; raises GiftGoneError if it is none."""
    return _found(await lane.fetchrow(_OF_PURCHASE, buyer_id, purchase_id))


async def claim_gift(lane: Lane, *, code: str, user_id: int, now: datetime) -> Subscription:
    """Give the gift to the first who comes with its link, and tell the buyer.

    The buyer may take it too. Whoever took it before is given the same answer and nothing else.
    Raises GiftGoneError: no such gift, taken by another, or refunded.
    """
    async with lane.transaction() as tx:
        buyer_id = await tx.fetchval(_BUYER, code)
        if buyer_id is None:
            raise GiftGoneError(code)
        # The buyer's lock keeps a refund of the gift out until this is over.
        await lock_people(tx, {user_id, buyer_id})
        row = await tx.fetchrow(_FIND, code)
        assert row is not None  # noqa: S101 - typing: gifts are never deleted
        if row["claimed_by"] == user_id:
            return await _taken_before(tx, user_id, code)
        open_to_all = row["claimed_by"] is None and row["canceled_at"] is None
        if not open_to_all or row["payment_id"] is None:
            raise GiftGoneError(code)
        await tx.execute(_CLAIM, row["id"], user_id, now)
        subscription = await grant_access(tx, _grant(row, user_id), now)
        if buyer_id != user_id:
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


async def _taken_before(tx: Transaction, user_id: int, code: str) -> Subscription:
    row = await tx.fetchrow(_SUBSCRIPTION, user_id)
    subscription = None if row is None else subscription_from(row)
    if subscription is None:
        raise GiftGoneError(code)
    return subscription


def _grant(row: Row, user_id: int) -> Grant:
    return Grant(
        user_id,
        Source.GIFT,
        f"gift:{row['id']}",
        row["duration_days"] * _DAY_SECONDS,
        plan_id=row["plan_id"],
        limits=Limits(row["device_limit"], row["traffic_limit_bytes"]),
        value_minor=row["value_minor"],
        list_minor=row["list_minor"],
        payment_id=row["payment_id"],
    )


def _found(row: Row | None) -> Gift:
    if row is None:
        raise GiftGoneError("nobody's gift, or somebody else's")
    return _gift(row)


def _gift(row: Row) -> Gift:
    return Gift(
        id=row["id"],
        code=row["code"],
        title_ru=row["title_ru"],
        title_en=row["title_en"],
        duration_days=row["duration_days"],
        created_at=row["created_at"],
        claimed_at=row["claimed_at"],
        canceled_at=row["canceled_at"],
    )
