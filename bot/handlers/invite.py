"""Inviting friends: a link of one's own, and what it earned."""

from bot.handlers.screens import invite as screens
from bot.handlers.turning import show
from bot.shop.referrals import payload_of, summary
from bot.telegram.context import Context, Reply
from bot.telegram.routing import CallbackData, ChatType, Command, Router

router = Router()


@router.message(ChatType("private"), Command("invite"))
@router.callback_query(CallbackData("invite"))
async def invite(ctx: Context) -> Reply:
    """Show the link, how many came by it, and what they brought."""
    terms = ctx.services.terms
    came_of_it = await summary(ctx.lane, ctx.user.id, terms)
    link = await ctx.services.me.link(ctx.client, payload_of(ctx.user.id))
    return show(ctx, screens.invite(ctx.texts, link, came_of_it, percent=terms.referral_percent))
