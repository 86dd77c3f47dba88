"""Buttons under messages."""

from bot.telegram.types.base import TelegramObject


class CopyTextButton(TelegramObject):
    """What a button puts on the clipboard; `text` is 1-256 characters."""

    text: str


class InlineKeyboardButton(TelegramObject):
    """A button under a message, with exactly one of the fields beside `text`.

    `callback_data` is 1-64 bytes. A `pay` button is the first one of an invoice message.
    """

    text: str
    url: str | None = None
    callback_data: str | None = None
    copy_text: CopyTextButton | None = None
    pay: bool | None = None


class InlineKeyboardMarkup(TelegramObject):
    """Rows of buttons under a message."""

    inline_keyboard: list[list[InlineKeyboardButton]]
