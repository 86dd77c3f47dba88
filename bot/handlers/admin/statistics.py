"""The figures of the last 30 days, with a chart."""

from datetime import UTC

import trio

from bot.handlers.admin.asking import AdminRouter
from bot.handlers.screens import admin_statistics as screens
from bot.handlers.turning import turn_to
from bot.shop.statistics import statistics as count
from bot.telegram.context import Context, Reply
from bot.telegram.routing import CallbackData

router = AdminRouter()


@router.callback_query(CallbackData("a-statistics"))
async def statistics(ctx: Context) -> Reply:
    """Count, draw and show; the drawing keeps nobody waiting but who asked for it."""
    figures = await count(ctx.lane, ctx.now)
    # Takings are counted by days of UTC.
    period = screens.Period(figures, ctx.now.astimezone(UTC).date(), ctx.services.terms)
    screen = await trio.to_thread.run_sync(screens.statistics, ctx.texts, period)
    return turn_to(ctx, screen)
