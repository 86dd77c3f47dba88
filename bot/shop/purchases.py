"""Purchases: what a person is about to pay for, fixed when they begin.

A purchase keeps the plan, the limits and the price of its moment. Nothing is taken or given
here: that is `bot.shop.finalize`, once, whenever the money comes.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NewType

from bot.db import Lane, Row, Transaction
from bot.money import Money
from bot.payments.provider import ProviderName
from bot.shop.errors import (
    AlreadySubscribedError,
    AmountNotOfferedError,
    NotRecurringError,
    PlanGoneError,
    PurchaseGoneError,
)
from bot.shop.locks import lock_person
from bot.shop.plans import Plan, plan_of
from bot.shop.terms import Terms
from bot.shop.time_left import Limits

PurchaseId = NewType("PurchaseId", int)

RECURRING_DAYS = 30  # Bot API: createInvoiceLink, subscription_period must be 2592000 seconds

COLUMNS = """
    p.id, p.user_id, p.kind, p.plan_id, p.duration_days, p.device_limit, p.traffic_limit_bytes,
    p.amount_minor, p.currency, p.value_minor, p.list_minor, p.provider, p.recurring,
    p.promo_code_id, p.reference, p.pay_url, p.state, p.created_at, p.expires_at
"""
"""What `purchase_from` reads, of `purchases p`."""

_ONE = f"select {COLUMNS} from purchases p where p.id = $1"  # noqa: S608 - columns of ours

# plans_pkey, discounts_pkey, subscriptions_pkey
_OFFER = """
    select plans.*, d.percent, d.promo_code_id,
           s.stars_until > $3 and not s.stars_canceled as pays_by_stars
      from plans
      left join discounts d on d.user_id = $2
      left join subscriptions s on s.user_id = $2
     where plans.id = $1
"""
# purchases_pending_once
_PENDING = f"""
    select {COLUMNS}
      from purchases p
     where p.user_id = $1 and p.kind = $2 and coalesce(p.plan_id, 0) = coalesce($3, 0)
       and p.provider = $4 and p.recurring = $5 and p.amount_minor = $6 and p.currency = $7
       and p.state = 'pending' and p.key is null
"""  # noqa: S608 - columns of ours
_INSERT = f"""
    insert into purchases as p (
        user_id, kind, plan_id, provider, recurring, amount_minor, currency, duration_days,
        device_limit, traffic_limit_bytes, value_minor, list_minor, promo_code_id, created_at,
        expires_at, key
    )
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
    returning {COLUMNS}
"""  # noqa: S608 - columns of ours
_LET_GO = "update purchases set state = 'expired' where id = $1 and state = 'pending'"
# purchases_key_key
_COPY = f"""
    insert into purchases as p (
        user_id, key, created_at, expires_at, kind, plan_id, provider, recurring, amount_minor,
        currency, duration_days, device_limit, traffic_limit_bytes, value_minor, list_minor
    )
    select $2, $3, $4, $4, kind, plan_id, provider, recurring, amount_minor, currency,
           duration_days, device_limit, traffic_limit_bytes, value_minor, list_minor
      from purchases
     where id = $1
    returning {COLUMNS}
"""  # noqa: S608 - columns of ours
_ATTACH = """
    update purchases set reference = $2, pay_url = $3 where id = $1 and reference is null
"""
_CANCEL = """
    update purchases
       set state = 'canceled'
     where id = $1 and user_id = $2 and state = 'pending'
    returning id
"""
# purchases_pending; who is just being paid for is skipped.
_EXPIRE = """
    with late as (
        select id from purchases
         where state = 'pending' and expires_at <= $1
         order by expires_at
         limit $2
           for update skip locked
    )
    update purchases set state = 'expired' from late where purchases.id = late.id
    returning purchases.id
"""
# purchases_unpaid
_UNPAID = f"""
    select {COLUMNS}
      from purchases p
     where p.provider = $1 and p.id > $2 and p.created_at >= $3 and p.reference is not null
       and p.state in ('pending', 'expired', 'canceled')
     order by p.id
     limit $4
