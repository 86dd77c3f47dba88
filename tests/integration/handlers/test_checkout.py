"""The last question before a payment, money that comes and goes, and what Telegram tells of it."""

from typing import Any

import pytest
import trio

from bot.db.errors import UnavailableError
from bot.payments.registry import Payments
from bot.shop.hosts import HostState, set_host_state
from bot.shop.plans import save_plan
from bot.shop.purchases import PurchaseKind, begin_purchase, cancel_purchase
from bot.shop.subscriptions import subscription_of
from bot.supervise import Supervisor
from bot.telegram.methods import AnswerPreCheckoutQuery, CreateInvoiceLink, SendInvoice
from bot.telegram.types import LabeledPrice
from tests.integration.handlers.conftest import NOW, Answer, Bot, make_bot
from tests.integration.shop.conftest import ADMIN, BASIC, TERMS, Shop

ANNA, JOHN = 1001, 1002


@pytest.fixture
async def invoice(bot: Bot) -> SendInvoice:
    asked = await bot.press(ANNA, f"buy:by:stars:{bot.shop.basic}")
    assert isinstance(asked.shown, SendInvoice)
    return asked.shown


def words(answer: AnswerPreCheckoutQuery) -> str:
    assert not answer.ok
    return answer.error_message or ""


async def test_somebody_elses_invoice_is_refused(bot: Bot, invoice: SendInvoice) -> None:
    assert "somebody else" in words(await bot.ask_to_pay(JOHN, invoice))


async def test_a_changed_price_is_refused(bot: Bot, invoice: SendInvoice) -> None:
    dearer = BASIC.__class__(**{**_fields(BASIC), "price_stars": 300})
    await save_plan(bot.shop.lane, ADMIN, dearer, plan_id=bot.shop.basic, now=NOW, terms=TERMS)
    assert "price has changed" in words(await bot.ask_to_pay(ANNA, invoice))


async def test_another_amount_is_refused(bot: Bot, invoice: SendInvoice) -> None:
    other = invoice.model_copy(update={"prices": [LabeledPrice(label="x", amount=1)]})
    assert "price has changed" in words(await bot.ask_to_pay(ANNA, other))


async def test_what_was_paid_or_canceled_is_refused(bot: Bot, invoice: SendInvoice) -> None:
    await cancel_purchase(bot.shop.lane, int(invoice.payload), ANNA)
    assert "canceled" in words(await bot.ask_to_pay(ANNA, invoice))
    await bot.pay(ANNA, invoice)
    assert "paid already" in words(await bot.ask_to_pay(ANNA, invoice))


async def test_full_hosts_sell_nothing_new(bot: Bot, invoice: SendInvoice) -> None:
    host_id = await bot.shop.lane.fetchval("select id from vpn_hosts")
    await set_host_state(bot.shop.lane, host_id, HostState.MAINTENANCE, admin_id=ADMIN, now=NOW)
    assert "full" in words(await bot.ask_to_pay(ANNA, invoice))


@pytest.mark.parametrize("payload", ["", "0", "999999", "purchase:1", "9" * 100, "²"])
async def test_a_payload_of_nobody_is_refused(payload: str, bot: Bot, invoice: SendInvoice) -> None:
    made_up = invoice.model_copy(update={"payload": payload})
    assert "no such invoice" in words(await bot.ask_to_pay(ANNA, made_up))


async def test_an_unknown_currency_is_refused(bot: Bot, invoice: SendInvoice) -> None:
    other = invoice.model_copy(update={"currency": "ZZZ"})
    assert "no such invoice" in words(await bot.ask_to_pay(ANNA, other))


async def test_a_database_that_is_locked_gets_an_honest_no_in_time(
    shop: Shop, payments: Payments, supervisor: Supervisor, nursery: trio.Nursery
) -> None:
    async with make_bot(shop, payments, supervisor, answer_seconds=0.5) as bot:
        asked = await bot.press(ANNA, f"buy:by:stars:{shop.basic}")
        locked, over, answered, done = trio.Event(), trio.Event(), trio.Event(), trio.Event()
        replies: list[Answer] = []

        async def lock() -> None:
            async with shop.database.workers.transaction() as tx:
                await tx.execute("lock table purchases")
                locked.set()
                await over.wait()

        async def note(method: Any) -> None:
            if isinstance(method, AnswerPreCheckoutQuery):
                answered.set()

        async def ask() -> None:
            replies.append(await bot.feed_checkout(ANNA, asked.shown))
            done.set()

        nursery.start_soon(lock)
        await locked.wait()
        bot.client.when = note
        nursery.start_soon(ask)
        with trio.fail_after(4):  # the lock itself is waited for longer: DB_LOCK_TIMEOUT
            await answered.wait()
        assert not done.is_set()  # the answer went ahead of the statement
        over.set()
        with trio.fail_after(10):
            await done.wait()
    [no] = [each for each in bot.client.calls if isinstance(each, AnswerPreCheckoutQuery)]
    assert "No money was taken" in words(no)
    assert replies[0].methods == []


