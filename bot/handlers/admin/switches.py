"""Maintenance mode and sales: turned here, in force at once."""

from bot.handlers.admin.asking import AdminRouter
from bot.handlers.screens import admin_switches as screens
from bot.handlers.turning import turn_to
from bot.shop.switches import Switch
from bot.telegram.context import Context, Reply
from bot.telegram.routing import CallbackData

router = AdminRouter()


@router.callback_query(CallbackData("a-switches"))
async def switches(ctx: Context) -> Reply:
    """Show every switch."""
    return turn_to(ctx, screens.switches(ctx.texts, ctx.services.switches))


@router.callback_query(CallbackData("a-switch:"))
async def turn(ctx: Context) -> Reply:
    """Turn a switch: `a-switch:<1|0>:<name>`; a second tap finds it so."""
    on, _, name = ctx.args.partition(":")
    state = ctx.services.switches
    if name in set(Switch):
        await state.turn(ctx.lane, Switch(name), on=on == "1", admin_id=ctx.user.id, now=ctx.now)
    return turn_to(ctx, screens.switches(ctx.texts, state))
