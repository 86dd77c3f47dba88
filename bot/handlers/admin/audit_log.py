"""What administrators did, page by page."""

from bot.handlers.admin.asking import AdminRouter
from bot.handlers.screens import admin_audit as screens
from bot.handlers.turning import last_number, turn_to
from bot.shop.audit import deeds
from bot.telegram.context import Context, Reply
from bot.telegram.routing import CallbackData

router = AdminRouter()

_PAGE = 8


@router.callback_query(CallbackData("a-audit"))
async def latest(ctx: Context) -> Reply:
    """Show the latest."""
    return await _page(ctx, None)


@router.callback_query(CallbackData("a-audit:"))
async def older(ctx: Context) -> Reply:
    """Show what was before: `a-audit:<id>`."""
    return await _page(ctx, last_number(ctx))


async def _page(ctx: Context, before_id: int | None) -> Reply:
    found = await deeds(ctx.lane, before_id, _PAGE + 1)
    screen = screens.audit_log(
        ctx.texts, found[:_PAGE], is_latest=before_id is None, more=len(found) > _PAGE
    )
    return turn_to(ctx, screen)
