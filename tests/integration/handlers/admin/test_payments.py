"""Administrators and money that needs a look: granted, given back, or sent by hand."""

from bot.money import Money
from bot.payments.provider import ProviderName
from bot.shop.refund_jobs import refund_failed, refunds_due
from tests.integration.handlers.conftest import Bot
from tests.integration.shop.conftest import ADMIN, DAY, NOW

ANNA = 1001


async def in_review(bot: Bot) -> int:
    """Let Anna pay another amount than was asked; return the payment."""
    await bot.shop.person(ANNA)
    purchase = await bot.shop.access(ANNA, provider=ProviderName.CRYPTOPAY)
    paid = await bot.shop.pay(purchase, amount=Money(15_000, "RUB"))
    assert paid.payment_id is not None
    return paid.payment_id


async def test_a_payment_that_does_not_fit_is_granted_once(bot: Bot) -> None:
    payment = await in_review(bot)
    listed = await bot.press(ADMIN, "a-reviews")
    card = await bot.press(ADMIN, listed.starting("a-pay:"))
    assert "₽150" in card.text
    assert "₽300" in card.text
    granted = await bot.press(ADMIN, card.starting("a-grant:"))
    assert granted.toast == "Granted, the person is told"
    assert (await bot.press(ADMIN, card.starting("a-grant:"))).toast == "It is settled already"
    assert await bot.shop.state(payment) == "applied"
    assert await bot.shop.days(ANNA) == 30
    assert "No payment waits" in (await bot.press(ADMIN, "a-reviews")).text
    await bot.shop.assert_sound()


async def test_a_payment_that_does_not_fit_is_given_back(bot: Bot) -> None:
    payment = await in_review(bot)
    sure = await bot.press(ADMIN, f"a-refund:{payment}")
    assert "nothing is taken back" in sure.text
    assert await bot.shop.state(payment) == "review"
    await bot.press(ADMIN, sure.starting("a-refund-yes:"))
    assert await bot.shop.state(payment) == "refunding"
    again = await bot.press(ADMIN, sure.starting("a-refund-yes:"))
    assert again.toast == "It is settled already"
    assert await bot.shop.count("audit_log", "action = 'payment.refund'") == 1


async def test_a_refund_takes_the_time_back_and_wakes_whoever_sends_it(bot: Bot) -> None:
    await bot.shop.person(ANNA)
    paid = await bot.shop.pay(await bot.shop.access(ANNA))
    listed = await bot.press(ADMIN, f"a-payments:{ANNA}")
    sure = await bot.press(ADMIN, f"a-refund:{listed.starting('a-pay:').rpartition(':')[2]}")
    assert "time that it paid for" in sure.text
    bot.services.wakes.refunds.clear()
    await bot.press(ADMIN, sure.starting("a-refund-yes:"))
    await bot.services.wakes.refunds.wait()
    assert await bot.shop.days(ANNA) == 0
    assert paid.payment_id is not None
    assert await bot.shop.state(paid.payment_id) == "refunding"
    await bot.shop.assert_sound()


async def test_a_top_up_that_was_spent_is_not_given_back(bot: Bot) -> None:
    await bot.shop.person(ANNA)
    paid = await bot.shop.pay(await bot.shop.topup(ANNA, 30_000))
    await bot.shop.pay_from_balance(await bot.shop.access(ANNA, provider=ProviderName.BALANCE))
    answer = await bot.press(ADMIN, f"a-refund-yes:{paid.payment_id}")
    assert "was spent" in str(answer.toast)
    assert await bot.shop.balance(ANNA) == 0


async def test_a_refund_that_the_provider_refuses_is_marked_by_hand(bot: Bot) -> None:
    payment = await in_review(bot)
    await bot.press(ADMIN, f"a-refund-yes:{payment}")
    [due] = await refunds_due(bot.shop.lane, NOW, limit=5, lease=DAY)
    await refund_failed(bot.shop.lane, due, "no refunds <here>", NOW, final=True)
    listed = await bot.press(ADMIN, "a-reviews")
    assert "⚠️" in listed.buttons[0].text
    card = await bot.press(ADMIN, listed.starting("a-pay:"))
    assert "no refunds &lt;here&gt;" in card.text
    sure = await bot.press(ADMIN, card.starting("a-by-hand:"))
    await bot.press(ADMIN, sure.starting("a-by-hand-yes:"))
    assert await bot.shop.state(payment) == "refunded"
    assert (await bot.press(ADMIN, sure.starting("a-by-hand-yes:"))).toast == (
        "It is settled already"
    )
    assert await bot.notices(ANNA) == ["payment-review", "payment-refunded"]
