"""Buying: from the shop window to the key, in every way that needs no page of a provider."""

from datetime import timedelta

import pytest
import trio

from bot.payments.provider import ProviderName
from bot.shop.plans import set_active
from bot.shop.promo_codes import PromoKind, create_promo_code, enter_code
from bot.shop.subscriptions import subscription_of
from bot.shop.switches import Switch
from bot.telegram.methods import CreateInvoiceLink, SendInvoice
from tests.integration.handlers.conftest import NOW, Answer, Bot
from tests.integration.shop.conftest import ADMIN, TERMS

ANNA, JOHN = 1001, 1002


async def invoice_for(bot: Bot, user: int = ANNA, plan_id: int | None = None) -> SendInvoice:
    asked = await bot.press(user, f"buy:by:stars:{plan_id or bot.shop.basic}")
    assert isinstance(asked.shown, SendInvoice)
    return asked.shown


async def discount(bot: Bot, user: int, percent: int) -> None:
    await create_promo_code(
        bot.shop.lane, admin_id=ADMIN, code="LESS", kind=PromoKind.PERCENT, value=percent, now=NOW
    )
    await enter_code(bot.shop.lane, user_id=user, code="LESS", key="1", now=NOW, terms=TERMS)


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
    await bot.shop.assert_sound()


async def test_who_sees_the_key_is_not_told_of_it_once_more(bot: Bot) -> None:
    await bot.pay(ANNA, await invoice_for(bot))
    assert await bot.notices(ANNA) == []
    assert bot.services.wakes.activation._event.is_set()
    assert bot.services.wakes.notifier._event.is_set()


async def test_a_second_delivery_of_a_payment_shows_the_same_and_gives_nothing(bot: Bot) -> None:
    invoice = await invoice_for(bot)
    first = await bot.pay(ANNA, invoice)
    again = await bot.pay(ANNA, invoice)
    assert again.text == first.text
    assert await bot.shop.days(ANNA) == 30


async def test_a_renewal_adds_to_what_is_left_and_keeps_the_key(bot: Bot) -> None:
    await bot.pay(ANNA, await invoice_for(bot), "stx1")
    before = await subscription_of(bot.shop.lane, ANNA)
    plan = await bot.press(ANNA, f"buy:plan:{bot.shop.basic}")
    assert "added to what you have left" in plan.text
    assert "30 April 2026" in plan.text
    await bot.pay(ANNA, await invoice_for(bot), "stx2")
    after = await subscription_of(bot.shop.lane, ANNA)
    assert before is not None
    assert after is not None
    assert after.expires_at == before.expires_at + timedelta(days=30)
    assert (after.vpn_uuid, after.link_token) == (before.vpn_uuid, before.link_token)


async def test_other_limits_convert_what_is_left_and_the_screen_says_so(bot: Bot) -> None:
    await bot.pay(ANNA, await invoice_for(bot), "stx1")
    plan = await bot.press(ANNA, f"buy:plan:{bot.shop.family}")
    assert "converted" in plan.text
    await bot.pay(ANNA, await invoice_for(bot, plan_id=bot.shop.family), "stx2")
    after = await subscription_of(bot.shop.lane, ANNA)
    assert after is not None
    assert bot.services.texts["en"].day(after.expires_at) in plan.text


async def test_two_taps_on_a_way_to_pay_are_one_purchase(bot: Bot) -> None:
    first, second = await invoice_for(bot), await invoice_for(bot)
    assert first.payload == second.payload


async def test_an_invoice_has_its_way_back(bot: Bot) -> None:
    asked = await bot.press(ANNA, f"buy:by:stars:{bot.shop.basic}")
    assert asked.buttons[0].pay is True
    under = {
        "invoice": {
            "title": "t",
            "description": "d",
            "start_parameter": "",
            "currency": "XTR",
            "total_amount": 1,
        }
    }
    back = await bot.press(ANNA, asked.starting("buy:plan:"), under=under)
    assert "How would you like to pay?" in back.text
    assert back.deleted == [5]
    assert back.is_answered


# ---- from the balance ----


async def test_the_balance_pays_in_one_tap(bot: Bot) -> None:
    await bot.say(ANNA, "/start")
    await bot.shop.fund(ANNA, 50_000)
    plan = await bot.press(ANNA, f"buy:plan:{bot.shop.basic}")
    paid = await bot.press(ANNA, plan.starting("pay:balance:"))
    assert "Paid" in paid.text
    assert "vless://" in paid.text
    assert await bot.shop.balance(ANNA) == 20_000
    assert await bot.shop.days(ANNA) == 30
    assert "access-paid" not in await bot.notices(ANNA)
    await bot.shop.assert_sound()


