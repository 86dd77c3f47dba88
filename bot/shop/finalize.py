"""The moment that money is there: one transaction, keyed by the provider's own charge id.

Whatever came is written down: applied, or kept for an administrator to decide (a review), never
dropped. The second delivery of a charge finds its row and changes nothing. A payment that comes
after its purchase expired or was canceled is honoured.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import structlog

from bot.db import Lane, Row, Transaction
from bot.payments.provider import Charge, ProviderName
from bot.shop import ledger, outbox, purchases, referrals, subscriptions
from bot.shop.access import Current, StarsPeriod
from bot.shop.delivery import Sale, deliver, titles_of
from bot.shop.errors import PlanGoneError, PurchaseGoneError
from bot.shop.ledger import LedgerKind, Movement
from bot.shop.outbox import ANSWER, Notice
from bot.shop.purchases import Purchase, PurchaseState, purchase_from
from bot.shop.referrals import Reward
from bot.shop.subscriptions import subscription_from
from bot.shop.terms import Terms

log = structlog.get_logger(__name__)

_STARS_PERIOD = timedelta(days=30)
_SETTLED = frozenset({PurchaseState.PAID, PurchaseState.REFUNDED})

# purchases_pkey, users_pkey. Who a purchase is for never changes, so it can be asked unlocked. The
# lock comes with BEGIN: its arguments are whole numbers, written into the text.
_LOCK_BUYER = """
    begin;
    select from users
     where id = coalesce((select user_id from purchases where id = {purchase_id}), {user_id})
       for no key update
"""
# purchases_pkey, users_pkey, plans_pkey, subscriptions_pkey, payments_provider_charge_id_key
_FACTS = f"""
    select {purchases.COLUMNS}, {subscriptions.COLUMNS},
           coalesce(s.host_id, host_with_room()) as host_to_be, buyer.referrer_id,
           plans.title_ru, plans.title_en, plans.active as plan_active,
           seen.id as seen_id, seen.purchase_id as seen_purchase_id, seen.user_id as seen_user_id
      from (values (1)) as always
      left join purchases p on p.id = $1
      left join users buyer on buyer.id = p.user_id
      left join plans on plans.id = p.plan_id
      left join subscriptions s on s.user_id = p.user_id
      left join payments seen on seen.provider = $2 and seen.charge_id = $3
"""  # noqa: S608 - columns of ours
# The purchase moves only with its payment, and so does all else: if another delivery was faster,
# nothing happens.
_RECEIVE = f"""
    with received as (
        insert into payments (provider, charge_id, purchase_id, user_id, amount_minor, currency,
                              state, review_reason, paid_at, received_at)
        values ($1, $2, $3, (select id from users where id = $4), $5, $6, $7, $8, $9, $10)
        on conflict (provider, charge_id) do nothing
        returning id
    ), paid as (
        update purchases
           set state = $11, paid_at = case when $11 = 'paid' then $9::timestamptz end
          from received
         where purchases.id = $3 and $11::text is not null
    ), used as (
        delete from discounts
         using received
         where user_id = $4 and promo_code_id = $12
    ), reward as (
        select $3::bigint as purchase_id, $13::bigint as referrer_id, $4::bigint as referred_id,
               $14::bigint as amount_minor, $15::text as currency, $10::timestamptz as created_at
          from received
         where $13::bigint is not null
    )
    {referrals.REWARD}
    select received.id, credited.balance_minor as referrer_balance_minor
      from received
      left join credited on true
"""  # noqa: S608 - a statement of ours
_SEEN = """
    select id, purchase_id, user_id from payments where provider = $1 and charge_id = $2
"""


class Outcome(StrEnum):
    """What became of a charge."""

    APPLIED = "applied"
    REPEATED = "repeated"  # it was here before: nothing was changed
    REVIEW = "review"  # kept, and an administrator decides


class ReviewReason(StrEnum):
    """Why a payment is kept for an administrator."""

    AMOUNT = "amount"
    UNKNOWN_PURCHASE = "unknown_purchase"
    ANOTHER_PERSON = "another_person"
    PAID_TWICE = "paid_twice"


@dataclass(frozen=True, slots=True)
class Finalized:
    """The answer to a charge, the same for each of its deliveries but for the word."""

    outcome: Outcome
    payment_id: int
    purchase_id: int | None
    user_id: int | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a charge's purchase when its buyer is locked."""

    purchase: Purchase | None
    current: Current
    titles: dict[str, str]
    plan_active: bool
    referrer_id: int | None
    seen: Finalized | None


@dataclass(frozen=True, slots=True)
class Received:
    """A payment that was written down, and what others than the buyer are to be told of it."""

    payment_id: int
    notices: list[Notice]


