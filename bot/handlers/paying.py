"""Paying for a purchase, whatever it is for and in whichever way; and what follows a payment.

Other conversations begin a purchase and hand its `Bill` to `ask`. The buttons of a payment begin
with `pay:` and carry the purchase's id, so a second tap is about the same purchase: nothing is
paid twice. A purchase of somebody else is nobody's.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
import trio

from bot.handlers.balance import balance_screen
from bot.handlers.connect import connect_screen
from bot.handlers.gifts import gift_screen
from bot.handlers.screens import Screen
from bot.handlers.screens import buy as screens
from bot.handlers.turning import answered, last_number, pressed, show, turn_to, wake_workers
from bot.payments import stars, telegram_payments
from bot.payments.errors import PaymentError, ProviderAwayError
from bot.payments.provider import Order, PaymentState, PaymentStatus, ProviderName
from bot.shop.deliveries import answered as notice_answered
from bot.shop.errors import InsufficientFundsError, PlanGoneError, PurchaseGoneError
from bot.shop.finalize import Outcome, finalize_balance_purchase, finalize_purchase
from bot.shop.gifts import gift_of_purchase
from bot.shop.ledger import balance_of
from bot.shop.purchases import (
    Purchase,
    PurchaseKind,
    PurchaseState,
    attach_invoice,
    cancel_purchase,
)
from bot.shop.purchases import purchase as purchase_by_id
from bot.telegram.context import Context, Reply
from bot.telegram.methods import DeleteMessage, Method
from bot.telegram.routing import CallbackData, Router

log = structlog.get_logger(__name__)

router = Router()

_LONGEST_TITLE = 32  # Bot API: sendInvoice, title
_LONGEST_DESCRIPTION = 128  # the least that the providers agree on: payments.provider.Order

# Where a purchase leads: before it is paid, and after.
_ROOTS = {
    PurchaseKind.ACCESS: "buy",
    PurchaseKind.TOPUP: "balance",
    PurchaseKind.GIFT: "gifts",
}


@dataclass(frozen=True, slots=True)
class Bill:
    """A purchase as the payer sees it; texts are plain, `back_to` is a button's data."""

    purchase: Purchase
    title: str
    description: str
    back_to: str


async def ask(ctx: Context, bill: Bill) -> Reply:
    """Ask for the money in the way that the purchase was begun for."""
    purchase = bill.purchase
    match purchase.provider:
        case ProviderName.BALANCE:
            return await _pay_from_balance(ctx, purchase.id)
        case ProviderName.STARS if purchase.recurring:
            return await _subscribe(ctx, bill)
        case ProviderName.STARS | ProviderName.TELEGRAM_PAYMENTS:
            return _send_invoice(ctx, bill)
        case ProviderName.YOOKASSA | ProviderName.CRYPTOPAY:
            return await _show_pay_page(ctx, bill)


@router.callback_query(CallbackData("pay:balance:"))
async def from_balance(ctx: Context) -> Reply:
    """Pay from the balance in one tap: `pay:balance:<purchase>`."""
    return await _pay_from_balance(ctx, last_number(ctx))


@router.callback_query(CallbackData("pay:check:"))
async def check(ctx: Context) -> Reply:
    """Look whether the money has come, here and at the provider: `pay:check:<purchase>`."""
    purchase = await _own_purchase(ctx)
    if purchase is None:
        return _gone(ctx)
    if purchase.state in {PurchaseState.PENDING, PurchaseState.EXPIRED, PurchaseState.CANCELED}:
        return await _ask_provider(ctx, purchase)
    return await _settled(ctx, purchase)


@router.callback_query(CallbackData("pay:cancel:"))
async def cancel(ctx: Context) -> Reply:
    """Let the person change their mind: `pay:cancel:<purchase>`. Late money is honoured."""
    purchase = await _own_purchase(ctx)
    if purchase is None:
        return _gone(ctx)
    if await cancel_purchase(ctx.lane, purchase.id, ctx.user.id):
        return turn_to(ctx, _back_to(ctx, "pay-canceled", purchase.kind))
    return await _settled(ctx, await purchase_by_id(ctx.lane, purchase.id))


