"""VPN hosts, and access that was granted and isn't on its host."""

from datetime import timedelta

from bot.handlers.admin.asking import AdminRouter
from bot.handlers.screens import admin_vpn as screens
from bot.handlers.turning import last_number, turn_to
from bot.shop import hosts as shop
from bot.shop.hosts import HostState
from bot.shop.vpn_jobs import unprovisioned as waiting_for_hosts
from bot.telegram.context import Context, Reply
from bot.telegram.routing import CallbackData

router = AdminRouter()

# Younger ones are on their way: the screen shows each of them.
_AT_ONCE = timedelta(0)


@router.callback_query(CallbackData("a-hosts"))
async def hosts(ctx: Context) -> Reply:
    """Show every host."""
    return await _hosts(ctx)


@router.callback_query(CallbackData("a-host:"))
async def host(ctx: Context) -> Reply:
    """Show a host: `a-host:<id>`."""
    return await _host(ctx)


@router.callback_query(CallbackData("a-host-retire:"))
async def sure_to_retire(ctx: Context) -> Reply:
    """Ask before a host is retired: `a-host-retire:<id>`."""
    shown = await shop.host(ctx.lane, last_number(ctx) or 0)
    if shown is None:
        return await _hosts(ctx, toast="admin-gone")
    return turn_to(ctx, screens.sure_to_retire(ctx.texts, shown))


@router.callback_query(CallbackData("a-host-to:"))
async def set_state(ctx: Context) -> Reply:
    """Let a host take people, rest or go: `a-host-to:<state>:<id>`; safe to repeat."""
    state = ctx.args.partition(":")[0]
    if state not in set(HostState):
        return await _host(ctx)
    await shop.set_host_state(
        ctx.lane,
        last_number(ctx) or 0,
        HostState(state),
        admin_id=ctx.user.id,
        now=ctx.now,
    )
    return await _host(ctx, toast="admin-changed")


@router.callback_query(CallbackData("a-unprovisioned"))
async def unprovisioned(ctx: Context) -> Reply:
    """Show whose access isn't on its host."""
    waiting = await waiting_for_hosts(ctx.lane, ctx.now, older_than=_AT_ONCE)
    return turn_to(ctx, screens.unprovisioned(ctx.texts, waiting, ctx.now))


async def _host(ctx: Context, *, toast: str | None = None) -> Reply:
    shown = await shop.host(ctx.lane, last_number(ctx) or 0)
    if shown is None:
        return await _hosts(ctx, toast="admin-gone")
    return turn_to(ctx, screens.host(ctx.texts, shown), toast=toast and ctx.texts(toast))


async def _hosts(ctx: Context, *, toast: str | None = None) -> Reply:
    listed = await shop.all_hosts(ctx.lane)
    return turn_to(ctx, screens.hosts(ctx.texts, listed), toast=toast and ctx.texts(toast))
