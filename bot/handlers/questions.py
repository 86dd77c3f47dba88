"""Questions: what the bot has asked a person, so that it knows what their next words answer."""

from dataclasses import replace

from bot.shop.users import await_words
from bot.telegram.context import Context, Next, Reply


class Awaiting:
    """Agrees to what a person says in private while `question` is open.

    A question may have details after a colon: `Awaiting("a-price")` is also for `a-price:5`.
    """

    def __init__(self, question: str) -> None:
        self._question = question

    def __call__(self, ctx: Context) -> bool:
        """Say whether these words answer the question."""
        message = ctx.update.message
        if message is None or message.chat.type != "private" or ctx.user is None:
            return False
        asked: str | None = ctx.user.awaiting
        return asked is not None and asked.partition(":")[0] == self._question


async def forget_question(ctx: Context, handle: Next) -> Reply:
    """Middleware: whoever presses a button or gives a command has left the question behind.

    Costs a statement only when a question was open (`bot.shop.users.await_words`).
    """
    if ctx.user is not None and ctx.user.awaiting is not None and ctx.head:
        await await_words(ctx.lane, ctx.user.id, None)
        ctx.user = replace(ctx.user, awaiting=None)
    return await handle(ctx)
