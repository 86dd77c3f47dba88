"""Buying access: the shop window, a plan, and the way to pay for it."""

from bot.handlers import paying
from bot.handlers.screens import buy as screens
from bot.handlers.turning import last_number, show, turn_to
from bot.payments.provider import ProviderName
from bot.shop.errors import AlreadySubscribedError, NotRecurringError, PlanGoneError
from bot.shop.plans import Plan
from bot.shop.purchases import PurchaseKind, begin_purchase
from bot.shop.shop_window import Window, shop_window
from bot.telegram.context import Context, Reply
from bot.telegram.methods.payments import MAX_SUBSCRIPTION_STARS
from bot.telegram.routing import CallbackData, ChatType, Command, Router

router = Router()


@router.message(ChatType("private"), Command("buy"))
@router.callback_query(CallbackData("buy"))
async def plans(ctx: Context) -> Reply:
    """Show what is on sale."""
    return await _plans(ctx)


@router.callback_query(CallbackData("buy:plan:"))
async def plan(ctx: Context) -> Reply:
    """Show a plan and how it can be paid for: `buy:plan:<id>`."""
    chosen = await chosen_plan(ctx)
    if chosen is None:
        return await _plans(ctx, toast="plan-gone")
    window, plan = chosen
    try:
        from_balance = await balance_purchase(ctx, window, plan, PurchaseKind.ACCESS)
    except PlanGoneError:  # a moment ago
        return await _plans(ctx, toast="plan-gone")
    recurs = window.can_subscribe(plan, ctx.now) and plan.price_stars <= MAX_SUBSCRIPTION_STARS
    ways = screens.Ways(ctx.services.ways_to_pay(), from_balance, recurs)
    return turn_to(ctx, screens.plan(ctx.texts, window, plan, ways, ctx.now))


@router.callback_query(CallbackData("buy:by:"))
async def by(ctx: Context) -> Reply:
    """Ask for the money for a plan: `buy:by:<provider>:<plan>`."""
    name = ctx.args.split(":")[1]
    provider = next((way for way in ctx.services.ways_to_pay() if way == name), None)
    if provider is None:
        return await _plans(ctx)
    return await _pay(ctx, provider)


@router.callback_query(CallbackData("buy:renewing:"))
async def renewing(ctx: Context) -> Reply:
    """Ask for a Stars subscription to a plan: `buy:renewing:<plan>`."""
    return await _pay(ctx, ProviderName.STARS, recurring=True)


async def _pay(ctx: Context, provider: ProviderName, *, recurring: bool = False) -> Reply:
    chosen = await chosen_plan(ctx)
    if chosen is None:
        return await _plans(ctx, toast="plan-gone")
    plan = chosen[1]
    try:
        purchase = await begin_purchase(
            ctx.lane,
            user_id=ctx.user.id,
            kind=PurchaseKind.ACCESS,
            plan_id=plan.id,
            provider=provider,
            recurring=recurring,
            now=ctx.now,
            terms=ctx.services.terms,
        )
    except (PlanGoneError, NotRecurringError):
        return await _plans(ctx, toast="plan-gone")
    except AlreadySubscribedError:
        return await _plans(ctx, toast="pay-already-subscribed")
    limits = screens.limits_of(plan)
    bill = paying.Bill(
        purchase,
        title=plan.title(ctx.texts.locale),
        description=screens.invoice_description(ctx.texts, plan.duration_days, limits),
        back_to=f"buy:plan:{plan.id}",
    )
    return await paying.ask(ctx, bill)


async def _plans(ctx: Context, *, toast: str | None = None) -> Reply:
    if not ctx.services.sells():
        return show(ctx, screens.sales_closed(ctx.texts))
    window = await shop_window(ctx.lane, ctx.user.id, ctx.services.terms)
    return show(ctx, screens.plans(ctx.texts, window), toast=toast and ctx.texts(toast))


async def chosen_plan(ctx: Context) -> tuple[Window, Plan] | None:
    """Return the plan that a button names; None if nothing is sold, or it isn't."""
    plan_id = last_number(ctx)
    if plan_id is None or not ctx.services.sells():
        return None
    window = await shop_window(ctx.lane, ctx.user.id, ctx.services.terms)
    try:
        return window, window.plan(plan_id)
    except PlanGoneError:
        return None


async def balance_purchase(
    ctx: Context, window: Window, plan: Plan, kind: PurchaseKind
) -> int | None:
    """Return the purchase that one tap pays from the balance; None if it has too little.

    It is begun before the tap, so that a second tap pays the same one again, which is nothing.
    """
    if window.missing(plan) is not None:
        return None
    purchase = await begin_purchase(
        ctx.lane,
        user_id=ctx.user.id,
        kind=kind,
        plan_id=plan.id,
        provider=ProviderName.BALANCE,
        now=ctx.now,
        terms=ctx.services.terms,
    )
    return purchase.id
