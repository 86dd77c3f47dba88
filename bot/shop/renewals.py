"""Renewing access from the balance before it ends, for people who asked for it.

Once per period: the purchase's key is the end that it moves, and only access whose end is nearer
than RENEW_BEFORE is renewed, so a second run, here or in another process, finds nothing to do.
An end that is past, no longer ago than that, is renewed too: the bot may have been away, or the
money has just come.
"""

from datetime import datetime
from enum import StrEnum

import structlog

from bot.db import Lane
from bot.money import Money
from bot.payments.provider import ProviderName
from bot.shop import outbox, purchases
from bot.shop.access import current_of
from bot.shop.finalize import pay_from_balance, read_facts
from bot.shop.ledger import balance_in
from bot.shop.locks import lock_person
from bot.shop.outbox import Notice
from bot.shop.plans import plan_of
from bot.shop.purchases import PurchaseKind, Wish, price
from bot.shop.subscriptions import Subscription
from bot.shop.terms import Terms

log = structlog.get_logger(__name__)

# subscriptions_to_renew
_DUE = """
    select user_id
      from subscriptions
     where auto_renew and plan_id is not null and expires_at > $2 and expires_at <= $3
       and not coalesce(stars_until > $1 and not stars_canceled, false)
       and user_id > $4
     order by user_id
     limit $5
"""
# plans_pkey, discounts_pkey
_OFFER = """
    select plans.*, d.percent, d.promo_code_id
      from plans
      left join discounts d on d.user_id = $2
     where plans.id = $1
"""


class Renewal(StrEnum):
    """What came of it."""

    RENEWED = "renewed"
    NOT_DUE = "not_due"
    NO_FUNDS = "no_funds"
    PLAN_GONE = "plan_gone"


async def renewals_due(
    lane: Lane, now: datetime, terms: Terms, *, after_id: int, limit: int
) -> list[int]:
    """Return a page of the people whose access is to be renewed now, by id."""
    rows = await lane.fetch(
        _DUE, now, now - terms.renew_before, now + terms.renew_before, after_id, limit
    )
    return [row["user_id"] for row in rows]


async def renew_from_balance(lane: Lane, user_id: int, now: datetime, terms: Terms) -> Renewal:
    """Renew a person's access from their balance if it is due, once per period, in one transaction.

    Where the money is too little, or the plan is no longer sold, the person hears it once per
    period and nothing else happens.
    """
    async with lane.transaction() as tx:
        await lock_person(tx, user_id)
        had = (await current_of(tx, user_id)).subscription
        if had is None or not _is_due(had, now, terms):
            return Renewal.NOT_DUE
        row = await tx.fetchrow(_OFFER, had.plan_id, user_id)
        if row is None or not row["active"] or row["currency"] != terms.currency:
            await outbox.write(tx, [_plan_gone(had)], now)
            return Renewal.PLAN_GONE
        plan = plan_of(row)
        offer = price(plan, ProviderName.BALANCE, row["percent"], row["promo_code_id"])
        missing = offer.amount - await balance_in(tx, user_id, terms.currency)
        if missing.amount_minor > 0:
            await outbox.write(tx, [_no_funds(had, offer.amount, missing)], now)
            return Renewal.NO_FUNDS
        wish = Wish(user_id, PurchaseKind.ACCESS, ProviderName.BALANCE, had.plan_id)
        bought = await purchases.insert(
            tx, wish, plan, offer, now=now, terms=terms, key=_key("renewal", had)
        )
        facts = await read_facts(tx, bought.id, ProviderName.BALANCE, f"purchase:{bought.id}")
        await pay_from_balance(tx, bought, facts, now=now, terms=terms, automatic=True)
    log.info("access.renewed", user_id=user_id, purchase_id=bought.id)
    return Renewal.RENEWED


def _is_due(had: Subscription, now: datetime, terms: Terms) -> bool:
    if not had.auto_renew or had.plan_id is None or had.pays_by_stars(now):
        return False
    return now - terms.renew_before < had.expires_at <= now + terms.renew_before


def _key(event: str, had: Subscription) -> str:
    """Return what is once for each period: the end of access that it is about."""
    return f"{event}:{had.user_id}:{had.expires_at.isoformat()}"


def _plan_gone(had: Subscription) -> Notice:
    params = {"expires_at": had.expires_at.isoformat()}
    return Notice(had.user_id, "renewal-plan-gone", _key("renewal-plan-gone", had), params)


def _no_funds(had: Subscription, amount: Money, missing: Money) -> Notice:
    params = {
        "amount_minor": amount.amount_minor,
        "missing_minor": missing.amount_minor,
        "currency": missing.currency,
        "expires_at": had.expires_at.isoformat(),
    }
    return Notice(had.user_id, "renewal-no-funds", _key("renewal-no-funds", had), params)
