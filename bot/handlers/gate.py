"""Who is served now: nobody who is banned, and only administrators during maintenance.

Money is never turned away: what was paid is taken, whoever paid it and whatever is switched.
"""

from bot.handlers.services import Services
from bot.shop.switches import Switch
from bot.telegram.context import Context, Middleware, Next, Reply
from bot.telegram.methods import AnswerPreCheckoutQuery
from bot.telegram.notices import notice
from bot.telegram.types import Update


def make_gate(services: Services) -> Middleware:
    """Return the middleware that sets `ctx.services` and stands before the choice of a handler."""

    async def gate(ctx: Context, handle: Next) -> Reply:
        ctx.services = services
        closed = _closed(ctx, services)
        if closed is None or _is_money_or_leaving(ctx.update):
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
