"""A talk with support goes on by replies: administrators answer a person, a person an answer.

Whom a reply goes to is read from what was written down when the message was passed on, never
from the message itself: nobody can be written to who didn't write first.
"""

import structlog
import trio

from bot.handlers.screens.support import more_keyboard
from bot.handlers.support import pass_on
from bot.shop.support import Concern, concerning, is_of_support, remember
from bot.telegram.context import Context, Next, Reply
from bot.telegram.errors import (
    BadRequestError,
    ChatNotFoundError,
    ForbiddenError,
    ServerError,
    TransportError,
)
from bot.telegram.methods import CopyMessage, ReplyParameters, SendMessage
from bot.telegram.types import Message

log = structlog.get_logger(__name__)


async def go_on_by_reply(ctx: Context, handle: Next) -> Reply:
    """Middleware: a reply within a talk is a part of it, whatever else the bot has asked.

    Costs a statement only for replies.
    """
    message = ctx.update.message
    replied = message.reply_to_message if message is not None else None
    if message is None or replied is None or ctx.user is None or _is_about_money(message):
        return await handle(ctx)
    if _may_answer(ctx, message):
        concern = await concerning(ctx.lane, message.chat.id, replied.message_id)
        if concern is not None:
            ctx.handler = "support_answers.answer"
            return await _answer(ctx, message, concern)
    # What a person writes may be a command all the same; an answer to them never is one.
    if message.chat.type != "private" or ctx.head:
        return await handle(ctx)
    if not await is_of_support(ctx.lane, ctx.user.id, replied.message_id):
        return await handle(ctx)
    ctx.handler = "support_answers.pass_on"
    return await pass_on(ctx)


def _is_about_money(message: Message) -> bool:
    return message.successful_payment is not None or message.refunded_payment is not None


def _may_answer(ctx: Context, message: Message) -> bool:
    """Say whether this chat is one of those where administrators answer."""
    if message.chat.type == "private":
        return bool(ctx.services.is_admin(ctx.user.id))
    return bool(message.chat.id == ctx.services.settings.support_chat_id)


async def _answer(ctx: Context, message: Message, concern: Concern) -> Reply:
    """Bring an answer to the person, as it is; say here what became of it."""
    person_texts = ctx.services.texts[concern.locale]
    call = CopyMessage(
        chat_id=concern.user_id,
        from_chat_id=message.chat.id,
        message_id=message.message_id,
        reply_parameters=ReplyParameters(
            message_id=concern.user_message_id, allow_sending_without_reply=True
        ),
        reply_markup=more_keyboard(person_texts),
    )
    try:
        with trio.fail_after(ctx.services.settings.telegram_http_timeout.total_seconds()):
            copied = await ctx.client(call)
    except (ForbiddenError, ChatNotFoundError):
        return _say(ctx, message, "support-answer-blocked")
    except BadRequestError as error:
        log.warning("support.answer_refused", error=str(error))
        return _say(ctx, message, "support-answer-not-this")
    except (TransportError, ServerError, trio.TooSlowError) as error:
        log.warning("support.answer_unsure", error=repr(error))
        return _say(ctx, message, "support-answer-unsure")
    await remember(
        ctx.lane,
        admin_chat_id=message.chat.id,
        admin_message_id=message.message_id,
        user_id=concern.user_id,
        user_message_id=copied.message_id,
        now=ctx.now,
    )
    return _say(ctx, message, "support-answer-sent")


def _say(ctx: Context, message: Message, words: str) -> SendMessage:
    return SendMessage(
        chat_id=message.chat.id,
        text=ctx.texts(words),
        reply_parameters=ReplyParameters(
            message_id=message.message_id, allow_sending_without_reply=True
        ),
        disable_notification=True,
    )
