"""A screen: what a person sees at one moment, and how it takes the place of the one before.

A conversation is one message that changes. Telegram turns a text into a photo but not back, and
an invoice into nothing: such a message is taken away, and the screen comes as a new one.
"""

from dataclasses import dataclass
from typing import Any, Protocol

from bot.telegram.methods import (
    EditMessageMedia,
    EditMessageText,
    InputFile,
    InputMediaPhoto,
    LinkPreviewOptions,
    Method,
    SendMessage,
    SendPhoto,
)
from bot.telegram.types import (
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    Message,
)
from bot.texts import Texts

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


class AnyScreen(Protocol):
    """What can be shown: sent anew, or put in the place of a message that it fits into."""

    def send(self, chat_id: int) -> Method[Any]:
        """Return the call that shows it as a new message."""
        ...

    def replace(self, chat_id: int, message_id: int) -> Method[Any]:
        """Return the call that shows it in the place of an earlier message."""
        ...

    def fits_into(self, message: Message) -> bool:
        """Say whether `message` can be changed into it."""
        ...


@dataclass(frozen=True, slots=True)
class Screen:
    """A text (HTML) with buttons."""

    text: str
    keyboard: InlineKeyboardMarkup

    def send(self, chat_id: int) -> SendMessage:
        """Return the call that shows it as a new message."""
        return SendMessage(
            chat_id=chat_id,
            text=self.text,
            parse_mode="HTML",
            link_preview_options=_NO_PREVIEW,
            reply_markup=self.keyboard,
        )

    def replace(self, chat_id: int, message_id: int) -> EditMessageText:
        """Return the call that shows it in the place of an earlier one."""
        return EditMessageText(
            chat_id=chat_id,
            message_id=message_id,
            text=self.text,
            parse_mode="HTML",
            link_preview_options=_NO_PREVIEW,
            reply_markup=self.keyboard,
        )

    def fits_into(self, message: Message) -> bool:
        """Say whether `message` is a text; of one that is too old to be seen nothing is known."""
        return message.text is not None


@dataclass(frozen=True, slots=True)
class PhotoScreen:
    """A picture with a caption (HTML) and buttons."""

    photo: InputFile
    caption: str
    keyboard: InlineKeyboardMarkup

    def send(self, chat_id: int) -> SendPhoto:
        """Return the call that shows it as a new message."""
        return SendPhoto(
            chat_id=chat_id,
            photo=self.photo,
            caption=self.caption,
            parse_mode="HTML",
            reply_markup=self.keyboard,
        )

    def replace(self, chat_id: int, message_id: int) -> EditMessageMedia:
        """Return the call that shows it in the place of an earlier one."""
        media = InputMediaPhoto(media=self.photo, caption=self.caption, parse_mode="HTML")
        return EditMessageMedia(
            chat_id=chat_id, message_id=message_id, media=media, reply_markup=self.keyboard
        )

    def fits_into(self, message: Message) -> bool:
        """Say whether `message` is a text or a picture."""
        return message.text is not None or message.photo is not None


def button(text: str, data: str) -> InlineKeyboardButton:
    """Return a button that comes back as `data` (1-64 bytes)."""
    return InlineKeyboardButton(text=text, callback_data=data)


def link(text: str, url: str) -> InlineKeyboardButton:
    """Return a button that opens an http(s) or t.me address."""
    return InlineKeyboardButton(text=text, url=url)


def copying(text: str, copied: str) -> InlineKeyboardButton:
    """Return a button that puts `copied` (1-256 characters) on the clipboard."""
    return InlineKeyboardButton(text=text, copy_text=CopyTextButton(text=copied))


def back(texts: Texts, to: str = "menu") -> InlineKeyboardButton:
    """Return the button that leads back to the screen whose callback data is `to`."""
    return button(texts("back"), to)


def rows(*rows: InlineKeyboardButton | list[InlineKeyboardButton]) -> InlineKeyboardMarkup:
    """Return a keyboard; a button alone is a row of its own, an empty row is left out."""
    listed = [row if isinstance(row, list) else [row] for row in rows]
    return InlineKeyboardMarkup(inline_keyboard=[row for row in listed if row])
