"""What people do besides buying for themselves, from end to end: topping up, giving, asking."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.cashiers import Cashiers, cashiers
from tests.e2e.conftest import TestDatabase
from tests.e2e.harness import (
    BotProcess,
    Settings,
    StandIn,
    bot_process,
    run_command,
    settings_for,
    stand_in,
)

ANNA, JOHN, LENA, OLEG = 1001, 1002, 1003, 1009
CARD = {"number": "4242 4242 4242 4242", "expiry": "12/40", "cvc": "123"}

_PLAN = """
    insert into plans (title_ru, title_en, duration_days, price_minor, currency, price_stars)
    values ('Месяц', 'One month', 30, 30000, 'RUB', 200)
"""
_HOST = """
    insert into vpn_hosts (name, api_url, api_key, share_link, capacity)
    values ('one', 'http://127.0.0.1:9', 'key',
            'vless://00000000-0000-4000-8000-000000000000@vpn.example.org:443?type=tcp', 100)
"""


@dataclass(frozen=True, slots=True)
class Town:
    """Everything around a bot that runs."""

    telegram: StandIn
    cashiers: Cashiers
    database: TestDatabase
    settings: Settings

    async def last(self, person: int) -> dict[str, Any]:
        """Return the last thing that the bot said to a person."""
        return (await self.telegram.answers(person))[-1]

    async def say(self, person: int, text: str, **given: Any) -> dict[str, Any]:
        """Write, and return what the bot says to it."""
        before = len(await self.telegram.answers(person))
        await self.telegram.post("text", person=person, text=text, **given)

        async def answered() -> bool:
            return len(await self.telegram.answers(person)) > before

        await self.telegram.until(answered)
        return await self.last(person)

    async def press(self, person: int, data: str) -> dict[str, Any]:
        """Press the last button whose data begins so, and return the screen after it."""
        [message, found] = next(
            [message, each["callback_data"]]
            for message in reversed(await self.telegram.answers(person))
            for row in message.get("reply_markup", {}).get("inline_keyboard", [])
            for each in row
            if each.get("callback_data", "").startswith(data)
        )
        await self.telegram.post(
            "press", person=person, message_id=message["message_id"], data=found
        )
        return await self.last(person)

    async def pay(self, person: int, asked: dict[str, Any], provider: str) -> None:
        """Pay what was asked for, in the way that it was asked."""
        if provider in {"stars", "telegram_payments"}:
            card = {"card": CARD} if provider == "telegram_payments" else {}
            paid = await self.telegram.post(
                "pay", person=person, message_id=asked["message_id"], **card
            )
            assert paid["ok"], paid
        else:
            sql = f"select reference from purchases where provider = '{provider}' order by id desc"  # noqa: S608 - ours
            await self.cashiers.pay(provider, self.database.psql(f"{sql} limit 1").strip())

    async def until_told(self, person: int, words: str, after: int = 0) -> dict[str, Any]:
        """Return the bot's message with these words, once it is there, later than `after`."""
        found: list[dict[str, Any]] = []

        async def told() -> bool:
            found[:] = [
                message
                for message in await self.telegram.answers(person)
                if message["message_id"] > after and words in message.get("text", "")
            ]
            return bool(found)

        await self.telegram.until(told, seconds=60)
        return found[-1]


@asynccontextmanager
async def town(folder: Path, database: TestDatabase) -> AsyncIterator[Town]:
    async with stand_in(folder) as telegram:
        settings = settings_for(
            telegram.address, database.dsn, ADMIN_IDS=str(OLEG), PROVIDER_TOKEN="12345:TEST:abc"
        )
        assert (await run_command("migrate", folder, settings)).code == 0
        database.psql(_PLAN)
        database.psql(_HOST)
        async with cashiers(folder, settings["PUBLIC_URL"]) as opened:
            yield Town(telegram, opened, database, settings | opened.settings)


