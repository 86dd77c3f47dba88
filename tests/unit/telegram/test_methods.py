"""Requests are what the Bot API takes: aiogram's models, made from its documentation, read them."""

import json
from typing import Any

import pytest
from aiogram import methods as independent
from pydantic import ValidationError

from bot.telegram import methods
from bot.telegram.methods import (
    CreateInvoiceLink,
    EditMessageMedia,
    InputFile,
    InputMediaPhoto,
    LinkPreviewOptions,
    Method,
    SendInvoice,
    SendMessage,
    SendPhoto,
)
from bot.telegram.polling import GetRawUpdates
from bot.telegram.types import (
    BotCommand,
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LabeledPrice,
    Message,
)

BUTTONS = InlineKeyboardMarkup(
    inline_keyboard=[
        [
            InlineKeyboardButton(text="Pay", pay=True),
            InlineKeyboardButton(text="Site", url="https://example.org"),
        ],
        [
            InlineKeyboardButton(text="Menu", callback_data="menu"),
            InlineKeyboardButton(text="Copy", copy_text=CopyTextButton(text="vless://")),
        ],
    ]
)
PREVIEW = LinkPreviewOptions(
    is_disabled=False,
    url="https://example.org",
    prefer_small_media=True,
    prefer_large_media=False,
    show_above_text=True,
)
PHOTO = InputFile(content=b"\x89PNG", filename="photo.png")
WITH_STARS: dict[str, Any] = {
    "title": "30 days",
    "description": "Access for 30 days",
    "payload": "purchase:1",
    "currency": "XTR",
    "prices": [LabeledPrice(label="30 days", amount=150)],
}
WITH_MONEY: dict[str, Any] = WITH_STARS | {
    "provider_token": "1:TEST:2",
    "currency": "RUB",
    "prices": [LabeledPrice(label="30 days", amount=19900), LabeledPrice(label="-", amount=-100)],
    "provider_data": "{}",
    "photo_url": "https://example.org/a.png",
    "need_email": True,
    "need_phone_number": True,
    "send_email_to_provider": True,
    "send_phone_number_to_provider": False,
}
TO: dict[str, Any] = {"chat_id": 7, "reply_markup": BUTTONS}
REPLY: dict[str, Any] = {"reply_parameters": {"message_id": 5, "allow_sending_without_reply": True}}
LOUD: dict[str, Any] = {"disable_notification": True}
WORDS: dict[str, Any] = {"parse_mode": "HTML"}
CAPTION: dict[str, Any] = WORDS | {"caption": "<b>hi</b>"}
CHARGE: dict[str, Any] = {"user_id": 7, "telegram_payment_charge_id": "c"}

# Together, the examples of a method set each of its fields.
EXAMPLES: list[tuple[type[Method[Any]], dict[str, Any]]] = [
    (GetRawUpdates, {"offset": 5, "limit": 10, "timeout": 20, "allowed_updates": ["message"]}),
    (methods.GetMe, {}),
    (
        methods.SetWebhook,
        {
            "url": "https://example.org/hook",
            "max_connections": 40,
            "allowed_updates": ["message"],
            "drop_pending_updates": False,
            "secret_token": "s-1",
        },
    ),
    (methods.DeleteWebhook, {"drop_pending_updates": True}),
    (methods.GetWebhookInfo, {}),
    (SendMessage, TO | LOUD | WORDS | REPLY | {"text": "hi", "link_preview_options": PREVIEW}),
    (SendPhoto, TO | LOUD | CAPTION | {"photo": PHOTO}),
    (SendPhoto, TO | {"photo": "file-id"}),
    (
        methods.SendDocument,
        TO | LOUD | CAPTION | {"document": PHOTO, "disable_content_type_detection": True},
    ),
    (methods.CopyMessage, TO | LOUD | CAPTION | REPLY | {"from_chat_id": 8, "message_id": 9}),
    (methods.ForwardMessage, LOUD | {"chat_id": 7, "from_chat_id": 8, "message_id": 9}),
    (methods.SendChatAction, {"chat_id": 7, "action": "typing"}),
    (
        methods.AnswerCallbackQuery,
        {"callback_query_id": "1", "text": "done", "show_alert": True},
    ),
    (
        methods.EditMessageText,
        TO | WORDS | {"message_id": 9, "text": "hi", "link_preview_options": PREVIEW},
    ),
    (methods.EditMessageCaption, TO | CAPTION | {"message_id": 9}),
    (
        EditMessageMedia,
        TO | {"message_id": 9, "media": InputMediaPhoto(media="file-id", **CAPTION)},
    ),
    (EditMessageMedia, TO | {"message_id": 9, "media": InputMediaPhoto(media=PHOTO)}),
    (methods.EditMessageReplyMarkup, TO | {"message_id": 9}),
    (methods.DeleteMessage, {"chat_id": 7, "message_id": 9}),
    (SendInvoice, TO | LOUD | WITH_STARS | {"start_parameter": "buy"}),
    (SendInvoice, TO | WITH_MONEY),
    (CreateInvoiceLink, WITH_STARS | {"subscription_period": 2592000}),
    (CreateInvoiceLink, WITH_MONEY),
    (
        methods.AnswerPreCheckoutQuery,
        {"pre_checkout_query_id": "1", "ok": False, "error_message": "sold out"},
    ),
    (methods.RefundStarPayment, CHARGE),
    (methods.EditUserStarSubscription, CHARGE | {"is_canceled": True}),
    (methods.GetStarTransactions, {"offset": 100, "limit": 100}),
    (methods.GetMyStarBalance, {}),
    (
        methods.SetMyCommands,
        {
            "commands": [BotCommand(command="start", description="Begin")],
            "language_code": "ru",
        },
    ),
    (methods.SetMyDescription, {"description": "x", "language_code": "ru"}),
    (methods.SetMyShortDescription, {"short_description": "x", "language_code": "ru"}),
]


