"""The whole bot below the dispatcher, on a real database: people press and write, and see screens.

Only Telegram is not there: what is called of it is recorded, and what needs an answer gets one.
"""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
import trio

from bot.db import Database
from bot.handlers import make_router
from bot.handlers.checkout import make_answer_in_time
from bot.handlers.gate import make_gate
from bot.handlers.people import make_people
from bot.handlers.questions import forget_question
from bot.handlers.services import Services, make_provide
from bot.handlers.support_answers import go_on_by_reply
from bot.holding import require_nothing_held
from bot.payments.provider import ProviderName
from bot.payments.registry import Payments
from bot.settings import load
from bot.shop.switches import Switches
from bot.shop.user_reads import UserReads
from bot.supervise import Bounds, Supervisor, Wakes
from bot.telegram.context import Context
from bot.telegram.errors import TelegramError
from bot.telegram.methods import (
    AnswerCallbackQuery,
    AnswerPreCheckoutQuery,
    CopyMessage,
    CreateInvoiceLink,
    DeleteMessage,
    EditMessageMedia,
    EditMessageText,
    ForwardMessage,
    GetMe,
    Method,
    SendInvoice,
    SendMessage,
    SendPhoto,
)
from bot.telegram.routing import RoutingTable
from bot.telegram.types import (
    Chat,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    Message,
    MessageId,
    Update,
    User,
)
from bot.texts import load_texts
from tests.integration.shop.conftest import ADMIN, BASIC, FAMILY, NOW, TERMS, YEAR, Shop
from tests.integration.shop.rows import add_host

TOKEN = "123456789:" + "A" * 35
PUBLIC_URL = "https://bot.example.org"
UNIX_NOW = int(NOW.timestamp())

Shown = SendMessage | EditMessageText | SendPhoto | EditMessageMedia | SendInvoice


class RecordingClient:
    """Telegram, as far as handlers wait for it.

    `refuses` names calls that it says no to: `sendMessage`, or in one chat `sendMessage:7`.
    """

    def __init__(self) -> None:
        self.calls: list[Method[Any]] = []
        self.refuses: dict[str, TelegramError] = {}
        self._message_ids = itertools.count(9000)
        self.when: Callable[[Method[Any]], Awaitable[None]] | None = None

    async def __call__(self, method: Method[Any]) -> Any:
        require_nothing_held(method.name)
        await trio.lowlevel.checkpoint()
        self.calls.append(method)
        if self.when is not None:
            await self.when(method)
        chat_id = getattr(method, "chat_id", None)
        refusal = self.refuses.get(method.name) or self.refuses.get(f"{method.name}:{chat_id}")
        if refusal is not None:
            raise refusal
        if isinstance(method, CopyMessage):
            return MessageId(message_id=next(self._message_ids))
        if isinstance(method, ForwardMessage | SendMessage):
            assert isinstance(chat_id, int)
            kind = "private" if chat_id > 0 else "supergroup"
            return Message(
                message_id=next(self._message_ids),
                date=UNIX_NOW,
                chat=Chat(id=chat_id, type=kind),
            )
        if isinstance(method, GetMe):
            return User(id=1, is_bot=True, first_name="Warren", username="warren_bot")
        if isinstance(method, CreateInvoiceLink):
            return f"https://t.me/$link{method.payload}"
        return True


@dataclass(slots=True)
class Answer:
    """What the bot did with one update."""

    methods: list[Method[Any]]

    @property
    def shown(self) -> Shown:
        """The one screen that came or changed."""
        [screen] = [method for method in self.methods if isinstance(method, Shown)]
        return screen

    @property
    def text(self) -> str:
        match self.shown:
            case SendMessage(text=text) | EditMessageText(text=text):
                return text
            case SendPhoto(caption=caption):
                return caption or ""
            case EditMessageMedia(media=media):
                return media.caption or ""
            case SendInvoice(description=description):
                return description

    @property
    def toast(self) -> str | None:
        """The words of the answer to the button."""
        [answer] = [each for each in self.methods if isinstance(each, AnswerCallbackQuery)]
        return answer.text

    @property
    def is_answered(self) -> bool:
        return any(isinstance(method, AnswerCallbackQuery) for method in self.methods)

    @property
    def deleted(self) -> list[int]:
        return [each.message_id for each in self.methods if isinstance(each, DeleteMessage)]

    @property
    def checkout(self) -> AnswerPreCheckoutQuery:
        [answer] = self.methods
        assert isinstance(answer, AnswerPreCheckoutQuery)
        return answer

    @property
    def buttons(self) -> list[InlineKeyboardButton]:
        markup = self.shown.reply_markup
        assert isinstance(markup, InlineKeyboardMarkup)
        return [button for row in markup.inline_keyboard for button in row]

    @property
    def data(self) -> list[str]:
        """The data of the buttons."""
        return [each.callback_data for each in self.buttons if each.callback_data is not None]

    @property
    def urls(self) -> list[str]:
        return [each.url for each in self.buttons if each.url is not None]

    def starting(self, prefix: str) -> str:
        """Return the data of the one button that begins with `prefix`."""
        [found] = [data for data in self.data if data.startswith(prefix)]
        return found


