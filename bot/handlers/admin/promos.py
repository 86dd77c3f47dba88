"""Promo codes: the list, one of them, and a new one in short steps."""

from datetime import timedelta

from bot.db.errors import UniqueError
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
from bot.handlers.screens import admin_promos as screens
from bot.handlers.turning import last_number, show, turn_to
from bot.shop import promo_codes as shop
from bot.shop.promo_codes import PromoId, PromoKind
from bot.telegram.context import Context, Reply
from bot.telegram.routing import CallbackData

router = AdminRouter()

_MOST = {PromoKind.DAYS: 3660, PromoKind.PERCENT: 100, PromoKind.BALANCE: 10**9}
_MOST_USES = 1_000_000
_MOST_VALID_DAYS = 3660


@router.callback_query(CallbackData("a-promos"))
async def promos(ctx: Context) -> Reply:
    """Show the codes."""
    return await _promos(ctx)


@router.callback_query(CallbackData("a-promo:"))
async def promo(ctx: Context) -> Reply:
    """Show a code: `a-promo:<id>`."""
    return await _promo(ctx, last_number(ctx))


@router.callback_query(CallbackData("a-promo-on:"))
async def turn(ctx: Context) -> Reply:
    """Switch a code on or off: `a-promo-on:<1|0>:<id>`; a second tap finds it so."""
    promo_id, active = last_number(ctx) or 0, ctx.args.startswith("1:")
    await shop.set_promo_active(
        ctx.lane, PromoId(promo_id), active=active, admin_id=ctx.user.id, now=ctx.now
    )
    return await _promo(ctx, promo_id, toast="admin-changed")


# ---- a new one: what it gives, its name, how much, how often, how long ----


@router.callback_query(CallbackData("a-promo-add"))
async def ask_kind(ctx: Context) -> Reply:
    """Ask what the new code gives."""
    return turn_to(ctx, screens.kinds(ctx.texts))


@router.callback_query(CallbackData("a-promo-add:"))
async def ask_code(ctx: Context) -> Reply:
    """Ask for the code's name: `a-promo-add:<kind>`."""
    if ctx.args not in set(PromoKind):
        return turn_to(ctx, screens.kinds(ctx.texts))
    return await _ask(ctx, f"promo-code:{ctx.args}", "code")


@router.message(Awaiting("admin-promo-code"))
async def ask_value(ctx: Context) -> Reply:
    """Take the name, and ask how much it gives."""
    [kind] = asked(ctx, 1)
    code = shop.normalized(words(ctx))
    if code is None:
        return await _ask(ctx, f"promo-code:{kind}", "code", wrong="admin-not-possible")
    return await _ask(ctx, f"promo-value:{kind}:{code}", kind)


@router.message(Awaiting("admin-promo-value"))
async def ask_uses(ctx: Context) -> Reply:
    """Take how much it gives, and ask how often it can be used."""
    kind, code = asked(ctx, 2)
    value = _value(ctx, PromoKind(kind))
    if value is None:
        return await _ask(ctx, f"promo-value:{kind}:{code}", kind, wrong="admin-not-possible")
    return await _ask(ctx, f"promo-uses:{kind}:{code}:{value}", "uses")


@router.message(Awaiting("admin-promo-uses"))
async def ask_valid_days(ctx: Context) -> Reply:
    """Take how often it can be used, and ask for how long."""
    so_far = ":".join(asked(ctx, 3))
    uses = whole_number(words(ctx))
    if uses is None or not 0 <= uses <= _MOST_USES:
        return await _ask(ctx, f"promo-uses:{so_far}", "uses", wrong="admin-not-possible")
    return await _ask(ctx, f"promo-days:{so_far}:{uses}", "valid")


@router.message(Awaiting("admin-promo-days"))
async def create(ctx: Context) -> Reply:
    """Take how long it is good, and create it."""
    kind, code, value, uses = asked(ctx, 4)
    days = whole_number(words(ctx))
    if days is None or not 0 <= days <= _MOST_VALID_DAYS:
        question = f"promo-days:{kind}:{code}:{value}:{uses}"
        return await _ask(ctx, question, "valid", wrong="admin-not-possible")
    await heard(ctx)
    try:
        created = await shop.create_promo_code(
            ctx.lane,
            admin_id=ctx.user.id,
            code=code,
            kind=PromoKind(kind),
            value=int(value),
            now=ctx.now,
            max_uses=int(uses) or None,
            valid_until=ctx.now + timedelta(days=days) if days else None,
        )
    except UniqueError:
        return await _ask(ctx, f"promo-code:{kind}", "code", wrong="admin-promo-taken")
    return await _promo(ctx, created.id)


def _value(ctx: Context, kind: PromoKind) -> int | None:
    if kind is PromoKind.BALANCE:
        given = amount(words(ctx), ctx.services.terms.currency)
        number = None if given is None else given.amount_minor
    else:
        number = whole_number(words(ctx))
    return number if number is not None and 1 <= number <= _MOST[kind] else None


async def _ask(ctx: Context, question: str, name: str, *, wrong: str | None = None) -> Reply:
    currency = ctx.services.terms.currency
    screen = screens.step(
        ctx.texts, name, currency=currency, wrong=ctx.texts(wrong) if wrong else None
    )
    return await ask(ctx, question, screen)


async def _promo(ctx: Context, promo_id: int | None, *, toast: str | None = None) -> Reply:
    found = None if promo_id is None else await shop.promo_code(ctx.lane, PromoId(promo_id))
    if found is None:
        return await _promos(ctx, toast="admin-gone")
    screen = screens.promo(ctx.texts, found, ctx.services.terms.currency, ctx.now)
    return show(ctx, screen, toast=toast and ctx.texts(toast))


async def _promos(ctx: Context, *, toast: str | None = None) -> Reply:
    codes = await shop.promo_codes(ctx.lane)
    screen = screens.promos(ctx.texts, codes, ctx.services.terms.currency)
    return show(ctx, screen, toast=toast and ctx.texts(toast))
