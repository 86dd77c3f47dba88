"""Payments at the stand-in, as Telegram makes them: asked, answered, paid, given back."""

from dataclasses import replace
from typing import Any

import pytest
import trio

from bot.sandbox.telegram import SandboxConfig
from bot.telegram.errors import AlreadyRefundedError, BadRequestError, QueryTooOldError
from bot.telegram.methods import (
    AnswerPreCheckoutQuery,
    CreateInvoiceLink,
    EditMessageReplyMarkup,
    EditUserStarSubscription,
    ForwardMessage,
    GetMyStarBalance,
    GetStarTransactions,
    RefundStarPayment,
)
from bot.telegram.types import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LabeledPrice,
    SuccessfulPayment,
)
from tests.integration.telegram.conftest import ANNA, StandIn, running

MONTH = 2_592_000
CARD = {"number": "4242 4242 4242 4242", "expiry": "12/49", "cvc": "123"}
IN_ROUBLES: dict[str, Any] = {
    "currency": "RUB",
    "provider_token": "381764678:TEST:1",
    "prices": [LabeledPrice(label="30 days", amount=19900)],
}
STARS = [LabeledPrice(label="30 days", amount=150)]


@pytest.fixture
async def stand_in(stand_in: StandIn) -> StandIn:
    """A stand-in where Anna's chat with the bot has begun."""
    await stand_in.started()
    return stand_in


