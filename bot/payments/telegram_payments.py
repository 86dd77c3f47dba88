"""What is paid inside Telegram: invoices with a provider's token, and how every payment comes back.

Source: Bot API, "Payments". Stars travel the same way (`bot.payments.stars` has what is special
about them): the currency of a payment tells which of the two it was. Money of a provider with a
token is given back at that provider; the Bot API has no call for it.
"""

from datetime import UTC, datetime
from typing import TypedDict

from bot.money import STARS, Money
from bot.payments.provider import Charge, Order, ProviderName, read_purchase_id
from bot.telegram.methods import SendInvoice
from bot.telegram.types import (
    InlineKeyboardMarkup,
    LabeledPrice,
    RefundedPayment,
    SuccessfulPayment,
)

START_PARAMETER = "pay"
"""A forwarded invoice then leads to the bot: only the person who asked for it should pay it."""


class InvoiceFields(TypedDict):
    """What an invoice message and an invoice link have in common."""

    title: str
    description: str
    payload: str
    currency: str
    prices: list[LabeledPrice]


def invoice_fields(order: Order) -> InvoiceFields:
    """Return the fields of an invoice; its payload is the purchase's id."""
    return InvoiceFields(
        title=order.title,
        description=order.description,
        payload=str(order.purchase_id),
        currency=order.amount.currency,
        prices=[LabeledPrice(label=order.title, amount=order.amount.amount_minor)],
    )


def invoice(
    order: Order, *, token: str, reply_markup: InlineKeyboardMarkup | None = None
) -> SendInvoice:
    """Return the message with an invoice paid by card; `token` is PROVIDER_TOKEN."""
    return SendInvoice(
        chat_id=order.user_id,
        provider_token=token,
        start_parameter=START_PARAMETER,
        reply_markup=reply_markup,
        **invoice_fields(order),
    )


def charge_of(payment: SuccessfulPayment, *, user_id: int, paid_at: datetime) -> Charge:
    """Return what a `successful_payment` says; `paid_at` is the time of its message.

    Raises UnknownCurrencyError for a currency that no invoice of ours had.
    """
    until = payment.subscription_expiration_date
    return Charge(
        provider=provider_of(payment),
        charge_id=payment.telegram_payment_charge_id,
        purchase_id=read_purchase_id(payment.invoice_payload),
        user_id=user_id,
        amount=Money(payment.total_amount, payment.currency),
        paid_at=paid_at,
        recurring=payment.is_recurring or payment.is_first_recurring,
        subscription_until=datetime.fromtimestamp(until, UTC) if until is not None else None,
        note=payment.provider_payment_charge_id or None,
    )


def provider_of(payment: SuccessfulPayment | RefundedPayment) -> ProviderName:
    """Return which provider a payment, or its return, belongs to."""
    return ProviderName.STARS if payment.currency == STARS else ProviderName.TELEGRAM_PAYMENTS
