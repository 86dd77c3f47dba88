"""Stars and invoices with a provider's token: what is asked of Telegram, and what comes back."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.money import MAX_MINOR, Money
from bot.payments import stars, telegram_payments
from bot.payments.provider import Order, PaymentStatus, ProviderName, read_purchase_id
from bot.telegram.types import RefundedPayment, StarTransaction, SuccessfulPayment

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
UNIX = int(NOW.timestamp())


def order(amount: Money) -> Order:
    return Order(
        purchase_id=77,
        user_id=1001,
        amount=amount,
        title="30 days",
        description="Access for 30 days",
        expires_in=timedelta(hours=1),
        key="purchase-77",
        return_url="https://t.me/warren_bot",
    )


def test_an_invoice_in_stars_has_one_price_and_no_token() -> None:
    payload = stars.invoice(order(Money(150, "XTR"))).parameters()
    assert payload == {
        "chat_id": 1001,
        "title": "30 days",
        "description": "Access for 30 days",
        "payload": "77",
        "provider_token": "",
        "currency": "XTR",
        "prices": [{"label": "30 days", "amount": 150}],
        "start_parameter": "pay",
    }


def test_a_subscription_is_a_link_that_recurs_every_30_days() -> None:
    method = stars.subscription_link(order(Money(150, "XTR")))
    assert method.name == "createInvoiceLink"
    assert method.parameters()["subscription_period"] == 2_592_000
    assert "chat_id" not in method.parameters()


def test_a_subscription_of_too_many_stars_is_refused_before_it_is_sent() -> None:
    with pytest.raises(ValueError, match="10000"):
        stars.subscription_link(order(Money(10_001, "XTR")))


def test_an_invoice_by_card_counts_in_the_smallest_unit_and_hides_its_token() -> None:
    method = telegram_payments.invoice(order(Money(19900, "RUB")), token="381764678:TEST:1")
    assert method.parameters()["prices"] == [{"label": "30 days", "amount": 19900}]
    assert method.parameters()["provider_token"] == "381764678:TEST:1"
    assert "TEST" not in repr(method)


def test_a_refund_and_the_end_of_a_subscription_name_the_charge() -> None:
    assert stars.refund(user_id=1001, charge_id="c1").parameters() == {
        "user_id": 1001,
        "telegram_payment_charge_id": "c1",
    }
    assert stars.switch_subscription(user_id=1001, charge_id="c1", canceled=True).parameters() == {
        "user_id": 1001,
        "telegram_payment_charge_id": "c1",
        "is_canceled": True,
    }


def paid(**fields: Any) -> SuccessfulPayment:
    given = {
        "currency": "XTR",
        "total_amount": 150,
        "invoice_payload": "77",
        "telegram_payment_charge_id": "stx1",
        "provider_payment_charge_id": "",
    }
    return SuccessfulPayment.model_validate(given | fields)


def test_a_payment_in_stars_is_a_charge_of_stars() -> None:
    charge = telegram_payments.charge_of(paid(), user_id=1001, paid_at=NOW)
    assert charge.provider is ProviderName.STARS
    assert charge.charge_id == "stx1"
    assert (charge.purchase_id, charge.user_id) == (77, 1001)
    assert charge.amount == Money(150, "XTR")
    assert charge.paid_at == NOW
    assert not charge.recurring
    assert charge.note is None


def test_every_payment_of_a_subscription_is_recurring_also_the_first() -> None:
    until = {"subscription_expiration_date": UNIX + 2_592_000}
    for flags in ({"is_recurring": True}, {"is_recurring": True, "is_first_recurring": True}):
        charge = telegram_payments.charge_of(paid(**flags, **until), user_id=1, paid_at=NOW)
        assert charge.recurring
        assert charge.subscription_until == NOW + timedelta(days=30)


def test_a_payment_by_card_keeps_the_providers_own_id_as_a_note() -> None:
    payment = paid(currency="RUB", total_amount=19900, provider_payment_charge_id="2f3b")
    charge = telegram_payments.charge_of(payment, user_id=1001, paid_at=NOW)
    assert charge.provider is ProviderName.TELEGRAM_PAYMENTS
    assert charge.amount == Money(19900, "RUB")
    assert charge.note == "2f3b"


def test_a_payload_that_is_no_purchase_id_is_nobodys() -> None:
    charge = telegram_payments.charge_of(paid(invoice_payload="gift"), user_id=1, paid_at=NOW)
    assert charge.purchase_id is None


@given(st.one_of(st.none(), st.text(max_size=25), st.integers().map(str)))
def test_a_payload_is_a_positive_bigint_or_nothing(text: str | None) -> None:
    found = read_purchase_id(text)
    if found is None:
        assert text is None or not (
            text.isascii()
            and text.isdigit()
            and text == str(int(text))
            and 0 < int(text) <= MAX_MINOR
        )
    else:
        assert 0 < found <= MAX_MINOR
        assert str(found) == text


def test_a_returned_payment_belongs_to_the_provider_of_its_currency() -> None:
    fields = paid().model_dump()
    assert telegram_payments.provider_of(RefundedPayment.model_validate(fields)) == "stars"
    in_rubles = RefundedPayment.model_validate(fields | {"currency": "RUB"})
    assert telegram_payments.provider_of(in_rubles) == "telegram_payments"


def transaction(**fields: Any) -> StarTransaction:
    return StarTransaction.model_validate({"id": "stx1", "amount": 150, "date": UNIX} | fields)


PERSON = {"id": 1001, "is_bot": False, "first_name": "Anna"}
BUYER = {"type": "user", "user": PERSON, "invoice_payload": "77"}


def test_a_transaction_from_a_person_is_the_same_charge_as_the_payment_was() -> None:
    state = stars.state_of(transaction(source=BUYER | {"transaction_type": "invoice_payment"}))
    assert state is not None
    assert state.status is PaymentStatus.PAID
    assert state.charge == telegram_payments.charge_of(paid(), user_id=1001, paid_at=NOW)


def test_a_transaction_to_a_person_is_a_returned_payment() -> None:
    state = stars.state_of(transaction(receiver=BUYER))
    assert state is not None
    assert (state.reference, state.status) == ("stx1", PaymentStatus.REFUNDED)


def test_a_subscriptions_transaction_says_until_when() -> None:
    state = stars.state_of(transaction(source=BUYER | {"subscription_period": 2_592_000}))
    assert state is not None
    assert state.charge is not None
    assert state.charge.recurring
    assert state.charge.subscription_until == NOW + timedelta(days=30)


@pytest.mark.parametrize(
    "side",
    [
        {},
        {"receiver": {"type": "fragment"}},
        {"source": {"type": "other"}},
        {"source": BUYER | {"transaction_type": "paid_media_payment"}},
        {"receiver": BUYER | {"transaction_type": "gift_purchase"}},
    ],
)
def test_other_transactions_are_no_payments(side: dict[str, Any]) -> None:
    assert stars.state_of(transaction(**side)) is None
