"""What a person says and what the bot answers."""

from collections.abc import Mapping
from typing import Any

from bot.handlers import (
    access,
    admin,
    balance,
    buy,
    checkout,
    connect,
    conversation,
    gifts,
    giving,
    invite,
    paying,
    promo,
    support,
    topup,
)
from bot.telegram.methods import (
    Method,
    SetMyCommands,
    SetMyDescription,
    SetMyShortDescription,
)
from bot.telegram.routing import Router
from bot.telegram.types import BotCommand
from bot.texts import Texts


def make_router(texts: Mapping[str, Texts]) -> Router:
    """Return every handler; the first that agrees is taken, so the general ones come last."""
    root = Router()
    root.include(checkout.router)
    root.include(admin.router)
    root.include(buy.router)
    root.include(paying.router)
    root.include(access.router)
    root.include(connect.router)
    root.include(balance.router)
    root.include(topup.router)
    root.include(gifts.router)
    root.include(giving.router)
    root.include(invite.router)
    root.include(promo.router)
    root.include(support.router)
    root.include(conversation.make_choose_language(texts))
    root.include(conversation.router)
    return root


def introduction(texts: Mapping[str, Texts]) -> list[Method[Any]]:
    """Return the calls by which the bot introduces itself: commands and descriptions."""
    calls: list[Method[Any]] = []
    # Without a language_code: for everybody whose language is not named.
    for code, speak in ((None, texts["en"]), ("ru", texts["ru"])):
        commands = [
            BotCommand(command=name, description=speak(f"command-{name}"))
            for name in conversation.COMMANDS
        ]
        calls += [
            SetMyCommands(commands=commands, language_code=code),
            SetMyDescription(description=speak("description"), language_code=code),
            SetMyShortDescription(short_description=speak("short-description"), language_code=code),
        ]
    return calls