@dataclass
class Bot:
    """The bot; `now` is its time, and `person` who acts unless somebody else is named."""

    database: Database
    services: Services
    client: RecordingClient
    routing: RoutingTable
    shop: Shop
    now: datetime = NOW
    language: str = "en"
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    async def feed(self, **update: Any) -> Answer:
        """Take an update to its handler; return what it answered."""
        number = next(self._numbers)
        context = Context(
            Update.model_validate({"update_id": number} | update),
            self.now,
            self.client,  # type: ignore[arg-type]
            self.database.updates,
        )
        reply = await self.routing(context)
        assert context.handler is not None
        if reply is None:
            return Answer([])
        return Answer(list(reply) if isinstance(reply, Sequence) else [reply])

    async def say(self, user: int, text: str | None, **fields: Any) -> Answer:
        return await self.feed(message=self.message(user) | {"text": text} | fields)

    async def press(self, user: int, data: str, *, under: dict[str, Any] | None = None) -> Answer:
        """Press a button; `under` what stands there, a text if nothing is said."""
        message = self.message(user, message_id=5) | (under or {"text": "a screen"})
        return await self.feed(
            callback_query={
                "id": f"q{next(self._numbers)}",
                "from": self.user(user),
                "chat_instance": "1",
                "data": data,
                "message": message,
            }
        )

    async def ask_to_pay(self, user: int, invoice: Any) -> AnswerPreCheckoutQuery:
        """Let a person press Pay under an invoice, or behind a link."""
        return (await self.feed_checkout(user, invoice)).checkout

    async def feed_checkout(self, user: int, invoice: Any) -> Answer:
        """Let Telegram ask whether an invoice may be paid."""
        return await self.feed(
            pre_checkout_query={
                "id": "pq1",
                "from": self.user(user),
                "currency": invoice.currency,
                "total_amount": invoice.prices[0].amount,
                "invoice_payload": invoice.payload,
            }
        )

    async def pay(self, user: int, invoice: Any, charge: str = "stx1", **changes: Any) -> Answer:
        """Let Telegram say that an invoice was paid."""
        payment = {
            "currency": invoice.currency,
            "total_amount": invoice.prices[0].amount,
            "invoice_payload": invoice.payload,
            "telegram_payment_charge_id": charge,
            "provider_payment_charge_id": "p",
        }
        return await self.feed(
            message=self.message(user) | {"successful_payment": payment | changes}
        )

    async def notices(self, user: int) -> list[str]:
        """Return the kinds of the notices that wait to be sent to a person."""
        rows = await self.database.updates.fetch(
            "select kind from notifications where chat_id = $1 and sent_at is null order by id",
            user,
        )
        return [row["kind"] for row in rows]

    def user(self, user: int) -> dict[str, Any]:
        return {
            "id": user,
            "is_bot": False,
            "first_name": f"P{user}",
            "language_code": self.language,
        }

    def message(self, user: int, message_id: int | None = None) -> dict[str, Any]:
        return {
            "message_id": message_id or next(self._numbers),
            "date": UNIX_NOW,
            "chat": {"id": user, "type": "private", "first_name": f"P{user}"},
            "from": self.user(user),
        }


@pytest.fixture
async def shop(database: Database) -> Shop:
    """A shop with three plans, and a host that the keys of everybody are like."""
    opened = Shop(database)
    await add_host(opened.lane)
    opened.basic = await opened.plan(BASIC)
    opened.year = await opened.plan(YEAR)
    opened.family = await opened.plan(FAMILY)
    return opened


@pytest.fixture
def payments() -> Payments:
    """The ways to pay that need no HTTP; a test that needs others overrides this."""
    return Payments((ProviderName.STARS, ProviderName.BALANCE), {})


@pytest.fixture
def supervisor() -> Supervisor:
    """No workers; a test of their screens overrides this."""
    return Supervisor((), Bounds(connections=1, acquire_seconds=1, notice_seconds=1))


@asynccontextmanager
async def make_bot(
    shop: Shop,
    payments: Payments,
    supervisor: Supervisor,
    *,
    answer_seconds: float = 8.0,
    **settings: Any,
) -> AsyncIterator[Bot]:
    """Yield a bot over the shop's database; `settings` differ from a webhook bot's."""
    texts = load_texts()
    reads = UserReads(shop.database.updates)
    given = {
        "bot_token": TOKEN,
        "public_url": PUBLIC_URL,
        "provider_token": "12345:TEST:abc",
        "admin_ids": str(ADMIN),
    }
    services = Services(
        settings=load(_env_file=None, **given | settings),
        terms=TERMS,
        payments=payments,
        wakes=Wakes(),
        switches=Switches(),
        supervisor=supervisor,
        texts=texts,
    )
    middlewares = [
        make_answer_in_time(texts, answer_seconds),
        make_people(reads, texts),
        forget_question,
        make_provide(services),
        go_on_by_reply,
        make_gate(services),
    ]
    routing = RoutingTable(make_router(texts).routes(), middlewares)
    async with trio.open_nursery() as nursery:
        await nursery.start(reads.run)
        yield Bot(shop.database, services, RecordingClient(), routing, shop)
        nursery.cancel_scope.cancel()


@pytest.fixture
def changes() -> dict[str, Any]:
    """Settings that a class of tests wants to be others."""
    return {}


@pytest.fixture
async def bot(
    shop: Shop, payments: Payments, supervisor: Supervisor, changes: dict[str, Any]
) -> AsyncIterator[Bot]:
    async with make_bot(shop, payments, supervisor, **changes) as made:
        yield made
