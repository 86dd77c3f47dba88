"""Messages, and what they are made of."""

from pydantic import Field

from bot.telegram.types.base import TelegramObject, User
from bot.telegram.types.keyboards import InlineKeyboardMarkup
from bot.telegram.types.payments import Invoice, RefundedPayment, SuccessfulPayment


class Chat(TelegramObject):
    """A private chat, a group, a supergroup or a channel."""

    id: int
    type: str
    title: str | None = None
    username: str | None = None
    first_name: str | None = None
    last_name: str | None = None


class MessageEntity(TelegramObject):
    """A part of a text that means something; offset and length are UTF-16 units."""

    type: str
    offset: int
    length: int
    url: str | None = None


class PhotoSize(TelegramObject):
    """One size of a photo."""

    file_id: str
    file_unique_id: str
    width: int
    height: int
    file_size: int | None = None


class Document(TelegramObject):
    """A file of any kind."""

    file_id: str
    file_unique_id: str
    file_name: str | None = None
    mime_type: str | None = None
    file_size: int | None = None


class MessageId(TelegramObject):
    """All that is told of a copy."""

    message_id: int


class Message(TelegramObject):
    """A message; of an inaccessible one only the chat, the id and a date of 0 are known."""

    message_id: int
    date: int
    chat: Chat
    from_user: User | None = Field(None, alias="from")
    text: str | None = None
    entities: list[MessageEntity] | None = None
    caption: str | None = None
    caption_entities: list[MessageEntity] | None = None
    photo: list[PhotoSize] | None = None
    document: Document | None = None
    invoice: Invoice | None = None
    edit_date: int | None = None
    media_group_id: str | None = None
    reply_to_message: "Message | None" = None
    reply_markup: InlineKeyboardMarkup | None = None
    successful_payment: SuccessfulPayment | None = None
    refunded_payment: RefundedPayment | None = None
