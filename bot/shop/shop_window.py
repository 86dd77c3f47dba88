"""The shop window: what a person can buy, at their own price, and what they could pay it with."""

from dataclasses import dataclass
from datetime import datetime

from bot.db import Lane
from bot.money import Money
from bot.payments.provider import ProviderName
from bot.shop.errors import PlanGoneError
from bot.shop.plans import Plan, plan_of
from bot.shop.purchases import RECURRING_DAYS, Offer, price
from bot.shop.subscriptions import COLUMNS, Subscription, subscription_from
from bot.shop.terms import Terms
from bot.shop.time_left import Added, Left, Limits, add

_DAY_SECONDS = 86_400

# A shop has a handful of plans; discounts_pkey, balances_pkey, subscriptions_pkey.
_WINDOW = f"""
    select plans.*, d.percent, d.promo_code_id, coalesce(b.amount_minor, 0) as balance_minor,
           {COLUMNS}
      from plans
      left join discounts d on d.user_id = $1
      left join balances b on b.user_id = $1 and b.currency = $2
      left join subscriptions s on s.user_id = $1
     where plans.active and plans.currency = $2
     order by plans.position, plans.id
"""  # noqa: S608 - columns of ours


@dataclass(frozen=True, slots=True)
class Window:
    """The plans on sale, the person's discount in percent, their balance, and what they have."""

    plans: tuple[Plan, ...]
    percent: int | None
    promo_code_id: int | None
    balance: Money
    subscription: Subscription | None

    def plan(self, plan_id: int) -> Plan:
        """Return a plan on sale; raises PlanGoneError."""
        for plan in self.plans:
            if plan.id == plan_id:
                return plan
        raise PlanGoneError(f"plan {plan_id} is not sold")

    def offer(self, plan: Plan, provider: ProviderName) -> Offer:
        """Return what a plan costs this person when it is paid in this way."""
        return price(plan, provider, self.percent, self.promo_code_id)

    def missing(self, plan: Plan) -> Money | None:
        """Return what has to be added to the balance to buy `plan` from it; None if nothing."""
        missing = self.offer(plan, ProviderName.BALANCE).amount - self.balance
        return missing if missing.amount_minor > 0 else None

    def can_subscribe(self, plan: Plan, now: datetime) -> bool:
        """Say whether `plan` can renew itself, paid in Stars."""
        pays = self.subscription is not None and self.subscription.pays_by_stars(now)
        return plan.duration_days == RECURRING_DAYS and not pays

    def runs(self, now: datetime) -> bool:
        """Say whether the person has access now."""
        return self.subscription is not None and self.subscription.is_active(now)

    def until(self, plan: Plan, now: datetime) -> datetime:
        """Return until when the person would have access if they bought `plan` now."""
        offer = self.offer(plan, ProviderName.BALANCE)
        had = self.subscription
        left = Left(None, None, None) if had is None else Left(had.expires_at, had.limits, had.rate)
        added = Added(
            plan.duration_days * _DAY_SECONDS,
            Limits(plan.device_limit, plan.traffic_limit_bytes),
            offer.value_minor,
            offer.list_minor,
        )
        return add(left, added, now).expires_at


async def shop_window(lane: Lane, user_id: int, terms: Terms) -> Window:
    """Return what a person can buy; one query."""
    rows = await lane.fetch(_WINDOW, user_id, terms.currency)
    if not rows:
        return Window((), None, None, Money(0, terms.currency), None)
    first = rows[0]
    return Window(
        plans=tuple(plan_of(row) for row in rows),
        percent=first["percent"],
        promo_code_id=first["promo_code_id"],
        balance=Money(first["balance_minor"], terms.currency),
        subscription=subscription_from(first),
    )
