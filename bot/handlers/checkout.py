"""Payments inside Telegram: the last question before one, the money itself, and its return."""

from collections.abc import Mapping
from datetime import UTC, datetime

import structlog
import trio

from bot.db.errors import DatabaseError
from bot.handlers import paying
from bot.handlers.screens import buy as screens
from bot.handlers.turning import wake_workers
from bot.money import Money, MoneyError
from bot.payments.provider import read_purchase_id
from bot.payments.telegram_payments import charge_of, provider_of
from bot.shop.finalize import Outcome, finalize_purchase
from bot.shop.pre_checkout import why_not_pay
from bot.shop.purchases import purchase as purchase_by_id
from bot.shop.refunds import refund_arrived
from bot.shop.subscriptions import note_stars_change, subscription_of
from bot.shop.users import locale_of
from bot.telegram.context import Context, Middleware, Next, Reply
from bot.telegram.methods import AnswerPreCheckoutQuery
from bot.telegram.routing import Has, Router
from bot.telegram.types import PreCheckoutQuery, SuccessfulPayment
from bot.texts import Texts

log = structlog.get_logger(__name__)

router = Router()


def make_answer_in_time(texts: Mapping[str, Texts], seconds: float) -> Middleware:
    """Return the middleware that answers a payment's question before Telegram gives up on it.

    It stands before all others. Where the database is away, or takes longer than `seconds`, the
    payer hears an honest no: nothing is lost by it, and no answer would look like a fault. A
    statement that is on its way is not waited for: the answer goes ahead of it.
    """

    async def answer_in_time(ctx: Context, handle: Next) -> Reply:
        query = ctx.update.pre_checkout_query
        if query is None:
            return await handle(ctx)
        words = texts[locale_of(query.from_user.language_code)]("refusal-too-slow")
        no = AnswerPreCheckoutQuery(pre_checkout_query_id=query.id, ok=False, error_message=words)
        answers: list[Reply] = []

        async def look() -> None:
            try:
                answers.append(await handle(ctx))
            except DatabaseError as error:
                ctx.handler = "checkout.database_away"
                log.warning("checkout.database_away", error=str(error))
                answers.append(no)
            finally:
                looked.set()

        looked = trio.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(look)
            with trio.move_on_after(seconds) as patience:
                await looked.wait()
            if patience.cancelled_caught:
                ctx.handler = "checkout.too_slow"
                log.warning("checkout.too_slow", seconds=seconds)
                await ctx.client(no)
                answers[:] = [None]  # what is still found out comes too late
                nursery.cancel_scope.cancel(reason="answered")
        return answers[0]

    return answer_in_time


@router.pre_checkout_query()
async def pre_checkout(ctx: Context) -> Reply:
    """Say whether this may be paid now: the last moment at which a no costs nobody anything."""
    query = ctx.update.pre_checkout_query
    assert query is not None  # noqa: S101 - typing: the router saw to it
    refusal = await _why_not(ctx, query)
    if refusal is not None:
        log.info("checkout.refused", reason=refusal, payload=query.invoice_payload[:40])
    return AnswerPreCheckoutQuery(
        pre_checkout_query_id=query.id,
        ok=refusal is None,
        error_message=None if refusal is None else ctx.texts(f"refusal-{refusal}"),
    )


@router.message(Has("successful_payment"))
async def paid(ctx: Context) -> Reply:
    """Take the money, once, and show what it bought."""
    message = ctx.update.message
    assert message is not None  # noqa: S101 - typing: the router saw to it
    payment = message.successful_payment
    assert payment is not None  # noqa: S101 - typing: the router saw to it
    charge = charge_of(
        payment, user_id=ctx.user.id, paid_at=datetime.fromtimestamp(message.date, UTC)
    )
    done = await finalize_purchase(ctx.lane, charge, now=ctx.now, terms=ctx.services.terms)
    screen = None
    # A period that renewed itself is told by its notice alone: nobody is looking at a screen.
    if done.outcome is not Outcome.REVIEW and done.purchase_id and not _renews(payment):
        purchase = await purchase_by_id(ctx.lane, done.purchase_id)
        screen = await paying.paid_screen(ctx, purchase, done.payment_id)
    wake_workers(ctx)
    return None if screen is None else screen.send(message.chat.id)


@router.message(Has("refunded_payment"))
async def refunded(ctx: Context) -> Reply:
    """Take note of money that went back; the shop's notice tells the payer."""
    message = ctx.update.message
    assert message is not None  # noqa: S101 - typing: the router saw to it
    refund = message.refunded_payment
    assert refund is not None  # noqa: S101 - typing: the router saw to it
    await refund_arrived(
        ctx.lane,
        provider_of(refund),
        refund.telegram_payment_charge_id,
        Money(refund.total_amount, refund.currency),
        ctx.now,
    )
    wake_workers(ctx)
    return None


@router.on("subscription")
async def subscription(ctx: Context) -> Reply:
    """Note what became of a Stars subscription in Telegram: canceled, active again, or failed."""
    change = ctx.update.subscription
    assert change is not None  # noqa: S101 - typing: the router saw to it
    purchase_id = read_purchase_id(change.invoice_payload)
    if purchase_id is None or change.state not in {"canceled", "active", "failed"}:
        log.warning("stars.subscription_unknown", state=change.state)
        return None
    canceled = change.state != "active"
    known = await note_stars_change(
        ctx.lane, ctx.user.id, purchase_id, canceled=canceled, now=ctx.now
    )
    had = await subscription_of(ctx.lane, ctx.user.id) if known else None
    if had is None:
        return None
    until = ctx.texts.moment(had.expires_at)
    return screens.stars_changed(ctx.texts, change.state, until).send(ctx.user.id)


def _renews(payment: SuccessfulPayment) -> bool:
    return payment.is_recurring and not payment.is_first_recurring


async def _why_not(ctx: Context, query: PreCheckoutQuery) -> str | None:
    """Return the end of the name of the text that says why not; None for yes."""
    if not ctx.services.sells():
        return "sales-closed"
    purchase_id = read_purchase_id(query.invoice_payload)
    try:
        amount = Money(query.total_amount, query.currency)
    except MoneyError:
        return "unknown"
    if purchase_id is None:
        return "unknown"
    return await why_not_pay(ctx.lane, purchase_id, ctx.user.id, amount, ctx.now)
