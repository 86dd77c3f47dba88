"""Connecting: a person's key, its QR code, and the way through an app on each of their devices."""

import structlog
import trio

from bot.handlers.screens import Screen
from bot.handlers.screens import connect as screens
from bot.handlers.turning import show, turn_to
from bot.shop.connections import Connection, Reach, connection_of
from bot.telegram.context import Context, Reply
from bot.telegram.routing import CallbackData, ChatType, Command, Router
from bot.vpn.apps import App, Platform, app_by_id, apps_for
from bot.vpn.errors import InvalidShareLinkError, UnknownAppError
from bot.vpn.qr import qr_png
from bot.vpn.share_link import parse_share_link, share_link
from bot.vpn.subscription import address, opening_address

log = structlog.get_logger(__name__)

router = Router()


@router.message(ChatType("private"), Command("connect"))
@router.callback_query(CallbackData("connect"))
async def connect(ctx: Context) -> Reply:
    """Show the key and the choice of a device."""
    return show(ctx, await connect_screen(ctx))


@router.callback_query(CallbackData("connect:qr"))
async def qr(ctx: Context) -> Reply:
    """Show the key as a QR code."""
    connection = await connection_of(ctx.lane, ctx.user.id)
    key = key_of(ctx, connection)
    if key is None:
        return turn_to(ctx, _screen(ctx, connection))
    # Tens of milliseconds of computing: other updates go on meanwhile.
    png = await trio.to_thread.run_sync(qr_png, key.share_link)
    return turn_to(ctx, screens.qr_code(ctx.texts, png))


@router.callback_query(CallbackData("connect:on:"))
async def on_device(ctx: Context) -> Reply:
    """Show what to tap on a device: `connect:on:<platform>[:<app>]`."""
    connection = await connection_of(ctx.lane, ctx.user.id)
    key, chosen = key_of(ctx, connection), _chosen(ctx.args)
    if connection is None or key is None or chosen is None:
        return turn_to(ctx, _screen(ctx, connection))
    platform, app = chosen
    public_url = ctx.services.settings.public_url
    adds = (
        opening_address(public_url, connection.subscription.link_token, app.id)
        if public_url and app.import_link
        else None
    )
    return turn_to(ctx, screens.steps(ctx.texts, screens.Steps(platform, app, key, adds)))


async def connect_screen(ctx: Context, *, after: str | None = None) -> Screen:
    """Return the person's key and the way to use it.

    `after` is the text that says what has just happened; it is told `$until` when access runs.
    """
    return _screen(ctx, await connection_of(ctx.lane, ctx.user.id), after=after)


def key_of(ctx: Context, connection: Connection | None) -> screens.Key | None:
    """Return what the person connects with; None while they have no access, or no host.

    A host whose link can't be read is none, too: the operator finds it in the log.
    """
    if connection is None or connection.host_share_link is None:
        return None
    had = connection.subscription
    if not had.is_active(ctx.now):
        return None
    try:
        endpoint = parse_share_link(connection.host_share_link)
    except InvalidShareLinkError:
        log.exception("vpn.share_link_unreadable", host_id=had.host_id)
        return None
    public_url = ctx.services.settings.public_url
    return screens.Key(
        share_link(endpoint, had.vpn_uuid, ctx.texts("profile-title")),
        address(public_url, had.link_token) if public_url else None,
    )


def _screen(ctx: Context, connection: Connection | None, *, after: str | None = None) -> Screen:
    if connection is None:
        return screens.nothing(ctx.texts)
    until = connection.subscription.expires_at
    if not connection.subscription.is_active(ctx.now):
        return screens.over(ctx.texts, until)
    key = key_of(ctx, connection)
    reach = connection.reach(ctx.now) if key is not None else Reach.NO_ROOM
    headline = after and ctx.texts(after, until=ctx.texts.moment(until))
    return screens.connect(ctx.texts, key, reach, until, headline=headline)


def _chosen(args: str) -> tuple[Platform, App] | None:
    """Return the device and the app that a button names; None if somebody made it up."""
    _, platform_name, *rest = args.split(":")
    if platform_name not in list(Platform):
        return None
    platform = Platform(platform_name)
    try:
        app = app_by_id(rest[0]) if rest else apps_for(platform)[0]
    except UnknownAppError:
        return None
    return (platform, app) if platform in app.get else None
