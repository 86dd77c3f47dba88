"""The balance, its movements, and topping it up."""

import pytest
import trio

from bot.payments.provider import ProviderName
from bot.payments.registry import Payments
from bot.shop.switches import Switch
from bot.telegram.methods import EditMessageText, SendInvoice, SendMessage
from tests.integration.handlers.conftest import Bot

ANNA, JOHN = 1001, 1002


async def test_an_empty_balance_says_so_and_offers_to_top_up(bot: Bot) -> None:
    shown = await bot.press(ANNA, "balance")
    assert "₽0" in shown.text
    assert "Nothing has moved" in shown.text
    assert shown.data == ["topup", "menu"]
    assert isinstance(shown.shown, EditMessageText)
    assert isinstance((await bot.say(ANNA, "/balance")).shown, SendMessage)


async def test_movements_are_paged_and_are_ones_own(bot: Bot) -> None:
    await bot.say(ANNA, "/start")
    await bot.say(JOHN, "/start")
    for number in range(1, 10):
        await bot.shop.fund(ANNA, number * 100)
    await bot.shop.fund(JOHN, 7_777_700)
    latest = await bot.press(ANNA, "balance")
    assert "₽45" in latest.text
    assert latest.text.count("correction") == 7
    earlier = await bot.press(ANNA, latest.starting("balance:before:"))
    assert earlier.text.count("correction") == 2
    assert "+₽1<" in earlier.text
    assert earlier.data == ["topup", "balance", "menu"]
    assert "77,777" not in latest.text + earlier.text


@pytest.mark.parametrize(
    "data",
    [
        "balance:before:",
        "balance:before:x",
        "balance:before:-1",
        "balance:before:0",
        "balance:before:" + "9" * 30,
        "topup:",
        "topup:-100",
        "topup:0",
        "topup:999999999999999999",
        "topup:1e5",
        "topup:by:",
        "topup:by:stars",
        "topup:by:stars:",
        "topup:by:stars:0",
        "topup:by:stars:999999999999999999",
        "topup:by:balance:1000",
        "topup:by:nobody:1000",
        "topup:by:stars:1:1:1:x",
    ],
)
async def test_made_up_buttons_are_answered_and_harmless(bot: Bot, data: str) -> None:
    answer = await bot.press(ANNA, data)
    assert answer.is_answered
    assert answer.shown is not None
    assert not isinstance(answer.shown, SendInvoice)
    assert await bot.shop.count("purchases") == 0


async def test_an_offered_amount_is_paid_with_stars(bot: Bot) -> None:
    amounts = await bot.press(ANNA, "topup")
    assert amounts.data == ["topup:10000", "topup:30000", "topup:own", "balance"]
    ways = await bot.press(ANNA, "topup:30000")
    assert "₽300" in ways.text
    asked = await bot.press(ANNA, ways.starting("topup:by:stars:"))
    invoice = asked.shown
    assert isinstance(invoice, SendInvoice)
    assert (invoice.currency, invoice.prices[0].amount) == ("XTR", 200)
    assert "₽300" in invoice.description
    assert (await bot.ask_to_pay(ANNA, invoice)).ok
    paid = await bot.pay(ANNA, invoice)
    assert "topped up" in paid.text
    assert "Your balance: ₽300" in paid.text
    assert "+₽300" in paid.text
    # One message, not two.
    assert await bot.notices(ANNA) == []
    await bot.shop.assert_sound()


async def test_the_second_delivery_of_a_payment_credits_nothing(bot: Bot) -> None:
    asked = await bot.press(ANNA, "topup:by:stars:30000")
    for _ in range(2):
        paid = await bot.pay(ANNA, asked.shown)
    assert "Your balance: ₽300" in paid.text
    assert await bot.shop.balance(ANNA) == 30_000


async def test_an_amount_of_ones_own_is_asked_for_until_it_is_one(bot: Bot) -> None:
    asked = await bot.press(ANNA, "topup:own")
    assert "₽1 to ₽100,000" in asked.text
    for words in ("much", "0", "0.5", "100001"):
        again = await bot.say(ANNA, words)
        assert "will not work" in again.text
        assert again.data == ["topup"]
    photo = await bot.feed(message=bot.message(ANNA) | {"photo": []})
    assert "will not work" in photo.text
    ways = await bot.say(ANNA, "1 500")
    assert "₽1,500" in ways.text
    assert ways.starting("topup:by:stars:") == "topup:by:stars:150000"
    # The question is answered: further words are words.
    assert "main menu" in (await bot.say(ANNA, "200")).text


async def test_a_button_leaves_the_question_behind(bot: Bot) -> None:
    await bot.press(ANNA, "topup:own")
    await bot.press(ANNA, "balance")
    assert "main menu" in (await bot.say(ANNA, "200")).text


async def test_what_is_missing_for_a_purchase_is_offered_as_a_top_up(bot: Bot) -> None:
    await bot.say(ANNA, "/start")
    await bot.shop.fund(ANNA, 29_950)
    plan = await bot.press(ANNA, f"buy:plan:{bot.shop.basic}")
    ways = await bot.press(ANNA, plan.starting("topup:"))
    # Half a ruble is missing; a whole one is the least that can be paid.
    assert "Topping up by ₽1<" in ways.text


async def test_two_parallel_taps_ask_for_the_same_purchase(bot: Bot) -> None:
    await bot.say(ANNA, "/start")

    async def tap() -> None:
        await bot.press(ANNA, "topup:by:stars:30000")

    async with trio.open_nursery() as nursery:
        for _ in range(4):
            nursery.start_soon(tap)
    assert await bot.shop.count("purchases") == 1


async def test_nothing_is_topped_up_while_sales_are_closed(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        bot.services.switches, "is_on", lambda switch: switch is Switch.SALES_CLOSED
    )
    for data in ("topup", "topup:30000", "topup:by:stars:30000"):
        assert "paused" in (await bot.press(ANNA, data)).text
    assert await bot.shop.count("purchases") == 0


class TestWithACard:
    """A second way to pay inside Telegram."""

    @pytest.fixture
    def payments(self) -> Payments:
        names = (ProviderName.STARS, ProviderName.TELEGRAM_PAYMENTS, ProviderName.BALANCE)
        return Payments(names, {})

    async def test_every_way_but_the_balance_is_offered(self, bot: Bot) -> None:
        ways = await bot.press(ANNA, "topup:30000")
        assert ways.data == [
            "topup:by:stars:30000",
            "topup:by:telegram_payments:30000",
            "topup",
        ]

    async def test_a_card_pays_in_the_currency_of_the_shop(self, bot: Bot) -> None:
        asked = await bot.press(ANNA, "topup:by:telegram_payments:30000")
        invoice = asked.shown
        assert isinstance(invoice, SendInvoice)
        assert (invoice.currency, invoice.prices[0].amount) == ("RUB", 30_000)
        assert invoice.provider_token == "12345:TEST:abc"
        await bot.pay(ANNA, invoice)
        assert await bot.shop.balance(ANNA) == 30_000


async def test_the_balance_is_shown_in_russian(bot: Bot) -> None:
    bot.language = "ru"
    await bot.say(ANNA, "/start")
    await bot.shop.fund(ANNA, 129_950)
    shown = await bot.press(ANNA, "balance")
    assert "1\N{NO-BREAK SPACE}299,50\N{NO-BREAK SPACE}₽" in shown.text
    assert "1 марта 2026" in shown.text