async def paid_screen(ctx: Context, purchase: Purchase, payment_id: int) -> Screen | None:
    """Return what a payer sees at once, in place of the notice: one message, not two.

    None for a purchase that isn't paid: an earlier delivery of its charge is in review, or the
    money is back.
    """
    if purchase.state is not PurchaseState.PAID:
        return None
    await notice_answered(ctx.lane, ctx.user.id, f"payment:{payment_id}", ctx.now)
    return await _what_it_gave(ctx, purchase)


async def _what_it_gave(ctx: Context, purchase: Purchase) -> Screen:
    match purchase.kind:
        case PurchaseKind.ACCESS:
            return await connect_screen(ctx, after="paid-access")
        case PurchaseKind.TOPUP:
            return await balance_screen(ctx, after="paid-topup")
        case PurchaseKind.GIFT:
            gift = await gift_of_purchase(ctx.lane, ctx.user.id, purchase.id)
            return await gift_screen(ctx, gift, after="paid-gift")


# ---- asking ----


def _send_invoice(ctx: Context, bill: Bill) -> Reply:
    """Send an invoice and take away the screen it comes from: a message can't become one."""
    keyboard = screens.invoice_keyboard(ctx.texts, bill.purchase.amount, bill.back_to)
    order = _order(ctx, bill, return_url="")
    token = ctx.services.settings.provider_token
    if bill.purchase.provider is ProviderName.STARS or token is None:
        invoice = stars.invoice(order, reply_markup=keyboard)
    else:
        invoice = telegram_payments.invoice(
            order, token=token.get_secret_value(), reply_markup=keyboard
        )
    return [invoice, *_taken_away(ctx), answered(ctx)]


def _taken_away(ctx: Context) -> list[Method[Any]]:
    message = pressed(ctx).message
    if message is None:
        return []
    return [DeleteMessage(chat_id=message.chat.id, message_id=message.message_id)]


async def _subscribe(ctx: Context, bill: Bill) -> Reply:
    """Show the link to a Stars subscription: an invoice in a message can't recur."""
    purchase = bill.purchase
    if purchase.pay_url is None:
        url = await ctx.client(stars.subscription_link(_order(ctx, bill, return_url="")))
        purchase = await attach_invoice(ctx.lane, purchase.id, url, url)
    screen = screens.subscription(
        ctx.texts,
        title=bill.title,
        price=purchase.amount,
        url=purchase.pay_url or "",
        back_to=bill.back_to,
    )
    return turn_to(ctx, screen)


async def _show_pay_page(ctx: Context, bill: Bill) -> Reply:
    """Show the way to the provider's page; a second tap shows the same page."""
    purchase = bill.purchase
    if purchase.pay_url is None:
        services = ctx.services
        username = await services.me.username(ctx.client)
        order = _order(ctx, bill, return_url=f"https://t.me/{username}")
        try:
            with trio.fail_after(_seconds(ctx)):
                page = await services.payments.provider(purchase.provider).create(order)
        except (ProviderAwayError, trio.TooSlowError) as error:
            log.warning("payment.no_page", provider=purchase.provider.value, error=repr(error))
            return _away(ctx, bill.back_to)
        except PaymentError:  # they refuse us, or made a page for something else: look into it
            log.exception("payment.no_page", provider=purchase.provider.value)
            return _away(ctx, bill.back_to)
        purchase = await attach_invoice(ctx.lane, purchase.id, page.reference, page.url)
    screen = screens.pay_page(
        ctx.texts,
        purchase_id=purchase.id,
        title=bill.title,
        price=purchase.amount,
        url=purchase.pay_url or "",
        left=ctx.texts.left(purchase.expires_at - ctx.now),
    )
    return turn_to(ctx, screen)


def _order(ctx: Context, bill: Bill, *, return_url: str) -> Order:
    purchase = bill.purchase
    return Order(
        purchase_id=purchase.id,
        user_id=purchase.user_id,
        amount=purchase.amount,
        title=bill.title[:_LONGEST_TITLE],
        description=bill.description[:_LONGEST_DESCRIPTION],
        expires_in=max(purchase.expires_at - ctx.now, timedelta(minutes=1)),
        key=f"purchase-{purchase.id}",
        return_url=return_url,
    )


def _away(ctx: Context, back_to: str) -> Reply:
    again = pressed(ctx).data or back_to
    return turn_to(ctx, screens.provider_away(ctx.texts, again=again, back_to=back_to))