async def test_many_taps_on_the_balance_at_once_pay_once(bot: Bot) -> None:
    await bot.say(ANNA, "/start")
    await bot.shop.fund(ANNA, 100_000)
    plan = await bot.press(ANNA, f"buy:plan:{bot.shop.basic}")
    tap = plan.starting("pay:balance:")
    answers: list[Answer] = []

    async def press() -> None:
        answers.append(await bot.press(ANNA, tap))

    async with trio.open_nursery() as nursery:
        for _ in range(6):
            nursery.start_soon(press)
    assert all("Paid" in answer.text for answer in answers)
    assert await bot.shop.balance(ANNA) == 70_000
    assert await bot.shop.days(ANNA) == 30


async def test_too_small_a_balance_is_offered_what_is_missing(bot: Bot) -> None:
    await bot.say(ANNA, "/start")
    await bot.shop.fund(ANNA, 10_000)
    plan = await bot.press(ANNA, f"buy:plan:{bot.shop.basic}")
    assert plan.starting("topup:") == "topup:20000"
    assert [data for data in plan.data if data.startswith("pay:balance:")] == []


async def test_a_balance_that_was_spent_meanwhile_is_told_what_is_missing(bot: Bot) -> None:
    await bot.say(ANNA, "/start")
    await bot.shop.fund(ANNA, 30_000)
    plan = await bot.press(ANNA, f"buy:plan:{bot.shop.basic}")
    await bot.shop.fund(ANNA, -10_000)
    refused = await bot.press(ANNA, plan.starting("pay:balance:"))
    assert "100" in refused.text
    assert refused.starting("topup:") == "topup:10000"
    assert await bot.shop.days(ANNA) == 0


async def test_the_purchase_of_somebody_else_is_nobodys(bot: Bot) -> None:
    await bot.say(ANNA, "/start")
    await bot.say(JOHN, "/start")
    await bot.shop.fund(ANNA, 50_000)
    await bot.shop.fund(JOHN, 50_001)
    plan = await bot.press(ANNA, f"buy:plan:{bot.shop.basic}")
    tap = plan.starting("pay:balance:")
    for data in (tap, tap.replace("balance", "check"), tap.replace("balance", "cancel")):
        refused = await bot.press(JOHN, data)
        assert "no longer good" in refused.text
    assert (await bot.shop.balance(ANNA), await bot.shop.balance(JOHN)) == (50_000, 50_001)
    assert "Paid" in (await bot.press(ANNA, tap)).text


# ---- prices ----


async def test_a_discount_is_in_every_price_and_its_whole_is_free(bot: Bot) -> None:
    await bot.say(ANNA, "/start")
    await discount(bot, ANNA, 20)
    window = await bot.press(ANNA, "buy")
    assert "20%" in window.text
    assert "<s>₽300</s> ₽240" in window.text
    invoice = await invoice_for(bot)
    assert invoice.prices[0].amount == 160
    assert (await bot.ask_to_pay(ANNA, invoice)).ok
    await bot.pay(ANNA, invoice)
    assert "<s>" not in (await bot.press(ANNA, "buy")).text


async def test_what_costs_nothing_is_given_in_one_tap(bot: Bot) -> None:
    await bot.say(ANNA, "/start")
    await discount(bot, ANNA, 100)
    plan = await bot.press(ANNA, f"buy:plan:{bot.shop.basic}")
    assert plan.data == [plan.starting("pay:balance:"), "buy"]
    assert "Paid" in (await bot.press(ANNA, plan.starting("pay:balance:"))).text
    assert await bot.shop.days(ANNA) == 30


async def test_a_card_is_asked_for_in_the_shops_currency(bot: Bot) -> None:
    object.__setattr__(
        bot.services.payments,
        "enabled",
        (ProviderName.STARS, ProviderName.TELEGRAM_PAYMENTS, ProviderName.BALANCE),
    )
    plan = await bot.press(ANNA, f"buy:plan:{bot.shop.basic}")
    asked = await bot.press(ANNA, plan.starting("buy:by:telegram_payments:"))
    invoice = asked.shown
    assert isinstance(invoice, SendInvoice)
    assert (invoice.currency, invoice.prices[0].amount) == ("RUB", 30_000)
    assert invoice.provider_token == "12345:TEST:abc"
    assert (await bot.ask_to_pay(ANNA, invoice)).ok
    assert "Paid" in (await bot.pay(ANNA, invoice)).text


