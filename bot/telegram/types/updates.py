"""Updates, and what Telegram says of the way that they take."""

from typing import Any

from pydantic import Field

from bot.telegram.types.base import TelegramObject, User
from bot.telegram.types.messages import Chat, Message
from bot.telegram.types.payments import BotSubscriptionUpdated, PreCheckoutQuery

ALLOWED_UPDATES = [
    "message",
    "edited_message",
    "callback_query",
    "pre_checkout_query",
    "my_chat_member",
    "subscription",
]
"""The kinds that are asked for; Telegram may keep back what is not named (setWebhook)."""


class CallbackQuery(TelegramObject):
    """A pressed button."""

    id: str
    from_user: User = Field(alias="from")
    chat_instance: str
    message: Message | None = None
    data: str | None = None


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
    subscription: BotSubscriptionUpdated | None = None

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
        if self.subscription is not None:
            return self.subscription.user
        event = self._event
        return None if event is None else event.from_user

    @property
    def chat_id(self) -> int | None:
        """The chat it happened in.

        None for a pre_checkout_query, a subscription, and an inline message's button.
        """
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
