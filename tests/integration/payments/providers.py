"""The providers against their stand-ins: real HTTP on the loopback, both ways."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import trio
from quart import Response, request
from quart_trio import QuartTrio

from bot.money import Money
from bot.payments.provider import Order, Provider, ProviderName
from bot.payments.registry import open_payments
from bot.sandbox.cryptopay import CryptoPayConfig, serve_cryptopay
from bot.sandbox.notices import NoticeTerms
from bot.sandbox.serving import serve_app
from bot.sandbox.yookassa import YooKassaConfig, serve_yookassa
from bot.settings import Settings, load

CRYPTO_PAY_TOKEN = "12345:AAcryptopaytokencryptopaytokencry"
SHOP_ID, SECRET_KEY = "100500", "test_secretkeysecretkeysecretkey"
QUICK = NoticeTerms(first_retry_seconds=0.01, longest_retry_seconds=0.02, attempts=5)


def order(
    amount: Money = Money(19900, "RUB"),  # noqa: B008 - a frozen value
    **changes: Any,
) -> Order:
    fields = {
        "purchase_id": 77,
        "user_id": 1001,
        "amount": amount,
        "title": "30 дней",
        "description": "Доступ на 30 дней",
        "expires_in": timedelta(hours=1),
        "key": "purchase-77",
        "return_url": "https://t.me/warren_demo_bot",
    }
    return Order(**fields | changes)


def settings(**given: Any) -> Settings:
    known = {"bot_token": "123456789:" + "A" * 35, "mode": "polling"}
    return load(_env_file=None, **known | given)


@dataclass
class Receiver:
    """Where webhooks go: keeps what came, answers what it is told, 200 otherwise."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    requests: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)
    arrived: trio.Event = field(default_factory=trio.Event)

    async def take(self) -> Response:
        raw = await request.get_data()
        assert isinstance(raw, bytes)
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.requests.append((raw, headers))
        self.arrived.set()
        self.arrived = trio.Event()
        return Response("", self.answers.pop(0) if self.answers else 200)

    async def wait(self, count: int) -> list[tuple[bytes, dict[str, str]]]:
        """Return what came, once it is `count` requests or more."""
        with trio.fail_after(10):
            while len(self.requests) < count:
                await self.arrived.wait()
        return self.requests


@dataclass
class Rig:
    """A provider, its stand-in, and the receiver of the stand-in's webhooks."""

    provider: Provider
    url: str
    sandbox: httpx.AsyncClient
    receiver: Receiver
    settings: Settings

    async def do(self, action: str, **given: Any) -> Any:
        """Act on the stand-in as a person or a test would."""
        response = await self.sandbox.post(f"/sandbox/{action}", json=given)
        assert response.status_code == 200, response.text
        return response.json()

    async def look(self, what: str) -> Any:
        return (await self.sandbox.get(f"/sandbox/{what}")).json()

    async def until(self, what: str, holds: Callable[[Any], object]) -> Any:
        """Look until `holds`: at the border of HTTP there is nothing to wait for."""
        with trio.fail_after(10):
            while not holds(found := await self.look(what)):  # noqa: ASYNC110 - HTTP
                await trio.sleep(0.01)
        return found


@asynccontextmanager
async def cryptopay(tmp_path: Path, *, within: float = 60, **changes: Any) -> AsyncIterator[Rig]:
    def config(webhook_url: str) -> CryptoPayConfig:
        return CryptoPayConfig(
            tmp_path / "cryptopay", CRYPTO_PAY_TOKEN, webhook_url=webhook_url, notices=QUICK
        )

    def configured(url: str) -> Settings:
        given = {"crypto_pay_token": CRYPTO_PAY_TOKEN, "crypto_pay_api_url": url}
        return settings(**given | changes)

    async with _rig(ProviderName.CRYPTOPAY, serve_cryptopay, config, configured, within) as rig:
        yield rig


@asynccontextmanager
async def yookassa(tmp_path: Path, **changes: Any) -> AsyncIterator[Rig]:
    def config(webhook_url: str) -> YooKassaConfig:
        return YooKassaConfig(
            tmp_path / "yookassa", SHOP_ID, SECRET_KEY, webhook_url=webhook_url, notices=QUICK
        )

    def configured(url: str) -> Settings:
        given = {
            "yookassa_shop_id": SHOP_ID,
            "yookassa_secret_key": SECRET_KEY,
            "yookassa_api_url": url,
        }
        return settings(**given | changes)

    async with _rig(ProviderName.YOOKASSA, serve_yookassa, config, configured) as rig:
        yield rig


@asynccontextmanager
async def _rig(
    name: ProviderName,
    serve: Any,
    config: Callable[[str], Any],
    configured: Callable[[str], Any],
    within: float = 60,
) -> AsyncIterator[Rig]:
    receiver = Receiver()
    app = QuartTrio(__name__)
    app.add_url_rule("/webhook", "webhook", receiver.take, methods=["POST"])
    with trio.fail_after(within):
        async with trio.open_nursery() as nursery:
            receiver.url = f"{await nursery.start(serve_app, app, '127.0.0.1', 0)}/webhook"
            url = await nursery.start(serve, config(receiver.url))
            known = configured(url)
            async with (
                open_payments(known) as payments,
                httpx.AsyncClient(base_url=url, trust_env=False) as sandbox,
            ):
                yield Rig(payments.provider(name), url, sandbox, receiver, known)
            nursery.cancel_scope.cancel()


def utc_now() -> datetime:
    return datetime.now(UTC)
