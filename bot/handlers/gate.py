"""Who is served now: nobody who is banned, and only administrators during maintenance.

Money is never turned away: what was paid is taken, whoever paid it and whatever is switched.
Nor is a question to support: Telegram's terms want /paysupport answered to everybody, always.
"""

from bot.handlers.services import Services
from bot.shop.switches import Switch
from bot.telegram.context import Context, Middleware, Next, Reply
from bot.telegram.methods import AnswerPreCheckoutQuery
from bot.telegram.notices import notice
from bot.telegram.types import Update

_SUPPORT = {"/support", "/paysupport", "support", "support:"}  # commands, and heads of buttons


def make_gate(services: Services) -> Middleware:
    """Return the middleware that stands before the choice of a handler.

    Replies within a talk with support are taken before it (`bot.handlers.support_answers`).
    """

    async def gate(ctx: Context, handle: Next) -> Reply:
        closed = _closed(ctx, services)
        if closed is None or _is_money_or_leaving(ctx.update) or _is_for_support(ctx):
            return await handle(ctx)
        ctx.handler = f"gate.{closed}"
        query = ctx.update.pre_checkout_query
        if query is not None:
            return AnswerPreCheckoutQuery(
                pre_checkout_query_id=query.id, ok=False, error_message=ctx.texts(closed)
            )
        return notice(ctx.update, lambda _: str(ctx.texts(closed)))

    return gate


def _closed(ctx: Context, services: Services) -> str | None:
    """Return the name of the text that says why this person isn't served; None if they are."""
    if ctx.user is None or services.is_admin(ctx.user.id):
        return None
    if ctx.user.banned_at is not None:
        return "banned"
    if services.switches.is_on(Switch.MAINTENANCE):
        return "maintenance"
    return None


def _is_money_or_leaving(update: Update) -> bool:
    """Money that was paid or went back, and blocks: facts, which can't be refused."""
    if update.kind in {"my_chat_member", "subscription"}:
        return True
    message = update.message
    return message is not None and (
        message.successful_payment is not None or message.refunded_payment is not None
    )


def _is_for_support(ctx: Context) -> bool:
    """A question to support, on the way from the command to the words; and talk in a group.

    Nothing is served in groups, and those who help may talk in theirs without a word from us.
    """
    message = ctx.update.message
    if message is not None and message.chat.type != "private":
        return True
    if ctx.head:
        return ctx.head in _SUPPORT
    return message is not None and (ctx.user.awaiting or "").partition(":")[0] == "support"
