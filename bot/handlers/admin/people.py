"""Finding a person, and everything that concerns them alone: history, time, balance, ban."""

from bot.handlers.admin.asking import (
    AdminRouter,
    amount,
    ask,
    asked,
    form_key,
    heard,
    whole_number,
    words,
)
from bot.handlers.questions import Awaiting
from bot.handlers.screens import Screen
from bot.handlers.screens import admin_desk as common
from bot.handlers.screens import admin_people as screens
from bot.handlers.turning import last_number, show, turn_to, wake_workers
from bot.money import Money
from bot.shop import people
from bot.shop.access_by_hand import change_access, revoke
from bot.shop.errors import InsufficientFundsError, NoAccessError, UnknownPersonError
from bot.shop.ledger import adjust_balance, balance_of
from bot.shop.subscriptions import subscription_of
from bot.telegram.context import Context, Reply
from bot.telegram.routing import CallbackData

router = AdminRouter()

_PAGE = 8
_DAY_SECONDS = 86_400
_MOST_DAYS = 3660  # as in the schema of plans
_LONGEST_NOTE = 300


@router.callback_query(CallbackData("a-find"))
async def find(ctx: Context) -> Reply:
    """Ask whom to find."""
    question = common.question(ctx.texts, ctx.texts("admin-find-whom"), cancel="a-desk")
    return await ask(ctx, "find", question)


@router.message(Awaiting("admin-find"))
async def found(ctx: Context) -> Reply:
    """Show who is meant; one alone at once."""
    meant = await people.find_people(ctx.lane, words(ctx))
    await heard(ctx)
    if len({each.id for each in meant}) == 1:
        return show(ctx, await _person(ctx, meant[0].id))
    return show(ctx, screens.found(ctx.texts, words(ctx), meant))


@router.callback_query(CallbackData("a-person:"))
async def person(ctx: Context) -> Reply:
    """Show a person: `a-person:<id>`."""
    return show(ctx, await _person(ctx, last_number(ctx)))


@router.callback_query(CallbackData("a-history:"))
async def history(ctx: Context) -> Reply:
    """Show a page of what happened to a person: `a-history:<id>:<offset>`."""
    user_id, offset = _number(ctx, 0), last_number(ctx) or 0
    who = await people.person(ctx.lane, user_id)
    if who is None:
        return show(ctx, await _person(ctx, user_id))
    events = await people.history(ctx.lane, user_id, limit=_PAGE + 1, offset=offset)
    page = screens.history(
        ctx.texts, who, events[:_PAGE], offset=offset, page=_PAGE, more=len(events) > _PAGE
    )
    return turn_to(ctx, page)


# ---- access ----


@router.callback_query(CallbackData("a-access:"))
async def access(ctx: Context) -> Reply:
    """Show what a person has, and time to give and to take: `a-access:<id>`."""
    return turn_to(ctx, await _access(ctx, last_number(ctx)))


@router.callback_query(CallbackData("a-give:"))
async def give(ctx: Context) -> Reply:
    """Give days, or take some: `a-give:<id>:<days>:<form>`; a form's button works once."""
    parts = ctx.args.split(":")
    days = whole_number(parts[1]) if len(parts) == 3 else None
    if days is None or abs(days) > _MOST_DAYS:
        return turn_to(ctx, await _access(ctx, _number(ctx, 0)))
    return await _change(ctx, _number(ctx, 0), days, key=f"{parts[2]}:{days}", note="")


@router.callback_query(CallbackData("a-days:"))
async def ask_days(ctx: Context) -> Reply:
    """Ask for a number of days and a reason: `a-days:<id>`."""
    return await _ask_days(ctx, _number(ctx, 0))


@router.message(Awaiting("admin-days"))
async def days(ctx: Context) -> Reply:
    """Give or take as many days as were written: `14 a reason`."""
    user_id = int(asked(ctx, 1)[0])
    number, _, note = words(ctx).partition(" ")
    count = whole_number(number)
    if not count or abs(count) > _MOST_DAYS:
        return await _ask_days(ctx, user_id, wrong=ctx.texts("admin-not-days"))
    await heard(ctx)
    return await _change(ctx, user_id, count, key=form_key(ctx), note=note[:_LONGEST_NOTE])


@router.callback_query(CallbackData("a-end:"))
async def sure_to_end(ctx: Context) -> Reply:
    """Ask before access is ended at once: `a-end:<id>`."""
    user_id = _number(ctx, 0)
    screen = common.sure(
        ctx.texts,
        ctx.texts("admin-access-end-sure"),
        yes=ctx.texts("admin-access-end-yes"),
        do=f"a-end-yes:{user_id}:{form_key(ctx)}",
        cancel=f"a-access:{user_id}",
    )
    return turn_to(ctx, screen)


@router.callback_query(CallbackData("a-end-yes:"))
async def end(ctx: Context) -> Reply:
    """End access at once: `a-end-yes:<id>:<form>`."""
    user_id, key = _number(ctx, 0), ctx.args.rpartition(":")[2]
    try:
        await revoke(ctx.lane, admin_id=ctx.user.id, user_id=user_id, note="", key=key, now=ctx.now)
    except (NoAccessError, UnknownPersonError):
        return show(ctx, await _access(ctx, user_id), toast=ctx.texts("admin-no-access"))
    wake_workers(ctx)
    return show(ctx, await _access(ctx, user_id), toast=ctx.texts("admin-access-ended"))


