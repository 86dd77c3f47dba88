"""Every worker of the table at once: a real database, a VPN host that is a stand-in, and Telegram.

What Telegram is told is recorded; it takes each message at one moment, so that a test can say
what was sent when, and a cancellation comes either before that moment or after it.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

import trio

from bot.cashier import Cashier
from bot.db import Database
from bot.handlers.notices import make_render
from bot.handlers.services import Me
from bot.payments.provider import ProviderName
from bot.payments.registry import Payments
from bot.readiness import Readiness
from bot.settings import Settings
from bot.shop.hosts import ensure_host
from bot.supervise import Wakes
from bot.telegram.client import TelegramClient
from bot.telegram.errors import AlreadyRefundedError
from bot.telegram.methods import (
    CopyMessage,
    GetMe,
    GetStarTransactions,
    Method,
    RefundStarPayment,
    SendMessage,
)
from bot.telegram.types import StarTransaction, StarTransactions, User, WebhookInfo
from bot.texts import load_texts
from bot.vpn.hosts import open_vpn
from bot.workers import health_check
from bot.workers.commit_watch import CommitWatch
from bot.workers.table import Ticks
from bot.workers.ticks import Peers, make_ticks
from bot.workers.update_silence import UpdateSilence
from tests.integration.shop.conftest import ADMIN, NOW, TERMS, Shop
from tests.integration.shop.rows import SHARE_LINK
from tests.integration.vpn.conftest import KEY, RunningHost, running_host
from tests.integration.workers.provisioning import Clock

INSIDE_TELEGRAM = Payments((ProviderName.STARS, ProviderName.BALANCE), {})


@dataclass
class Post:
    """The Telegram of these tests; `render` remembers which notice a message was made of."""

    clock: Clock
    sent: list[tuple[datetime, int, str]] = field(default_factory=list)
    refunded: set[str] = field(default_factory=set)
    transactions: list[StarTransaction] = field(default_factory=list)
    kinds: dict[int, str] = field(default_factory=dict)

    async def __call__(self, method: Method[Any]) -> Any:
        await trio.lowlevel.checkpoint()
        match method:
            case SendMessage() | CopyMessage():
                chat_id = int(method.chat_id)
                self.sent.append((self.clock(), chat_id, self.kinds[id(method)]))
            case RefundStarPayment(telegram_payment_charge_id=charge_id):
                if charge_id in self.refunded:
                    raise AlreadyRefundedError(400, "Bad Request: CHARGE_ALREADY_REFUNDED")
                self.refunded.add(charge_id)
            case GetStarTransactions(offset=offset, limit=limit):
                start, count = offset or 0, limit or 100
                return StarTransactions(transactions=self.transactions[start : start + count])
            case GetMe():
                return User(id=1, is_bot=True, first_name="Warren", username="warren_bot")
        return True

    def rendering(self, render: Callable[[Any], Method[Any]]) -> Callable[[Any], Method[Any]]:
        kept: list[Method[Any]] = []  # an id is its object's only as long as that lives

        def remembered(notice: Any) -> Method[Any]:
            method = render(notice)
            kept.append(method)
            self.kinds[id(method)] = notice.kind
            return method

        return remembered

    def received(self, person: int) -> list[str]:
        return [kind for _, chat_id, kind in self.sent if chat_id == person]


@dataclass
class Webhook:
    """What Telegram says of the webhook, and what the bot does about it."""

    foreign: bool = False  # somebody else has set it
    registered: int = 0
    told: list[Any] = field(default_factory=list)

    async def look(self) -> tuple[WebhookInfo, list[str]]:
        await trio.lowlevel.checkpoint()
        info = WebhookInfo(
            url="https://bot.example.org/", has_custom_certificate=False, pending_update_count=0
        )
        return info, ["url"] if self.foreign and not self.registered else []

    async def register(self) -> None:
        await trio.lowlevel.checkpoint()
        self.registered += 1

    async def tell(self, alert: Any) -> None:
        await trio.lowlevel.checkpoint()
        self.told.append(alert.event.value)


@dataclass
class BackOffice:
    """The ticks, and everything that they act on."""

    database: Database
    shop: Shop
    clock: Clock
    host: RunningHost
    post: Post
    ticks: Ticks
    wakes: Wakes

    async def tick(self, *names: str) -> None:
        """Let workers tick, one after the other."""
        for name in names:
            await getattr(self.ticks, name)()

    async def on_host(self) -> set[UUID]:
        """Return the keys that the VPN host has."""
        bearer = {"authorization": f"Bearer {KEY}"}
        users = (await self.host.control.get("/v1/users", headers=bearer)).json()["users"]
        return {UUID(user["uuid"]) for user in users}

    async def add_the_host(self) -> None:
        await ensure_host(
            self.shop.lane,
            name="main",
            api_url=self.host.url,
            api_key=KEY,
            share_link=SHARE_LINK,
            now=self.clock(),
        )


@asynccontextmanager
async def back_office(
    database: Database,
    settings: Settings,
    *,
    now: datetime = NOW,
    payments: Payments = INSIDE_TELEGRAM,
    webhook: Webhook | None = None,
    **hosting: Any,
) -> AsyncIterator[BackOffice]:
    """Yield the whole table's ticks at the time `now`; nothing is in the shop yet."""
    clock, wakes, shop = Clock(now), Wakes(), Shop(database)
    post = Post(clock)
    async with running_host(**hosting) as host, open_vpn(settings) as hosts:
        cashier = Cashier(database.workers, TERMS, wakes, clock=clock)
        telegram = cast("TelegramClient", post)
        health = health_check.HealthCheck(
            {
                "database": health_check.database_answers(database),
                "connections": health_check.connections_flow(database, timedelta(minutes=2)),
                "telegram": health_check.telegram_answers(telegram, Me().heard),
            }
        )
        silence = webhook and UpdateSilence(
            look=webhook.look,
            register=webhook.register,
            tell=webhook.tell,
            last_update_at=trio.current_time,
            now=clock,
            threshold=timedelta(minutes=10),
        )
        peers = Peers(
            settings=settings,
            database=database,
            telegram=telegram,
            hosts=hosts,
            payments=payments,
            terms=TERMS,
            wakes=wakes,
            paid=cashier.paid,
            refunded=cashier.refunded,
            render=post.rendering(make_render(load_texts())),
            clock=clock,
        )
        ticks = make_ticks(
            peers,
            health_check=health.tick,
            commit_watch=CommitWatch(database.health, Readiness(), clock=clock).tick,
            update_silence=silence.tick if silence else trio.lowlevel.checkpoint,
        )
        yield BackOffice(database, shop, clock, host, post, ticks, wakes)


def office_settings(make: Callable[..., Settings], **changes: Any) -> Settings:
    """Return settings with an administrator."""
    return make(**{"admin_ids": str(ADMIN)} | changes)
