"""Money that goes back, and with it everything that it paid for: one transaction.

An administrator asks for a refund, or one arrives from outside. Access loses the seconds that
were paid for (`access.take_back`), the balance what was credited, the referrer their reward; a
gift that nobody took is canceled, one that was taken is taken back from its receiver. What is no
longer there can't be taken: administrators are told what is missing. The money itself is sent
back by a worker afterwards, except to the balance, where it is back at once.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import structlog

from bot.db import Lane, Transaction
from bot.money import Money
from bot.payments.provider import ProviderName
from bot.shop import audit, ledger, outbox, referrals
from bot.shop.access import take_back
from bot.shop.errors import AlreadySettledError, NotRefundableError
from bot.shop.ledger import LedgerKind, Movement, Shortfall, debit_what_is_there
from bot.shop.locks import lock_people
from bot.shop.outbox import ANSWER, Notice
from bot.shop.purchases import PurchaseKind

log = structlog.get_logger(__name__)

# payments_pkey, purchases_pkey, gifts_purchase_id_key
_CONCERNED = """
    select x.user_id as payer_id, p.user_id as buyer_id, g.claimed_by
      from payments x
      left join purchases p on p.id = x.purchase_id
      left join gifts g on g.purchase_id = p.id
     where x.id = $1
"""
_PAYMENT = """
    select x.id, x.state, x.provider, x.charge_id, x.user_id, x.amount_minor, x.currency,
           p.id as purchase_id, p.user_id as buyer_id, p.kind
      from payments x
      left join purchases p on p.id = x.purchase_id
     where x.id = $1
       for update of x
"""
_CANCEL_GIFT = """
    update gifts
       set canceled_at = $2
     where purchase_id = $1 and claimed_by is null and canceled_at is null
    returning id
"""
_CREDITED = "select amount_minor, currency from ledger where key = $1"  # ledger_key_key
_CLAIMED_BY = "select claimed_by from gifts where purchase_id = $1"
_MOVE = """
    update payments
       set state = $2,
           refunded_at = case when $2 = 'refunded' then $3::timestamptz end,
           run_at = case when $2 = 'refunding' then $3::timestamptz end,
           attempts = 0, last_error = null,
           settled_by = coalesce($4, settled_by)
     where id = $1
"""
# The purchase is refunded when no other payment for it stands.
_MOVE_PURCHASE = """
    update purchases
       set state = 'refunded'
     where id = $1 and not exists (select from payments  -- payments_of_purchase
                                    where purchase_id = $1 and state = 'applied')
       and state in ('paid', 'review')
"""
_BY_CHARGE = "select id from payments where provider = $1 and charge_id = $2"
# A refund may arrive before its charge: the row then keeps the charge from taking effect.
_UNSEEN = """
    insert into payments (provider, charge_id, amount_minor, currency, state, paid_at,
                          received_at, refunded_at)
    values ($1, $2, $3, $4, 'refunded', $5, $5, $5)
    on conflict (provider, charge_id) do nothing
    returning id
