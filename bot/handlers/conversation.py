"""The first conversation: a greeting, the menu and its screens, the language, the unknown."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from bot.handlers.access import trial_days
from bot.handlers.connect import connect_screen
from bot.handlers.screens import conversation as screens
from bot.handlers.turning import answered, show, turn_to, wake_workers
from bot.shop import users
from bot.shop.errors import GiftGoneError
from bot.shop.gifts import PAYLOAD_PREFIX as GIFT_PREFIX
from bot.shop.gifts import claim_gift
from bot.shop.referrals import note_referrer
from bot.telegram.context import Context, Reply
from bot.telegram.methods import SendMessage
from bot.telegram.routing import CallbackData, ChatType, Command, Router
from bot.texts import LOCALES, Texts

COMMANDS = (
    "start",
    "menu",
    "buy",
    "access",
    "connect",
    "balance",
    "gifts",
    "invite",
    "promo",
    "language",
    "help",
    "support",
    "paysupport",
)
"""What the menu of commands shows, in this order."""

router = Router()
_private = ChatType("private")

# Bot API: deep links carry 1-64 of these characters.
_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}")


@router.message(_private, Command("start"))
async def start(ctx: Context) -> Reply:
    """Greet; remember what brought the person, and give them the gift that they came for."""
    payload = ctx.args if _PAYLOAD.fullmatch(ctx.args) else ""
    # The same once more: the update may be a redelivery, cut off between the two.
    if payload and ctx.user.start_payload in {None, payload}:
        await users.keep_start_payload(ctx.lane, ctx.user.id, payload)
        await note_referrer(ctx.lane, ctx.user.id, payload, ctx.now)
    if payload.startswith(GIFT_PREFIX):
        return await _take_gift(ctx, payload.removeprefix(GIFT_PREFIX))
    return show(ctx, screens.greeting(ctx.texts, ctx.user.first_name, home(ctx)))


@router.message(_private, Command("menu"))
async def menu(ctx: Context) -> Reply:
    """Show the menu."""
    return show(ctx, screens.menu(ctx.texts, home(ctx)))


@router.message(_private, Command("language"))
async def language(ctx: Context) -> Reply:
    """Show the choice of languages."""
    return show(ctx, screens.language(ctx.texts))


@router.message(_private, Command("help"))
async def help_(ctx: Context) -> Reply:
    """Show what the commands do."""
    return show(ctx, screens.help_(ctx.texts))


@router.callback_query(CallbackData("menu"))
async def to_menu(ctx: Context) -> Reply:
    """Go back to the menu."""
    return turn_to(ctx, screens.menu(ctx.texts, home(ctx)))


@router.callback_query(CallbackData("about"))
async def to_about(ctx: Context) -> Reply:
    """Say what access is."""
    return turn_to(ctx, screens.about(ctx.texts))


@router.callback_query(CallbackData("help"))
async def to_help(ctx: Context) -> Reply:
    """Show what the commands do."""
    return turn_to(ctx, screens.help_(ctx.texts))


@router.callback_query(CallbackData("language"))
async def to_language(ctx: Context) -> Reply:
    """Show the choice of languages."""
    return turn_to(ctx, screens.language(ctx.texts))


def make_choose_language(texts: Mapping[str, Texts]) -> Router:
    """Return the router of the language buttons, which need the texts of every language."""
    choices = Router()

    @choices.callback_query(CallbackData("lang:"))
    async def choose_language(ctx: Context) -> Reply:
        """Speak the chosen language from here on."""
        locale = next((locale for locale in LOCALES if locale == ctx.args), None)
        if locale is None:
            return answered(ctx, ctx.texts("unknown-button"))
        await users.choose_language(ctx.lane, ctx.user.id, locale)
        ctx.texts = texts[locale]
        return turn_to(ctx, screens.menu(ctx.texts, home(ctx)), toast=ctx.texts("language-chosen"))

    return choices


@router.my_chat_member(_private)
async def membership(ctx: Context) -> Reply:
    """Note a block or a return; nothing is sent to who has just left."""
    change = ctx.update.my_chat_member
    assert change is not None  # noqa: S101 - typing: the router saw to it
    await users.mark_membership(
        ctx.lane,
        change.from_user.id,
        blocked=change.new_chat_member.status == "kicked",
        at=datetime.fromtimestamp(change.date, UTC),
    )
    return None


@router.message(_private)
async def unknown_message(ctx: Context) -> Reply:
    """Answer whatever else is said with the menu."""
    return show(ctx, screens.unknown(ctx.texts, home(ctx)))


@router.message(Command(*COMMANDS))
async def in_a_group(ctx: Context) -> Reply:
    """In a group, say where to talk; other words there are not for us."""
    assert ctx.update.message is not None  # noqa: S101 - typing: the router saw to it
    return SendMessage(chat_id=ctx.update.message.chat.id, text=ctx.texts("private-only"))


@router.callback_query()
async def unknown_button(ctx: Context) -> Reply:
    """A button of an earlier version, or one that somebody made up."""
    return answered(ctx, ctx.texts("unknown-button"))


def home(ctx: Context) -> screens.Home:
    """Return what the menu depends on; the person was read with the update, so it costs nothing."""
    return screens.Home(ctx.user.access_until, trial_days(ctx), ctx.now)


async def _take_gift(ctx: Context, code: str) -> Reply:
    try:
        await claim_gift(ctx.lane, code=code, user_id=ctx.user.id, now=ctx.now)
    except GiftGoneError:
        return show(ctx, screens.gift_gone(ctx.texts, home(ctx)))
    wake_workers(ctx)
    return show(ctx, await connect_screen(ctx, after="gift-taken"))
