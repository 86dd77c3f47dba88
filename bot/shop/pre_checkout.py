"""The last question before money moves: may this be paid now? Answered within seconds.

Telegram asks it (pre_checkout_query) with the payer's finger on the button; a refusal here costs
nobody anything, while money that came is always taken (`bot.shop.finalize`).
"""

from datetime import datetime
from enum import StrEnum

from bot.db import Lane, Row
from bot.money import Money
from bot.shop import purchases
from bot.shop.plans import plan_of
from bot.shop.purchases import PurchaseKind, PurchaseState, price, purchase_from

# purchases_pkey, plans_pkey, promo_codes_pkey, subscriptions_pkey
_PURCHASE = f"""
    select {purchases.COLUMNS},
           s.host_id is not null or host_with_room() is not null as has_host,
           s.stars_until > $2 and not s.stars_canceled as pays_by_stars,
           promo_codes.value as percent
      from purchases p
      left join promo_codes on promo_codes.id = p.promo_code_id
      left join subscriptions s on s.user_id = p.user_id
     where p.id = $1
"""  # noqa: S608 - columns of ours
_PLAN = "select * from plans where id = $1 and active"


class Refusal(StrEnum):
    """Why something can't be paid; each has a text for the payer."""

    UNKNOWN = "unknown"
    ANOTHER_PERSON = "another-person"
    ALREADY_PAID = "already-paid"
    CANCELED = "canceled"
    ALREADY_SUBSCRIBED = "already-subscribed"
    PLAN_GONE = "plan-gone"
    PRICE_CHANGED = "price-changed"
    NO_ROOM = "no-room"


async def why_not_pay(
    lane: Lane, purchase_id: int, user_id: int, amount: Money, now: datetime
) -> Refusal | None:
    """Return why `user_id` may not pay `amount` for a purchase now; None if they may.

    One that has expired may still be paid while its price holds.
    """
    row = await lane.fetchrow(_PURCHASE, purchase_id, now)
    if row is None:
        return Refusal.UNKNOWN
    if row["user_id"] != user_id:
        return Refusal.ANOTHER_PERSON
    match PurchaseState(row["state"]):
        case PurchaseState.PAID | PurchaseState.REFUNDED | PurchaseState.REVIEW:
            return Refusal.ALREADY_PAID
        case PurchaseState.CANCELED:
            return Refusal.CANCELED
        case PurchaseState.PENDING | PurchaseState.EXPIRED:
            pass
    if row["recurring"] and row["pays_by_stars"]:
        return Refusal.ALREADY_SUBSCRIBED
    if row["kind"] == PurchaseKind.TOPUP:
        return None if purchase_from(row).amount == amount else Refusal.PRICE_CHANGED
    plan = await lane.fetchrow(_PLAN, row["plan_id"])
    if plan is None:
        return Refusal.PLAN_GONE
    if not _price_holds(row, plan, amount):
        return Refusal.PRICE_CHANGED
    if row["kind"] == PurchaseKind.ACCESS and not row["has_host"]:
        return Refusal.NO_ROOM
    return None


def _price_holds(row: Row, plan: Row, amount: Money) -> bool:
    """Say whether the plan costs now what the purchase says and the payer is about to pay."""
    bought = purchase_from(row)
    now = price(plan_of(plan), bought.provider, row["percent"], bought.promo_code_id)
    same = (now.amount, plan["duration_days"]) == (bought.amount, bought.duration_days)
    return same and bought.amount == amount
