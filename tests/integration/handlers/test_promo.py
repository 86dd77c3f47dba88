"""Entering a promo code: what it gives, why it doesn't, and that it can't be guessed."""

from typing import Any

import pytest
import trio

from bot.shop.promo_codes import PromoKind, create_promo_code, discount_of
from tests.integration.handlers.conftest import Bot
from tests.integration.shop.conftest import ADMIN, DAY, NOW

ANNA, JOHN = 1001, 1002


async def make(bot: Bot, kind: PromoKind, value: int, code: str = "SPRING", **limits: Any) -> None:
    await create_promo_code(
        bot.database.updates, admin_id=ADMIN, code=code, kind=kind, value=value, now=NOW, **limits
    )


async def test_the_prompt_waits_for_a_code(bot: Bot) -> None:
    await make(bot, PromoKind.BALANCE, 5_000)
    prompt = await bot.press(ANNA, "promo")
    assert prompt.data == ["menu"]
    given = await bot.say(ANNA, " spring ")
    assert "₽50" in given.text
    assert given.data == ["balance", "menu"]
    assert await bot.shop.balance(ANNA) == 5_000
    # Answered: the next words are no code.
    assert "main menu" in (await bot.say(ANNA, "SPRING")).text


async def test_days_are_access_and_lead_to_the_key(bot: Bot) -> None:
    await make(bot, PromoKind.DAYS, 7)
    given = await bot.say(ANNA, "/promo spring")
    assert "7 days" in given.text
    assert "8 March 2026" in given.text
    assert given.data == ["connect", "menu"]
    assert await bot.shop.days(ANNA) == 7
    assert "vless://" in (await bot.press(ANNA, "connect")).text


async def test_a_discount_leads_to_the_shop_window_and_is_in_its_prices(bot: Bot) -> None:
    await make(bot, PromoKind.PERCENT, 20)
    given = await bot.say(ANNA, "/promo SPRING")
    assert "20%" in given.text
    assert given.data == ["buy", "menu"]
    assert await discount_of(bot.database.updates, ANNA) == 20
    assert "₽240" in (await bot.press(ANNA, "buy")).text
    assert "20%" in (await bot.press(ANNA, "promo")).text


@pytest.mark.parametrize(
    ("limits", "at", "words"),
    [
        ({"valid_until": NOW + DAY}, 2 * DAY, "has expired"),
        ({}, -DAY, "does not work yet"),
        ({"max_uses": 1}, 0 * DAY, "as often as it can be"),
        ({"max_uses": 5}, 0 * DAY, "used this promo code already"),
    ],
)
async def test_each_refusal_has_its_own_words(
    bot: Bot, limits: dict[str, Any], at: Any, words: str
) -> None:
    await make(bot, PromoKind.BALANCE, 100, **limits)
    if "max_uses" in limits:
        await bot.say(JOHN if limits["max_uses"] == 1 else ANNA, "/promo SPRING")
    before = await bot.shop.balance(ANNA)
    bot.now = NOW + at
    refused = await bot.say(ANNA, "/promo SPRING")
    assert words in refused.text
    assert refused.data == ["menu"]
    assert await bot.shop.balance(ANNA) == before


@pytest.mark.parametrize("words", ["NO-SUCH", "ж", "x" * 4000, "'; drop table users; --", "🎁"])
async def test_what_is_no_code_is_unknown_and_asked_for_again(bot: Bot, words: str) -> None:
    await make(bot, PromoKind.BALANCE, 100)
    await bot.press(ANNA, "promo")
    assert "no such promo code" in (await bot.say(ANNA, words)).text
    assert "₽1<" in (await bot.say(ANNA, "SPRING")).text


async def test_a_photo_is_no_code(bot: Bot) -> None:
    await bot.press(ANNA, "promo")
    answer = await bot.feed(message=bot.message(ANNA) | {"photo": []})
    assert "no such promo code" in answer.text


async def test_codes_cant_be_found_by_trying(bot: Bot) -> None:
    await make(bot, PromoKind.BALANCE, 100)
    await bot.press(ANNA, "promo")
    for number in range(10):
        assert "no such" in (await bot.say(ANNA, f"GUESS-{number}")).text
    # Not even the right one is told from others now; somebody else isn't concerned.
    assert "Too many tries" in (await bot.say(ANNA, "SPRING")).text
    assert await bot.shop.balance(ANNA) == 0
    assert "It worked" in (await bot.say(JOHN, "/promo SPRING")).text


async def test_a_flood_of_taps_uses_a_code_once(bot: Bot) -> None:
    await make(bot, PromoKind.BALANCE, 100)
    texts: list[str] = []

    async def enter() -> None:
        texts.append((await bot.say(ANNA, "/promo SPRING")).text)

    await bot.say(ANNA, "/start")
    async with trio.open_nursery() as nursery:
        for _ in range(6):
            nursery.start_soon(enter)
    assert sum("It worked" in text for text in texts) == 1
    assert await bot.shop.balance(ANNA) == 100


async def test_another_button_leaves_the_question_behind(bot: Bot) -> None:
    await make(bot, PromoKind.BALANCE, 100)
    await bot.press(ANNA, "promo")
    await bot.press(ANNA, "menu")
    assert "main menu" in (await bot.say(ANNA, "SPRING")).text
    assert await bot.shop.balance(ANNA) == 0


async def test_russian_counts_days_as_russians_do(bot: Bot) -> None:
    bot.language = "ru"
    for days, words in ((1, "добавлен 1 день"), (3, "добавлено 3 дня"), (5, "добавлено 5 дней")):
        await make(bot, PromoKind.DAYS, days, code=f"DAYS-{days}")
        assert words in (await bot.say(ANNA, f"/promo days-{days}")).text
