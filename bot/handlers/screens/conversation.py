"""The greeting, the menu, and what explains itself."""

from html import escape

from bot.handlers.screens.screen import Screen, back, button, rows
from bot.telegram.types import InlineKeyboardMarkup
from bot.texts import LOCALES, Texts


def greeting(texts: Texts, first_name: str) -> Screen:
    """The first screen: a person's name is data, whatever markup is in it."""
    return Screen(texts("greeting", name=escape(first_name)), _menu_keyboard(texts))


def menu(texts: Texts) -> Screen:
    """The main menu."""
    return Screen(texts("menu"), _menu_keyboard(texts))


def unknown(texts: Texts) -> Screen:
    """The menu, for those who said something that the bot doesn't understand."""
    return Screen(texts("unknown-message"), _menu_keyboard(texts))


def about(texts: Texts) -> Screen:
    """What access is."""
    return Screen(texts("about"), rows(back(texts)))


def help_(texts: Texts) -> Screen:
    """What the commands do."""
    return Screen(texts("help"), rows(back(texts)))


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


def _menu_keyboard(texts: Texts) -> InlineKeyboardMarkup:
    return rows(
        button(texts("menu-about"), "about"),
        button(texts("menu-language"), "language"),
        button(texts("menu-help"), "help"),
    )
