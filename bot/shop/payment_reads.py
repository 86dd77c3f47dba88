"""Payments as administrators see them: one, those of a person, refunds on their way."""

from dataclasses import dataclass
from datetime import datetime

from bot.db import Lane, Row
from bot.money import Money
from bot.payments.provider import ProviderName
from bot.shop.finalize import ReviewReason
from bot.shop.purchases import PurchaseKind

_SELECT = """
    select x.id, x.provider, x.charge_id, x.purchase_id, coalesce(x.user_id, p.user_id) as user_id,
           x.amount_minor, x.currency, x.state, x.review_reason, x.paid_at, x.attempts, x.run_at,
           x.last_error, p.kind, p.amount_minor as asked_minor, p.currency as asked_currency,
           plans.title_ru, plans.title_en
      from payments x
      left join purchases p on p.id = x.purchase_id
      left join plans on plans.id = p.plan_id
"""
_ONE = f"{_SELECT} where x.id = $1"  # payments_pkey
_OF_PERSON = f"{_SELECT} where x.user_id = $1 order by x.id desc limit $2"  # payments_of_user
_ON_THEIR_WAY = f"""{_SELECT}
     where x.state = 'refunding'  -- payments_to_look_at
     order by x.run_at is not null, x.id
     limit $1
"""


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that came. `asked` is the price of what it was for, None where nobody knows.

    Of one whose refund is on its way, `next_try_at` None says that the provider refuses for good.
    """

    id: int
    provider: ProviderName
    charge_id: str
    purchase_id: int | None
    user_id: int | None
    amount: Money
    state: str
    reason: ReviewReason | None
    paid_at: datetime
    attempts: int
    next_try_at: datetime | None
    last_error: str | None
    kind: PurchaseKind | None
    asked: Money | None
    title_ru: str | None
    title_en: str | None


async def payment(lane: Lane, payment_id: int) -> Payment | None:
    """Return one payment."""
    row = await lane.fetchrow(_ONE, payment_id)
    return None if row is None else _payment(row)


async def payments_of(lane: Lane, user_id: int, limit: int = 20) -> list[Payment]:
    """Return the payments of a person, the latest first."""
    return [_payment(row) for row in await lane.fetch(_OF_PERSON, user_id, limit)]


async def refunds_on_their_way(lane: Lane, limit: int = 30) -> list[Payment]:
    """Return the payments whose money isn't back yet; those that need a hand come first."""
    return [_payment(row) for row in await lane.fetch(_ON_THEIR_WAY, limit)]


def _payment(row: Row) -> Payment:
    return Payment(
        id=row["id"],
        provider=ProviderName(row["provider"]),
        charge_id=row["charge_id"],
        purchase_id=row["purchase_id"],
        user_id=row["user_id"],
        amount=Money(row["amount_minor"], row["currency"]),
        state=row["state"],
        reason=ReviewReason(row["review_reason"]) if row["review_reason"] else None,
        paid_at=row["paid_at"],
        attempts=row["attempts"],
        next_try_at=row["run_at"],
        last_error=row["last_error"],
        kind=PurchaseKind(row["kind"]) if row["kind"] else None,
        asked=Money(row["asked_minor"], row["asked_currency"]) if row["kind"] else None,
        title_ru=row["title_ru"],
        title_en=row["title_en"],
    )
