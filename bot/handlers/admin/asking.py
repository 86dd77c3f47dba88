"""What conversations of administrators are made of: who may have them, and questions."""

from collections.abc import Callable

from bot.handlers.screens import Screen
from bot.handlers.topup import read_amount
from bot.handlers.turning import show
from bot.money import Money
from bot.shop.users import await_words
from bot.telegram.context import Context, Handler, Reply
from bot.telegram.routing import Filter, Router

_PREFIX = "admin-"
_LONGEST_NUMBER = 18  # digits; a bigint holds them


def is_admin(ctx: Context) -> bool:
    """Say whether whoever acts administers the bot: a filter."""
    return ctx.user is not None and ctx.services.is_admin(ctx.user.id)


class AdminRouter(Router):
    """A router whose handlers are there for administrators alone.

    For everybody else its commands and buttons are unknown ones, as if nobody had written them.
    """

    def on(self, kind: str, *filters: Filter) -> Callable[[Handler], Handler]:
        """Let the decorated function handle what administrators send; see `Router.on`."""
        return super().on(kind, *filters, is_admin)


async def ask(ctx: Context, question: str, screen: Screen) -> Reply:
    """Show `screen`, and let the person's next words answer `question`.

    Its handler has the filter `Awaiting("admin-<question>")`, without the details after a colon.
    """
    await await_words(ctx.lane, ctx.user.id, _PREFIX + question)
    return show(ctx, screen)


async def heard(ctx: Context) -> None:
    """Close the question: before what its answer does, so that nothing is done twice for it."""
    await await_words(ctx.lane, ctx.user.id, None)


def asked(ctx: Context, parts: int) -> list[str]:
    """Return what the question carries after its name, in `parts`; the last takes the rest."""
    return str(ctx.user.awaiting).split(":", parts)[1:]


def words(ctx: Context) -> str:
    """Return what the person wrote; empty for a picture or the like."""
    message = ctx.update.message
    return (message.text or "").strip() if message is not None else ""


def form_key(ctx: Context) -> str:
    """Return what marks a form that is shown now: effects of its buttons happen once."""
    return f"{ctx.user.id}-{ctx.update.update_id}"


def whole_number(text: str) -> int | None:
    """Return the number that somebody wrote, also with spaces and a sign; None if it is none."""
    digits = "".join(text.split()).replace("\N{MINUS SIGN}", "-").removeprefix("+")
    bare = digits.removeprefix("-")
    if not bare.isascii() or not bare.isdigit() or len(bare) > _LONGEST_NUMBER:
        return None
    return int(digits)


def amount(text: str, currency: str) -> Money | None:
    """Return the amount that somebody wrote, which may have a sign; None if it is none."""
    plain = text.strip().replace("\N{MINUS SIGN}", "-")
    size = read_amount(plain.removeprefix("-").removeprefix("+").strip(), currency)
    return -size if size is not None and plain.startswith("-") else size