"""  # noqa: S608 - columns of ours


class PurchaseKind(StrEnum):
    """What a purchase gives."""

    ACCESS = "access"
    TOPUP = "topup"
    GIFT = "gift"


class PurchaseState(StrEnum):
    """Where a purchase stands; expired and canceled ones are honoured if money comes."""

    PENDING = "pending"
    PAID = "paid"
    REVIEW = "review"
    REFUNDED = "refunded"
    EXPIRED = "expired"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True)
class Purchase:
    """What is to be paid, and for what. `value_minor` and `list_minor` (before a discount) are in
    the shop's currency, `amount` in the one that is paid with.
    """

    id: PurchaseId
    user_id: int
    kind: PurchaseKind
    plan_id: int | None
    duration_days: int | None
    limits: Limits
    amount: Money
    value_minor: int
    list_minor: int
    provider: ProviderName
    recurring: bool
    promo_code_id: int | None
    reference: str | None
    pay_url: str | None
    state: PurchaseState
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Wish:
    """Who wants to buy what, and how they want to pay."""

    user_id: int
    kind: PurchaseKind
    provider: ProviderName
    plan_id: int | None = None
    recurring: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """A price: in the currency that is paid with, and in the shop's, with and without discount."""

    amount: Money
    value_minor: int
    list_minor: int
    promo_code_id: int | None


def price(
    plan: Plan, provider: ProviderName, percent: int | None, promo_code_id: int | None
) -> Offer:
    """Return what `plan` costs; a discount is rounded up to whole units, in the shop's favour."""
    whole = plan.stars if provider is ProviderName.STARS else plan.price
    amount = _discounted(whole.amount_minor, percent)
    value = _discounted(plan.price.amount_minor, percent)
    return Offer(
        amount=Money(amount, whole.currency),
        value_minor=value,
        list_minor=plan.price.amount_minor,
        promo_code_id=promo_code_id if percent else None,
    )


def topup_price(minor: int, provider: ProviderName, terms: Terms) -> Money:
    """Return what a top-up of `minor` units of the shop's currency costs, paid in this way."""
    if provider is ProviderName.STARS:
        return terms.stars_for(minor)
    return Money(minor, terms.currency)


async def begin_purchase(
    lane: Lane,
    *,
    user_id: int,
    kind: PurchaseKind,
    provider: ProviderName,
    now: datetime,
    terms: Terms,
    plan_id: int | None = None,
    topup_minor: int | None = None,
    recurring: bool = False,
) -> Purchase:
    """Return a purchase to be paid; a second tap gets the same one.

    The person's discount is applied, except to a Stars subscription (it would be for ever). What
    costs nothing is a balance purchase, whatever `provider` says. Raises PlanGoneError,
    AmountNotOfferedError, NotRecurringError, AlreadySubscribedError, UnknownPersonError.
    """
    wish = Wish(user_id, kind, provider, plan_id, recurring)
    async with lane.transaction() as tx:
        await lock_person(tx, user_id)
        plan, offer = await _offer(tx, wish, topup_minor or 0, now, terms)
        if not offer.amount:
            wish = replace(wish, provider=ProviderName.BALANCE)
        row = await tx.fetchrow(
            _PENDING,
            user_id,
            kind,
            wish.plan_id,
            wish.provider,
            recurring,
            offer.amount.amount_minor,
            offer.amount.currency,
        )
        if row is not None:
            found = purchase_from(row)
            if now < found.expires_at and _is_same(found, plan, offer):
                return found
            await tx.execute(_LET_GO, found.id)
        return await insert(tx, wish, plan, offer, now=now, terms=terms)


async def insert(
    tx: Transaction,
    wish: Wish,
    plan: Plan | None,
    offer: Offer,
    *,
    now: datetime,
    terms: Terms,
    key: str | None = None,
) -> Purchase:
    """Write a purchase, for callers that hold the person's lock; `key` if nobody tapped for it."""
    row = await tx.fetchrow(
        _INSERT,
        wish.user_id,
        wish.kind,
        wish.plan_id,
        wish.provider,
        wish.recurring,
        offer.amount.amount_minor,
        offer.amount.currency,
        plan.duration_days if plan else None,
        plan.device_limit if plan else None,
        plan.traffic_limit_bytes if plan else None,
        offer.value_minor,
        offer.list_minor,
        offer.promo_code_id,
        now,
        now + terms.purchase_lifetime,
        key,
    )
    assert row is not None  # noqa: S101 - typing: an insert returns its row
    return purchase_from(row)


async def copy(
    tx: Transaction, like: Purchase, *, user_id: int, key: str, now: datetime
) -> Purchase:
    """Write a purchase like another, for money that came for the same thing once more."""
    row = await tx.fetchrow(_COPY, like.id, user_id, key, now)
    assert row is not None  # noqa: S101 - typing: an insert returns its row
    return purchase_from(row)


