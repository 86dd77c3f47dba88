"""Invoices, and the stars that come of them.

Digital goods are sold in Telegram Stars (`XTR`) alone: `provider_token` stays empty and there is
one price. Other currencies need a provider's token and count in their smallest unit.
"""

from datetime import timedelta
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, BaseModel, Field, model_validator

from bot.telegram.methods.method import ChatId, Method, ReplyMarkup, Text
from bot.telegram.types import LabeledPrice, Message, StarAmount, StarTransactions

SUBSCRIPTION_PERIOD = timedelta(days=30)
"""The only period that a subscription in stars may have (createInvoiceLink)."""
MAX_SUBSCRIPTION_STARS = 10_000


def _within_128_bytes(payload: str) -> str:
    if not 1 <= len(payload.encode()) <= 128:
        raise ValueError("payload is 1-128 bytes")
    return payload


class _Invoice(BaseModel):
    """What sendInvoice and createInvoiceLink have in common; checked before it is sent."""

    title: Annotated[str, Field(min_length=1, max_length=32)]
    description: Annotated[str, Field(min_length=1, max_length=255)]
    payload: Annotated[str, AfterValidator(_within_128_bytes)]
    provider_token: str = Field("", repr=False)
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    prices: Annotated[list[LabeledPrice], Field(min_length=1)]
    provider_data: str | None = None
    photo_url: str | None = None
    need_email: bool | None = None
    need_phone_number: bool | None = None
    send_email_to_provider: bool | None = None
    send_phone_number_to_provider: bool | None = None

    @model_validator(mode="after")
    def _in_stars_or_in_money(self) -> Self:
        in_stars = self.currency == "XTR"
        if in_stars and (self.provider_token or len(self.prices) != 1):
            raise ValueError("stars take no provider_token and exactly one price")
        if not in_stars and not self.provider_token:
            raise ValueError(f"{self.currency} takes a provider_token")
        return self


class SendInvoice(_Invoice, Method[Message]):
    """An invoice in a chat; the first button of its keyboard, if there is one, is `pay`."""

    name: ClassVar[str] = "sendInvoice"
    repeatable: ClassVar[bool] = False

    chat_id: ChatId
    start_parameter: str | None = None
    disable_notification: bool | None = None
    reply_markup: ReplyMarkup | None = None


class CreateInvoiceLink(_Invoice, Method[str]):
    """A link to an invoice, for anybody; `subscription_period` (seconds) makes it recur."""

    name: ClassVar[str] = "createInvoiceLink"
    repeatable: ClassVar[bool] = True

    subscription_period: int | None = None

    @model_validator(mode="after")
    def _as_a_subscription(self) -> Self:
        if self.subscription_period is None:
            return self
        # Bot API: createInvoiceLink, subscription_period.
        if self.subscription_period != SUBSCRIPTION_PERIOD.total_seconds():
            raise ValueError("a subscription's period is 30 days")
        if self.currency != "XTR" or self.prices[0].amount > MAX_SUBSCRIPTION_STARS:
            raise ValueError(f"a subscription costs at most {MAX_SUBSCRIPTION_STARS} stars")
        return self


class AnswerPreCheckoutQuery(Method[bool]):
    """Yes or no to a payment, within 10 seconds."""

    name: ClassVar[str] = "answerPreCheckoutQuery"
    repeatable: ClassVar[bool] = True

    pre_checkout_query_id: str
    ok: bool
    error_message: str | None = None


class RefundStarPayment(Method[bool]):
    """The stars of a payment go back; again, Telegram says CHARGE_ALREADY_REFUNDED."""

    name: ClassVar[str] = "refundStarPayment"
    repeatable: ClassVar[bool] = True

    user_id: int
    telegram_payment_charge_id: Text


class EditUserStarSubscription(Method[bool]):
    """A subscription ends with its paid period, or goes on after all."""

    name: ClassVar[str] = "editUserStarSubscription"
    repeatable: ClassVar[bool] = True

    user_id: int
    telegram_payment_charge_id: Text
    is_canceled: bool


class GetStarTransactions(Method[StarTransactions]):
    """The bot's transactions in stars, the oldest first."""

    name: ClassVar[str] = "getStarTransactions"
    repeatable: ClassVar[bool] = True

    offset: Annotated[int, Field(ge=0)] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] | None = None


class GetMyStarBalance(Method[StarAmount]):
    """The bot's stars."""

    name: ClassVar[str] = "getMyStarBalance"
    repeatable: ClassVar[bool] = True
