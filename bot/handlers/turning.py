"""From screen to screen: how a handler answers a button."""

from typing import Any

from bot.handlers.screens import AnyScreen
from bot.telegram.context import Context
from bot.telegram.methods import AnswerCallbackQuery, DeleteMessage, Method
from bot.telegram.types import CallbackQuery


def turn_to(ctx: Context, screen: AnyScreen, *, toast: str | None = None) -> list[Method[Any]]:
    """Answer the button and put `screen` in the place of the one it stood under.

    `toast` (200 characters) is shown for a moment. The screen comes first: the answer stops the
    button's turning when its effect can be seen.
    """
    query = pressed(ctx)
    answer = answered(ctx, toast)
    message = query.message
    if message is None:
        return [screen.send(query.from_user.id), answer]
    if screen.fits_into(message):
        return [screen.replace(message.chat.id, message.message_id), answer]
    # The new one first: whoever is cut off between the two has both rather than none.
    gone = DeleteMessage(chat_id=message.chat.id, message_id=message.message_id)
    return [screen.send(message.chat.id), gone, answer]


def show(ctx: Context, screen: AnyScreen, *, toast: str | None = None) -> list[Method[Any]]:
    """Show `screen` to whoever pressed a button (see `turn_to`) or wrote something."""
    if ctx.update.callback_query is not None:
        return turn_to(ctx, screen, toast=toast)
    return [screen.send(ctx.user.id)]


def wake_workers(ctx: Context) -> None:
    """Let what was just committed happen at once: keys on their hosts, notices on their way."""
    ctx.services.wakes.activation.set()
    ctx.services.wakes.notifier.set()


def last_number(ctx: Context) -> int | None:
    """Return the id at the end of a button's data; None if it is none: somebody made it up."""
    tail = ctx.args.rpartition(":")[2]
    # 18 digits are less than a bigint holds, and no id of ours comes near.
    return int(tail) if tail.isascii() and tail.isdigit() and len(tail) <= 18 else None


def answered(ctx: Context, words: str | None = None, *, alert: bool = False) -> AnswerCallbackQuery:
    """Return the answer to the button: `words` (200 characters) pass by, or must be confirmed."""
    return AnswerCallbackQuery(
        callback_query_id=pressed(ctx).id, text=words, show_alert=alert or None
    )


def pressed(ctx: Context) -> CallbackQuery:
    """Return the button's query, for handlers of buttons."""
    query = ctx.update.callback_query
    assert query is not None  # noqa: S101 - typing: the router saw to it
    return query
