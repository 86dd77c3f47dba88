"""The gate: who is banned or comes during maintenance gets a word, and money always passes."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.handlers.gate import make_gate
from bot.shop.switches import Switch
from bot.shop.users import User
from bot.telegram.context import Context, Reply
from bot.telegram.methods import AnswerPreCheckoutQuery, SendMessage
from bot.telegram.types import Update
from tests.unit.dispatch.updates import membership, message, payment, pre_checkout, refund

NOW = datetime(2026, 11, 25, tzinfo=UTC)
PERSON = User(7, "P7", None, None, "en", None, None, None)
HANDLED = SendMessage(chat_id=7, text="handled")


class StubServices:
    """The two questions that the gate asks."""

    def __init__(
        self, *, on: frozenset[Switch] = frozenset(), admins: tuple[int, ...] = ()
    ) -> None:
        self.switches = self
        self._on, self._admins = on, admins

    def is_on(self, switch: Switch) -> bool:
        return switch in self._on

    def is_admin(self, user_id: int) -> bool:
        return user_id in self._admins


async def through(update: Update, services: Any, user: User | None = PERSON) -> Reply:
    async def handle(_: Context) -> Reply:
        return HANDLED

    context = Context(update, NOW, client=None, lane=None)  # type: ignore[arg-type]
    context.user, context.texts = user, lambda name: name
    return await make_gate(services)(context, handle)


MAINTENANCE = frozenset({Switch.MAINTENANCE})
BANNED = replace(PERSON, banned_at=NOW)


async def test_an_open_gate_lets_everybody_through() -> None:
    assert await through(message(1), StubServices()) is HANDLED


@pytest.mark.parametrize(
    ("services", "user", "words"),
    [
        (StubServices(on=MAINTENANCE), PERSON, "maintenance"),
        (StubServices(), BANNED, "banned"),
        (StubServices(on=MAINTENANCE), BANNED, "banned"),
    ],
)
async def test_a_closed_gate_says_why(services: StubServices, user: User, words: str) -> None:
    reply = await through(message(1), services, user)
    assert isinstance(reply, SendMessage)
    assert reply.text == words
    refused = await through(pre_checkout(2), services, user)
    assert isinstance(refused, AnswerPreCheckoutQuery)
    assert (refused.ok, refused.error_message) == (False, words)


@pytest.mark.parametrize("update", [payment(1), refund(2), membership(3)], ids=lambda u: u.kind)
async def test_money_and_leaving_pass_a_closed_gate(update: Update) -> None:
    assert await through(update, StubServices(on=MAINTENANCE), BANNED) is HANDLED


async def test_an_administrator_passes_during_maintenance() -> None:
    services = StubServices(on=MAINTENANCE, admins=(7,))
    assert await through(message(1), services) is HANDLED


async def test_an_update_without_a_person_passes() -> None:
    assert await through(message(1), StubServices(on=MAINTENANCE), None) is HANDLED


async def test_talk_in_a_group_goes_on_during_maintenance() -> None:
    group = {"id": -100_500, "type": "supergroup", "title": "Help"}
    assert await through(message(1, chat=group), StubServices(on=MAINTENANCE)) is HANDLED
