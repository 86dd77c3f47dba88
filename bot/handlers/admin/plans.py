"""Plans and prices: added in short steps, changed field by field, put on sale and moved."""

from dataclasses import replace
from typing import Any

from bot.handlers.admin.asking import (
    AdminRouter,
    amount,
    ask,
    asked,
    heard,
    whole_number,
    words,
)
from bot.handlers.questions import Awaiting
from bot.handlers.screens import admin_plans as screens
from bot.handlers.turning import last_number, show
from bot.shop import plans as shop
from bot.shop.errors import PlanGoneError
from bot.shop.plans import Plan, PlanDraft
from bot.shop.terms import Terms
from bot.telegram.context import Context, Reply
from bot.telegram.routing import CallbackData

router = AdminRouter()

_LONGEST_TITLE = 48
# As in the schema; beyond these nobody means it.
_MOST_DAYS = 3660
_MOST_STARS = 100_000
_MOST_MINOR = 10**11
_MOST_DEVICES = 1000
_MOST_GIGABYTES = 1_000_000
_FROM_ZERO = {"devices": _MOST_DEVICES, "traffic": _MOST_GIGABYTES}  # 0: no limit
_FROM_ONE = {"days": _MOST_DAYS, "stars": _MOST_STARS}


@router.callback_query(CallbackData("a-plans"))
async def plans(ctx: Context) -> Reply:
    """Show every plan."""
    return await _plans(ctx)


@router.callback_query(CallbackData("a-plan:"))
async def plan(ctx: Context) -> Reply:
    """Show a plan: `a-plan:<id>`."""
    return await _plan(ctx, last_number(ctx))


@router.callback_query(CallbackData("a-plan-on:"))
async def on_sale(ctx: Context) -> Reply:
    """Put a plan on sale or take it off: `a-plan-on:<1|0>:<id>`."""
    plan_id, active = last_number(ctx) or 0, ctx.args.startswith("1:")
    found = await _find(ctx, plan_id)
    if found is None or found.active is active:
        return await _plan(ctx, plan_id)
    try:
        await shop.set_active(ctx.lane, ctx.user.id, plan_id, active=active, now=ctx.now)
    except PlanGoneError:
        return await _plans(ctx, toast="admin-gone")
    return await _plan(ctx, plan_id, toast="admin-changed")


@router.callback_query(CallbackData("a-plan-to:"))
async def move(ctx: Context) -> Reply:
    """Put a plan at a place of the shop window: `a-plan-to:<place>:<id>`."""
    plan_id, place = last_number(ctx) or 0, whole_number(ctx.args.partition(":")[0])
    ids = [each.id for each in await shop.all_plans(ctx.lane)]
    if plan_id not in ids:
        return await _plans(ctx, toast="admin-gone")
    if place is None or not 0 <= place < len(ids) or ids.index(shop.PlanId(plan_id)) == place:
        return await _plan(ctx, plan_id)
    await shop.move(ctx.lane, ctx.user.id, plan_id, to=place, now=ctx.now)
    return await _plan(ctx, plan_id, toast="admin-changed")


# ---- changing one ----


@router.callback_query(CallbackData("a-plan-set:"))
async def ask_change(ctx: Context) -> Reply:
    """Ask for a new value: `a-plan-set:<id>:<field>`."""
    number, _, name = ctx.args.partition(":")
    found = await _find(ctx, whole_number(number))
    if found is None or name not in screens.FIELDS:
        return await _plans(ctx, toast="admin-gone")
    if found.price.currency != ctx.services.terms.currency:
        name = "price"  # a price of another currency would become one of this, figure for figure
    return await _ask(ctx, f"plan:{found.id}:{name}", name, cancel=f"a-plan:{found.id}")


@router.message(Awaiting("admin-plan"))
async def change(ctx: Context) -> Reply:
    """Change the field that was asked for."""
    number, name = asked(ctx, 2)
    found = await _find(ctx, int(number))
    if found is None:
        await heard(ctx)
        return await _plans(ctx)
    changes = _read(name, words(ctx), ctx.services.terms)
    if changes is None:
        question = f"plan:{found.id}:{name}"
        return await _ask(ctx, question, name, cancel=f"a-plan:{found.id}", wrong=True)
    await heard(ctx)
    await _save(ctx, replace(_draft(found), **changes), found.id)
    return await _plan(ctx, found.id)


# ---- adding one: days, price, both names; it goes on sale by another button ----


@router.callback_query(CallbackData("a-plan-add"))
async def ask_days(ctx: Context) -> Reply:
    """Ask how long the new plan is."""
    return await _ask(ctx, "plan-days", "days")


