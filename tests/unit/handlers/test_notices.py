"""Notices: every event that the shop tells of has words in both languages, and data stays data."""

import ast
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.handlers.notices import BUTTONS, make_render
from bot.shop.broadcasts import NOTICE_KIND
from bot.shop.deliveries import Notice
from bot.telegram.methods import CopyMessage, SendMessage
from bot.texts import LOCALES, Locale, load_texts

SHOP = Path(__file__).parents[3] / "bot" / "shop"
RENDER = make_render(load_texts())
PARAMS: dict[str, Any] = {
    "amount_minor": 150,
    "currency": "XTR",
    "value_minor": 22_500,
    "balance_minor": 30_000,
    "balance_currency": "RUB",
    "missing_minor": 5,
    "expires_at": datetime(2026, 12, 25, 15, tzinfo=UTC).isoformat(),
    "days": 30,
    "seconds": -86_400 * 3,
    "renewal": True,
    "reason": "amount",
    "host": "main",
    "on_host": 10,
    "wanted": 2,
    "unknown": 8,
    "user_id": 7,
    "payment_id": 12,
    "provider": "stars",
    "error": "<b>& no",
    "title_ru": "Месяц <3",
    "title_en": "Month <3",
}


def kinds() -> set[str]:
    """Every text in the shop that is written like the kind of a notice, but members of enums."""
    found: set[str] = set()
    for path in SHOP.glob("*.py"):
        tree = ast.parse(path.read_text())
        enums = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
        members = {id(part) for node in enums for line in node.body for part in ast.walk(line)}
        found.update(
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in members
            and re.fullmatch(r"[a-z]+(-[a-z0-9]+)+", node.value)
        )
    return found


def shown(kind: str, locale: Locale = "en", **params: Any) -> SendMessage:
    method = RENDER(Notice(1, 7, kind, PARAMS | params, locale, None, 1))
    assert isinstance(method, SendMessage)
    return method


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("kind", sorted(kinds() | BUTTONS.keys()))
def test_every_kind_of_notice_has_words(kind: str, locale: Locale) -> None:
    message = shown(kind, locale)
    assert len(message.text) > 10
    assert "{" not in message.text
    assert (message.reply_markup is not None) == (kind in BUTTONS)


def test_the_kinds_that_the_shop_writes_are_found() -> None:
    assert {"access-paid", "expires-in-3-days", "vpn-host-stuck"} <= kinds()


def test_a_topup_in_stars_is_told_in_the_money_of_the_shop() -> None:
    assert "₽225" in shown("topup-paid").text


def test_a_renewal_and_a_first_purchase_are_told_apart() -> None:
    assert "extended" in shown("access-paid").text
    assert "ready" in shown("access-paid", renewal=False).text


def test_what_others_wrote_is_escaped() -> None:
    assert "&lt;b&gt;&amp; no" in shown("admin-refund-impossible").text


def test_an_id_is_written_as_it_is() -> None:
    assert "no. 12345 keeps" in shown("admin-refund-stuck", payment_id=12345).text


def test_a_broadcast_is_a_copy_of_its_message() -> None:
    params = {"from_chat_id": 9, "message_id": 5}
    method = RENDER(Notice(1, 7, NOTICE_KIND, params, "ru", 3, 1))
    assert method == CopyMessage(chat_id=7, from_chat_id=9, message_id=5)
