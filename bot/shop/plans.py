"""Plans: what is sold, for how long, at which price, and with which limits."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NewType

from bot.db import Lane, Row
from bot.money import STARS, Money
from bot.shop import audit
from bot.shop.errors import PlanGoneError
from bot.shop.terms import Terms
from bot.shop.users import Locale

PlanId = NewType("PlanId", int)

_COLUMNS = """
    id, title_ru, title_en, duration_days, price_minor, currency, price_stars,
    device_limit, traffic_limit_bytes, position, active
"""
# A shop has a handful of plans: these read the whole table.
_ON_SALE = f"select {_COLUMNS} from plans where active order by position, id"  # noqa: S608 - ours
_ALL = f"select {_COLUMNS} from plans order by position, id"  # noqa: S608 - ours
_ONE = f"select {_COLUMNS} from plans where id = $1"  # noqa: S608 - ours

_ADD = """
    insert into plans (title_ru, title_en, duration_days, price_minor, currency, price_stars,
                       device_limit, traffic_limit_bytes, position, created_at, active)
    select $1, $2, $3, $4, $5, $6, $7, $8, coalesce(max(position), 0) + 1, $9, $10
      from plans
    returning id
"""
_CHANGE = """
    update plans
       set title_ru = $2, title_en = $3, duration_days = $4, price_minor = $5, currency = $6,
           price_stars = $7, device_limit = $8, traffic_limit_bytes = $9
     where id = $1
    returning id
"""
_SET_ACTIVE = "update plans set active = $2 where id = $1 returning id"
_LOCK_ORDER = "select id from plans order by position, id for update"
_PLACE = """
    update plans
       set position = placed.position
      from unnest($1::bigint[]) with ordinality as placed (id, position)
     where plans.id = placed.id
"""


@dataclass(frozen=True, slots=True)
class PlanDraft:
    """What an administrator says of a plan; limits of None are no limits."""

    title_ru: str
    title_en: str
    duration_days: int
    price_minor: int
    price_stars: int
    device_limit: int | None = None
    traffic_limit_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan; a price in the shop's currency and one in Stars."""

    id: PlanId
    title_ru: str
    title_en: str
    duration_days: int
    price: Money
    price_stars: int
    device_limit: int | None
    traffic_limit_bytes: int | None
    position: int
    active: bool

    def title(self, locale: Locale) -> str:
        """Return its name in the language of a person."""
        return self.title_ru if locale == "ru" else self.title_en

    @property
    def stars(self) -> Money:
        """The price in Telegram Stars."""
        return Money(self.price_stars, STARS)


async def plans_on_sale(lane: Lane) -> list[Plan]:
    """Return the plans that can be bought, in the order of the shop window."""
    return [plan_of(row) for row in await lane.fetch(_ON_SALE)]


async def all_plans(lane: Lane) -> list[Plan]:
    """Return every plan, for administrators."""
    return [plan_of(row) for row in await lane.fetch(_ALL)]


async def plan(lane: Lane, plan_id: int) -> Plan:
    """Return a plan, sold or not; raises PlanGoneError if there is none."""
    row = await lane.fetchrow(_ONE, plan_id)
    if row is None:
        raise PlanGoneError(f"no plan {plan_id}")
    return plan_of(row)


async def save_plan(
    lane: Lane,
    admin_id: int,
    draft: PlanDraft,
    *,
    plan_id: int | None,
    now: datetime,
    terms: Terms,
    on_sale: bool = True,
) -> PlanId:
    """Add a plan (`plan_id` None) or change one; purchases made before keep what they were.

    `on_sale` is of a plan that is added; one that is there stays on sale or off it.
    Raises PlanGoneError, CheckError for numbers out of bounds.
    """
    words = (draft.title_ru, draft.title_en, draft.duration_days, draft.price_minor)
    limits = (terms.currency, draft.price_stars, draft.device_limit, draft.traffic_limit_bytes)
    async with lane.transaction() as tx:
        if plan_id is None:
            saved = await tx.fetchval(_ADD, *words, *limits, now, on_sale)
        else:
            saved = await tx.fetchval(_CHANGE, plan_id, *words, *limits)
        if saved is None:
            raise PlanGoneError(f"no plan {plan_id}")
        action = "plan.add" if plan_id is None else "plan.change"
        details = _details(draft) | {"plan_id": saved, "currency": terms.currency}
        await audit.record(tx, admin_id=admin_id, action=action, details=details, now=now)
    return PlanId(saved)


async def set_active(
    lane: Lane, admin_id: int, plan_id: int, *, active: bool, now: datetime
) -> None:
    """Put a plan on sale or take it off; raises PlanGoneError."""
    async with lane.transaction() as tx:
        if await tx.fetchval(_SET_ACTIVE, plan_id, active) is None:
            raise PlanGoneError(f"no plan {plan_id}")
        action = "plan.on_sale" if active else "plan.off_sale"
        await audit.record(
            tx, admin_id=admin_id, action=action, details={"plan_id": plan_id}, now=now
        )


async def move(lane: Lane, admin_id: int, plan_id: int, *, to: int, now: datetime) -> None:
    """Put a plan at the place `to` of the shop window, counted from 0; raises PlanGoneError."""
    async with lane.transaction() as tx:
        order = [row["id"] for row in await tx.fetch(_LOCK_ORDER)]
        if plan_id not in order:
            raise PlanGoneError(f"no plan {plan_id}")
        order.remove(plan_id)
        order.insert(to, plan_id)
        await tx.execute(_PLACE, order)
        details = {"plan_id": plan_id, "to": to}
        await audit.record(tx, admin_id=admin_id, action="plan.move", details=details, now=now)


async def ensure_sample_plans(lane: Lane, *, now: datetime, terms: Terms) -> bool:
    """Put three plans on sale if there is none at all; True if it did. For the demo."""
    async with lane.transaction() as tx:
        if await tx.fetch(_LOCK_ORDER):
            return False
        for draft in _SAMPLES:
            await tx.fetchval(
                _ADD,
                draft.title_ru,
                draft.title_en,
                draft.duration_days,
                draft.price_minor,
                terms.currency,
                draft.price_stars,
                draft.device_limit,
                draft.traffic_limit_bytes,
                now,
                True,
            )
    return True


_SAMPLES = (
    PlanDraft("Месяц", "One month", 30, 29_900, 200, device_limit=3),
    PlanDraft("Три месяца", "Three months", 90, 79_900, 530, device_limit=3),
    PlanDraft("Год для семьи", "A year for the family", 365, 499_000, 3300, device_limit=10),
)


def _details(draft: PlanDraft) -> dict[str, Any]:
    return {name: getattr(draft, name) for name in PlanDraft.__slots__}


def plan_of(row: Row) -> Plan:
    """Return the plan of a row with the columns of `plans`."""
    return Plan(
        id=PlanId(row["id"]),
        title_ru=row["title_ru"],
        title_en=row["title_en"],
        duration_days=row["duration_days"],
        price=Money(row["price_minor"], row["currency"]),
        price_stars=row["price_stars"],
        device_limit=row["device_limit"],
        traffic_limit_bytes=row["traffic_limit_bytes"],
        position=row["position"],
        active=row["active"],
    )