class Payer:
    """Pays while the bot answers, as it happens: side by side."""

    def __init__(self, stand_in: StandIn) -> None:
        self._stand_in = stand_in
        self.answer: dict[str, Any] = {}

    async def pay(self, *, refusal: str | None = None, **what: Any) -> dict[str, Any]:
        """Pay, and let the bot agree, or refuse with these words; return what the payer gets."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._confirm, what)
            update = await self._stand_in.update()
            query = update.pre_checkout_query
            assert query is not None
            await self._stand_in.bot(
                AnswerPreCheckoutQuery(
                    pre_checkout_query_id=query.id,
                    ok=refusal is None,
                    error_message=refusal,
                )
            )
        return self.answer

    async def _confirm(self, what: dict[str, Any]) -> None:
        self.answer = await self._stand_in.post("pay", **{"person": ANNA} | what)

    async def paid(self) -> SuccessfulPayment:
        """Return what the bot is told of a payment that was made."""
        update = await self._stand_in.update()
        assert update.message is not None
        assert update.message.successful_payment is not None
        return update.message.successful_payment


@pytest.fixture
def payer(stand_in: StandIn) -> Payer:
    return Payer(stand_in)


async def subscribed(stand_in: StandIn, payer: Payer) -> SuccessfulPayment:
    link = await stand_in.bot(
        CreateInvoiceLink(
            title="Monthly",
            description="Every 30 days",
            payload="sub:1",
            currency="XTR",
            prices=STARS,
            subscription_period=MONTH,
        )
    )
    answer = await payer.pay(slug=link.rpartition("$")[2])
    assert answer["ok"]
    return await payer.paid()


async def stars(stand_in: StandIn) -> int:
    return int((await stand_in.get(f"wallet/{ANNA}"))["stars"])


# Stars


async def test_stars_move_when_the_bot_agrees_and_the_bot_is_told(
    stand_in: StandIn, payer: Payer
) -> None:
    message = await stand_in.invoice(150)
    assert message.invoice is not None
    assert (message.invoice.title, message.invoice.total_amount) == ("30 days", 150)
    had = await stars(stand_in)
    answer = await payer.pay(message_id=message.message_id)
    paid = await payer.paid()
    assert answer["telegram_payment_charge_id"] == paid.telegram_payment_charge_id
    assert (paid.currency, paid.total_amount, paid.invoice_payload) == ("XTR", 150, "purchase:1")
    assert not paid.is_recurring
    assert await stars(stand_in) == had - 150
    assert (await stand_in.bot(GetMyStarBalance())).amount == 150
    service = (await stand_in.chat())[-1]
    assert service["successful_payment"]["total_amount"] == 150


async def test_an_invoice_message_is_paid_once(stand_in: StandIn, payer: Payer) -> None:
    message = await stand_in.invoice()
    await payer.pay(message_id=message.message_id)
    again = await stand_in.post("pay", person=ANNA, message_id=message.message_id)
    assert again == {"ok": False, "error": "INVOICE_ALREADY_PAID", "words": None}
    shown = next(m for m in await stand_in.chat() if m["message_id"] == message.message_id)
    assert shown["bill"]["paid"] is not None


async def test_a_link_is_paid_by_anybody_again_and_again(stand_in: StandIn, payer: Payer) -> None:
    link = await stand_in.bot(
        CreateInvoiceLink(
            title="Gift", description="A gift", payload="gift", currency="XTR", prices=STARS
        )
    )
    assert link.startswith("https://t.me/$")
    slug = link.rpartition("$")[2]
    shown = await stand_in.get(f"invoice/{slug}")
    assert (shown["title"], shown["total_amount"]) == ("Gift", 150)
    assert "payload" not in shown
    charges = set()
    for person in (ANNA, ANNA, 1002):
        await payer.pay(slug=slug, person=person)
        charges.add((await payer.paid()).telegram_payment_charge_id)
    assert len(charges) == 3


async def test_the_payer_reads_why_the_bot_refused_and_keeps_the_stars(
    stand_in: StandIn, payer: Payer
) -> None:
    message = await stand_in.invoice()
    had = await stars(stand_in)
    answer = await payer.pay(message_id=message.message_id, refusal="Sold out")
    assert answer == {"ok": False, "error": "BOT_PRECHECKOUT_FAILED", "words": "Sold out"}
    assert await stars(stand_in) == had
    assert await stand_in.updates() == []
    # The invoice is still there to be paid.
    assert (await payer.pay(message_id=message.message_id))["ok"]


async def test_who_has_too_few_stars_never_reaches_the_bot(stand_in: StandIn) -> None:
    message = await stand_in.invoice(150)
    await stand_in.post("stars", person=ANNA, amount=149 - await stars(stand_in))
    answer = await stand_in.post("pay", person=ANNA, message_id=message.message_id)
    assert answer["error"] == "BALANCE_TOO_LOW"
    assert await stand_in.updates() == []


async def test_a_bot_that_says_nothing_in_time_gets_nothing(config: SandboxConfig) -> None:
    config = replace(config, data_dir=config.data_dir / "b", pre_checkout_seconds=0.2)
    async with running(config) as it:
        await it.started()
        message = await it.invoice()
        answer = await it.post("pay", person=ANNA, message_id=message.message_id)
        assert answer == {"ok": False, "error": "BOT_PRECHECKOUT_TIMEOUT", "words": None}
        query = (await it.update()).pre_checkout_query
        assert query is not None
        with pytest.raises(QueryTooOldError):
            await it.bot(AnswerPreCheckoutQuery(pre_checkout_query_id=query.id, ok=True))
        assert await it.updates() == []


async def test_a_form_is_submitted_once_while_it_is_under_way(stand_in: StandIn) -> None:
    message = await stand_in.invoice()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lambda: stand_in.post("pay", person=ANNA, message_id=message.message_id))
        assert (await stand_in.update()).pre_checkout_query is not None
        second = await stand_in.post("pay", person=ANNA, message_id=message.message_id)
        nursery.cancel_scope.cancel()
    assert second["error"] == "FORM_SUBMIT_DUPLICATE"


async def test_a_no_needs_words(stand_in: StandIn) -> None:
    message = await stand_in.invoice()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lambda: stand_in.post("pay", person=ANNA, message_id=message.message_id))
        query = (await stand_in.update()).pre_checkout_query
        assert query is not None
        with pytest.raises(BadRequestError, match="ERROR_TEXT_EMPTY"):
            await stand_in.bot(AnswerPreCheckoutQuery(pre_checkout_query_id=query.id, ok=False))
        nursery.cancel_scope.cancel()


# Refunds and transactions


async def test_a_refund_gives_the_stars_back_once_and_tells_the_bot(
    stand_in: StandIn, payer: Payer
) -> None:
    message = await stand_in.invoice(150)
    had = await stars(stand_in)
    await payer.pay(message_id=message.message_id)
    charge_id = (await payer.paid()).telegram_payment_charge_id
    refund = RefundStarPayment(user_id=ANNA, telegram_payment_charge_id=charge_id)
    assert await stand_in.bot(refund)
    update = await stand_in.update()
    assert update.message is not None
    assert update.message.refunded_payment is not None
    assert update.message.refunded_payment.telegram_payment_charge_id == charge_id
    assert await stars(stand_in) == had
    with pytest.raises(AlreadyRefundedError):
        await stand_in.bot(refund)
    assert await stand_in.updates() == []

    page = (await stand_in.bot(GetStarTransactions())).transactions
    assert [(entry.id, entry.amount) for entry in page] == [(charge_id, 150)] * 2
    came, went = page
    assert came.source is not None
    assert came.source.user is not None
    assert (came.source.user.id, came.source.invoice_payload) == (ANNA, "purchase:1")
    assert came.receiver is None
    assert went.source is None
    assert went.receiver is not None
    assert (await stand_in.bot(GetStarTransactions(offset=1, limit=1))).transactions == [went]
    assert (await stand_in.bot(GetMyStarBalance())).amount == 0


@pytest.mark.parametrize(
    ("user", "charge", "text"),
    [(ANNA, "no such", "CHARGE_ID_INVALID"), (1002, "", "CHARGE_ID_INVALID"), (5, "", "USER_ID")],
    ids=["unknown charge", "somebody else's charge", "unknown person"],
)
async def test_a_refund_names_its_payer_and_its_charge(
    user: int, charge: str, text: str, stand_in: StandIn, payer: Payer
) -> None:
    message = await stand_in.invoice()
    await payer.pay(message_id=message.message_id)
    paid = await payer.paid()
    with pytest.raises(BadRequestError, match=text):
        await stand_in.bot(
            RefundStarPayment(
                user_id=user,
                telegram_payment_charge_id=charge or paid.telegram_payment_charge_id,
            )
        )


# Subscriptions


async def test_a_subscription_renews_with_its_payload_and_charges_of_its_own(
    stand_in: StandIn, payer: Payer
) -> None:
    first = await subscribed(stand_in, payer)
    assert (first.is_recurring, first.is_first_recurring) == (True, True)
    assert first.subscription_expiration_date is not None
    answer = await stand_in.post(
        "renew", person=ANNA, telegram_payment_charge_id=first.telegram_payment_charge_id
    )
    second = await payer.paid()
    assert answer["telegram_payment_charge_id"] == second.telegram_payment_charge_id
    assert second.telegram_payment_charge_id != first.telegram_payment_charge_id
    assert second.invoice_payload == first.invoice_payload == "sub:1"
    assert (second.is_recurring, second.is_first_recurring) == (True, False)
    assert second.subscription_expiration_date == first.subscription_expiration_date + MONTH
    page = (await stand_in.bot(GetStarTransactions())).transactions
    assert [entry.source and entry.source.subscription_period for entry in page] == [MONTH, MONTH]


async def test_a_person_cancels_and_comes_back_and_the_bot_hears_of_both(
    stand_in: StandIn, payer: Payer
) -> None:
    charge = {
        "telegram_payment_charge_id": (await subscribed(stand_in, payer)).telegram_payment_charge_id
    }
    await stand_in.post("subscription", person=ANNA, canceled=True, **charge)
    change = (await stand_in.update()).subscription
    assert change is not None
    assert (change.user.id, change.invoice_payload, change.state) == (ANNA, "sub:1", "canceled")
    renewed = await stand_in.post("renew", person=ANNA, **charge)
    assert renewed["error"] == "SUBSCRIPTION_CANCELED"
    await stand_in.post("subscription", person=ANNA, canceled=False, **charge)
    change = (await stand_in.update()).subscription
    assert change is not None
    assert change.state == "active"
    assert (await stand_in.post("renew", person=ANNA, **charge))["ok"]


async def test_what_the_bot_cancelled_only_the_bot_allows_again(
    stand_in: StandIn, payer: Payer
) -> None:
    charge = {
        "telegram_payment_charge_id": (await subscribed(stand_in, payer)).telegram_payment_charge_id
    }
    assert await stand_in.bot(EditUserStarSubscription(user_id=ANNA, is_canceled=True, **charge))
    assert (await stand_in.post("renew", person=ANNA, **charge))["error"] == "SUBSCRIPTION_CANCELED"
    refused = await stand_in.post("subscription", person=ANNA, canceled=False, **charge)
    assert refused["error"] == "SUBSCRIPTION_CANCELED_BY_BOT"
    assert await stand_in.bot(EditUserStarSubscription(user_id=ANNA, is_canceled=False, **charge))
    assert (await stand_in.post("renew", person=ANNA, **charge))["ok"]
    with pytest.raises(BadRequestError, match="CHARGE_ID_INVALID"):
        await stand_in.bot(EditUserStarSubscription(user_id=1002, is_canceled=True, **charge))


async def test_a_renewal_that_cannot_be_paid_fails_aloud(stand_in: StandIn, payer: Payer) -> None:
    charge = {
        "telegram_payment_charge_id": (await subscribed(stand_in, payer)).telegram_payment_charge_id
    }
    await stand_in.post("stars", person=ANNA, amount=-await stars(stand_in))
    assert (await stand_in.post("renew", person=ANNA, **charge))["error"] == "BALANCE_TOO_LOW"
    change = (await stand_in.update()).subscription
    assert change is not None
    assert change.state == "failed"


# Cards


async def test_a_card_pays_what_a_provider_sells(stand_in: StandIn, payer: Payer) -> None:
    message = await stand_in.invoice(**IN_ROUBLES)
    answer = await payer.pay(message_id=message.message_id, card=CARD)
    paid = await payer.paid()
    assert answer["ok"]
    assert (paid.currency, paid.total_amount) == ("RUB", 19900)
    assert paid.provider_payment_charge_id
    assert (await stand_in.bot(GetMyStarBalance())).amount == 0
    with pytest.raises(BadRequestError, match="CHARGE_ID_INVALID"):
        await stand_in.bot(
            RefundStarPayment(
                user_id=ANNA, telegram_payment_charge_id=paid.telegram_payment_charge_id
            )
        )


async def test_a_card_that_the_bank_declines_pays_nothing(stand_in: StandIn, payer: Payer) -> None:
    message = await stand_in.invoice(**IN_ROUBLES)
    declined = CARD | {"number": "4000000000000002"}
    answer = await payer.pay(message_id=message.message_id, card=declined)
    assert answer["error"] == "PAYMENT_FAILED"
    assert await stand_in.updates() == []


@pytest.mark.parametrize(
    "changes",
    [{"number": "4242 4242 4242 4241"}, {"expiry": "01/20"}, {"expiry": "13/49"}, {"cvc": "1"}],
    ids=str,
)
async def test_what_is_no_card_never_reaches_the_bot(
    changes: dict[str, str], stand_in: StandIn
) -> None:
    message = await stand_in.invoice(**IN_ROUBLES)
    answer = await stand_in.post(
        "pay", person=ANNA, message_id=message.message_id, card=CARD | changes
    )
    assert answer["error"] == "PAYMENT_CREDENTIALS_INVALID"
    assert await stand_in.updates() == []


async def test_an_address_that_was_asked_for_reaches_the_bot(
    stand_in: StandIn, payer: Payer
) -> None:
    message = await stand_in.invoice(**IN_ROUBLES, need_email=True)
    order = {"email": "anna@example.org"}
    await payer.pay(message_id=message.message_id, card=CARD, order=order)
    assert (await stand_in.chat())[-1]["successful_payment"] is not None
    await payer.paid()
    assert (await stand_in.chat())[-1]["successful_payment"]["order_info"] == order


# Invoices that are refused, and what an invoice message can't do


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"title": "x" * 33}, "INVOICE_TITLE_INVALID"),
        ({"description": ""}, "INVOICE_DESCRIPTION_INVALID"),
        ({"payload": "ы" * 65}, "INVOICE_PAYLOAD_INVALID"),
        ({"provider_token": "1:TEST:2"}, "STARS_INVOICE_INVALID"),
        ({"prices": [{"label": "a", "amount": 1}] * 2}, "STARS_INVOICE_INVALID"),
        ({"prices": [{"label": "a", "amount": 100_001}]}, "CURRENCY_TOTAL_AMOUNT_INVALID"),
        ({"prices": [{"label": "a", "amount": 0}]}, "CURRENCY_TOTAL_AMOUNT_INVALID"),
        ({"currency": "RUB"}, "PAYMENT_PROVIDER_INVALID"),
        ({"subscription_period": 86400}, "SUBSCRIPTION_PERIOD_INVALID"),
        (
            {"subscription_period": MONTH, "prices": [{"label": "a", "amount": 10_001}]},
            "SUBSCRIPTION_AMOUNT_INVALID",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_an_invoice_that_telegram_would_refuse_is_refused(
    changes: dict[str, Any], text: str, stand_in: StandIn
) -> None:
    good = {
        "title": "30 days",
        "description": "Access",
        "payload": "p",
        "currency": "XTR",
        "prices": [{"label": "30 days", "amount": 150}],
    }
    assert (await stand_in.api("createInvoiceLink", **good))["ok"]
    answer = await stand_in.api("createInvoiceLink", **good | changes)
    assert answer["description"] == f"Bad Request: {text}"


async def test_the_first_button_of_an_invoice_pays(stand_in: StandIn) -> None:
    pay = InlineKeyboardButton(text="Pay 150", pay=True)
    back = InlineKeyboardButton(text="Back", callback_data="back")
    message = await stand_in.invoice(
        reply_markup=InlineKeyboardMarkup(inline_keyboard=[[pay], [back]])
    )
    assert message.reply_markup is not None
    with pytest.raises(BadRequestError, match="REPLY_MARKUP_BUY_EMPTY"):
        await stand_in.invoice(reply_markup=InlineKeyboardMarkup(inline_keyboard=[[back]]))
    with pytest.raises(BadRequestError, match="REPLY_MARKUP_BUY_EMPTY"):
        await stand_in.bot(
            EditMessageReplyMarkup(
                chat_id=ANNA,
                message_id=message.message_id,
                reply_markup=InlineKeyboardMarkup(inline_keyboard=[[back]]),
            )
        )


async def test_a_service_message_cannot_be_passed_on(stand_in: StandIn, payer: Payer) -> None:
    message = await stand_in.invoice()
    await payer.pay(message_id=message.message_id)
    service = (await stand_in.chat())[-1]
    with pytest.raises(BadRequestError, match="message can't be forwarded"):
        await stand_in.bot(
            ForwardMessage(chat_id=ANNA, from_chat_id=ANNA, message_id=service["message_id"])
        )


async def test_money_is_remembered_after_a_restart(config: SandboxConfig) -> None:
    config = replace(config, data_dir=config.data_dir / "c")
    async with running(config) as before:
        await before.started()
        payer = Payer(before)
        first = await subscribed(before, payer)
        message = await before.invoice(150)
        await payer.pay(message_id=message.message_id)
        wallet = await before.get(f"wallet/{ANNA}")
    async with running(config) as after:
        assert await after.get(f"wallet/{ANNA}") == wallet
        assert wallet["stars"] == config.stars - 300
        assert (await after.bot(GetMyStarBalance())).amount == 300
        again = await after.post("pay", person=ANNA, message_id=message.message_id)
        assert again["error"] == "INVOICE_ALREADY_PAID"
        renewed = await after.post(
            "renew", person=ANNA, telegram_payment_charge_id=first.telegram_payment_charge_id
        )
        assert renewed["ok"]
