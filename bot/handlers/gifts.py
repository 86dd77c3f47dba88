"""The gifts that a person bought, and their links. Buying one is in `bot.handlers.giving`."""

from bot.handlers.screens import Screen
from bot.handlers.screens import gifts as screens
from bot.handlers.turning import last_number, show, turn_to
from bot.shop.errors import GiftGoneError
from bot.shop.gifts import Gift, gift_of, gifts_of
from bot.telegram.context import Context, Reply
from bot.telegram.routing import CallbackData, ChatType, Command, Router

router = Router()

_PAGE = 5


@router.message(ChatType("private"), Command("gifts"))
@router.callback_query(CallbackData("gifts"))
async def gifts(ctx: Context) -> Reply:
    """Show the latest gifts."""
    return show(ctx, await _page(ctx))


@router.callback_query(CallbackData("gifts:before:"))
async def earlier(ctx: Context) -> Reply:
    """Show the gifts before one: `gifts:before:<id>`."""
    return turn_to(ctx, await _page(ctx, last_number(ctx)))


@router.callback_query(CallbackData("gifts:show:"))
async def show_gift(ctx: Context) -> Reply:
    """Show a gift with its link: `gifts:show:<id>`. Somebody else's is nobody's."""
    gift_id = last_number(ctx)
    try:
        if gift_id is None:
            return turn_to(ctx, await _page(ctx))
        found = await gift_of(ctx.lane, ctx.user.id, gift_id)
    except GiftGoneError:
        return turn_to(ctx, await _page(ctx))
    return turn_to(ctx, await gift_screen(ctx, found))


async def gift_screen(ctx: Context, gift: Gift, *, after: str | None = None) -> Screen:
    """Return a gift with its link; `after` is the text that says what has just happened."""
    link = await ctx.services.me.link(ctx.client, gift.payload)
    return screens.gift(ctx.texts, gift, link, headline=after and ctx.texts(after))


async def _page(ctx: Context, before_id: int | None = None) -> Screen:
    bought = await gifts_of(ctx.lane, ctx.user.id, before_id, _PAGE + 1)
    shown = bought[:_PAGE]
    earlier = shown[-1].id if len(bought) > _PAGE else None
    return screens.gifts(ctx.texts, shown, earlier=earlier, latest=before_id is None)
