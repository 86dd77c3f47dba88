"""Help by people: what a person writes is passed on to administrators, whatever it is.

It goes to SUPPORT_CHAT_ID, or to each administrator where there is none, or where it can't be
written to: a wrong setting loses nobody's question. Answers come back in
`bot.handlers.support_answers`.
"""

import structlog
import trio

from bot.handlers.questions import Awaiting
from bot.handlers.screens import support as screens
from bot.handlers.turning import answered, show
from bot.settings import Settings
from bot.shop.support import locales_of, remember
from bot.shop.users import await_words
from bot.telegram.context import Context, Reply
from bot.telegram.errors import (
    BadRequestError,
    ChatNotFoundError,
    MigratedError,
    RetryAfterError,
    TelegramError,
)
from bot.telegram.methods import ForwardMessage, ReplyParameters, SendMessage
from bot.telegram.middlewares.rate_limit import Verdict
from bot.telegram.routing import CallbackData, ChatType, Command, Router
from bot.telegram.types import Message
from bot.texts import Texts

log = structlog.get_logger(__name__)

router = Router()

_QUESTION = "support"
_GOING_ON = "support:"  # and the album that the last message was a part of


@router.message(ChatType("private"), Command("support", "paysupport"))
@router.callback_query(CallbackData("support"))
async def support(ctx: Context) -> Reply:
    """Ask what it is about."""
    if not _inboxes(ctx.services.settings):
        return show(ctx, screens.nobody(ctx.texts))
    await await_words(ctx.lane, ctx.user.id, _QUESTION)
    # Telegram's terms: bots that take payments answer /paysupport.
    return show(ctx, screens.prompt(ctx.texts, about_payments=ctx.head == "/paysupport"))


@router.callback_query(CallbackData("support:more"))
async def more(ctx: Context) -> Reply:
    """Ask for more under an answer, which stays where it is."""
    await await_words(ctx.lane, ctx.user.id, _GOING_ON)
    return [screens.prompt(ctx.texts).send(ctx.user.id), answered(ctx)]


@router.message(Awaiting(_QUESTION))
async def question(ctx: Context) -> Reply:
    """Pass on what was written, or sent."""
    return await pass_on(ctx)


async def pass_on(ctx: Context) -> Reply:
    """Pass a person's message on to administrators, and say what became of it."""
    message = ctx.update.message
    assert message is not None  # noqa: S101 - typing: the callers saw to it
    verdict = ctx.services.support_messages.take(ctx.user.id)
    if verdict is not Verdict.ADMITTED:
        refused = screens.not_passed_on(ctx.texts, "support-too-much")
        return show(ctx, refused) if verdict is Verdict.FIRST_REFUSED else None
    why_not = await _reach_somebody(ctx, message)
    if why_not is not None:
        return show(ctx, screens.not_passed_on(ctx.texts, why_not))
    going_on = _GOING_ON + (message.media_group_id or "")
    await await_words(ctx.lane, ctx.user.id, going_on)
    # The pictures of an album come one by one: a word for the first is enough.
    if message.media_group_id and ctx.user.awaiting == going_on:
        return None
    return show(ctx, screens.passed_on(ctx.texts))


async def _reach_somebody(ctx: Context, message: Message) -> str | None:
    """Pass the message on; return the text that says why nobody has it, None if somebody does.

    Raises RetryAfterError: the update comes again when Telegram takes messages again.
    """
    failures: list[TelegramError | trio.TooSlowError] = []
    settings = ctx.services.settings
    for inboxes in _inboxes(settings):
        locales = await locales_of(ctx.lane, inboxes)
        reached = False
        for chat_id in inboxes:
            texts = ctx.services.texts[locales.get(chat_id, "ru")]
            try:
                await _pass_on_to(ctx, message, chat_id, texts)
            except RetryAfterError:
                # Nobody has it yet: later, then. Somebody has it: not to them once more.
                if not reached:
                    raise
            except (TelegramError, trio.TooSlowError) as error:
                # One administrator may be away; a chat that can't be written to is to be mended.
                note = log.error if chat_id == settings.support_chat_id else log.warning
                note("support.not_reached", chat_id=chat_id, error=repr(error))
                failures.append(error)
            else:
                reached = True
        if reached:
            return None
    return _why_not(failures)


def _inboxes(settings: Settings) -> list[list[int]]:
    """Return where messages go: to the chats of the first list, if one of them can be reached."""
    admins = sorted(settings.admin_ids)
    chat = [] if settings.support_chat_id is None else [settings.support_chat_id]
    return [inbox for inbox in (chat, admins) if inbox]


async def _pass_on_to(ctx: Context, message: Message, chat_id: int, texts: Texts) -> None:
    passed = await ctx.client(
        ForwardMessage(chat_id=chat_id, from_chat_id=message.chat.id, message_id=message.message_id)
    )
    await _remember(ctx, message, passed)
    if not (ctx.user.awaiting or "").startswith(_GOING_ON):
        await _show_card(ctx, message, passed, texts)


async def _show_card(ctx: Context, message: Message, passed: Message, texts: Texts) -> None:
    """Say who writes; without this the message is there all the same."""
    until = ctx.user.access_until
    card = screens.card(
        texts,
        ctx.user,
        until=None if until is None else texts.moment(until),
        in_private=passed.chat.type == "private",
    )
    call = SendMessage(
        chat_id=passed.chat.id,
        text=card.text,
        parse_mode="HTML",
        reply_parameters=ReplyParameters(
            message_id=passed.message_id, allow_sending_without_reply=True
        ),
        reply_markup=card.keyboard if card.keyboard.inline_keyboard else None,
    )
    try:
        with trio.fail_after(_seconds(ctx)):
            shown = await ctx.client(call)
    except (TelegramError, trio.TooSlowError) as error:
        log.warning("support.no_card", error=repr(error))
    else:
        await _remember(ctx, message, shown)


async def _remember(ctx: Context, message: Message, passed: Message) -> None:
    await remember(
        ctx.lane,
        admin_chat_id=passed.chat.id,
        admin_message_id=passed.message_id,
        user_id=ctx.user.id,
        user_message_id=message.message_id,
        now=ctx.now,
    )


def _why_not(failures: list[TelegramError | trio.TooSlowError]) -> str:
    # Bot API: forwardMessage: service messages and protected content can't be forwarded.
    refused = [
        error
        for error in failures
        if isinstance(error, BadRequestError)
        and not isinstance(error, ChatNotFoundError | MigratedError)
    ]
    if refused:
        return "support-not-this"
    log.error("support.nobody_reached", errors=[repr(error) for error in failures])
    return "support-failed"


def _seconds(ctx: Context) -> float:
    return float(ctx.services.settings.telegram_http_timeout.total_seconds())
