"""Messages that are changed or taken back."""

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from bot.telegram.methods.messages import Caption, LinkPreviewOptions
from bot.telegram.methods.method import (
    ChatId,
    File,
    InputFile,
    Method,
    ParseMode,
    ReplyMarkup,
    Text,
)
from bot.telegram.types import Message


class InputMediaPhoto(BaseModel):
    """A photo to put in a message: bytes, or the file_id of one that was sent before."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["photo"] = "photo"
    media: File
    caption: Caption | None = None
    parse_mode: ParseMode | None = None


class EditMessageText(Method[Message | bool]):
    """Another text in the place of one that was sent."""

    name: ClassVar[str] = "editMessageText"
    repeatable: ClassVar[bool] = True

    chat_id: ChatId
    message_id: int
    text: Text
    parse_mode: ParseMode | None = None
    link_preview_options: LinkPreviewOptions | None = None
    reply_markup: ReplyMarkup | None = None


class EditMessageCaption(Method[Message | bool]):
    """Other words under a photo or a file; none takes them away."""

    name: ClassVar[str] = "editMessageCaption"
    repeatable: ClassVar[bool] = True

    chat_id: ChatId
    message_id: int
    caption: Caption | None = None
    parse_mode: ParseMode | None = None
    reply_markup: ReplyMarkup | None = None


class EditMessageMedia(Method[Message | bool]):
    """A photo in the place of another, or of a text. There is no way back to a text."""

    name: ClassVar[str] = "editMessageMedia"
    repeatable: ClassVar[bool] = True

    chat_id: ChatId
    message_id: int
    media: InputMediaPhoto
    reply_markup: ReplyMarkup | None = None

    @property
    def upload(self) -> InputFile | None:
        """The photo's bytes, if it is new."""
        return self.media.media if isinstance(self.media.media, InputFile) else None


class EditMessageReplyMarkup(Method[Message | bool]):
    """Other buttons under a message."""

    name: ClassVar[str] = "editMessageReplyMarkup"
    repeatable: ClassVar[bool] = True

    chat_id: ChatId
    message_id: int
    reply_markup: ReplyMarkup | None = None


class DeleteMessage(Method[bool]):
    """A message is taken back."""

    name: ClassVar[str] = "deleteMessage"
    repeatable: ClassVar[bool] = True

    chat_id: ChatId
    message_id: int
