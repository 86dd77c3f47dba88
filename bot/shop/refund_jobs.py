"""Refunds on their way to the provider: claimed, sent by a worker, and their result written here.

A refund is never dropped: a provider that is away is asked again with growing pauses; one that
refuses for good is left to an administrator, who sends the money in another way.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.db import Lane
from bot.money import Money
from bot.payments.provider import ProviderName
from bot.shop import audit, outbox
from bot.shop.errors import AlreadySettledError
from bot.shop.outbox import ANSWER, Notice
from bot.shop.refunds import refund_notice

FLAG_AFTER = 5
_FIRST_PAUSE = timedelta(seconds=10)
_LONGEST_PAUSE = timedelta(hours=1)

# payments_to_look_at. Claimed by moving run_at past the lease: a crash loses nothing.
_CLAIM = """
    with due as (
        select id
          from payments
         where state = 'refunding' and run_at <= $1
         order by run_at
         limit $2
           for update skip locked
    )
    update payments
       set run_at = $3, attempts = attempts + 1
      from due
     where payments.id = due.id
    returning payments.id, provider, charge_id, user_id, amount_minor, currency, attempts
"""
_DONE = """
    update payments
       set state = 'refunded', refunded_at = $2, run_at = null, last_error = null
     where id = $1 and state = 'refunding'
    returning user_id, amount_minor, currency
"""
_FAILED = """
    update payments
       set last_error = $2, run_at = $3
     where id = $1 and state = 'refunding'
    returning provider, user_id, amount_minor, currency
"""


@dataclass(frozen=True, slots=True)
class DueRefund:
    """Money to be sent back; `attempts` counts this one. Its key at the provider is `key`."""

    payment_id: int
    provider: ProviderName
    charge_id: str
    user_id: int | None
    amount: Money
    attempts: int

    @property
    def key(self) -> str:
        """What makes repeated calls one refund at providers with idempotence keys."""
        return f"refund-{self.payment_id}"


async def refunds_due(
    lane: Lane, now: datetime, *, limit: int, lease: timedelta
) -> list[DueRefund]:
    """Take up to `limit` refunds that are due; nobody else has them until the lease is over."""
    return [
        DueRefund(
            payment_id=row["id"],
            provider=ProviderName(row["provider"]),
            charge_id=row["charge_id"],
            user_id=row["user_id"],
            amount=Money(row["amount_minor"], row["currency"]),
            attempts=row["attempts"],
        )
        for row in await lane.fetch(_CLAIM, now, limit, now + lease)
    ]


async def refund_done(lane: Lane, payment_id: int, now: datetime) -> None:
    """Note that the money is back, and tell the payer; safe to repeat."""
    await _settle(lane, payment_id, None, now)


async def refund_by_hand(lane: Lane, payment_id: int, admin_id: int, now: datetime) -> None:
    """Note that an administrator sent the money in another way. Audited.

    Raises AlreadySettledError if it was back before.
    """
    if not await _settle(lane, payment_id, admin_id, now):
        raise AlreadySettledError(f"payment {payment_id} waits for no refund")


async def refund_failed(
    lane: Lane, due: DueRefund, error: str, now: datetime, *, final: bool
) -> None:
    """Note why the money isn't back, and try again later; `final` if the provider never will.

    Administrators are told once: at once if final, else after `FLAG_AFTER` attempts.
    """
    pause = min(_FIRST_PAUSE * 2 ** min(due.attempts - 1, 10), _LONGEST_PAUSE)
    async with lane.transaction() as tx:
        row = await tx.fetchrow(
            _FAILED, due.payment_id, error[:500], None if final else now + pause
        )
        if row is None or not (final or due.attempts >= FLAG_AFTER):
            return
        kind = "admin-refund-impossible" if final else "admin-refund-stuck"
        params = dict(row) | {"payment_id": due.payment_id, "error": error[:200]}
        notice = Notice(None, kind, f"{kind}:{due.payment_id}", params, ANSWER)
        await outbox.write(tx, [notice], now)


async def _settle(lane: Lane, payment_id: int, admin_id: int | None, now: datetime) -> bool:
    async with lane.transaction() as tx:
        row = await tx.fetchrow(_DONE, payment_id, now)
        if row is None:
            return False
        if row["user_id"] is not None:
            amount = Money(row["amount_minor"], row["currency"])
            await outbox.write(tx, [refund_notice(payment_id, row["user_id"], amount)], now)
        if admin_id is not None:
            await audit.record(
                tx,
                admin_id=admin_id,
                action="payment.refund_by_hand",
                user_id=row["user_id"],
                details={"payment_id": payment_id},
                now=now,
            )
    return True
