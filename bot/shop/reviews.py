"""Payments in review: money that came and doesn't fit. Two ways out: grant it, or refund it.

Granting gives what the money was meant for. A top-up of another amount credits what came; what
nobody knows the purpose of is credited to the payer's balance. The refund is
`bot.shop.refunds.request_refund`.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from bot.db import Lane, Row, Transaction
from bot.money import Money
from bot.payments.provider import ProviderName
from bot.shop import audit, outbox, purchases, referrals
from bot.shop.access import current_of
from bot.shop.delivery import Sale, deliver
from bot.shop.errors import AlreadySettledError, NotGrantableError
from bot.shop.finalize import Finalized, Outcome, ReviewReason, read_facts
from bot.shop.locks import Person, lock_person
from bot.shop.purchases import Offer, Purchase, PurchaseKind, PurchaseState, Wish
from bot.shop.terms import Terms

# payments_to_look_at
_REVIEWS = """
    select id, provider, charge_id, purchase_id, user_id, amount_minor, currency, review_reason,
           paid_at
      from payments
     where state = 'review'
     order by id
     limit $1
"""
# payments_pkey, purchases_pkey
_WHOSE = """
    select coalesce(x.user_id, p.user_id)
      from payments x
      left join purchases p on p.id = x.purchase_id
     where x.id = $1
"""
_LOCK = """
    select id, provider, charge_id, purchase_id, user_id, amount_minor, currency, review_reason,
           paid_at
      from payments
     where id = $1 and state = 'review'
       for update
"""
_APPLY = """
    with applied as (
        update payments
           set state = 'applied', purchase_id = $2, user_id = $3, settled_by = $4
         where id = $1
    )
    update purchases set state = 'paid', paid_at = $5, value_minor = $6 where id = $2
"""
_LET_GO = "update purchases set state = 'canceled' where id = $1"


@dataclass(frozen=True, slots=True)
class Review:
    """A payment that waits for an administrator; who paid and for what may be unknown."""

    payment_id: int
    provider: ProviderName
    charge_id: str
    purchase_id: int | None
    user_id: int | None
    amount: Money
    reason: ReviewReason
    paid_at: datetime


async def reviews(lane: Lane, limit: int = 50) -> list[Review]:
    """Return what waits, the oldest first."""
    return [_review(row) for row in await lane.fetch(_REVIEWS, limit)]


async def grant_review(
    lane: Lane, payment_id: int, admin_id: int, *, now: datetime, terms: Terms
) -> Finalized:
    """Give what a payment in review was meant for; the person hears it. Audited.

    Raises AlreadySettledError when it waits no more, NotGrantableError when nobody knows whose
    it is, or what it is worth.
    """
    async with lane.transaction() as tx:
        user_id = await tx.fetchval(_WHOSE, payment_id)
        if user_id is None:
            raise NotGrantableError(f"nobody knows who made payment {payment_id}")
        person = await lock_person(tx, user_id)
        row = await tx.fetchrow(_LOCK, payment_id)
        if row is None:
            raise AlreadySettledError(f"payment {payment_id} waits for nobody")
        review = _review(row)
        facts = await read_facts(tx, review.purchase_id, review.provider, review.charge_id)
        purchase = await _purchase_to_grant(
            tx, review, facts.purchase, person, now=now, terms=terms
        )
        await tx.execute(
            _APPLY,
            payment_id,
            purchase.id,
            user_id,
            admin_id,
            review.paid_at,
            purchase.value_minor,
        )
        current = await current_of(tx, user_id)
        sale = Sale(purchase, payment_id, current, facts.titles)
        notices = [await deliver(tx, sale, now=now, terms=terms)]
        if reward := referrals.reward_for(purchase, person.referrer_id, terms):
            told = await referrals.give(tx, reward, now)
            notices += [told] if told else []
        await outbox.write(tx, notices, now)
        details = {"payment_id": payment_id, "reason": review.reason, "purchase_id": purchase.id}
        await audit.record(
            tx,
            admin_id=admin_id,
            action="payment.grant",
            user_id=user_id,
            details=details,
            now=now,
        )
    return Finalized(Outcome.APPLIED, payment_id, purchase.id, user_id)


async def _purchase_to_grant(
    tx: Transaction,
    review: Review,
    meant: Purchase | None,
    person: Person,
    *,
    now: datetime,
    terms: Terms,
) -> Purchase:
    """Return the purchase that the payment is applied to, worth what really came."""
    value = _worth(review, meant, terms)
    key = f"review:{review.payment_id}"
    if meant is None or meant.kind is PurchaseKind.TOPUP:
        if not value:
            raise NotGrantableError(f"nobody knows what {review.amount} is worth here")
        if meant is not None and meant.state is PurchaseState.REVIEW:
            await tx.execute(_LET_GO, meant.id)
        wish = Wish(person.id, PurchaseKind.TOPUP, review.provider)
        offer = Offer(review.amount, value, value, promo_code_id=None)
        return await purchases.insert(tx, wish, None, offer, now=now, terms=terms, key=key)
    settled = meant.state in {PurchaseState.PAID, PurchaseState.REFUNDED}
    if settled or meant.user_id != person.id:
        meant = await purchases.copy(tx, meant, user_id=person.id, key=key, now=now)
    return replace(meant, value_minor=value)


def _worth(review: Review, meant: Purchase | None, terms: Terms) -> int:
    """Return what came in the shop's currency; 0 where nobody knows."""
    if meant is not None and meant.amount and meant.amount.currency == review.amount.currency:
        return meant.value_minor * review.amount.amount_minor // meant.amount.amount_minor
    return terms.value_of(review.amount) or 0


def _review(row: Row) -> Review:
    return Review(
        payment_id=row["id"],
        provider=ProviderName(row["provider"]),
        charge_id=row["charge_id"],
        purchase_id=row["purchase_id"],
        user_id=row["user_id"],
        amount=Money(row["amount_minor"], row["currency"]),
        reason=ReviewReason(row["review_reason"]),
        paid_at=row["paid_at"],
    )
