"""The greeting, the menu, and what explains itself."""

from dataclasses import dataclass
from datetime import datetime
from html import escape

from bot.handlers.screens.screen import Screen, back, button, rows
from bot.telegram.types import InlineKeyboardMarkup
from bot.texts import LOCALES, Texts


@dataclass(frozen=True, slots=True)
class Home:
    """What the menu depends on: until when access runs (None: never had any), and the trial."""

    access_until: datetime | None
    trial_days: int
    now: datetime

    @property
    def has_access(self) -> bool:
        """Say whether access runs."""
        return self.access_until is not None and self.now < self.access_until


def greeting(texts: Texts, first_name: str, home: Home) -> Screen:
    """The first screen: a person's name is data, whatever markup is in it."""
    hello = texts("greeting", name=escape(first_name))
    return Screen(f"{hello}\n\n{_state(texts, home)}", _menu_keyboard(texts, home))


def menu(texts: Texts, home: Home) -> Screen:
    """The main menu."""
    return Screen(f"{texts('menu')}\n\n{_state(texts, home)}", _menu_keyboard(texts, home))


def unknown(texts: Texts, home: Home) -> Screen:
    """The menu, for those who said something that the bot doesn't understand."""
    return Screen(texts("unknown-message"), _menu_keyboard(texts, home))


def gift_gone(texts: Texts, home: Home) -> Screen:
    """The menu, for those who came for a gift that isn't there any more."""
    return Screen(texts("gift-gone"), _menu_keyboard(texts, home))


def about(texts: Texts) -> Screen:
    """What access is."""
    return Screen(texts("about"), rows(back(texts, "help")))


def help_(texts: Texts) -> Screen:
    """What the commands do."""
    return Screen(
        texts("help"),
        rows(
            button(texts("help-support"), "support"),
            button(texts("menu-about"), "about"),
            back(texts),
        ),
    )


def language(texts: Texts) -> Screen:
    """The choice of a language; each is named in itself."""
    choices = [
        button(
            ("✓ " if locale == texts.locale else "") + texts(f"language-{locale}"),
            f"lang:{locale}",
        )
        for locale in LOCALES
    ]
    return Screen(texts("language-choice"), rows(choices, back(texts)))


def _state(texts: Texts, home: Home) -> str:
    if home.access_until is None:
        return texts("menu-state-none")
    words = "menu-state-until" if home.has_access else "menu-state-over"
    return texts(words, until=texts.day(home.access_until))


def _menu_keyboard(texts: Texts, home: Home) -> InlineKeyboardMarkup:
    known = home.access_until is not None
    trial = [button(texts("menu-trial", days=home.trial_days), "trial")] if home.trial_days else []
    access = [button(texts("menu-access"), "access"), button(texts("menu-connect"), "connect")]
    return rows(
        access if known else trial,
        button(texts("menu-extend" if home.has_access else "menu-buy"), "buy"),
        [button(texts("menu-balance"), "balance"), button(texts("menu-invite"), "invite")],
        [button(texts("menu-promo"), "promo"), button(texts("menu-gifts"), "gifts")],
        [button(texts("menu-language"), "language"), button(texts("menu-help"), "help")],
    )
