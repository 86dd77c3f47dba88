"""A bot that sells, and everybody it deals with: Telegram, two providers and a VPN host.

All stand-ins run in the test's process; the bot is a process of its own and meets them over HTTP.

    async with market(tmp_path, database) as place:
        anna = place.person(1001)
        await anna.say("/start")
        await anna.press("buy")
"""

import html
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import trio

from bot.sandbox.cryptopay import CryptoPayConfig, serve_cryptopay
from bot.sandbox.notices import NoticeTerms
from bot.sandbox.vpn_host import VpnHostConfig, serve_vpn_host
from bot.sandbox.yookassa import YooKassaConfig, serve_yookassa
from tests.e2e.conftest import TestDatabase
from tests.e2e.harness import BotProcess, StandIn, bot_process, settings_for, stand_in
from tests.integration.shop.rows import SHARE_LINK

CRYPTO_PAY_TOKEN = "12345:AAcryptopaytokencryptopaytokencry"
SHOP_ID, SECRET_KEY = "100500", "test_secretkeysecretkeysecretkey"
VPN_KEY = "k" * 32
QUICK = NoticeTerms(first_retry_seconds=0.1, longest_retry_seconds=0.5)

_SECONDS = 30.0
_KEY = re.compile(r"vless://\S+")


@dataclass
class Person:
    """Somebody in a chat with the bot; what they press is under the bot's last message."""

    id: int
    telegram: StandIn

    async def say(self, text: str) -> dict[str, Any]:
        """Write, and return the bot's answer."""
        before = await self.last_id()
        await self.telegram.post("text", person=self.id, text=text)
        return await self.until(lambda last: last["message_id"] > before)

    async def press(self, data: str) -> dict[str, Any]:
        """Press the button with this data, or the one whose data begins so; return the screen."""
        screen = await self.screen()
        offered = datas(screen)
        found = data if data in offered else next(each for each in offered if each.startswith(data))
        answer = await self.telegram.post(
            "press", person=self.id, message_id=screen["message_id"], data=found
        )
        assert answer is not None, f"{found}: the button was not answered"
        return await self.screen()

    async def pay(self, **given: Any) -> dict[str, Any]:
        """Pay the invoice of the last message, or what `slug` leads to."""
        if "slug" not in given:
            given["message_id"] = (await self.screen())["message_id"]
        answer = await self.telegram.post("pay", person=self.id, **given)
        assert answer["ok"], answer
        return dict(answer)

    async def screen(self) -> dict[str, Any]:
        """Return the bot's last message."""
        return (await self.telegram.answers(self.id))[-1]

    async def last_id(self) -> int:
        answers = await self.telegram.answers(self.id)
        return int(answers[-1]["message_id"]) if answers else 0

    async def until(self, holds: Any) -> dict[str, Any]:
        """Return the bot's last message once `holds(message)`."""
        last: dict[str, Any] = {}
        with trio.move_on_after(_SECONDS):
            while True:
                answers = await self.telegram.answers(self.id)
                last = answers[-1] if answers else {}
                if last and holds(last):
                    return last
                await trio.sleep(0.05)  # another process
        raise AssertionError(f"the last message stays {last}")

    async def until_said(self, words: str) -> dict[str, Any]:
        return await self.until(lambda last: words in words_of(last))

    async def heard(self, words: str) -> int:
        """Return how many messages of the bot have these words now."""
        return sum(words in words_of(each) for each in await self.telegram.answers(self.id))


@dataclass
class Surroundings:
    """Everybody that a bot deals with, and the settings by which it finds them."""

    telegram: StandIn
    providers: dict[str, httpx.AsyncClient]
    vpn_host: httpx.AsyncClient = field(repr=False)
    settings: dict[str, str] = field(repr=False)

    def person(self, user_id: int) -> Person:
        return Person(user_id, self.telegram)

    async def unpaid(self, provider: str) -> str:
        """Return the reference of the one order at a provider that is still to be paid."""
        what = {"yookassa": "payments", "cryptopay": "invoices"}[provider]
        found = (await self.providers[provider].get(f"/sandbox/{what}")).json()
        waiting = {"yookassa": "pending", "cryptopay": "active"}[provider]
        name = {"yookassa": "id", "cryptopay": "invoice_id"}[provider]
        [order] = [each for each in found if each["status"] == waiting]
        return str(order[name])

    async def pay_at(self, provider: str, **given: Any) -> str:
        """Pay the one order that waits at a provider, on its page; return its reference."""
        reference = await self.unpaid(provider)
        body = {"reference": reference} | given
        answer = await self.providers[provider].post("/sandbox/pay", json=body)
        assert answer.status_code == 200, answer.text
        return reference

    async def tell_again(self, provider: str, reference: str) -> None:
        """Let a provider send the notice of a payment once more, and see that it was taken."""
        client = self.providers[provider]
        assert (await client.post("/sandbox/resend", json={"reference": reference})).is_success
        await self.until_told(provider)

    async def until_told(self, provider: str) -> None:
        """Return once no notice of a provider is on its way any more."""
        client = self.providers[provider]
        with trio.fail_after(_SECONDS):
            while (await client.get("/sandbox/notices")).json()["waiting"]:  # noqa: ASYNC110 - HTTP
                await trio.sleep(0.05)

    async def keys_on_host(self) -> list[str]:
        """Return the UUIDs that the VPN host has."""
        answer = await self.vpn_host.get("/v1/users")
        return [each["uuid"] for each in answer.raise_for_status().json()["users"]]

    async def until_on_host(self, uuid: str) -> None:
        with trio.fail_after(_SECONDS):
            while uuid not in await self.keys_on_host():  # noqa: ASYNC110 - another process
                await trio.sleep(0.05)


