"""What a handler is given, and what it gives back."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from bot.telegram.client import TelegramClient
from bot.telegram.methods import Method
from bot.telegram.types import Update


@dataclass(slots=True)
class Context:
    """One update on its way to its handler.

    `lane` is the updates' lane of the database; `user`, `texts` and `services` are set by the
    middlewares of the application: this package knows the type of none of them.
    """

    update: Update
    now: datetime
    client: TelegramClient
    lane: Any
    user: Any = None
    texts: Any = None
    services: Any = None

    head: str = field(init=False)
    """What names the wish: `/start` of `/start abc`, `lang:` of `lang:ru`; empty if nothing."""
    args: str = field(init=False)
    """What follows the head: `abc` of `/start abc`, `ru` of `lang:ru`."""
    handler: str | None = field(init=False, default=None)
    """The name of the handler that was found; None until then."""

    def __post_init__(self) -> None:
        self.head, self.args = _split(self.update)


Reply: TypeAlias = Method[Any] | Sequence[Method[Any]] | None
"""What a handler answers. All but the last go through the client in this order; the last
travels with the transport, or through the client as well if it uploads a file. A call whose
result is needed is made through `context.client`."""

Handler: TypeAlias = Callable[[Context], Awaitable[Reply]]
Next: TypeAlias = Handler
Middleware: TypeAlias = Callable[[Context, Next], Awaitable[Reply]]
"""Wraps the choice of a handler and the handler: it may look, add to the context, or answer."""


def _split(update: Update) -> tuple[str, str]:
    if update.message is not None:
        text = update.message.text
        if text is None or not text.startswith("/"):
            return "", ""
        # A text of "/" alone has a first word as well.
        command, *rest = text.split(maxsplit=1)
        # In a group a command may be addressed: /start@WarrenBot.
        return command.partition("@")[0].lower(), rest[0] if rest else ""
    if update.callback_query is not None:
        head, colon, args = (update.callback_query.data or "").partition(":")
        return head + colon, args
    return "", ""