@router.message(Awaiting("admin-plan-days"))
async def ask_price(ctx: Context) -> Reply:
    """Take the days, and ask for the price."""
    days = _read("days", words(ctx), ctx.services.terms)
    if days is None:
        return await _ask(ctx, "plan-days", "days", wrong=True)
    return await _ask(ctx, f"plan-price:{days['duration_days']}", "price")


@router.message(Awaiting("admin-plan-price"))
async def ask_russian_title(ctx: Context) -> Reply:
    """Take the price, and ask for the Russian name."""
    [days] = asked(ctx, 1)
    price = _read("price", words(ctx), ctx.services.terms)
    if price is None:
        return await _ask(ctx, f"plan-price:{days}", "price", wrong=True)
    return await _ask(ctx, f"plan-ru:{days}:{price['price_minor']}", "ru")


@router.message(Awaiting("admin-plan-ru"))
async def ask_english_title(ctx: Context) -> Reply:
    """Take the Russian name, and ask for the English one."""
    days, minor = asked(ctx, 2)
    title = _read("ru", words(ctx), ctx.services.terms)
    if title is None:
        return await _ask(ctx, f"plan-ru:{days}:{minor}", "ru", wrong=True)
    return await _ask(ctx, f"plan-en:{days}:{minor}:{title['title_ru']}", "en")


@router.message(Awaiting("admin-plan-en"))
async def add(ctx: Context) -> Reply:
    """Take the English name, and add the plan: not on sale yet, its price in Stars worked out."""
    days, minor, title_ru = asked(ctx, 3)
    title = _read("en", words(ctx), ctx.services.terms)
    if title is None:
        return await _ask(ctx, f"plan-en:{days}:{minor}:{title_ru}", "en", wrong=True)
    await heard(ctx)
    stars = ctx.services.terms.stars_for(int(minor)).amount_minor
    draft = PlanDraft(title_ru, title["title_en"], int(days), int(minor), min(stars, _MOST_STARS))
    return await _plan(ctx, await _save(ctx, draft, None))


def _read(name: str, text: str, terms: Terms) -> dict[str, Any] | None:
    """Return what an answer changes of a plan; None if it can't be."""
    if name in {"ru", "en"}:
        title = " ".join(text.split())
        return {f"title_{name}": title} if 0 < len(title) <= _LONGEST_TITLE else None
    if name == "price":
        price = amount(text, terms.currency)
        minor = 0 if price is None else price.amount_minor
        return {"price_minor": minor} if 0 < minor <= _MOST_MINOR else None
    number = whole_number(text)
    if number is None:
        return None
    if name in _FROM_ONE:
        field = "duration_days" if name == "days" else "price_stars"
        return {field: number} if 1 <= number <= _FROM_ONE[name] else None
    if not 0 <= number <= _FROM_ZERO[name]:
        return None
    if name == "devices":
        return {"device_limit": number or None}
    return {"traffic_limit_bytes": number * screens.GIGABYTE or None}


async def _ask(
    ctx: Context, question: str, name: str, *, cancel: str = "a-plans", wrong: bool = False
) -> Reply:
    currency = ctx.services.terms.currency
    screen = screens.ask_field(ctx.texts, name, cancel=cancel, currency=currency, wrong=wrong)
    return await ask(ctx, question, screen)


async def _save(ctx: Context, draft: PlanDraft, plan_id: int | None) -> int:
    return await shop.save_plan(
        ctx.lane,
        ctx.user.id,
        draft,
        plan_id=plan_id,
        now=ctx.now,
        terms=ctx.services.terms,
        on_sale=False,
    )


async def _find(ctx: Context, plan_id: int | None) -> Plan | None:
    return next((each for each in await shop.all_plans(ctx.lane) if each.id == plan_id), None)


async def _plan(ctx: Context, plan_id: int | None, *, toast: str | None = None) -> Reply:
    listed = await shop.all_plans(ctx.lane)
    place = next((i for i, each in enumerate(listed) if each.id == plan_id), None)
    if place is None:
        return await _plans(ctx, toast="admin-gone")
    currency = ctx.services.terms.currency
    screen = screens.plan(ctx.texts, listed[place], place, len(listed), currency)
    return show(ctx, screen, toast=toast and ctx.texts(toast))


async def _plans(ctx: Context, *, toast: str | None = None) -> Reply:
    screen = screens.plans(ctx.texts, await shop.all_plans(ctx.lane))
    return show(ctx, screen, toast=toast and ctx.texts(toast))


def _draft(found: Plan) -> PlanDraft:
    return PlanDraft(
        found.title_ru,
        found.title_en,
        found.duration_days,
        found.price.amount_minor,
        found.price_stars,
        found.device_limit,
        found.traffic_limit_bytes,
    )
