"""The workers of this process: how they are, and one of them run now."""

import trio

from bot.handlers.admin.asking import AdminRouter
from bot.handlers.screens import admin_workers as screens
from bot.handlers.turning import turn_to
from bot.supervise import UnknownWorkerError
from bot.telegram.context import Context, Reply
from bot.telegram.routing import CallbackData

router = AdminRouter()


@router.callback_query(CallbackData("a-workers"))
async def workers(ctx: Context) -> Reply:
    """Show every worker."""
    return _workers(ctx)


@router.callback_query(CallbackData("a-worker:"))
async def worker(ctx: Context) -> Reply:
    """Show a worker: `a-worker:<name>`."""
    return _worker(ctx)


@router.callback_query(CallbackData("a-worker-run:"))
async def run(ctx: Context) -> Reply:
    """Let a worker tick at once: `a-worker-run:<name>`; many taps are one tick."""
    try:
        ctx.services.supervisor.run_now(ctx.args)
    except UnknownWorkerError:
        return _workers(ctx)
    return _worker(ctx, toast="admin-worker-woken")


def _workers(ctx: Context) -> Reply:
    statuses = ctx.services.supervisor.statuses()
    return turn_to(ctx, screens.workers(ctx.texts, statuses, trio.current_time()))


def _worker(ctx: Context, *, toast: str | None = None) -> Reply:
    found = [each for each in ctx.services.supervisor.statuses() if each.name == ctx.args]
    if not found:
        return _workers(ctx)
    screen = screens.worker(ctx.texts, found[0], trio.current_time())
    return turn_to(ctx, screen, toast=toast and ctx.texts(toast))
