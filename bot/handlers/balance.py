"""The balance of a person and its movements."""

from bot.handlers.screens import Screen
from bot.handlers.screens import balance as screens
from bot.handlers.turning import last_number, show, turn_to
from bot.shop.ledger import balance_of, history
from bot.telegram.context import Context, Reply
from bot.telegram.routing import CallbackData, ChatType, Command, Router

router = Router()

_PAGE = 7


@router.message(ChatType("private"), Command("balance"))
@router.callback_query(CallbackData("balance"))
async def balance(ctx: Context) -> Reply:
    """Show what there is, and the latest movements."""
    return show(ctx, await balance_screen(ctx))


@router.callback_query(CallbackData("balance:before:"))
async def earlier(ctx: Context) -> Reply:
    """Show the movements before one: `balance:before:<id>`."""
    return turn_to(ctx, await balance_screen(ctx, before_id=last_number(ctx)))


async def balance_screen(
    ctx: Context, *, before_id: int | None = None, after: str | None = None
) -> Screen:
    """Return the balance and a page of its movements.

    `after` is the text that says what has just happened.
    """
    amount = await balance_of(ctx.lane, ctx.user.id, ctx.services.terms)
    entries = await history(ctx.lane, ctx.user.id, before_id, _PAGE + 1)
    shown = entries[:_PAGE]
    return screens.balance(
        ctx.texts,
        amount,
        shown,
        earlier=shown[-1].id if len(entries) > _PAGE else None,
        latest=before_id is None,
        headline=after and ctx.texts(after),
    )
