"""What a person has: the state of their access, and what they may change about it themselves."""

from datetime import timedelta

import structlog

from bot.handlers.connect import connect_screen
from bot.handlers.screens import Screen
from bot.handlers.screens import access as screens
from bot.handlers.turning import answered, show, turn_to, wake_workers
from bot.payments import stars
from bot.shop.access import start_trial
from bot.shop.connections import Connection, connection_of
from bot.shop.errors import NoAccessError, TrialUsedError
from bot.shop.subscriptions import note_stars_subscription, reissue_vpn_key, set_auto_renew
from bot.telegram.context import Context, Reply
from bot.telegram.errors import BadRequestError
from bot.telegram.routing import CallbackData, ChatType, Command, Router

log = structlog.get_logger(__name__)

router = Router()

_DAY = timedelta(days=1)
_KEY_START = 8  # characters of the UUID: which key a button was about


@router.message(ChatType("private"), Command("access"))
@router.callback_query(CallbackData("access"))
async def access(ctx: Context) -> Reply:
    """Show what the person has."""
    return show(ctx, await access_screen(ctx))


@router.callback_query(CallbackData("trial"))
async def trial(ctx: Context) -> Reply:
    """Begin the free trial; a second tap finds it begun."""
    services = ctx.services
    if not services.sells():
        return turn_to(ctx, await access_screen(ctx), toast=ctx.texts("sales-closed"))
    try:
        await start_trial(ctx.lane, ctx.user.id, ctx.now, services.terms)
    except TrialUsedError:
        return turn_to(ctx, await access_screen(ctx), toast=ctx.texts("trial-used"))
    wake_workers(ctx)
    return turn_to(ctx, await connect_screen(ctx, after="trial-begun"))


@router.callback_query(CallbackData("access:renew:"))
async def renew(ctx: Context) -> Reply:
    """Renew from the balance before the end, or don't: `access:renew:<1|0>`."""
    on = ctx.args.endswith(":1")
    try:
        await set_auto_renew(ctx.lane, ctx.user.id, on, ctx.now)
    except NoAccessError:
        return turn_to(ctx, await access_screen(ctx))
    toast = ctx.texts("access-renew-is-on" if on else "access-renew-is-off")
    return turn_to(ctx, await access_screen(ctx), toast=toast)


@router.callback_query(CallbackData("access:stars:"))
async def stars_subscription(ctx: Context) -> Reply:
    """End the Stars subscription with its period, or allow it again: `access:stars:<1|0>`."""
    connection = await connection_of(ctx.lane, ctx.user.id)
    charge_id = connection.subscription.stars_charge_id if connection else None
    if charge_id is None:
        return turn_to(ctx, await access_screen(ctx))
    resume = ctx.args.endswith(":1")
    call = stars.switch_subscription(user_id=ctx.user.id, charge_id=charge_id, canceled=not resume)
    try:
        await ctx.client(call)
    except BadRequestError as error:
        log.warning("stars.subscription_unchanged", error=str(error))
        return answered(ctx, ctx.texts("access-stars-refused"), alert=True)
    if resume:
        # Bot API: editUserStarSubscription; it allows the person to take it up again, no more.
        # That they did comes as an update of its own.
        return answered(ctx, ctx.texts("access-stars-resumable"), alert=True)
    await note_stars_subscription(ctx.lane, ctx.user.id, charge_id, canceled=True, now=ctx.now)
    toast = ctx.texts("access-stars-is-canceled")
    return turn_to(ctx, await access_screen(ctx), toast=toast)


@router.callback_query(CallbackData("access:reissue"))
async def sure_to_reissue(ctx: Context) -> Reply:
    """Ask before a key is replaced."""
    connection = await connection_of(ctx.lane, ctx.user.id)
    if connection is None or not connection.subscription.is_active(ctx.now):
        return turn_to(ctx, _screen(ctx, connection))
    return turn_to(ctx, screens.sure_to_reissue(ctx.texts, _key_start(connection)))


@router.callback_query(CallbackData("access:reissue:"))
async def reissue(ctx: Context) -> Reply:
    """Replace the key that the button is about; a second tap finds it replaced."""
    connection = await connection_of(ctx.lane, ctx.user.id)
    if connection is None or not ctx.args.endswith(f":{_key_start(connection)}"):
        return turn_to(ctx, await connect_screen(ctx))
    try:
        await reissue_vpn_key(ctx.lane, ctx.user.id, ctx.now)
    except NoAccessError:
        return turn_to(ctx, _screen(ctx, connection))
    wake_workers(ctx)
    return turn_to(ctx, await connect_screen(ctx, after="access-reissued"))


async def access_screen(ctx: Context) -> Screen:
    """Return the state of the person's access."""
    return _screen(ctx, await connection_of(ctx.lane, ctx.user.id))


def trial_days(ctx: Context) -> int:
    """Return how long a trial the person can begin now; 0 for none."""
    services = ctx.services
    unused = ctx.user.access_until is None and services.sells()
    return int(services.terms.trial_duration / _DAY) if unused else 0


def _screen(ctx: Context, connection: Connection | None) -> Screen:
    if connection is None:
        return screens.none(ctx.texts, trial_days=trial_days(ctx))
    return screens.access(ctx.texts, connection, ctx.now)


def _key_start(connection: Connection) -> str:
    return connection.subscription.vpn_uuid.hex[:_KEY_START]
