"""Buying: from the shop window to the key, in every way that needs no page of a provider."""

from bot.telegram.methods import SendInvoice
from tests.integration.handlers.conftest import Bot

ANNA, JOHN = 1001, 1002


async def test_a_person_buys_with_stars_and_sees_their_key(bot: Bot) -> None:
    window = await bot.press(ANNA, "buy")
    assert "200" in window.text
    plan = await bot.press(ANNA, window.starting(f"buy:plan:{bot.shop.basic}"))
    asked = await bot.press(ANNA, plan.starting("buy:by:stars:"))
    invoice = asked.shown
    assert isinstance(invoice, SendInvoice)
    assert (invoice.currency, invoice.prices[0].amount) == ("XTR", 200)
    assert asked.deleted == [5]
    assert (await bot.ask_to_pay(ANNA, invoice)).ok
    paid = await bot.pay(ANNA, invoice)
    assert "Paid" in paid.text
    assert "vless://" in paid.text
    assert "https://bot.example.org/sub/" in paid.text
    assert await bot.shop.days(ANNA) == 30
    assert await bot.notices(ANNA) == []
    await bot.shop.assert_sound()
