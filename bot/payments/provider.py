"""What every way to pay has in common: an order goes out, a charge comes back.

A provider that is called over HTTP is one module with a class that follows `Provider`, and one
row in `bot.payments.registry`. It knows nothing of purchases but their ids: whether a charge
fits its purchase is decided by the shop, in the transaction that takes the money.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from bot.money import MAX_MINOR, Money

_ID = re.compile(r"[1-9][0-9]{0,18}")


class ProviderName(StrEnum):
    """The ways to pay; the values are kept in the database and in metrics."""

    STARS = "stars"
    TELEGRAM_PAYMENTS = "telegram_payments"
    YOOKASSA = "yookassa"
    CRYPTOPAY = "cryptopay"
    BALANCE = "balance"


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be paid for.

    `key` is derived from the purchase and nobody else's, at most 64 ASCII characters: the same
    order made again has the same key, so that a provider with idempotence keys makes one payment
    of it. `return_url` is where the payer goes afterwards (the chat with the bot). `title` is at
    most 32 characters, `description` at most 128: the least that the providers agree on.
    """

    purchase_id: int
    user_id: int
    amount: Money
    title: str
    description: str
    expires_in: timedelta
    key: str
    return_url: str


@dataclass(frozen=True, slots=True)
class PayPage:
    """Where the person pays. `reference` is what the provider calls the order; keep it."""

    reference: str
    url: str


@dataclass(frozen=True, slots=True)
class Charge:
    """Money that the provider has taken; `(provider, charge_id)` is its identity.

    `purchase_id` is what came back of the order, unchecked; None if it was none of ours.
    `amount` is in the currency of the order, `note` says what it was paid with where that
    differs. `reference` is that of the pay page. `recurring`: a payment of a subscription, the
    first or a later one; all of them carry the id of the purchase that began it.
    """

    provider: ProviderName
    charge_id: str
    purchase_id: int | None
    user_id: int | None
    amount: Money
    paid_at: datetime
    reference: str | None = None
    recurring: bool = False
    subscription_until: datetime | None = None
    note: str | None = None


class PaymentStatus(StrEnum):
    """What has become of an order at the provider."""

    ACTIVE = "active"
    PAID = "paid"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


@dataclass(frozen=True, slots=True)
class PaymentState:
    """An order as the provider sees it; `charge` is there when it is paid or refunded."""

    reference: str
    status: PaymentStatus
    charge: Charge | None = None


def read_purchase_id(text: str | None) -> int | None:
    """Return the id that an order's payload carries; None if it is no positive bigint."""
    if text is None or not _ID.fullmatch(text) or int(text) > MAX_MINOR:
        return None
    return int(text)


class Provider(Protocol):
    """A provider called over HTTP.

    The caller owns the deadline of the whole; each attempt has PAYMENT_HTTP_TIMEOUT. Cancelled:
    the call may or may not have taken effect. All raise ProviderAwayError (try again later) and
    ProviderRefusedError (don't).
    """

    @property
    def name(self) -> ProviderName:
        """Which one it is."""
        ...

    async def create(self, order: Order) -> PayPage:
        """Make a pay page for `order`; raises MismatchError if it came out as another amount."""
        ...

    async def find(self, references: Sequence[str]) -> list[PaymentState]:
        """Return what has become of orders; those that the provider doesn't know are left out."""
        ...

    async def refund(self, charge_id: str, amount: Money, key: str) -> None:
        """Give `amount` of a charge back; the same `key` gives it back once.

        Raises NotRefundableError where the provider can't, RefundPendingError where it will.
        """
        ...

    async def notice(
        self, raw: bytes, headers: Mapping[str, str], now: datetime
    ) -> PaymentState | None:
        """Return what a webhook's notice is about, proven; None if it is about nothing of ours.

        `headers` have lower-case names. Raises ForgedNoticeError (401), BadNoticeError (400) and
        ProviderAwayError (503, so that the provider sends it again).
        """
        ...
