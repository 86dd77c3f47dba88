"""Telegram Stars: invoices, subscriptions of 30 days, refunds, and the list of transactions.

Source: Bot API, "Payments", and core.telegram.org/bots/payments-stars. Builders and readers
only; the client of the Bot API sends what is built here.
"""

from datetime import UTC, datetime, timedelta

from bot.money import STARS, Money
from bot.payments.provider import (
    Charge,
    Order,
    PaymentState,
    PaymentStatus,
    ProviderName,
    read_purchase_id,
)
from bot.payments.telegram_payments import START_PARAMETER, invoice_fields
from bot.telegram.methods import (
    CreateInvoiceLink,
    EditUserStarSubscription,
    RefundStarPayment,
    SendInvoice,
)
from bot.telegram.methods.payments import SUBSCRIPTION_PERIOD
from bot.telegram.types import InlineKeyboardMarkup, StarTransaction


def invoice(order: Order, *, reply_markup: InlineKeyboardMarkup | None = None) -> SendInvoice:
    """Return the message with an invoice in Stars."""
    return SendInvoice(
        chat_id=order.user_id,
        start_parameter=START_PARAMETER,
        reply_markup=reply_markup,
        **invoice_fields(order),
    )


def subscription_link(order: Order) -> CreateInvoiceLink:
    """Return the call that makes a link to a subscription; at most 10 000 Stars a period.

    Invoices in messages can't recur. Each period is a charge of its own with the same payload.
    """
    return CreateInvoiceLink(
        subscription_period=int(SUBSCRIPTION_PERIOD.total_seconds()), **invoice_fields(order)
    )


def refund(*, user_id: int, charge_id: str) -> RefundStarPayment:
    """Return the call that gives a whole payment back; Telegram knows no part of one."""
    return RefundStarPayment(user_id=user_id, telegram_payment_charge_id=charge_id)


def switch_subscription(
    *, user_id: int, charge_id: str, canceled: bool
) -> EditUserStarSubscription:
    """Return the call that ends a subscription with its period, or lets it go on.

    `charge_id` is that of a payment of the subscription.
    """
    return EditUserStarSubscription(
        user_id=user_id, telegram_payment_charge_id=charge_id, is_canceled=canceled
    )


def state_of(transaction: StarTransaction) -> PaymentState | None:
    """Return the payment that a transaction made or gave back; None if it is neither.

    Withdrawals, gifts and what fragments of a Star there are have nothing to do with orders. A
    returned payment's `charge.paid_at` is the time of its return: Telegram tells no other.
    """
    returned = transaction.receiver is not None
    partner = transaction.receiver or transaction.source
    if partner is None or partner.type != "user" or partner.user is None:
        return None
    if partner.transaction_type not in {None, "invoice_payment"}:
        return None
    at = datetime.fromtimestamp(transaction.date, UTC)
    period = partner.subscription_period
    charge = Charge(
        provider=ProviderName.STARS,
        charge_id=transaction.id,
        purchase_id=read_purchase_id(partner.invoice_payload),
        user_id=partner.user.id,
        amount=Money(transaction.amount, STARS),
        paid_at=at,
        recurring=period is not None,
        subscription_until=at + timedelta(seconds=period) if period is not None else None,
    )
    status = PaymentStatus.REFUNDED if returned else PaymentStatus.PAID
    return PaymentState(transaction.id, status, charge)
