"""What the bot asks of Telegram: one class a method, named and shaped as in the Bot API."""

import json
from functools import cache
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter

from bot.telegram.types import BotCommand, InlineKeyboardMarkup, Message, User, WebhookInfo

T = TypeVar("T")


class Method(BaseModel, Generic[T]):
    """A request to the Bot API whose result is a `T`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: ClassVar[str]
    repeatable: ClassVar[bool]
    """True if a request whose answer was lost may be sent again: twice is as good as once."""

    def payload(self) -> dict[str, Any]:
        """Return the fields that are set, ready for JSON."""
        return self.model_dump(mode="json", exclude_none=True, by_alias=True)

    def as_webhook_reply(self) -> bytes:
        """Return the body of a webhook response that makes Telegram carry this out.

        Bot API: "Making requests when getting updates"; the result is never known.
        """
        return json.dumps({"method": self.name} | self.payload(), ensure_ascii=False).encode()

    @classmethod
    @cache
    def result(cls) -> TypeAdapter[Any]:
        """Return the reader of what Telegram answers."""
        for base in cls.__mro__:
            origin = getattr(base, "__pydantic_generic_metadata__", {})
            if origin.get("origin") is Method and origin.get("args"):
                return TypeAdapter(origin["args"][0])
        raise TypeError(f"{cls.__name__} must say what it returns: Method[…]")


def _checked(markup: InlineKeyboardMarkup) -> InlineKeyboardMarkup:
    buttons = [button for row in markup.inline_keyboard for button in row]
    if len(buttons) > 100:
        raise ValueError("at most 100 buttons")
    for button in buttons:
        # Bot API: InlineKeyboardButton, callback_data.
        if button.callback_data is not None and not 1 <= len(button.callback_data.encode()) <= 64:
            raise ValueError("callback_data is 1-64 bytes")
    return markup


ReplyMarkup = Annotated[InlineKeyboardMarkup, AfterValidator(_checked)]
ChatId = int | str
Text = Annotated[str, Field(min_length=1)]
ParseMode = Annotated[str, Field(pattern="^(HTML|MarkdownV2)$")]


class GetMe(Method[User]):
    """Who the bot is."""

    name: ClassVar[str] = "getMe"
    repeatable: ClassVar[bool] = True


class SetWebhook(Method[bool]):
    """Where updates go."""

    name: ClassVar[str] = "setWebhook"
    repeatable: ClassVar[bool] = True

    url: str
    max_connections: Annotated[int, Field(ge=1, le=100)] | None = None
    allowed_updates: list[str] | None = None
    drop_pending_updates: bool | None = None
    secret_token: str | None = Field(None, pattern="^[A-Za-z0-9_-]{1,256}$", repr=False)


class DeleteWebhook(Method[bool]):
    """Updates go nowhere until they are polled."""

    name: ClassVar[str] = "deleteWebhook"
    repeatable: ClassVar[bool] = True

    drop_pending_updates: bool | None = None


class GetWebhookInfo(Method[WebhookInfo]):
    """What Telegram thinks of the webhook."""

    name: ClassVar[str] = "getWebhookInfo"
    repeatable: ClassVar[bool] = True


class SendMessage(Method[Message]):
    """A text, at most 4096 characters after its markup is read."""

    name: ClassVar[str] = "sendMessage"
    repeatable: ClassVar[bool] = False

    chat_id: ChatId
    text: Text
    parse_mode: ParseMode | None = None
    disable_notification: bool | None = None
    reply_markup: ReplyMarkup | None = None


class EditMessageText(Method[Message | bool]):
    """Another text in the place of one that was sent."""

    name: ClassVar[str] = "editMessageText"
    repeatable: ClassVar[bool] = True

    chat_id: ChatId
    message_id: int
    text: Text
    parse_mode: ParseMode | None = None
    reply_markup: ReplyMarkup | None = None


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


class AnswerPreCheckoutQuery(Method[bool]):
    """Yes or no to a payment, within 10 seconds."""

    name: ClassVar[str] = "answerPreCheckoutQuery"
    repeatable: ClassVar[bool] = True

    pre_checkout_query_id: str
    ok: bool
    error_message: str | None = None


class SetMyCommands(Method[bool]):
    """The menu of commands, for one language or for all others."""

    name: ClassVar[str] = "setMyCommands"
    repeatable: ClassVar[bool] = True

    commands: list[BotCommand]
    language_code: str | None = None


class SetMyDescription(Method[bool]):
    """What an empty chat shows; at most 512 characters."""

    name: ClassVar[str] = "setMyDescription"
    repeatable: ClassVar[bool] = True

    description: Annotated[str, Field(max_length=512)]
    language_code: str | None = None


class SetMyShortDescription(Method[bool]):
    """What the bot's profile shows; at most 120 characters."""

    name: ClassVar[str] = "setMyShortDescription"
    repeatable: ClassVar[bool] = True

    short_description: Annotated[str, Field(max_length=120)]
    language_code: str | None = None