@asynccontextmanager
async def running(opened: Town, folder: Path) -> AsyncIterator[BotProcess]:
    async with bot_process("run", folder, opened.settings) as bot:
        await bot.until_ready()
        yield bot
        assert (await bot.stop()).code == 0
    assert "Traceback" not in bot.output


async def test_a_balance_is_topped_up_in_every_way_once(
    database: TestDatabase, tmp_path: Path
) -> None:
    async with town(tmp_path, database) as opened, running(opened, tmp_path):
        await opened.say(JOHN, "/start")
        for provider in ("stars", "telegram_payments", "yookassa", "cryptopay"):
            await opened.say(JOHN, "/balance")
            await opened.press(JOHN, "topup")
            await opened.press(JOHN, "topup:30000")
            asked = await opened.press(JOHN, f"topup:by:{provider}:")
            await opened.pay(JOHN, asked, provider)
            inside = provider in {"stars", "telegram_payments"}
            words = "your balance is topped up" if inside else "₽300 is on your balance"
            await opened.until_told(JOHN, words, after=asked["message_id"])
        await opened.telegram.until_delivered()
        told = [m.get("text", "") for m in await opened.telegram.answers(JOHN)]
        # One message for each payment: the screen, or the notice where nobody was looking.
        assert sum("is topped up" in text for text in told) == 2
        assert sum("is on your balance" in text for text in told) == 2
        assert "₽1,200" in (await opened.say(JOHN, "/balance"))["text"]
    assert database.psql("select sum(amount_minor), count(*) from ledger").strip() == "120000|4"


@pytest.mark.parametrize("provider", ["stars", "cryptopay"])
async def test_a_gift_is_bought_sent_and_opened_by_a_friend(
    database: TestDatabase, tmp_path: Path, provider: str
) -> None:
    async with town(tmp_path, database) as opened, running(opened, tmp_path):
        await opened.say(ANNA, "/start")
        await opened.say(ANNA, "/gifts")
        await opened.press(ANNA, "gifts:buy")
        await opened.press(ANNA, "gifts:plan:")
        asked = await opened.press(ANNA, f"gifts:by:{provider}:")
        await opened.pay(ANNA, asked, provider)
        if provider == "stars":
            shown = await opened.until_told(ANNA, "подарок готов")
        else:
            await opened.until_told(ANNA, "Подарок оплачен")
            await opened.say(ANNA, "/gifts")
            shown = await opened.press(ANNA, "gifts:show:")
        payload = shown["text"].partition("?start=")[2].split()[0]
        taken = await opened.say(JOHN, f"/start {payload}")
        assert "The gift is yours" in taken["text"]
        assert "vless://" in taken["text"]
        await opened.until_told(ANNA, "Ваш подарок открыт")
        gone = await opened.say(LENA, f"/start {payload}")
        assert "was taken" in gone["text"]
    found = database.psql("select user_id, source, seconds from access_grants").strip()
    assert found == f"{JOHN}|gift|{30 * 86_400}"


async def test_a_question_is_answered_by_an_administrator_after_a_restart(
    database: TestDatabase, tmp_path: Path
) -> None:
    async with town(tmp_path, database) as opened:
        async with running(opened, tmp_path):
            await opened.say(OLEG, "/start")
            await opened.say(JOHN, "/paysupport")
            assert "Passed on" in (await opened.say(JOHN, "I paid twice"))["text"]
            passed = await opened.until_told(OLEG, "I paid twice")
            assert passed["forward_origin"]["sender_user"]["id"] == JOHN
        async with running(opened, tmp_path):
            said = await opened.say(OLEG, "/refund is on its way", reply_to=passed["message_id"])
            assert "Ответ" in said["text"]
            answer = await opened.until_told(JOHN, "is on its way")
            assert answer["reply_to_message"]["text"] == "I paid twice"
            await opened.press(JOHN, "support:more")
            await opened.say(JOHN, "Thank you")
            await opened.until_told(OLEG, "Thank you")
            # The answer is still there: the button under it asked in a message of its own.
            await opened.until_told(JOHN, "is on its way")