async def finalize_purchase(
    lane: Lane, charge: Charge, *, now: datetime, terms: Terms
) -> Finalized:
    """Take a charge that a provider has proven, once, whatever is delivered how often.

    Raises errors of `bot.db.errors` only: deliver it again then. Cancelled: all or nothing.
    """

    purchase_id, payer_id = _id(charge.purchase_id), _id(charge.user_id)

    async def take(tx: Transaction) -> Finalized:
        facts = await read_facts(tx, purchase_id, charge.provider, charge.charge_id)
        if facts.seen is not None:
            return facts.seen
        reason = _why_review(facts.purchase, charge)
        if reason is not None or facts.purchase is None:
            return await _keep(tx, charge, facts, reason or ReviewReason.UNKNOWN_PURCHASE, now)
        return await _apply(tx, charge, facts.purchase, facts, now=now, terms=terms)

    lock = _LOCK_BUYER.format(purchase_id=purchase_id or "null", user_id=payer_id or "null")
    done = await lane.unit(take, begin=lock)
    log.info("payment.received", **asdict(done), provider=charge.provider.value)
    return done


async def finalize_balance_purchase(
    lane: Lane, *, user_id: int, purchase_id: int, now: datetime, terms: Terms
) -> Finalized:
    """Pay a purchase from the balance, once, however often it is tapped.

    Raises InsufficientFundsError, PurchaseGoneError (expired, canceled, somebody else's) and
    PlanGoneError: nothing is taken then.
    """

    async def take(tx: Transaction) -> Finalized:
        facts = await read_facts(tx, purchase_id, ProviderName.BALANCE, f"purchase:{purchase_id}")
        purchase = facts.purchase
        if purchase is None or purchase.user_id != user_id:
            raise PurchaseGoneError(f"user {user_id} has no purchase {purchase_id}")
        if facts.seen is not None:
            return facts.seen
        pending = purchase.state is PurchaseState.PENDING and now < purchase.expires_at
        if not pending or purchase.provider is not ProviderName.BALANCE:
            raise PurchaseGoneError(f"purchase {purchase_id} can't be paid from the balance")
        if not facts.plan_active:
            raise PlanGoneError(f"plan {purchase.plan_id} is not sold")
        return await pay_from_balance(tx, purchase, facts, now=now, terms=terms)

    lock = _LOCK_BUYER.format(purchase_id="null", user_id=int(user_id))
    done = await lane.unit(take, begin=lock)
    log.info("payment.received", **asdict(done), provider="balance")
    return done


async def pay_from_balance(
    tx: Transaction,
    purchase: Purchase,
    facts: Facts,
    *,
    now: datetime,
    terms: Terms,
    automatic: bool = False,
) -> Finalized:
    """Take a purchase's price from its buyer's balance and deliver it; the buyer is locked.

    `automatic`: nobody tapped for it. Raises InsufficientFundsError.
    """
    if purchase.amount:
        movement = Movement(
            purchase.user_id,
            purchase.amount,
            LedgerKind.PURCHASE,
            f"purchase:{purchase.id}",
            purchase.id,
        )
        await ledger.debit(tx, movement, now)
    charge = Charge(
        provider=ProviderName.BALANCE,
        charge_id=f"purchase:{purchase.id}",
        purchase_id=purchase.id,
        user_id=purchase.user_id,
        amount=purchase.amount,
        paid_at=now,
    )
    received = await receive(tx, charge, purchase, now)
    assert received is not None  # noqa: S101 - typing: the key is this locked purchase
    sale = Sale(purchase, received.payment_id, facts.current, facts.titles, automatic=automatic)
    await outbox.write(tx, [await deliver(tx, sale, now=now, terms=terms)], now)
    return Finalized(Outcome.APPLIED, received.payment_id, purchase.id, purchase.user_id)


async def read_facts(
    tx: Transaction, purchase_id: int | None, provider: ProviderName, charge_id: str
) -> Facts:
    """Return what is known of a purchase and of a charge for it; the buyer is locked."""
    row = await tx.fetchrow(_FACTS, purchase_id, provider, charge_id)
    assert row is not None  # noqa: S101 - typing: outer joins always have a row
    return Facts(
        purchase=None if row["id"] is None else purchase_from(row),
        current=Current(subscription_from(row), row["host_to_be"]),
        titles=titles_of(row),
        plan_active=row["plan_active"] is not False,
        referrer_id=row["referrer_id"],
        seen=None if row["seen_id"] is None else _again(row, "seen_"),
    )


