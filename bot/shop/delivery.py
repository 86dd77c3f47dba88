"""What a paid purchase gives: access, money on the balance, or a gift; and who hears of it.

Called by whoever takes the money, in the same transaction, with the person locked.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.db import Row, Transaction
from bot.money import Money
from bot.shop import ledger
from bot.shop.access import Current, Grant, Source, StarsPeriod, extend
from bot.shop.ledger import LedgerKind, Movement
from bot.shop.outbox import ANSWER, Notice
from bot.shop.purchases import Purchase, PurchaseKind
from bot.shop.terms import Terms

DAY_SECONDS = 86_400

_GIVE = """
    insert into gifts (code, buyer_id, purchase_id, created_at) values ($1, $2, $3, $4)
"""


@dataclass(frozen=True, slots=True)
class Sale:
    """A purchase that was just paid, and what its buyer has at this moment."""

    purchase: Purchase
    payment_id: int
    current: Current
    titles: dict[str, str]  # of the plan, for the notice: title_ru, title_en
    stars: StarsPeriod | None = None
    automatic: bool = False  # a renewal that nobody tapped for


def titles_of(row: Row) -> dict[str, str]:
    """Return the titles of a joined plan; empty for a top-up."""
    if row["title_ru"] is None:
        return {}
    return {"title_ru": row["title_ru"], "title_en": row["title_en"]}


async def deliver(tx: Transaction, sale: Sale, *, now: datetime, terms: Terms) -> Notice:
    """Give what was bought, and return what the buyer is to be told."""
    match sale.purchase.kind:
        case PurchaseKind.ACCESS:
            kind, params = await _access(tx, sale, now)
        case PurchaseKind.TOPUP:
            kind, params = await _topup(tx, sale, now, terms)
        case PurchaseKind.GIFT:
            kind, params = await _gift(tx, sale, now)
    paid = {
        "purchase_id": sale.purchase.id,
        "amount_minor": sale.purchase.amount.amount_minor,
        "currency": sale.purchase.amount.currency,
    }
    key = f"payment:{sale.payment_id}"
    return Notice(sale.purchase.user_id, kind, key, paid | sale.titles | params, ANSWER)


def seconds_of(purchase: Purchase) -> int:
    """Return how long the access is that was bought."""
    return (purchase.duration_days or 0) * DAY_SECONDS


async def _access(tx: Transaction, sale: Sale, now: datetime) -> tuple[str, dict[str, Any]]:
    purchase = sale.purchase
    had = sale.current.subscription
    grant = Grant(
        purchase.user_id,
        Source.PURCHASE,
        f"payment:{sale.payment_id}",
        seconds_of(purchase),
        plan_id=purchase.plan_id,
        limits=purchase.limits,
        value_minor=purchase.value_minor,
        list_minor=purchase.list_minor,
        payment_id=sale.payment_id,
        stars=sale.stars,
    )
    subscription = await extend(tx, sale.current, grant, now)
    return "access-renewed" if sale.automatic else "access-paid", {
        "days": purchase.duration_days,
        "expires_at": subscription.expires_at.isoformat(),
        "renewal": had is not None and had.is_active(now),
    }


async def _topup(
    tx: Transaction, sale: Sale, now: datetime, terms: Terms
) -> tuple[str, dict[str, Any]]:
    purchase = sale.purchase
    movement = Movement(
        purchase.user_id,
        Money(purchase.value_minor, terms.currency),
        LedgerKind.TOPUP,
        f"topup:{sale.payment_id}",
        purchase.id,
    )
    balance = await ledger.credit(tx, movement, now)
    return "topup-paid", {
        "value_minor": purchase.value_minor,
        "balance_minor": balance.amount_minor,
        "balance_currency": balance.currency,
    }


async def _gift(tx: Transaction, sale: Sale, now: datetime) -> tuple[str, dict[str, Any]]:
    code = secrets.token_urlsafe(12)
    await tx.execute(_GIVE, code, sale.purchase.user_id, sale.purchase.id, now)
    return "gift-paid", {"code": code, "days": sale.purchase.duration_days}
