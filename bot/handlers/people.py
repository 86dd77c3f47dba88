"""Who is writing, and in which language to answer: set before a handler is chosen."""

from collections.abc import Mapping

from bot.shop.user_reads import UserReads
from bot.shop.users import Profile
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