def all_methods() -> set[type[Method[Any]]]:
    found = {getattr(methods, name) for name in methods.__all__} - {Method}
    return {kind for kind in found if isinstance(kind, type) and issubclass(kind, Method)}


def test_each_field_of_each_method_has_an_example() -> None:
    missing = {
        f"{kind.__name__}.{field}"
        for kind in all_methods()
        for field in kind.model_fields
        if not any(field in given for example, given in EXAMPLES if example is kind)
    }
    assert missing == set()
    assert all_methods() <= {kind for kind, _ in EXAMPLES}


@pytest.mark.parametrize(
    ("kind", "given"),
    EXAMPLES,
    ids=[f"{kind.__name__}-{n}" for n, (kind, _) in enumerate(EXAMPLES)],
)
def test_an_independent_reading_takes_each_request_and_knows_each_field(
    kind: type[Method[Any]], given: dict[str, Any]
) -> None:
    parameters = kind(**given).parameters()
    theirs: Any = getattr(independent, kind.name[0].upper() + kind.name[1:])
    assert set(parameters) <= set(theirs.model_fields)
    read = theirs.model_validate(parameters).model_dump(
        mode="json", exclude_unset=True, warnings=False
    )
    assert _without_defaults(read) == parameters


def _without_defaults(value: Any) -> Any:
    """Leave out what aiogram adds by itself: its dumps name fields that nobody set."""
    if isinstance(value, dict):
        return {key: _without_defaults(item) for key, item in value.items() if item is not None}
    return [_without_defaults(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("kind", sorted(all_methods(), key=lambda kind: kind.name))
def test_each_method_knows_what_telegram_answers(kind: type[Method[Any]]) -> None:
    with pytest.raises(ValidationError):
        kind.result().validate_python(object())


def test_a_result_is_read_into_the_type_that_the_method_names() -> None:
    message = {"message_id": 1, "date": 1, "chat": {"id": 7, "type": "private"}}
    assert isinstance(SendInvoice.result().validate_python(message), Message)
    assert isinstance(EditMessageMedia.result().validate_python(message), Message)
    assert EditMessageMedia.result().validate_python(True) is True
    assert CreateInvoiceLink.result().validate_python("https://t.me/$x") == "https://t.me/$x"


def test_a_file_is_named_where_it_stands_and_travels_beside() -> None:
    photo = SendPhoto(chat_id=7, photo=PHOTO)
    assert photo.upload == PHOTO
    assert photo.parameters() == {"chat_id": 7, "photo": "attach://file"}
    media = EditMessageMedia(chat_id=7, message_id=9, media=InputMediaPhoto(media=PHOTO))
    assert media.upload == PHOTO
    assert media.parameters()["media"] == {"type": "photo", "media": "attach://file"}
    assert not SendPhoto(chat_id=7, photo="file-id").has_upload


def test_a_webhook_response_carries_no_file() -> None:
    assert json.loads(SendPhoto(chat_id=7, photo="file-id").as_webhook_reply()) == {
        "method": "sendPhoto",
        "chat_id": 7,
        "photo": "file-id",
    }
    with pytest.raises(TypeError, match="sendPhoto uploads a file"):
        SendPhoto(chat_id=7, photo=PHOTO).as_webhook_reply()


@pytest.mark.parametrize(
    "changes",
    [
        {"title": ""},
        {"title": "x" * 33},
        {"description": "x" * 256},
        {"payload": ""},
        {"payload": "ы" * 65},
        {"provider_token": "1:TEST:2"},
        {"prices": []},
        {"prices": [LabeledPrice(label="a", amount=1)] * 2},
        {"currency": "RUB"},
        {"subscription_period": 2592001},
        {"subscription_period": 2592000, "prices": [LabeledPrice(label="a", amount=10001)]},
        {"subscription_period": 2592000, "currency": "RUB", "provider_token": "1:TEST:2"},
    ],
    ids=str,
)
def test_an_invoice_that_telegram_would_refuse_is_not_made(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CreateInvoiceLink(**WITH_STARS | changes)


@pytest.mark.parametrize(
    "button",
    [
        InlineKeyboardButton(text="nothing"),
        InlineKeyboardButton(text="two", url="https://example.org", callback_data="x"),
        InlineKeyboardButton(text="long", callback_data="ы" * 33),
        InlineKeyboardButton(text="long", copy_text=CopyTextButton(text="x" * 257)),
        InlineKeyboardButton(text="short", copy_text=CopyTextButton(text="")),
    ],
    ids=str,
)
def test_a_button_that_telegram_would_refuse_is_not_made(button: InlineKeyboardButton) -> None:
    with pytest.raises(ValidationError):
        SendMessage(
            chat_id=7, text="x", reply_markup=InlineKeyboardMarkup(inline_keyboard=[[button]])
        )
