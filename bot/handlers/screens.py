"""What people see: functions from data to a message, with no way to reach anything."""

from dataclasses import dataclass
from html import escape

from bot.telegram.methods import EditMessageText, SendMessage
from bot.telegram.types import InlineKeyboardButton, InlineKeyboardMarkup
from bot.texts import LOCALES, Texts


@dataclass(frozen=True, slots=True)
class Screen:
    """A text with buttons; sent anew, or put in the place of the screen before it."""

    text: str
    keyboard: InlineKeyboardMarkup

    def send(self, chat_id: int) -> SendMessage:
        """Return the call that shows it as a new message."""
        return SendMessage(
            chat_id=chat_id, text=self.text, parse_mode="HTML", reply_markup=self.keyboard
        )

    def replace(self, chat_id: int, message_id: int) -> EditMessageText:
        """Return the call that shows it in the place of an earlier one."""
        return EditMessageText(
            chat_id=chat_id,
            message_id=message_id,
            text=self.text,
            parse_mode="HTML",
            reply_markup=self.keyboard,
        )


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
    return Screen(texts("about"), _rows(_back(texts)))


def help_(texts: Texts) -> Screen:
    """What the commands do."""
    return Screen(texts("help"), _rows(_back(texts)))


def language(texts: Texts) -> Screen:
    """The choice of a language; each is named in itself."""
    choices = [
        InlineKeyboardButton(
            text=("✓ " if locale == texts.locale else "") + texts(f"language-{locale}"),
            callback_data=f"lang:{locale}",
        )
        for locale in LOCALES
    ]
    keyboard = InlineKeyboardMarkup(inline_keyboard=[choices, [_back(texts)]])
    return Screen(texts("language-choice"), keyboard)


def _menu_keyboard(texts: Texts) -> InlineKeyboardMarkup:
    return _rows(
        InlineKeyboardButton(text=texts("menu-about"), callback_data="about"),
        InlineKeyboardButton(text=texts("menu-language"), callback_data="language"),
        InlineKeyboardButton(text=texts("menu-help"), callback_data="help"),
    )


def _back(texts: Texts) -> InlineKeyboardButton:
    return InlineKeyboardButton(text=texts("back"), callback_data="menu")


def _rows(*buttons: InlineKeyboardButton) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(inline_keyboard=[[button] for button in buttons])
