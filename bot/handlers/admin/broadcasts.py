"""Broadcasts: a segment, the message, how it will look; then start, pause, go on, cancel.

A broadcast lives in the database: after a restart it goes on by itself, and a paused one waits.
"""

from collections.abc import Awaitable, Callable

import structlog

from bot.handlers.admin.asking import AdminRouter, ask, asked, heard
from bot.handlers.questions import Awaiting
from bot.handlers.screens import admin_broadcasts as screens
from bot.handlers.turning import last_number, show, turn_to, wake_workers
from bot.shop import broadcasts as shop
from bot.shop.broadcasts import BroadcastId, Segment
from bot.shop.errors import BroadcastStateError
from bot.telegram.context import Context, Reply
from bot.telegram.errors import BadRequestError
from bot.telegram.methods import CopyMessage
from bot.telegram.routing import CallbackData

log = structlog.get_logger(__name__)

router = AdminRouter()


@router.callback_query(CallbackData("a-broadcasts"))
async def broadcasts(ctx: Context) -> Reply:
    """Show the latest broadcasts."""
    return await _broadcasts(ctx)


@router.callback_query(CallbackData("a-broadcast-new"))
async def ask_segment(ctx: Context) -> Reply:
    """Ask to whom a new one goes."""
    sizes = {each: await shop.audience(ctx.lane, each, ctx.now) for each in Segment}
    return turn_to(ctx, screens.segments(ctx.texts, sizes))


@router.callback_query(CallbackData("a-broadcast-new:"))
async def ask_message(ctx: Context) -> Reply:
    """Ask for the message: `a-broadcast-new:<segment>`."""
    if ctx.args not in set(Segment):
        return await _broadcasts(ctx, toast="admin-gone")
    return await _ask_message(ctx, Segment(ctx.args))


@router.message(Awaiting("admin-broadcast"))
async def preview(ctx: Context) -> Reply:
    """Take the message, of whatever kind, and show it as people will see it."""
    segment = Segment(asked(ctx, 1)[0])
    message = ctx.update.message
    assert message is not None  # noqa: S101 - typing: the router saw to it
    copy = CopyMessage(
        chat_id=message.chat.id, from_chat_id=message.chat.id, message_id=message.message_id
    )
    try:
        await ctx.client(copy)
    except BadRequestError as error:  # Bot API: copyMessage; some kinds can't be copied
        log.info("broadcast.not_copied", error=str(error))
        return await _ask_message(ctx, segment, wrong=True)
    await heard(ctx)
    draft = await shop.draft_broadcast(
        ctx.lane,
        admin_id=ctx.user.id,
        segment=segment,
        from_chat_id=message.chat.id,
        message_id=message.message_id,
        now=ctx.now,
    )
    size = await shop.audience(ctx.lane, segment, ctx.now)
    return show(ctx, screens.draft(ctx.texts, draft, segment, size))


@router.callback_query(CallbackData("a-broadcast:"))
async def broadcast(ctx: Context) -> Reply:
    """Show how far one is: `a-broadcast:<id>`."""
    return await _broadcast(ctx)


@router.callback_query(CallbackData("a-broadcast-go:"))
async def go(ctx: Context) -> Reply:
    """Start a draft, or let a paused one go on: `a-broadcast-go:<id>`."""
    return await _change(ctx, shop.start_broadcast)


@router.callback_query(CallbackData("a-broadcast-pause:"))
async def pause(ctx: Context) -> Reply:
    """Send no more for now: `a-broadcast-pause:<id>`."""
    return await _change(ctx, shop.pause_broadcast)


@router.callback_query(CallbackData("a-broadcast-end:"))
async def end(ctx: Context) -> Reply:
    """End it for good: `a-broadcast-end:<id>`."""
    return await _change(ctx, shop.cancel_broadcast)


async def _change(ctx: Context, change: Callable[..., Awaitable[None]]) -> Reply:
    try:
        broadcast_id = BroadcastId(last_number(ctx) or 0)
        await change(ctx.lane, broadcast_id, admin_id=ctx.user.id, now=ctx.now)
    except BroadcastStateError:
        return await _broadcast(ctx)
    ctx.services.wakes.broadcasts.set()
    wake_workers(ctx)  # what a paused one had in the outbox already
    return await _broadcast(ctx, toast="admin-changed")


async def _ask_message(ctx: Context, segment: Segment, *, wrong: bool = False) -> Reply:
    size = await shop.audience(ctx.lane, segment, ctx.now)
    screen = screens.ask_message(ctx.texts, segment, size, wrong=wrong)
    return await ask(ctx, f"broadcast:{segment}", screen)


async def _broadcast(ctx: Context, *, toast: str | None = None) -> Reply:
    shown = await shop.broadcast(ctx.lane, BroadcastId(last_number(ctx) or 0))
    if shown is None:
        return await _broadcasts(ctx, toast="admin-gone")
    return turn_to(ctx, screens.broadcast(ctx.texts, shown), toast=toast and ctx.texts(toast))


async def _broadcasts(ctx: Context, *, toast: str | None = None) -> Reply:
    latest = await shop.latest_broadcasts(ctx.lane)
    return show(ctx, screens.broadcasts(ctx.texts, latest), toast=toast and ctx.texts(toast))
