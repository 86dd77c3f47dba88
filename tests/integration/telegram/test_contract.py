"""What the stand-in says is what Telegram says: aiogram's models know each kind and each field.

They are made from the Bot API's documentation, and keep what they don't know in `model_extra`.
"""

from typing import Any

import pytest
import trio
import trio.testing
from aiogram import methods as independent
from aiogram.types import Update as IndependentUpdate
from pydantic import BaseModel, TypeAdapter

from bot.telegram.methods import AnswerPreCheckoutQuery, SendMessage
from bot.telegram.polling import GetRawUpdates
from bot.telegram.types import ALLOWED_UPDATES, InlineKeyboardButton, InlineKeyboardMarkup, Update
from tests.integration.telegram.conftest import ANNA, StandIn, png

PRICE = [{"label": "30 days", "amount": 150}]
INVOICE: dict[str, Any] = {
    "title": "30 days",
    "description": "Access",
    "payload": "p",
    "currency": "XTR",
    "prices": PRICE,
}
BUTTONS = {
    "inline_keyboard": [
        [{"text": "a", "callback_data": "a"}, {"text": "b", "url": "https://example.org"}],
        [{"text": "c", "copy_text": {"text": "vless://"}}],
    ]
}


def unknown(value: Any, path: str = "") -> list[str]:
    """Return the fields, however deep, that the independent reading has no name for."""
    if isinstance(value, BaseModel):
        found = [f"{path}.{name}" for name in value.model_extra or {}]
        for name in type(value).model_fields:
            found += unknown(getattr(value, name), f"{path}.{name}")
        return found
    if isinstance(value, list):
        return [name for item in value for name in unknown(item, path)]
    return []


async def raw_updates(stand_in: StandIn, offset: int = 0) -> list[dict[str, Any]]:
    poll = GetRawUpdates(offset=offset, limit=100, timeout=5, allowed_updates=ALLOWED_UPDATES)
    return await stand_in.bot(poll)


async def pay(stand_in: StandIn, slug: str) -> str:
    """Let Anna pay, and the bot agree; returns the charge id."""
    charge: list[str] = []

    async def confirm() -> None:
        answer = await stand_in.post("pay", person=ANNA, slug=slug, order={"email": "a@b.org"})
        charge.append(answer["telegram_payment_charge_id"])

    async with trio.open_nursery() as nursery:
        nursery.start_soon(confirm)
        query = None
        while query is None:
            updates = [Update.model_validate(raw) for raw in await raw_updates(stand_in)]
            query = next((u.pre_checkout_query for u in updates if u.pre_checkout_query), None)
        await stand_in.bot(AnswerPreCheckoutQuery(pre_checkout_query_id=query.id, ok=True))
    return charge[0]


async def test_every_kind_of_update_is_known_to_its_last_field(stand_in: StandIn) -> None:
    await stand_in.post("text", person=ANNA, text="/start promo https://example.org @warren_bot")
    button = InlineKeyboardButton(text="Menu", callback_data="menu")
    sent = await stand_in.bot(
        SendMessage(
            chat_id=ANNA,
            text="<b>x</b>",
            parse_mode="HTML",
            reply_markup=InlineKeyboardMarkup(inline_keyboard=[[button]]),
        )
    )
    async with trio.open_nursery() as nursery:
        nursery.start_soon(
            lambda: stand_in.post("press", person=ANNA, message_id=sent.message_id, data="menu")
        )
        await trio.testing.wait_all_tasks_blocked()
        while len(await raw_updates(stand_in)) < 2:
            pass
        nursery.cancel_scope.cancel()
    await stand_in.http.post(
        "/sandbox/photo",
        data={"person": str(ANNA), "caption": "/look"},
        files={"file": ("me.png", png().content, "image/png")},
    )
    link = await stand_in.api("createInvoiceLink", **INVOICE, subscription_period=2592000)
    charge = await pay(stand_in, link["result"].rpartition("$")[2])
    of = {"person": ANNA, "telegram_payment_charge_id": charge}
    await stand_in.post("renew", **of)
    await stand_in.post("subscription", **of, canceled=True)
    await stand_in.api("refundStarPayment", user_id=ANNA, telegram_payment_charge_id=charge)
    await stand_in.post("block", person=ANNA, blocked=True)

    updates = await raw_updates(stand_in)
    seen, content = set(), set()
    for raw in updates:
        theirs, ours = IndependentUpdate.model_validate(raw), Update.model_validate(raw)
        assert unknown(theirs) == []
        assert theirs.event_type == ours.kind
        seen.add(ours.kind)
        content |= set(raw.get("message", {}))
    # People at the stand-in don't edit what they wrote.
    assert seen == set(ALLOWED_UPDATES) - {"edited_message"}
    assert {"text", "photo", "successful_payment", "refunded_payment"} <= content


FILE = ("a.png", png().content, "image/png")
CALLS: list[tuple[str, dict[str, Any], str | None]] = [
    ("sendMessage", {"chat_id": ANNA, "text": "x", "reply_markup": BUTTONS}, None),
    ("sendPhoto", {"chat_id": ANNA, "caption": "x"}, "photo"),
    ("sendDocument", {"chat_id": ANNA}, "document"),
    ("sendInvoice", {"chat_id": ANNA} | INVOICE, None),
    ("createInvoiceLink", INVOICE, None),
    ("copyMessage", {"chat_id": ANNA, "from_chat_id": ANNA, "message_id": 1}, None),
    ("forwardMessage", {"chat_id": ANNA, "from_chat_id": ANNA, "message_id": 1}, None),
    ("sendChatAction", {"chat_id": ANNA, "action": "typing"}, None),
    ("getStarTransactions", {}, None),
    ("getMyStarBalance", {}, None),
    ("getMe", {}, None),
    ("getWebhookInfo", {}, None),
    ("setMyCommands", {"commands": [{"command": "start", "description": "Begin"}]}, None),
    ("setMyDescription", {"description": "x"}, None),
    ("setMyShortDescription", {"short_description": "x"}, None),
    ("setWebhook", {"url": "https://example.org/hook", "secret_token": "s"}, None),
    ("deleteWebhook", {}, None),
]


@pytest.mark.parametrize(("method", "fields", "file"), CALLS, ids=[call[0] for call in CALLS])
async def test_every_result_is_known_to_its_last_field(
    method: str, fields: dict[str, Any], file: str | None, stand_in: StandIn
) -> None:
    await stand_in.started()
    if file is None:
        answer = await stand_in.api(method, **fields)
    else:
        token_path = f"/bot{stand_in.token}/{method}"
        answer = (await stand_in.http.post(token_path, data=fields, files={file: FILE})).json()
    assert answer["ok"], answer
    theirs: Any = getattr(independent, method[0].upper() + method[1:])
    result = TypeAdapter(theirs.__returning__).validate_python(answer["result"])
    assert unknown(result) == []
