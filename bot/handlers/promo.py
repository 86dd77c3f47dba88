"""Entering a promo code."""

from bot.handlers.questions import Awaiting
from bot.handlers.screens import promo as screens
from bot.handlers.turning import show, wake_workers
from bot.shop.errors import (
    PromoError,
    PromoExpiredError,
    PromoNotYetError,
    PromoUsedByPersonError,
    PromoUsedUpError,
    UnknownPromoError,
)
from bot.shop.promo_codes import discount_of, enter_code, normalized
from bot.shop.users import await_words
from bot.telegram.context import Context, Reply
from bot.telegram.middlewares.rate_limit import Verdict
from bot.telegram.routing import CallbackData, ChatType, Command, Router

router = Router()

_QUESTION = "promo"
_WHY: dict[type[PromoError], str] = {
    UnknownPromoError: "promo-unknown",
    PromoNotYetError: "promo-not-yet",
    PromoExpiredError: "promo-expired",
    PromoUsedUpError: "promo-used-up",
    PromoUsedByPersonError: "promo-used-by-you",
}


@router.message(ChatType("private"), Command("promo"))
@router.callback_query(CallbackData("promo"))
async def promo(ctx: Context) -> Reply:
    """Ask for a code; `/promo CODE` brings it along."""
    if ctx.args:
        return await _enter(ctx, ctx.args)
    await await_words(ctx.lane, ctx.user.id, _QUESTION)
    return show(ctx, screens.prompt(ctx.texts, await discount_of(ctx.lane, ctx.user.id)))


@router.message(Awaiting(_QUESTION))
async def code(ctx: Context) -> Reply:
    """Take what was written for a code; a photo is none."""
    assert ctx.update.message is not None  # noqa: S101 - typing: the router saw to it
    return await _enter(ctx, ctx.update.message.text or "")


async def _enter(ctx: Context, words: str) -> Reply:
    services = ctx.services
    # Codes can't be found by trying: whoever is too fast isn't even told whether one exists.
    if services.promo_tries.take(ctx.user.id) is not Verdict.ADMITTED:
        return show(ctx, screens.too_often(ctx.texts))
    meant = normalized(words)
    try:
        if meant is None:
            raise UnknownPromoError
        given = await enter_code(
            ctx.lane,
            user_id=ctx.user.id,
            code=meant,
            key=f"update:{ctx.update.update_id}",
            now=ctx.now,
            terms=services.terms,
        )
    except PromoError as error:
        await await_words(ctx.lane, ctx.user.id, _QUESTION)
        return show(ctx, screens.refused(ctx.texts, _WHY[type(error)]))
    await await_words(ctx.lane, ctx.user.id, None)
    wake_workers(ctx)
    return show(ctx, screens.given(ctx.texts, given, services.terms.currency))
