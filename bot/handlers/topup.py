"""Topping up the balance: an amount, offered or one's own, and a way to pay it."""

import re

from bot.handlers import paying
from bot.handlers.questions import Awaiting
from bot.handlers.screens import balance as screens
from bot.handlers.screens.buy import sales_closed
from bot.handlers.turning import last_number, show, turn_to
from bot.money import EXPONENTS, Money, MoneyError
from bot.payments.provider import ProviderName
from bot.shop.errors import AmountNotOfferedError
from bot.shop.purchases import PurchaseKind, begin_purchase
from bot.shop.users import await_words
from bot.telegram.context import Context, Reply
from bot.telegram.routing import CallbackData, Router

router = Router()

_QUESTION = "topup"

# One number, in groups or not; around it whatever people call their money, but no minus.
_NUMBER = re.compile(r"[^0-9\-\N{MINUS SIGN}]*([0-9][0-9\s]*)(?:[.,]([0-9]+))?[^0-9]*")


@router.callback_query(CallbackData("topup"))
async def topup(ctx: Context) -> Reply:
    """Show the amounts."""
    if not ctx.services.sells():
        return turn_to(ctx, sales_closed(ctx.texts))
    return turn_to(ctx, screens.amounts(ctx.texts, ctx.services.terms))


@router.callback_query(CallbackData("topup:own"))
async def own_amount(ctx: Context) -> Reply:
    """Ask for an amount."""
    await await_words(ctx.lane, ctx.user.id, _QUESTION)
    return turn_to(ctx, screens.own_amount(ctx.texts, *_bounds(ctx)))


@router.message(Awaiting(_QUESTION))
async def amount(ctx: Context) -> Reply:
    """Take what was written for an amount."""
    assert ctx.update.message is not None  # noqa: S101 - typing: the router saw to it
    least, most = _bounds(ctx)
    wanted = read_amount(ctx.update.message.text or "", least.currency)
    if wanted is None or not least <= wanted <= most:
        return show(ctx, screens.own_amount(ctx.texts, least, most, wrong=True))
    await await_words(ctx.lane, ctx.user.id, None)
    return _ways(ctx, wanted.amount_minor)


@router.callback_query(CallbackData("topup:by:"))
async def by(ctx: Context) -> Reply:
    """Ask for the money: `topup:by:<provider>:<minor units>`."""
    services = ctx.services
    name, minor = ctx.args.split(":")[1], last_number(ctx)
    provider = next((way for way in services.ways_to_pay() if way == name), None)
    if provider is None or minor is None or not services.sells():
        return await topup(ctx)
    return await _pay(ctx, provider, minor)


@router.callback_query(CallbackData("topup:"))
async def ways(ctx: Context) -> Reply:
    """Show how an amount can be paid: `topup:<minor units>`."""
    minor = last_number(ctx)
    least, most = _bounds(ctx)
    if minor is None or minor > most.amount_minor or not ctx.services.sells():
        return await topup(ctx)
    # What is missing for a purchase may be less than what is worth the way.
    return _ways(ctx, max(minor, least.amount_minor))


def read_amount(words: str, currency: str) -> Money | None:
    """Return the amount that somebody wrote ("1 500", "99,90 ₽"); None if it is none."""
    found = _NUMBER.fullmatch(words)
    if found is None:
        return None
    whole, fraction = "".join(found[1].split()), found[2]
    try:
        return Money.parse(f"{whole}.{fraction}" if fraction else whole, currency)
    except MoneyError:
        return None


def _ways(ctx: Context, minor: int) -> Reply:
    services = ctx.services
    wanted = Money(minor, services.terms.currency)
    return show(ctx, screens.ways(ctx.texts, wanted, services.ways_to_pay(), services.terms))


async def _pay(ctx: Context, provider: ProviderName, minor: int) -> Reply:
    terms = ctx.services.terms
    try:
        purchase = await begin_purchase(
            ctx.lane,
            user_id=ctx.user.id,
            kind=PurchaseKind.TOPUP,
            topup_minor=minor,
            provider=provider,
            now=ctx.now,
            terms=terms,
        )
    except AmountNotOfferedError:
        return await topup(ctx)
    credited = ctx.texts.money(Money(minor, terms.currency))
    bill = paying.Bill(
        purchase,
        title=ctx.texts("topup-title"),
        description=ctx.texts("topup-description", amount=credited),
        back_to=f"topup:{minor}",
    )
    return await paying.ask(ctx, bill)


def _bounds(ctx: Context) -> tuple[Money, Money]:
    """Return the least and the most that can be topped up: a whole unit, and what the shop takes.

    Fractions of a unit are below what providers take.
    """
    terms = ctx.services.terms
    unit = 10 ** EXPONENTS[terms.currency]
    return Money(unit, terms.currency), Money(terms.topup_max_minor, terms.currency)
