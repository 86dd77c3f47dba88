"""Who is writing, and in which language to answer: set before a handler is chosen."""

from collections.abc import Mapping
from dataclasses import replace

from bot.shop.user_reads import UserReads
from bot.shop.users import Profile, await_words
from bot.telegram.context import Context, Middleware, Next, Reply
from bot.telegram.types import User as TelegramUser
from bot.texts import Texts


def profile_of(user: TelegramUser) -> Profile:
    """Return what Telegram says of a person, in the shop's words."""
    return Profile(
        id=user.id,
        first_name=user.first_name,
        last_name=user.last_name,
        username=user.username,
        language_code=user.language_code,
    )


def make_people(reads: UserReads, texts: Mapping[str, Texts]) -> Middleware:
    """Return the middleware that sets `ctx.user` and `ctx.texts`."""

    async def people(ctx: Context, handle: Next) -> Reply:
        if (user := ctx.update.user) is not None:
            ctx.user = await reads.seen(profile_of(user))
            ctx.texts = texts[ctx.user.locale]
        return await handle(ctx)

    return people


async def forget_question(ctx: Context, handle: Next) -> Reply:
    """Middleware: whoever presses a button or gives a command has left the question behind.

    Costs a statement only when a question was open (`bot.shop.users.await_words`).
    """
    if ctx.user is not None and ctx.user.awaiting is not None and ctx.head:
        await await_words(ctx.lane, ctx.user.id, None)
        ctx.user = replace(ctx.user, awaiting=None)
    return await handle(ctx)
