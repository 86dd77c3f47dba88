"""Payments to look at: money that doesn't fit is granted or refunded, refunds reach their end."""

from bot.handlers.admin.asking import AdminRouter
from bot.handlers.screens import Screen
from bot.handlers.screens import admin_payments as screens
from bot.handlers.turning import last_number, show, turn_to, wake_workers
from bot.shop.errors import AlreadySettledError, NotGrantableError, NotRefundableError
from bot.shop.payment_reads import Payment, payment, payments_of, refunds_on_their_way
from bot.shop.refund_jobs import refund_by_hand
from bot.shop.refunds import request_refund
from bot.shop.reviews import grant_review, reviews
from bot.telegram.context import Context, Reply
from bot.telegram.routing import CallbackData

router = AdminRouter()


@router.callback_query(CallbackData("a-reviews"))
async def to_look_at(ctx: Context) -> Reply:
    """Show payments in review, and refunds that aren't back."""
    return show(ctx, await _to_look_at(ctx))


@router.callback_query(CallbackData("a-payments:"))
async def of_person(ctx: Context) -> Reply:
    """Show the payments of a person: `a-payments:<user>`."""
    user_id = last_number(ctx) or 0
    payments = await payments_of(ctx.lane, user_id)
    return turn_to(ctx, screens.of_person(ctx.texts, user_id, payments))


@router.callback_query(CallbackData("a-pay:"))
async def one(ctx: Context) -> Reply:
    """Show a payment: `a-pay:<payment>`."""
    return await _show(ctx)


@router.callback_query(CallbackData("a-grant:"))
async def grant(ctx: Context) -> Reply:
    """Give what a payment in review was meant for: `a-grant:<payment>`."""
    try:
        await grant_review(
            ctx.lane, last_number(ctx) or 0, ctx.user.id, now=ctx.now, terms=ctx.services.terms
        )
    except AlreadySettledError:
        return await _show(ctx, toast="admin-already-settled")
    except NotGrantableError:
        return await _show(ctx, toast="admin-not-grantable")
    wake_workers(ctx)
    return await _show(ctx, toast="admin-granted")


@router.callback_query(CallbackData("a-refund:"))
async def sure_to_refund(ctx: Context) -> Reply:
    """Ask before money goes back: `a-refund:<payment>`."""
    shown = await _payment(ctx)
    if shown is None or shown.state not in {"applied", "review"}:
        return await _show(ctx, toast="admin-already-settled")
    return turn_to(ctx, screens.sure_to_refund(ctx.texts, shown))


@router.callback_query(CallbackData("a-refund-yes:"))
async def refund(ctx: Context) -> Reply:
    """Give a payment back: `a-refund-yes:<payment>`; a second tap finds it given back."""
    try:
        await request_refund(ctx.lane, last_number(ctx) or 0, ctx.user.id, ctx.now)
    except AlreadySettledError:
        return await _show(ctx, toast="admin-already-settled")
    except NotRefundableError:
        return await _show(ctx, toast="admin-not-refundable")
    wake_workers(ctx)
    ctx.services.wakes.refunds.set()
    return await _show(ctx, toast="admin-refund-asked")


@router.callback_query(CallbackData("a-by-hand:"))
async def sure_by_hand(ctx: Context) -> Reply:
    """Ask before a refund is marked as sent in another way: `a-by-hand:<payment>`."""
    shown = await _payment(ctx)
    if shown is None or shown.state != "refunding":
        return await _show(ctx, toast="admin-already-settled")
    return turn_to(ctx, screens.sure_by_hand(ctx.texts, shown))


@router.callback_query(CallbackData("a-by-hand-yes:"))
async def by_hand(ctx: Context) -> Reply:
    """Note that an administrator sent the money in another way: `a-by-hand-yes:<payment>`."""
    try:
        await refund_by_hand(ctx.lane, last_number(ctx) or 0, ctx.user.id, ctx.now)
    except AlreadySettledError:
        return await _show(ctx, toast="admin-already-settled")
    wake_workers(ctx)
    return await _show(ctx, toast="admin-by-hand-done")


async def _show(ctx: Context, toast: str | None = None) -> Reply:
    shown = await _payment(ctx)
    screen = await _to_look_at(ctx) if shown is None else screens.payment(ctx.texts, shown)
    return turn_to(ctx, screen, toast=toast and ctx.texts(toast))


async def _payment(ctx: Context) -> Payment | None:
    number = last_number(ctx)
    return None if number is None else await payment(ctx.lane, number)


async def _to_look_at(ctx: Context) -> Screen:
    waiting = await reviews(ctx.lane)
    return screens.to_look_at(ctx.texts, waiting, await refunds_on_their_way(ctx.lane))
