"""Messages that are sent, and short-lived signs of life."""

from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from bot.telegram.methods.method import (
    ChatId,
    File,
    InputFile,
    Method,
    ParseMode,
    ReplyMarkup,
    Text,
)
from bot.telegram.types import Message, MessageId


class ReplyParameters(BaseModel):
    """Which message of the same chat this one answers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    message_id: int
    allow_sending_without_reply: bool | None = None


Caption = Annotated[str, Field(max_length=4096)]
"""At most 1024 characters after its markup is read (Bot API: sendPhoto)."""


class LinkPreviewOptions(BaseModel):
    """How a link in a text is shown below it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    is_disabled: bool | None = None
    url: str | None = None
    prefer_small_media: bool | None = None
    prefer_large_media: bool | None = None
    show_above_text: bool | None = None


def _if_new(file: InputFile | str) -> InputFile | None:
    return file if isinstance(file, InputFile) else None


class SendMessage(Method[Message]):
    """A text, at most 4096 characters after its markup is read."""

    name: ClassVar[str] = "sendMessage"
    repeatable: ClassVar[bool] = False

    chat_id: ChatId
    text: Text
    parse_mode: ParseMode | None = None
    link_preview_options: LinkPreviewOptions | None = None
    disable_notification: bool | None = None
    reply_parameters: ReplyParameters | None = None
    reply_markup: ReplyMarkup | None = None


class SendPhoto(Method[Message]):
    """A photo: bytes, or the file_id of one that was sent before."""

    name: ClassVar[str] = "sendPhoto"
    repeatable: ClassVar[bool] = False

    chat_id: ChatId
    photo: File
    caption: Caption | None = None
    parse_mode: ParseMode | None = None
    disable_notification: bool | None = None
    reply_markup: ReplyMarkup | None = None

    @property
    def upload(self) -> InputFile | None:
        """The photo's bytes, if it is new."""
        return _if_new(self.photo)


class SendDocument(Method[Message]):
    """A file of any kind, at most 50 MB: bytes, or the file_id of one that was sent before."""

    name: ClassVar[str] = "sendDocument"
    repeatable: ClassVar[bool] = False

    chat_id: ChatId
    document: File
    caption: Caption | None = None
    parse_mode: ParseMode | None = None
    disable_content_type_detection: bool | None = None
    disable_notification: bool | None = None
    reply_markup: ReplyMarkup | None = None

    @property
    def upload(self) -> InputFile | None:
        """The file's bytes, if it is new."""
        return _if_new(self.document)


class CopyMessage(Method[MessageId]):
    """The same message again, without a word of where it came from."""

    name: ClassVar[str] = "copyMessage"
    repeatable: ClassVar[bool] = False

    chat_id: ChatId
    from_chat_id: ChatId
    message_id: int
    caption: Caption | None = None
    parse_mode: ParseMode | None = None
    disable_notification: bool | None = None
    reply_parameters: ReplyParameters | None = None
    reply_markup: ReplyMarkup | None = None


class ForwardMessage(Method[Message]):
    """A message passed on, with the name of who wrote it."""

    name: ClassVar[str] = "forwardMessage"
    repeatable: ClassVar[bool] = False

    chat_id: ChatId
    from_chat_id: ChatId
    message_id: int
    disable_notification: bool | None = None


class SendChatAction(Method[bool]):
    """The typing state; it shows for 5 seconds."""

    name: ClassVar[str] = "sendChatAction"
    repeatable: ClassVar[bool] = True

    chat_id: ChatId
    action: str


class AnswerCallbackQuery(Method[bool]):
    """The answer to a pressed button: it stops turning, and may show a few words."""

    name: ClassVar[str] = "answerCallbackQuery"
    repeatable: ClassVar[bool] = True

    callback_query_id: str
    text: Annotated[str, Field(max_length=200)] | None = None
    show_alert: bool | None = None