async def test_a_database_that_is_away_gets_an_honest_no_at_once(
    bot: Bot, invoice: SendInvoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise UnavailableError("away")

    monkeypatch.setattr(bot.database.updates, "_once", away)
    assert "can't check" in words(await bot.ask_to_pay(ANNA, invoice))


async def test_a_wrong_amount_is_kept_and_told(bot: Bot, invoice: SendInvoice) -> None:
    paid = await bot.pay(ANNA, invoice, total_amount=1)
    assert paid.methods == []
    assert await bot.notices(ANNA) == ["payment-review"]
    assert await bot.shop.days(ANNA) == 0


async def test_a_payment_that_comes_after_a_change_of_mind_is_honoured(
    bot: Bot, invoice: SendInvoice
) -> None:
    await bot.press(ANNA, f"pay:cancel:{invoice.payload}")
    assert "Paid" in (await bot.pay(ANNA, invoice)).text


async def test_a_topup_in_stars_shows_the_balance_in_place_of_its_notice(bot: Bot) -> None:
    await bot.say(ANNA, "/start")
    topup = await begin_purchase(
        bot.shop.lane,
        user_id=ANNA,
        kind=PurchaseKind.TOPUP,
        topup_minor=30_000,
        provider=bot.services.ways_to_pay()[0],
        now=NOW,
        terms=TERMS,
    )
    asked = SendInvoice(
        chat_id=ANNA,
        title="Top-up",
        description="Top-up",
        payload=str(topup.id),
        currency="XTR",
        prices=[LabeledPrice(label="Top-up", amount=200)],
    )
    assert "₽300" in (await bot.pay(ANNA, asked)).text
    assert await bot.notices(ANNA) == []
    assert await bot.shop.balance(ANNA) == 30_000


async def test_stars_that_went_back_take_back_what_they_bought(
    bot: Bot, invoice: SendInvoice
) -> None:
    await bot.pay(ANNA, invoice, "stx1")
    refund = {
        "currency": "XTR",
        "total_amount": 200,
        "invoice_payload": invoice.payload,
        "telegram_payment_charge_id": "stx1",
    }
    for _ in range(2):
        answer = await bot.say(ANNA, None, refunded_payment=refund)
        assert answer.methods == []
    assert await bot.shop.days(ANNA) == 0
    assert await bot.notices(ANNA) == ["payment-refunded"]
    await bot.shop.assert_sound()


async def test_what_became_of_a_subscription_in_telegram_is_noted_and_told(bot: Bot) -> None:
    await bot.press(ANNA, f"buy:renewing:{bot.shop.basic}")
    [link] = [call for call in bot.client.calls if isinstance(call, CreateInvoiceLink)]
    await bot.pay(ANNA, link, "stx1", is_recurring=True, is_first_recurring=True)

    async def tell(state: str, payload: str = link.payload, user: int = ANNA) -> list[Any]:
        change = {"user": bot.user(user), "invoice_payload": payload, "state": state}
        return (await bot.feed(subscription=change)).methods

    for state, charges in (("canceled", False), ("active", True), ("failed", False)):
        [told] = await tell(state)
        assert "31 March 2026" in told.text
        had = await subscription_of(bot.shop.lane, ANNA)
        assert had is not None
        assert had.pays_by_stars(NOW) is charges
    assert await tell("active", payload="nonsense") == []
    assert await tell("active", user=JOHN) == []
    assert await tell("unheard-of") == []
    had = await subscription_of(bot.shop.lane, ANNA)
    assert had is not None
    assert not had.pays_by_stars(NOW)


def _fields(draft: Any) -> dict[str, Any]:
    return {name: getattr(draft, name) for name in draft.__slots__}
