"""Buying a gift: a plan, and the way to pay for it. Its link is in `bot.handlers.gifts`."""

from bot.handlers import paying
from bot.handlers.buy import balance_purchase, chosen_plan
from bot.handlers.screens import gifts as screens
from bot.handlers.screens.buy import Ways, invoice_description, sales_closed
from bot.handlers.turning import turn_to
from bot.payments.provider import ProviderName
from bot.shop.errors import PlanGoneError
from bot.shop.purchases import PurchaseKind, begin_purchase
from bot.shop.shop_window import shop_window
from bot.telegram.context import Context, Reply
from bot.telegram.routing import CallbackData, Router

router = Router()


@router.callback_query(CallbackData("gifts:buy"))
async def plans(ctx: Context) -> Reply:
    """Show what can be given."""
    return await _plans(ctx)


@router.callback_query(CallbackData("gifts:plan:"))
async def plan(ctx: Context) -> Reply:
    """Show a plan and how it can be paid for: `gifts:plan:<id>`."""
    chosen = await chosen_plan(ctx)
    if chosen is None:
        return await _plans(ctx, toast="plan-gone")
    window, plan = chosen
    try:
        from_balance = await balance_purchase(ctx, window, plan, PurchaseKind.GIFT)
    except PlanGoneError:  # a moment ago
        return await _plans(ctx, toast="plan-gone")
    ways = Ways(ctx.services.ways_to_pay(), from_balance, subscription=False)
    return turn_to(ctx, screens.plan(ctx.texts, window, plan, ways))


@router.callback_query(CallbackData("gifts:by:"))
async def by(ctx: Context) -> Reply:
    """Ask for the money for a gift: `gifts:by:<provider>:<plan>`."""
    name = ctx.args.split(":")[1]
    provider = next((way for way in ctx.services.ways_to_pay() if way == name), None)
    chosen = await chosen_plan(ctx)
    if provider is None or chosen is None:
        return await _plans(ctx, toast=None if chosen else "plan-gone")
    return await _pay(ctx, provider, chosen[1].id)


async def _pay(ctx: Context, provider: ProviderName, plan_id: int) -> Reply:
    try:
        purchase = await begin_purchase(
            ctx.lane,
            user_id=ctx.user.id,
            kind=PurchaseKind.GIFT,
            plan_id=plan_id,
            provider=provider,
            now=ctx.now,
            terms=ctx.services.terms,
        )
    except PlanGoneError:
        return await _plans(ctx, toast="plan-gone")
    bill = paying.Bill(
        purchase,
        title=ctx.texts("gift-title"),
        description=invoice_description(ctx.texts, purchase.duration_days or 0, purchase.limits),
        back_to=f"gifts:plan:{plan_id}",
    )
    return await paying.ask(ctx, bill)


async def _plans(ctx: Context, *, toast: str | None = None) -> Reply:
    if not ctx.services.sells():
        return turn_to(ctx, sales_closed(ctx.texts))
    window = await shop_window(ctx.lane, ctx.user.id, ctx.services.terms)
    return turn_to(ctx, screens.plans(ctx.texts, window), toast=toast and ctx.texts(toast))
