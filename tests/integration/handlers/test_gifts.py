"""Gifts: bought in every way, listed with their links, taken by who opens one."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import trio

from bot.shop.gifts import gifts_of
from bot.telegram.methods import EditMessageText, SendInvoice
from tests.integration.handlers.conftest import Answer, Bot

ANNA, JOHN, LENA = 1001, 1002, 1003


async def buy(bot: Bot, user: int = ANNA, charge: str = "stx1") -> Answer:
    """Buy a gift with Stars; returns what is shown then."""
    asked = await bot.press(user, f"gifts:by:stars:{bot.shop.basic}")
    assert (await bot.ask_to_pay(user, asked.shown)).ok
    return await bot.pay(user, asked.shown, charge)


def link_of(shown: Answer) -> str:
    """Return the payload of the gift's link on a screen."""
    [share] = [url for url in shown.urls if url.startswith("https://t.me/share?")]
    link = parse_qs(urlsplit(share).query)["url"][0]
    return parse_qs(urlsplit(link).query)["start"][0]


async def test_a_gift_is_bought_with_stars_and_its_link_is_shown_at_once(bot: Bot) -> None:
    nothing = await bot.press(ANNA, "gifts")
    assert nothing.data == ["gifts:buy", "menu"]
    plans = await bot.press(ANNA, "gifts:buy")
    assert "₽300" in plans.text
    plan = await bot.press(ANNA, plans.starting(f"gifts:plan:{bot.shop.basic}"))
    asked = await bot.press(ANNA, plan.starting("gifts:by:stars:"))
    invoice = asked.shown
    assert isinstance(invoice, SendInvoice)
    assert invoice.title == "A gift: VPN access"
    paid = await bot.pay(ANNA, invoice)
    assert "your gift is ready" in paid.text
    assert link_of(paid).startswith("gift_")
    assert await bot.notices(ANNA) == []
    assert await bot.shop.days(ANNA) == 0
    await bot.shop.assert_sound()


async def test_a_gift_is_bought_from_the_balance_in_one_tap_and_once(bot: Bot) -> None:
    await bot.say(ANNA, "/start")
    await bot.shop.fund(ANNA, 100_000)
    plan = await bot.press(ANNA, f"gifts:plan:{bot.shop.basic}")
    from_balance = plan.starting("pay:balance:")
    texts: list[str] = []

    async def tap() -> None:
        texts.append((await bot.press(ANNA, from_balance)).text)

    async with trio.open_nursery() as nursery:
        for _ in range(4):
            nursery.start_soon(tap)
    assert all("your gift is ready" in text for text in texts)
    assert await bot.shop.balance(ANNA) == 70_000
    assert len(await gifts_of(bot.database.updates, ANNA, None, 10)) == 1


async def test_too_small_a_balance_leads_to_topping_it_up(bot: Bot) -> None:
    await bot.say(ANNA, "/start")
    await bot.shop.fund(ANNA, 10_000)
    plan = await bot.press(ANNA, f"gifts:plan:{bot.shop.basic}")
    assert plan.starting("topup:") == "topup:20000"


async def test_whoever_opens_the_link_has_access_and_the_buyer_is_told(bot: Bot) -> None:
    payload = link_of(await buy(bot))
    taken = await bot.say(JOHN, f"/start {payload}")
    assert "The gift is yours" in taken.text
    assert "vless://" in taken.text
    assert await bot.shop.days(JOHN) == 30
    assert await bot.notices(ANNA) == ["gift-claimed"]
    assert "was taken" in (await bot.say(LENA, f"/start {payload}")).text
    assert await bot.shop.days(LENA) == 0
    # Whoever took it and taps again is shown their key, and given nothing more.
    assert "vless://" in (await bot.say(JOHN, f"/start {payload}")).text
    assert await bot.shop.days(JOHN) == 30


async def test_the_list_says_what_became_of_each(bot: Bot) -> None:
    await bot.say(ANNA, "/start")
    taken, refunded = link_of(await buy(bot, charge="c1")), await buy(bot, charge="c2")
    await buy(bot, charge="c3")
    await bot.say(JOHN, f"/start {taken}")
    payment = await bot.database.updates.fetchval("select id from payments where charge_id = 'c2'")
    await bot.shop.refund(payment)
    listed = await bot.press(ANNA, "gifts")
    assert "opened on 1 March 2026" in listed.text
    assert "refunded on 1 March 2026" in listed.text
    assert "waiting since 1 March 2026" in listed.text
    waiting = [data for data in listed.data if data.startswith("gifts:show:")]
    assert len(waiting) == 1
    shown = await bot.press(ANNA, waiting[0])
    assert link_of(shown) not in {taken, link_of(refunded)}


async def test_a_gift_that_is_taken_shows_no_link(bot: Bot) -> None:
    paid = await buy(bot)
    [gift] = await gifts_of(bot.database.updates, ANNA, None, 1)
    await bot.say(JOHN, f"/start {link_of(paid)}")
    shown = await bot.press(ANNA, f"gifts:show:{gift.id}")
    assert "opened on" in shown.text
    assert shown.urls == []


async def test_the_list_is_paged(bot: Bot) -> None:
    for number in range(7):
        await buy(bot, charge=f"c{number}")
    first = await bot.press(ANNA, "gifts")
    second = await bot.press(ANNA, first.starting("gifts:before:"))
    assert first.text.count("waiting") == 5
    assert second.text.count("waiting") == 2
    assert second.data[-2:] == ["gifts", "menu"]


async def test_somebody_elses_gift_is_nobodys(bot: Bot) -> None:
    await buy(bot)
    [gift] = await gifts_of(bot.database.updates, ANNA, None, 1)
    shown = await bot.press(JOHN, f"gifts:show:{gift.id}")
    assert gift.code not in str(shown.methods)
    assert shown.data == ["gifts:buy", "menu"]


@pytest.mark.parametrize(
    "data",
    [
        "gifts:",
        "gifts:show:",
        "gifts:show:x",
        "gifts:show:" + "9" * 40,
        "gifts:before:",
        "gifts:before:-1",
        "gifts:plan:",
        "gifts:plan:999999",
        "gifts:plan:0x1",
        "gifts:by:",
        "gifts:by:stars",
        "gifts:by:stars:",
        "gifts:by:stars:999999",
        "gifts:by:balance:1",
        "gifts:by:nobody:1",
    ],
)
async def test_made_up_buttons_are_answered_and_harmless(bot: Bot, data: str) -> None:
    answer = await bot.press(ANNA, data)
    assert answer.is_answered
    assert await bot.shop.count("purchases") == 0


async def test_a_plan_that_is_no_longer_sold_leads_back_to_those_that_are(bot: Bot) -> None:
    await bot.database.updates.execute(
        "update plans set active = false where id = $1", bot.shop.basic
    )
    answer = await bot.press(ANNA, f"gifts:by:stars:{bot.shop.basic}")
    assert isinstance(answer.shown, EditMessageText)
    assert answer.toast == "That plan is no longer there. These are."
    assert f"gifts:plan:{bot.shop.basic}" not in answer.data


async def test_a_review_that_is_delivered_again_shows_no_gift(bot: Bot) -> None:
    asked = await bot.press(ANNA, f"gifts:by:stars:{bot.shop.basic}")
    wrong: dict[str, Any] = {"total_amount": 1}
    for _ in range(2):
        paid = await bot.pay(ANNA, asked.shown, **wrong)
        assert paid.methods == []
    assert await bot.notices(ANNA) == ["payment-review"]
