"""Updates as Telegram sends them, read by the bot's models and by an independent reading."""

from typing import Any

import pytest
from aiogram.types import Update as IndependentUpdate

from bot.telegram.types import ALLOWED_UPDATES, Update

PERSON = {"id": 7, "is_bot": False, "first_name": "Anna"}
CHAT = {"id": 7, "type": "private", "first_name": "Anna"}
MESSAGE = {"message_id": 1, "date": 1790000000, "chat": CHAT, "from": PERSON}
PRE_CHECKOUT = {
    "id": "1",
    "from": PERSON,
    "currency": "XTR",
    "total_amount": 150,
    "invoice_payload": "p",
}
BOT = {"id": 1, "is_bot": True, "first_name": "Warren", "username": "WarrenBot"}
EVENTS: dict[str, dict[str, Any]] = {
    "message": MESSAGE | {"text": "hi"},
    "edited_message": MESSAGE | {"text": "hi", "edit_date": 1790000001},
    "callback_query": {
        "id": "1",
        "from": PERSON,
        "chat_instance": "1",
        "message": MESSAGE,
        "data": "x",
    },
    "pre_checkout_query": PRE_CHECKOUT,
    "my_chat_member": {
        "chat": CHAT,
        "from": PERSON,
        "date": 1790000000,
        "old_chat_member": {"user": BOT, "status": "member"},
        "new_chat_member": {"user": BOT, "status": "kicked", "until_date": 0},
    },
    "subscription": {"user": PERSON, "invoice_payload": "p", "state": "failed"},
}


def test_each_kind_that_is_asked_for_has_an_example() -> None:
    assert list(EVENTS) == ALLOWED_UPDATES


@pytest.mark.parametrize("kind", ALLOWED_UPDATES)
def test_each_kind_is_read_as_an_independent_reading_reads_it(kind: str) -> None:
    body = {"update_id": 5, kind: EVENTS[kind]}
    update = Update.model_validate(body)
    assert update.kind == kind == IndependentUpdate.model_validate(body).event_type
    assert update.user is not None
    assert update.user.id == 7
    assert update.chat_id == (None if kind in {"pre_checkout_query", "subscription"} else 7)