def _seconds(ctx: Context) -> float:
    """Return how long somebody waits for a provider: repeats of a call must fit in, too."""
    return float(ctx.services.settings.payment_http_timeout.total_seconds())


# ---- what came of it ----


async def _pay_from_balance(ctx: Context, purchase_id: int | None) -> Reply:
    if purchase_id is None:
        return _gone(ctx)
    services = ctx.services
    try:
        done = await finalize_balance_purchase(
            ctx.lane,
            user_id=ctx.user.id,
            purchase_id=purchase_id,
            now=ctx.now,
            terms=services.terms,
        )
    except InsufficientFundsError as error:
        balance = await balance_of(ctx.lane, ctx.user.id, services.terms)
        purchase = await purchase_by_id(ctx.lane, purchase_id)
        screen = screens.not_enough(
            ctx.texts, balance=balance, missing=error.missing, back_to=_ROOTS[purchase.kind]
        )
        return turn_to(ctx, screen)
    except (PurchaseGoneError, PlanGoneError):
        return _gone(ctx)
    reply = await _paid(ctx, purchase_id, done.payment_id)
    wake_workers(ctx)
    return reply


async def _ask_provider(ctx: Context, purchase: Purchase) -> Reply:
    services = ctx.services
    if purchase.reference is None or purchase.provider not in services.ways_to_pay():
        return _gone(ctx)
    try:
        with trio.fail_after(_seconds(ctx)):
            provider = services.payments.provider(purchase.provider)
            found = await provider.find([purchase.reference])
    except (PaymentError, trio.TooSlowError) as error:
        log.warning("payment.not_checked", provider=purchase.provider.value, error=repr(error))
        return answered(ctx, ctx.texts("pay-not-yet"), alert=True)
    return await _take(ctx, purchase, found[0] if found else None)


async def _take(ctx: Context, purchase: Purchase, state: PaymentState | None) -> Reply:
    if state is not None and state.status is PaymentStatus.PAID and state.charge is not None:
        done = await finalize_purchase(
            ctx.lane, state.charge, now=ctx.now, terms=ctx.services.terms
        )
        if done.outcome is Outcome.REVIEW:
            wake_workers(ctx)
            return answered(ctx, ctx.texts("pay-in-review"), alert=True)
        reply = await _paid(ctx, purchase.id, done.payment_id)
        wake_workers(ctx)
        return reply
    if state is not None and state.status is PaymentStatus.ACTIVE:
        return answered(ctx, ctx.texts("pay-not-yet"), alert=True)
    return turn_to(ctx, _back_to(ctx, "pay-gone", purchase.kind))


async def _settled(ctx: Context, purchase: Purchase) -> Reply:
    """Say of a purchase that isn't pending any more where it stands."""
    match purchase.state:
        case PurchaseState.PAID:
            return turn_to(ctx, await _what_it_gave(ctx, purchase))
        case PurchaseState.REVIEW:
            return answered(ctx, ctx.texts("pay-in-review"), alert=True)
        case PurchaseState.REFUNDED:
            return turn_to(ctx, _back_to(ctx, "pay-was-refunded", purchase.kind))
    return turn_to(ctx, _back_to(ctx, "pay-gone", purchase.kind))


async def _paid(ctx: Context, purchase_id: int, payment_id: int) -> Reply:
    purchase = await purchase_by_id(ctx.lane, purchase_id)
    screen = await paid_screen(ctx, purchase, payment_id)
    return await _settled(ctx, purchase) if screen is None else turn_to(ctx, screen)


def _back_to(ctx: Context, message_id: str, kind: PurchaseKind) -> Screen:
    root = _ROOTS[kind]
    return screens.said(ctx.texts, message_id, next_text=f"menu-{root}", next_data=root)


def _gone(ctx: Context) -> Reply:
    """A purchase that is over, or was never this person's: all the same to whoever asks."""
    return show(ctx, _back_to(ctx, "pay-gone", PurchaseKind.ACCESS))


async def _own_purchase(ctx: Context) -> Purchase | None:
    purchase_id = last_number(ctx)
    if purchase_id is None:
        return None
    try:
        purchase = await purchase_by_id(ctx.lane, purchase_id)
    except PurchaseGoneError:
        return None
    return purchase if purchase.user_id == ctx.user.id else None