@dataclass
class Market(Surroundings):
    """Everybody, and the bot among them."""

    bot: BotProcess


@asynccontextmanager
async def surroundings(
    folder: Path,
    database: TestDatabase,
    *,
    telegram: Mapping[str, Any] | None = None,
    **changes: str,
) -> AsyncIterator[Surroundings]:
    """Yield everybody but the bot; `telegram` is how the stand-in differs from its defaults."""
    async with AsyncExitStack() as stack:
        post = await stack.enter_async_context(stand_in(folder, **telegram or {}))
        settings = settings_for(post.address, database.dsn)
        public = settings["PUBLIC_URL"]
        nursery = await stack.enter_async_context(trio.open_nursery())
        stack.callback(nursery.cancel_scope.cancel)
        yookassa = await nursery.start(
            serve_yookassa,
            YooKassaConfig(
                folder / "yookassa",
                SHOP_ID,
                SECRET_KEY,
                webhook_url=f"{public}/yookassa/webhook",
                notices=QUICK,
            ),
        )
        cryptopay = await nursery.start(
            serve_cryptopay,
            CryptoPayConfig(
                folder / "cryptopay",
                CRYPTO_PAY_TOKEN,
                webhook_url=f"{public}/cryptopay/webhook",
                notices=QUICK,
            ),
        )
        vpn_host = await nursery.start(serve_vpn_host, VpnHostConfig(VPN_KEY))
        settings |= {
            "YOOKASSA_SHOP_ID": SHOP_ID,
            "YOOKASSA_SECRET_KEY": SECRET_KEY,
            "YOOKASSA_API_URL": yookassa,
            "CRYPTO_PAY_TOKEN": CRYPTO_PAY_TOKEN,
            "CRYPTO_PAY_API_URL": cryptopay,
            "VPN_API_URL": vpn_host,
            "VPN_API_KEY": VPN_KEY,
            "VPN_SHARE_LINK": SHARE_LINK,
            "SAMPLE_PLANS": "true",
        } | changes
        clients = {
            name: await stack.enter_async_context(
                httpx.AsyncClient(base_url=url, timeout=30, trust_env=False, headers=headers)
            )
            for name, url, headers in (
                ("yookassa", yookassa, {}),
                ("cryptopay", cryptopay, {}),
                ("vpn_host", vpn_host, {"authorization": f"Bearer {VPN_KEY}"}),
            )
        }
        yield Surroundings(post, clients, clients.pop("vpn_host"), settings)


@asynccontextmanager
async def market(folder: Path, database: TestDatabase, **changes: str) -> AsyncIterator[Market]:
    """Yield a market that is open; the bot has stopped cleanly at its end."""
    async with (
        surroundings(folder, database, **changes) as around,
        bot_process("run", folder, around.settings) as bot,
    ):
        await bot.until_ready()
        yield Market(around.telegram, around.providers, around.vpn_host, around.settings, bot)
        ended = await bot.stop()
        assert ended.code == 0, bot.output


def words_of(message: dict[str, Any]) -> str:
    return str(message.get("text") or message.get("caption") or "")


def datas(message: dict[str, Any]) -> list[str]:
    """Return the data of the buttons under a message."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return [each["callback_data"] for row in rows for each in row if "callback_data" in each]


def key_in(message: dict[str, Any]) -> str:
    """Return the share link that a screen shows."""
    found = _KEY.search(html.unescape(words_of(message)))
    assert found is not None, words_of(message)
    return found.group()


def link_in(message: dict[str, Any]) -> str:
    """Return the subscription link that a screen shows."""
    found = re.search(r"http\S+/sub/\S+", words_of(message))
    assert found is not None, words_of(message)
    return found.group()