"""


class Refunded(StrEnum):
    """What a refund that arrived did."""

    APPLIED = "applied"
    REPEATED = "repeated"
    UNKNOWN = "unknown"  # its charge never came; if it comes, it changes nothing
    PARTIAL = "partial"  # less than was paid: administrators decide


@dataclass(frozen=True, slots=True)
class RolledBack:
    """What a refund took back; `missing` could not be taken, it is no longer there."""

    seconds: int = 0
    missing: tuple[Shortfall, ...] = ()


@dataclass(frozen=True, slots=True)
class _Payment:
    """A payment that is locked, and everybody whom its refund concerns."""

    id: int
    state: str
    provider: ProviderName
    charge_id: str
    user_id: int | None
    amount: Money
    purchase_id: int | None
    buyer_id: int | None
    kind: PurchaseKind | None


async def request_refund(lane: Lane, payment_id: int, admin_id: int, now: datetime) -> RolledBack:
    """Give a payment back, applied or in review; a worker then sends the money, the person hears.

    Raises AlreadySettledError when it was given back before, NotRefundableError for a top-up that
    was spent and for an unknown payment. Audited.
    """
    async with lane.transaction() as tx:
        payment = await _lock(tx, payment_id)
        if payment.state not in {"applied", "review"}:
            raise AlreadySettledError(f"payment {payment_id} is {payment.state}")
        if spent := await _spent(tx, payment):
            raise NotRefundableError(f"{spent} of payment {payment_id} was spent")
        done = await _roll_back(tx, payment, admin_id, now)
        if payment.provider is ProviderName.BALANCE:
            await _give_back(tx, payment, admin_id, now)
            await _move(tx, payment, "refunded", admin_id, now)
            await _tell_payer(tx, payment, now)
        else:
            await _move(tx, payment, "refunding", admin_id, now)
        await audit.record(
            tx,
            admin_id=admin_id,
            action="payment.refund",
            user_id=payment.user_id,
            details={
                "payment_id": payment.id,
                "amount_minor": payment.amount.amount_minor,
                "currency": payment.amount.currency,
                "seconds": done.seconds,
            },
            now=now,
        )
    log.info("payment.refund_requested", payment_id=payment_id, admin_id=admin_id)
    return done


async def refund_arrived(
    lane: Lane, provider: ProviderName, charge_id: str, amount: Money, now: datetime
) -> Refunded:
    """Take note that a provider gave `amount` of a charge back, whoever asked for it; once.

    It takes back what the payment paid for, unless a refund that was asked for here did so before.
    """
    async with lane.transaction() as tx:
        unseen = await tx.fetchval(
            _UNSEEN, provider, charge_id, amount.amount_minor, amount.currency, now
        )
        payment_id = unseen or await tx.fetchval(_BY_CHARGE, provider, charge_id)
        params = {
            "payment_id": payment_id,
            "provider": provider,
            "amount_minor": amount.amount_minor,
            "currency": amount.currency,
        }
        if unseen is not None:
            await _tell_admins(tx, "admin-refund-unknown", payment_id, params, now)
            return Refunded.UNKNOWN
        payment = await _lock(tx, payment_id)
        if payment.state == "refunded":
            return Refunded.REPEATED
        if amount != payment.amount:
            await _tell_admins(tx, "admin-refund-partial", payment_id, params, now)
            return Refunded.PARTIAL
        if payment.state != "refunding":
            await _roll_back(tx, payment, None, now)
            await _tell_admins(tx, "admin-refund-arrived", payment_id, params, now)
        await _move(tx, payment, "refunded", None, now)
        await _tell_payer(tx, payment, now)
    log.info("payment.refunded", payment_id=payment_id, provider=provider.value)
    return Refunded.APPLIED


def refund_notice(payment_id: int, user_id: int, amount: Money) -> Notice:
    """Return what the payer is told when their money is back."""
    params = {"amount_minor": amount.amount_minor, "currency": amount.currency}
    return Notice(user_id, "payment-refunded", f"refund:{payment_id}", params, ANSWER)


async def _lock(tx: Transaction, payment_id: int) -> _Payment:
    """Lock everybody concerned, then the payment; raises NotRefundableError if there is none."""
    concerned = await tx.fetchrow(_CONCERNED, payment_id)
    if concerned is None:
        raise NotRefundableError(f"no payment {payment_id}")
    await lock_people(tx, {user_id for user_id in concerned if user_id is not None})
    row = await tx.fetchrow(_PAYMENT, payment_id)
    assert row is not None  # noqa: S101 - typing: payments are never deleted
    return _Payment(
        id=row["id"],
        state=row["state"],
        provider=ProviderName(row["provider"]),
        charge_id=row["charge_id"],
        user_id=row["user_id"],
        amount=Money(row["amount_minor"], row["currency"]),
        purchase_id=row["purchase_id"],
        buyer_id=row["buyer_id"],
        kind=None if row["kind"] is None else PurchaseKind(row["kind"]),
    )


async def _roll_back(
    tx: Transaction, payment: _Payment, admin_id: int | None, now: datetime
) -> RolledBack:
    """Take back what an applied payment gave; one in review gave nothing."""
    if payment.state != "applied" or payment.purchase_id is None or payment.buyer_id is None:
        return RolledBack()
    seconds = 0
    missing: list[Shortfall | None] = []
    match payment.kind:
        case PurchaseKind.ACCESS:
            seconds = await take_back(tx, payment.buyer_id, payment.id, admin_id=admin_id, now=now)
        case PurchaseKind.GIFT:
            seconds = await _withdraw_gift(tx, payment, admin_id, now)
        case PurchaseKind.TOPUP:
            credited = await _credited(tx, payment)
            movement = Movement(
                payment.buyer_id,
                credited,
                LedgerKind.REFUND,
                f"refund:{payment.id}",
                payment.purchase_id,
                admin_id,
            )
            missing.append(await debit_what_is_there(tx, movement, now))
    missing.append(await referrals.reverse(tx, payment.purchase_id, admin_id=admin_id, now=now))
    done = RolledBack(seconds, tuple(short for short in missing if short))
    for short in done.missing:
        params = {
            "payment_id": payment.id,
            "user_id": short.user_id,
            "amount_minor": short.missing.amount_minor,
            "currency": short.missing.currency,
        }
        key = f"refund-shortfall:{payment.id}:{short.user_id}"
        await outbox.write(tx, [Notice(None, "admin-refund-shortfall", key, params, ANSWER)], now)
    return done


async def _withdraw_gift(
    tx: Transaction, payment: _Payment, admin_id: int | None, now: datetime
) -> int:
    """Cancel a gift that nobody took, or take its time back from who did."""
    if await tx.fetchval(_CANCEL_GIFT, payment.purchase_id, now) is not None:
        return 0
    receiver_id = await tx.fetchval(_CLAIMED_BY, payment.purchase_id)
    if receiver_id is None:
        return 0
    # Locked already, unless they took it just now; in the rare case of a circle the database
    # ends one of the two, which is then run again.
    await lock_people(tx, {receiver_id})
    seconds = await take_back(tx, receiver_id, payment.id, admin_id=admin_id, now=now)
    if receiver_id != payment.buyer_id:
        key = f"refund:{payment.id}"
        notice = Notice(receiver_id, "gift-withdrawn", key, {"seconds": seconds}, ANSWER)
        await outbox.write(tx, [notice], now)
    return seconds


async def _credited(tx: Transaction, payment: _Payment) -> Money:
    """Return what a top-up put on the balance, in the currency of then."""
    row = await tx.fetchrow(_CREDITED, f"topup:{payment.id}")
    assert row is not None  # noqa: S101 - typing: an applied top-up has its row
    return Money(row["amount_minor"], row["currency"])


async def _spent(tx: Transaction, payment: _Payment) -> Money | None:
    """Return how much of a top-up is no longer there; None if all of it is, or it is none."""
    if payment.state != "applied" or payment.kind is not PurchaseKind.TOPUP:
        return None
    assert payment.buyer_id is not None  # noqa: S101 - typing: a purchase has a buyer
    credited = await _credited(tx, payment)
    spent = credited - await ledger.balance_in(tx, payment.buyer_id, credited.currency)
    return spent if spent.amount_minor > 0 else None


async def _give_back(tx: Transaction, payment: _Payment, admin_id: int, now: datetime) -> None:
    """Put the price of what was paid from the balance back on it."""
    if payment.amount and payment.user_id is not None:
        key = f"refund:{payment.id}"
        movement = Movement(
            payment.user_id, payment.amount, LedgerKind.REFUND, key, payment.purchase_id, admin_id
        )
        await ledger.credit(tx, movement, now)


async def _move(
    tx: Transaction, payment: _Payment, state: str, admin_id: int | None, now: datetime
) -> None:
    await tx.execute(_MOVE, payment.id, state, now, admin_id)
    if payment.purchase_id is not None:
        await tx.execute(_MOVE_PURCHASE, payment.purchase_id)


async def _tell_payer(tx: Transaction, payment: _Payment, now: datetime) -> None:
    if payment.user_id is not None:
        await outbox.write(tx, [refund_notice(payment.id, payment.user_id, payment.amount)], now)


async def _tell_admins(
    tx: Transaction, kind: str, payment_id: int, params: dict[str, Any], now: datetime
) -> None:
    await outbox.write(tx, [Notice(None, kind, f"{kind}:{payment_id}", params, ANSWER)], now)
