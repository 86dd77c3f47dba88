"""Invoices, payments, and the stars of the bot.

Amounts are integers in the smallest unit of their currency; of Telegram Stars (`XTR`) that is
one star. Dates are Unix times.
"""

from pydantic import Field

from bot.telegram.types.base import TelegramObject, User


class LabeledPrice(TelegramObject):
    """A part of a price."""

    label: str
    amount: int


class Invoice(TelegramObject):
    """What an invoice message shows."""

    title: str
    description: str
    start_parameter: str
    currency: str
    total_amount: int


class PreCheckoutQuery(TelegramObject):
    """The last question before a payment; answered within 10 seconds."""

    id: str
    from_user: User = Field(alias="from")
    currency: str
    total_amount: int
    invoice_payload: str


class SuccessfulPayment(TelegramObject):
    """A payment that was made; `telegram_payment_charge_id` is its key.

    Each period of a subscription is a payment of its own, with the same `invoice_payload`.
    """

    currency: str
    total_amount: int
    invoice_payload: str
    telegram_payment_charge_id: str
    provider_payment_charge_id: str
    subscription_expiration_date: int | None = None
    is_recurring: bool = False
    is_first_recurring: bool = False


class RefundedPayment(TelegramObject):
    """A payment that went back."""

    currency: str
    total_amount: int
    invoice_payload: str
    telegram_payment_charge_id: str
    provider_payment_charge_id: str | None = None


class BotSubscriptionUpdated(TelegramObject):
    """A person's subscription has changed: `canceled`, `active` (again), or `failed` to renew."""

    user: User
    invoice_payload: str
    state: str


class StarAmount(TelegramObject):
    """A number of stars, and the 1/1000000000 parts beside them."""

    amount: int
    nanostar_amount: int | None = None


class TransactionPartner(TelegramObject):
    """Who is on the other side of a transaction; `user` is there if `type` is `user`."""

    type: str
    transaction_type: str | None = None
    user: User | None = None
    invoice_payload: str | None = None
    subscription_period: int | None = None


class StarTransaction(TelegramObject):
    """Stars that came (`source` is set) or went (`receiver` is set).

    `id` is the charge id of the payment; a refund has that of the payment it gives back.
    """

    id: str
    amount: int
    date: int
    nanostar_amount: int | None = None
    source: TransactionPartner | None = None
    receiver: TransactionPartner | None = None


class StarTransactions(TelegramObject):
    """A page of transactions, the oldest first."""

    transactions: list[StarTransaction]
