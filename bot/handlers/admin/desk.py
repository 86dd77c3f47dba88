"""/admin: where administration begins."""

from bot.handlers.admin.asking import AdminRouter
from bot.handlers.screens import admin_desk as screens
from bot.handlers.turning import show
from bot.telegram.context import Context, Reply
from bot.telegram.routing import CallbackData, ChatType, Command

router = AdminRouter()


@router.message(ChatType("private"), Command("admin"))
@router.callback_query(CallbackData("a-desk"))
async def desk(ctx: Context) -> Reply:
    """Show what there is to look at and to do."""
    return show(ctx, screens.desk(ctx.texts))