# ---- a subscription in Stars ----


async def test_a_subscription_is_a_link_made_once(bot: Bot) -> None:
    plan = await bot.press(ANNA, f"buy:plan:{bot.shop.basic}")
    first = await bot.press(ANNA, plan.starting("buy:renewing:"))
    second = await bot.press(ANNA, plan.starting("buy:renewing:"))
    assert first.urls == second.urls
    links = [call for call in bot.client.calls if isinstance(call, CreateInvoiceLink)]
    assert [link.subscription_period for link in links] == [2_592_000]


async def test_only_thirty_days_can_renew_themselves_and_only_once(bot: Bot) -> None:
    assert not any(
        data.startswith("buy:renewing:")
        for data in (await bot.press(ANNA, f"buy:plan:{bot.shop.year}")).data
    )
    year = await bot.press(ANNA, f"buy:renewing:{bot.shop.year}")
    assert "Choose a plan" in year.text
    await bot.press(ANNA, f"buy:renewing:{bot.shop.basic}")
    [link] = [call for call in bot.client.calls if isinstance(call, CreateInvoiceLink)]
    until = int((NOW + timedelta(days=30)).timestamp())
    paid = await bot.pay(
        ANNA,
        link,
        is_recurring=True,
        is_first_recurring=True,
        subscription_expiration_date=until,
    )
    assert "Paid" in paid.text
    second = await bot.press(ANNA, f"buy:renewing:{bot.shop.basic}")
    assert "You have a Stars subscription already" in (second.toast or "")


async def test_a_period_that_renewed_itself_is_told_by_its_notice(bot: Bot) -> None:
    await bot.press(ANNA, f"buy:renewing:{bot.shop.basic}")
    [link] = [call for call in bot.client.calls if isinstance(call, CreateInvoiceLink)]
    await bot.pay(ANNA, link, "stx1", is_recurring=True, is_first_recurring=True)
    renewed = await bot.pay(ANNA, link, "stx2", is_recurring=True)
    assert renewed.methods == []
    assert await bot.notices(ANNA) == ["access-renewed"]
    assert await bot.shop.days(ANNA) == 60


# ---- what is no longer sold, and what was made up ----


async def test_a_plan_taken_off_sale_leads_to_those_that_are_there(bot: Bot) -> None:
    invoice = await invoice_for(bot)
    await set_active(bot.shop.lane, ADMIN, bot.shop.basic, active=False, now=NOW)
    for data in (f"buy:plan:{bot.shop.basic}", f"buy:by:stars:{bot.shop.basic}"):
        gone = await bot.press(ANNA, data)
        assert "no longer there" in (gone.toast or "")
        assert f"buy:plan:{bot.shop.basic}" not in gone.data
    refused = await bot.ask_to_pay(ANNA, invoice)
    assert not refused.ok
    assert "no longer sold" in (refused.error_message or "")


async def test_closed_sales_sell_nothing_and_take_what_was_paid(bot: Bot) -> None:
    invoice = await invoice_for(bot)
    await bot.services.switches.turn(
        bot.shop.lane, Switch.SALES_CLOSED, on=True, admin_id=ADMIN, now=NOW
    )
    for data in ("buy", f"buy:plan:{bot.shop.basic}", f"buy:by:stars:{bot.shop.basic}"):
        assert "paused" in (await bot.press(ANNA, data)).text
    assert not (await bot.ask_to_pay(ANNA, invoice)).ok
    assert "Paid" in (await bot.pay(ANNA, invoice)).text


@pytest.mark.parametrize(
    "data",
    [
        "buy:plan:",
        "buy:plan:x",
        "buy:plan:-1",
        "buy:plan:0",
        "buy:plan:99999999999999999999999",
        "buy:plan:²",
        "buy:by:stars",
        "buy:by:stars:",
        "buy:by:yookassa:1",
        "buy:by:balance:1",
        "buy:by::1",
        "buy:renewing:",
        "pay:balance:",
        "pay:balance:999999",
        "pay:check:1e3",
        "pay:check:999999",
        "pay:cancel:99999999999999999999",
        "pay:nonsense:1",
        "buy:nonsense:1",
    ],
)
async def test_data_that_somebody_made_up_gives_nothing(data: str, bot: Bot) -> None:
    answer = await bot.press(ANNA, data)
    assert answer.is_answered
    assert await bot.shop.count("purchases", "state = 'paid'") == 0
    assert await bot.shop.count("payments") == 0
