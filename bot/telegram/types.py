"""What Telegram sends, as far as the bot reads it: names and meanings are the Bot API's.

Unknown fields are ignored, unknown kinds of update parse to an update without a kind, and words
that Telegram may add to (types, statuses) are plain strings: a new release of the Bot API must
not stop the bot.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

ALLOWED_UPDATES = [
    "message",
    "edited_message",
    "callback_query",
    "pre_checkout_query",
    "my_chat_member",
]
"""The kinds that are asked for; Telegram may keep back what is not named (setWebhook)."""


class TelegramObject(BaseModel):
    """Root of what Telegram sends."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class User(TelegramObject):
    """A person or a bot."""

    id: int
    is_bot: bool
    first_name: str
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = None


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


class SuccessfulPayment(TelegramObject):
    """A payment that was made; `telegram_payment_charge_id` is its key."""

    currency: str
    total_amount: int
    invoice_payload: str
    telegram_payment_charge_id: str
    provider_payment_charge_id: str
    subscription_expiration_date: int | None = None
    is_recurring: bool = False
    is_first_recurring: bool = False


class RefundedPayment(TelegramObject):
    """A payment that went back."""

    currency: str
    total_amount: int
    invoice_payload: str
    telegram_payment_charge_id: str
    provider_payment_charge_id: str | None = None


class InlineKeyboardButton(TelegramObject):
    """A button under a message; `callback_data` is 1-64 bytes."""

    text: str
    url: str | None = None
    callback_data: str | None = None
    pay: bool | None = None


class InlineKeyboardMarkup(TelegramObject):
    """Rows of buttons under a message."""

    inline_keyboard: list[list[InlineKeyboardButton]]


class Message(TelegramObject):
    """A message; of an inaccessible one only the chat, the id and a date of 0 are known."""

    message_id: int
    date: int
    chat: Chat
    from_user: User | None = Field(None, alias="from")
    text: str | None = None
    caption: str | None = None
    entities: list[MessageEntity] | None = None
    photo: list[PhotoSize] | None = None
    edit_date: int | None = None
    reply_to_message: "Message | None" = None
    reply_markup: InlineKeyboardMarkup | None = None
    successful_payment: SuccessfulPayment | None = None
    refunded_payment: RefundedPayment | None = None


class CallbackQuery(TelegramObject):
    """A pressed button."""

    id: str
    from_user: User = Field(alias="from")
    chat_instance: str
    message: Message | None = None
    data: str | None = None


class PreCheckoutQuery(TelegramObject):
    """The last question before a payment; answered within 10 seconds."""

    id: str
    from_user: User = Field(alias="from")
    currency: str
    total_amount: int
    invoice_payload: str


class ChatMember(TelegramObject):
    """Somebody's standing in a chat."""

    user: User
    status: str


class ChatMemberUpdated(TelegramObject):
    """A change of somebody's standing; in private chats a block (`kicked`) or a return."""

    chat: Chat
    from_user: User = Field(alias="from")
    date: int
    old_chat_member: ChatMember
    new_chat_member: ChatMember


class Update(TelegramObject):
    """One thing that happened; at most one of the fields below `update_id` is set."""

    update_id: int
    message: Message | None = None
    edited_message: Message | None = None
    callback_query: CallbackQuery | None = None
    pre_checkout_query: PreCheckoutQuery | None = None
    my_chat_member: ChatMemberUpdated | None = None

    @property
    def kind(self) -> str | None:
        """The name of the field that is set; None for a kind that the bot doesn't know."""
        return next((name for name in ALLOWED_UPDATES if getattr(self, name) is not None), None)

    @property
    def _event(self) -> Any:
        kind = self.kind
        return None if kind is None else getattr(self, kind)

    @property
    def user(self) -> User | None:
        """The person who caused it."""
        event = self._event
        return None if event is None else event.from_user

    @property
    def chat_id(self) -> int | None:
        """The chat it happened in; None for a pre_checkout_query and an inline message's button."""
        if self.callback_query is not None:
            message = self.callback_query.message
            return message.chat.id if message is not None else None
        event = self._event
        return event.chat.id if event is not None and hasattr(event, "chat") else None


class ResponseParameters(TelegramObject):
    """Why a request failed, for programs."""

    migrate_to_chat_id: int | None = None
    retry_after: int | None = None


class WebhookInfo(TelegramObject):
    """What Telegram says of the webhook."""

    url: str
    has_custom_certificate: bool
    pending_update_count: int
    ip_address: str | None = None
    last_error_date: int | None = None
    last_error_message: str | None = None
    last_synchronization_error_date: int | None = None
    max_connections: int | None = None
    allowed_updates: list[str] | None = None


class BotCommand(TelegramObject):
    """An entry of the menu of commands: 1-32 of a-z, 0-9 and _; description 1-256."""

    command: str
    description: str