async def receive(
    tx: Transaction,
    charge: Charge,
    purchase: Purchase | None,
    now: datetime,
    *,
    reason: ReviewReason | None = None,
    reward: Reward | None = None,
) -> Received | None:
    """Write the payment down, move its purchase, use up its discount and give the reward.

    None if the charge was here before: nothing was changed then.
    """
    user_id = purchase.user_id if purchase and reason is None else _id(charge.user_id)
    if user_id is None and purchase is not None:
        user_id = purchase.user_id
    row = await tx.fetchrow(
        _RECEIVE,
        charge.provider,
        charge.charge_id,
        purchase.id if purchase else None,
        user_id,
        charge.amount.amount_minor,
        charge.amount.currency,
        "review" if reason else "applied",
        reason,
        charge.paid_at,
        now,
        _state_after(purchase, reason),
        purchase.promo_code_id if purchase and reason is None else None,
        reward.referrer_id if reward else None,
        reward.amount.amount_minor if reward else None,
        reward.amount.currency if reward else None,
    )
    if row is None:
        return None
    balance = row["referrer_balance_minor"]
    return Received(row["id"], [reward.notice(balance)] if reward and balance is not None else [])


def _state_after(purchase: Purchase | None, reason: ReviewReason | None) -> str | None:
    """Return the purchase's new state; None leaves it."""
    if reason is None:
        return PurchaseState.PAID
    if reason is not ReviewReason.AMOUNT or purchase is None:
        return None
    return None if purchase.state in _SETTLED else PurchaseState.REVIEW


def _why_review(purchase: Purchase | None, charge: Charge) -> ReviewReason | None:
    if purchase is None:
        return ReviewReason.UNKNOWN_PURCHASE
    if charge.user_id is not None and charge.user_id != purchase.user_id:
        return ReviewReason.ANOTHER_PERSON
    if charge.amount != purchase.amount:
        return ReviewReason.AMOUNT
    next_period = charge.recurring and purchase.recurring
    if purchase.state in _SETTLED and not next_period:
        return ReviewReason.PAID_TWICE
    return None


async def _apply(
    tx: Transaction,
    charge: Charge,
    purchase: Purchase,
    facts: Facts,
    *,
    now: datetime,
    terms: Terms,
) -> Finalized:
    """Give what a charge paid for that fits its purchase, or another period of it."""
    next_period = purchase.state in _SETTLED
    if next_period:  # of a Stars subscription
        key = f"stars:{charge.charge_id}"
        purchase = await purchases.copy(tx, purchase, user_id=purchase.user_id, key=key, now=now)
    reward = referrals.reward_for(purchase, facts.referrer_id, terms)
    received = await receive(tx, charge, purchase, now, reward=reward)
    if received is None:
        return await _repeated(tx, charge)
    sale = Sale(
        purchase,
        received.payment_id,
        facts.current,
        facts.titles,
        stars=_stars(charge, facts),
        automatic=next_period,
    )
    notice = await deliver(tx, sale, now=now, terms=terms)
    await outbox.write(tx, [notice, *received.notices], now)
    return Finalized(Outcome.APPLIED, received.payment_id, purchase.id, purchase.user_id)


async def _keep(
    tx: Transaction, charge: Charge, facts: Facts, reason: ReviewReason, now: datetime
) -> Finalized:
    """Keep a payment that doesn't fit for an administrator; the person and they are told."""
    received = await receive(tx, charge, facts.purchase, now, reason=reason)
    seen = await _repeated(tx, charge)
    if received is None:
        return seen
    payment_id = received.payment_id
    params = {
        "payment_id": payment_id,
        "provider": charge.provider,
        "reason": reason,
        "user_id": seen.user_id,
        "amount_minor": charge.amount.amount_minor,
        "currency": charge.amount.currency,
    }
    key = f"payment-review:{payment_id}"
    notices = [Notice(None, "admin-payment-review", key, params, ANSWER)]
    if seen.user_id is not None:
        notices.append(Notice(seen.user_id, "payment-review", key, params, ANSWER))
    await outbox.write(tx, notices, now)
    return Finalized(Outcome.REVIEW, payment_id, seen.purchase_id, seen.user_id)


async def _repeated(tx: Transaction, charge: Charge) -> Finalized:
    row = await tx.fetchrow(_SEEN, charge.provider, charge.charge_id)
    assert row is not None  # noqa: S101 - typing: the insert met it
    return _again(row)


def _again(row: Row, prefix: str = "") -> Finalized:
    return Finalized(
        Outcome.REPEATED,
        payment_id=row[f"{prefix}id"],
        purchase_id=row[f"{prefix}purchase_id"],
        user_id=row[f"{prefix}user_id"],
    )


def _stars(charge: Charge, facts: Facts) -> StarsPeriod | None:
    """Return the period of a Stars subscription that this charge paid for."""
    if not charge.recurring or facts.purchase is None:
        return None
    until = charge.subscription_until or charge.paid_at + _STARS_PERIOD
    had = facts.current.subscription
    if facts.purchase.state not in _SETTLED or had is None or not had.stars_charge_id:
        return StarsPeriod(charge.charge_id, until)
    return StarsPeriod(had.stars_charge_id, max(until, had.stars_until or until))


def _id(value: int | None) -> int | None:
    """Return an id that a bigint holds; what came back from outside may be anything."""
    return value if value is not None and 0 < value < 2**63 else None