async def purchase(lane: Lane, purchase_id: int) -> Purchase:
    """Return a purchase; raises PurchaseGoneError if there is none."""
    row = await lane.fetchrow(_ONE, purchase_id)
    if row is None:
        raise PurchaseGoneError(f"no purchase {purchase_id}")
    return purchase_from(row)


async def attach_invoice(lane: Lane, purchase_id: int, reference: str, url: str) -> Purchase:
    """Keep the pay page that the provider made, and return the purchase with its page.

    The first page stays: of two that were made at the same time everybody is shown one.
    """
    await lane.execute(_ATTACH, purchase_id, reference, url)
    return await purchase(lane, purchase_id)


async def cancel_purchase(lane: Lane, purchase_id: int, user_id: int) -> bool:
    """Let the person change their mind; False if it is paid, over or not theirs."""
    return await lane.fetchval(_CANCEL, purchase_id, user_id) is not None


async def expire_purchases(lane: Lane, now: datetime, limit: int) -> int:
    """Let up to `limit` unpaid purchases go whose time is over; return how many."""
    return len(await lane.fetch(_EXPIRE, now, limit))


async def unpaid(
    lane: Lane, provider: ProviderName, *, after_id: int, since: datetime, limit: int
) -> list[Purchase]:
    """Return a page of purchases with an invoice at the provider and no payment here, by id.

    Expired and canceled ones too: the money may have come all the same.
    """
    rows = await lane.fetch(_UNPAID, provider, after_id, since, limit)
    return [purchase_from(row) for row in rows]


def purchase_from(row: Row) -> Purchase:
    """Return what the columns of `COLUMNS` say."""
    return Purchase(
        id=PurchaseId(row["id"]),
        user_id=row["user_id"],
        kind=PurchaseKind(row["kind"]),
        plan_id=row["plan_id"],
        duration_days=row["duration_days"],
        limits=Limits(row["device_limit"], row["traffic_limit_bytes"]),
        amount=Money(row["amount_minor"], row["currency"]),
        value_minor=row["value_minor"],
        list_minor=row["list_minor"],
        provider=ProviderName(row["provider"]),
        recurring=row["recurring"],
        promo_code_id=row["promo_code_id"],
        reference=row["reference"],
        pay_url=row["pay_url"],
        state=PurchaseState(row["state"]),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
    )


async def _offer(
    tx: Transaction, wish: Wish, topup_minor: int, now: datetime, terms: Terms
) -> tuple[Plan | None, Offer]:
    if wish.kind is PurchaseKind.TOPUP:
        return None, _topup(topup_minor, wish.provider, terms)
    row = await tx.fetchrow(_OFFER, wish.plan_id, wish.user_id, now)
    if row is None or not row["active"] or row["currency"] != terms.currency:
        raise PlanGoneError(f"plan {wish.plan_id} is not sold")
    plan = plan_of(row)
    if not wish.recurring:
        return plan, price(plan, wish.provider, row["percent"], row["promo_code_id"])
    by_stars = wish.provider is ProviderName.STARS and wish.kind is PurchaseKind.ACCESS
    if not by_stars or plan.duration_days != RECURRING_DAYS:
        raise NotRecurringError(f"plan {wish.plan_id} can't be a subscription")
    if row["pays_by_stars"]:
        raise AlreadySubscribedError(f"user {wish.user_id} pays by a Stars subscription")
    return plan, price(plan, wish.provider, None, None)


def _topup(minor: int, provider: ProviderName, terms: Terms) -> Offer:
    if not 0 < minor <= terms.topup_max_minor or provider is ProviderName.BALANCE:
        raise AmountNotOfferedError(f"no top-up of {minor}")
    amount = topup_price(minor, provider, terms)
    return Offer(amount, value_minor=minor, list_minor=minor, promo_code_id=None)


def _discounted(minor: int, percent: int | None) -> int:
    return minor - minor * (percent or 0) // 100


def _is_same(found: Purchase, plan: Plan | None, offer: Offer) -> bool:
    """Say whether a pending purchase still is what would be begun now."""
    asked = (offer.value_minor, offer.list_minor, offer.promo_code_id)
    if (found.value_minor, found.list_minor, found.promo_code_id) != asked:
        return False
    if plan is None:
        return True
    limits = Limits(plan.device_limit, plan.traffic_limit_bytes)
    return (found.duration_days, found.limits) == (plan.duration_days, limits)