async def _ask_days(ctx: Context, user_id: int, wrong: str | None = None) -> Reply:
    question = common.question(
        ctx.texts, ctx.texts("admin-access-days"), cancel=f"a-access:{user_id}", wrong=wrong
    )
    return await ask(ctx, f"days:{user_id}", question)


async def _change(ctx: Context, user_id: int, days: int, *, key: str, note: str) -> Reply:
    try:
        await change_access(
            ctx.lane,
            admin_id=ctx.user.id,
            user_id=user_id,
            seconds=days * _DAY_SECONDS,
            key=key,
            note=note,
            now=ctx.now,
        )
    except NoAccessError:
        return show(ctx, await _access(ctx, user_id), toast=ctx.texts("admin-no-access"))
    except UnknownPersonError:
        return show(ctx, await _person(ctx, user_id))
    wake_workers(ctx)
    return show(ctx, await _access(ctx, user_id), toast=ctx.texts("admin-access-changed"))


# ---- balance ----


@router.callback_query(CallbackData("a-balance:"))
async def ask_amount(ctx: Context) -> Reply:
    """Ask by how much to correct a balance: `a-balance:<id>`."""
    return await _ask_amount(ctx, _number(ctx, 0))


@router.message(Awaiting("admin-amount"))
async def ask_reason(ctx: Context) -> Reply:
    """Take the amount, and ask for the reason: what is written next changes the balance."""
    user_id = int(asked(ctx, 1)[0])
    by = amount(words(ctx), ctx.services.terms.currency)
    if not by:
        return await _ask_amount(ctx, user_id, wrong=ctx.texts("admin-not-an-amount"))
    return await _ask_reason(ctx, user_id, by)


@router.message(Awaiting("admin-reason"))
async def adjust(ctx: Context) -> Reply:
    """Correct the balance, with the reason that was written."""
    user_id, minor = map(int, asked(ctx, 2))
    by = Money(minor, ctx.services.terms.currency)
    if not words(ctx):
        return await _ask_reason(ctx, user_id, by)
    await heard(ctx)
    try:
        await adjust_balance(
            ctx.lane,
            admin_id=ctx.user.id,
            user_id=user_id,
            amount=by,
            key=form_key(ctx),
            note=words(ctx)[:_LONGEST_NOTE],
            now=ctx.now,
        )
    except InsufficientFundsError as error:
        missing = ctx.texts.money(error.missing)
        wrong = ctx.texts("admin-balance-too-small", missing=missing)
        return await _ask_amount(ctx, user_id, wrong=wrong)
    except UnknownPersonError:
        return show(ctx, await _person(ctx, user_id))
    wake_workers(ctx)
    return show(ctx, await _person(ctx, user_id))


async def _ask_amount(ctx: Context, user_id: int, wrong: str | None = None) -> Reply:
    terms = ctx.services.terms
    balance = ctx.texts.money(await balance_of(ctx.lane, user_id, terms))
    words = ctx.texts("admin-balance-amount", balance=balance)
    question = common.question(ctx.texts, words, cancel=f"a-person:{user_id}", wrong=wrong)
    return await ask(ctx, f"amount:{user_id}", question)


async def _ask_reason(ctx: Context, user_id: int, by: Money) -> Reply:
    who = await people.person(ctx.lane, user_id)
    if who is None:
        return show(ctx, await _person(ctx, user_id))
    words = screens.reason_of_adjustment(ctx.texts, who, by)
    question = common.question(ctx.texts, words, cancel=f"a-person:{user_id}")
    return await ask(ctx, f"reason:{user_id}:{by.amount_minor}", question)


# ---- ban ----


@router.callback_query(CallbackData("a-ban:"))
async def ban(ctx: Context) -> Reply:
    """Ban a person or let them back: `a-ban:<1|0>:<id>`. Administrators can't be banned."""
    user_id, banned = last_number(ctx) or 0, ctx.args.startswith("1:")
    if banned and ctx.services.is_admin(user_id):
        return turn_to(ctx, await _person(ctx, user_id), toast=ctx.texts("admin-ban-admin"))
    await people.set_banned(ctx.lane, user_id, banned=banned, admin_id=ctx.user.id, now=ctx.now)
    toast = ctx.texts("admin-is-banned" if banned else "admin-is-unbanned")
    return turn_to(ctx, await _person(ctx, user_id), toast=toast)


async def _person(ctx: Context, user_id: int | None) -> Screen:
    who = None if user_id is None else await people.person(ctx.lane, user_id)
    if who is None:
        return screens.found(ctx.texts, str(user_id or ""), [])
    balance = await balance_of(ctx.lane, who.id, ctx.services.terms)
    return screens.person(ctx.texts, who, balance, await subscription_of(ctx.lane, who.id), ctx.now)


async def _access(ctx: Context, user_id: int | None) -> Screen:
    who = None if user_id is None else await people.person(ctx.lane, user_id)
    if who is None:
        return screens.found(ctx.texts, str(user_id or ""), [])
    has = await subscription_of(ctx.lane, who.id)
    return screens.access(ctx.texts, who, has, ctx.now, form_key(ctx))


def _number(ctx: Context, place: int) -> int:
    """Return the id at a place of the button's data; 0, which is nobody's, if it is none."""
    parts = ctx.args.split(":")
    number = whole_number(parts[place]) if place < len(parts) else None
    return number if number is not None and number > 0 else 0
