"""YooKassa: cards and SBP on its own page. Its webhook is a hint; what counts is asked for.

Source: yookassa.ru/developers, "Interaction format", "Notifications". Notices are not signed, so
of a notice only the payment's id is used, and the payment is read from YooKassa. A repeated
POST with the same Idempotence-Key and body has one effect; keys are remembered for 24 hours.
"""

import base64
import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, TypeVar

import httpx
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from bot.http import open_http_client
from bot.money import Money, MoneyError
from bot.payments.errors import (
    BadNoticeError,
    CredentialsRefusedError,
    ForgedNoticeError,
    MismatchError,
    ProviderAwayError,
    ProviderOffError,
    ProviderRefusedError,
    RefundPendingError,
    UnreadableAnswerError,
)
from bot.payments.exchange import CONNECTIONS, Call, Exchange
from bot.payments.provider import (
    Charge,
    Order,
    PaymentState,
    PaymentStatus,
    PayPage,
    ProviderName,
    read_purchase_id,
)
from bot.settings import Settings

_PAYMENT_ID = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)
_LATE = {"expired_on_confirmation", "expired_on_capture"}


Shape = TypeVar("Shape", bound=BaseModel)


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Amount(_Wire):
    value: str
    currency: str

    def money(self) -> Money:
        try:
            return Money.parse(self.value, self.currency)
        except MoneyError as error:
            raise UnreadableAnswerError(f"YooKassa: {error}") from None


class _Cancellation(_Wire):
    reason: str


class _Confirmation(_Wire):
    confirmation_url: str | None = None


class _Method(_Wire):
    type: str


class _Payment(_Wire):
    id: str
    status: str
    paid: bool
    amount: _Amount
    refunded_amount: _Amount | None = None
    created_at: AwareDatetime
    captured_at: AwareDatetime | None = None
    confirmation: _Confirmation | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)
    payment_method: _Method | None = None
    cancellation_details: _Cancellation | None = None


class _Refund(_Wire):
    id: str
    status: str
    cancellation_details: _Cancellation | None = None


class _Refusal(_Wire):
    code: str


class _Subject(_Wire):
    id: str
    payment_id: str | None = None  # of a refund


class _Notice(_Wire):
    event: str
    subject: _Subject = Field(alias="object")


@dataclass(frozen=True, slots=True)
class ReceiptTerms:
    """What receipts (54-FZ) say: where they are sent, and YooKassa's code of the VAT."""

    email: str
    vat_code: int


class YooKassa:
    """The provider; made by `open_yookassa`."""

    name = ProviderName.YOOKASSA

    def __init__(self, exchange: Exchange, receipts: ReceiptTerms | None = None) -> None:
        self._exchange = exchange
        self._receipts = receipts

    def __repr__(self) -> str:
        return "<YooKassa>"

    async def create(self, order: Order) -> PayPage:
        """Make a payment with a redirect; the same order again within a day is the same payment."""
        body: dict[str, Any] = {
            "amount": _wire(order.amount),
            "capture": True,
            "confirmation": {"type": "redirect", "return_url": order.return_url},
            "description": order.description[:128],
            "metadata": {"purchase_id": str(order.purchase_id)},
        }
        if self._receipts is not None:
            body["receipt"] = _receipt(order, self._receipts)
        payment = _read(_Payment, await self._post("/v3/payments", body, order.key), "payment")
        if payment.amount.money() != order.amount:
            raise MismatchError("YooKassa: the payment is for another amount")
        if payment.confirmation is None or payment.confirmation.confirmation_url is None:
            # The same key again, and the payment has already ended.
            raise ProviderRefusedError("YooKassa: the payment has ended", payment.status)
        return PayPage(payment.id, payment.confirmation.confirmation_url)

    async def find(self, references: Sequence[str]) -> list[PaymentState]:
        """Return what has become of payments, one call each."""
        found = [await self._fetch(reference) for reference in references]
        return [_state(payment) for payment in found if payment is not None]

    async def refund(self, charge_id: str, amount: Money, key: str) -> None:
        """Give `amount` back; see `Provider.refund`."""
        body = {"payment_id": charge_id, "amount": _wire(amount)}
        refund = _read(_Refund, await self._post("/v3/refunds", body, key), "refund")
        if refund.status == "canceled":
            details = refund.cancellation_details
            reason = details.reason if details is not None else "canceled"
            raise ProviderRefusedError(f"YooKassa: the refund was refused: {reason}", reason)
        if refund.status != "succeeded":
            raise RefundPendingError(f"YooKassa: the refund {refund.id} is {refund.status}")

    async def notice(
        self,
        raw: bytes,
        headers: Mapping[str, str],  # noqa: ARG002 - notices are not signed
        now: datetime,  # noqa: ARG002 - a replayed hint is a hint
    ) -> PaymentState | None:
        """Return the payment that a notice hints at, as YooKassa says when asked."""
        try:
            notice = _Notice.model_validate_json(raw)
        except ValidationError:
            raise BadNoticeError("YooKassa: not a notice") from None
        if notice.event.startswith("payment."):
            payment_id: str | None = notice.subject.id
        elif notice.event.startswith("refund."):
            payment_id = notice.subject.payment_id
        else:
            return None
        if payment_id is None or not _PAYMENT_ID.fullmatch(payment_id):
            raise BadNoticeError("YooKassa: no payment in the notice")
        payment = await self._fetch(payment_id)
        if payment is None:
            raise ForgedNoticeError("YooKassa: a notice about a payment that it doesn't know")
        return _state(payment)

    async def _fetch(self, payment_id: str) -> _Payment | None:
        """Return a payment; None if YooKassa doesn't know it."""
        if not _PAYMENT_ID.fullmatch(payment_id):
            return None
        response = await self._exchange(
            Call("get payment", "GET", f"/v3/payments/{payment_id}", repeatable=True)
        )
        if response.status_code == HTTPStatus.NOT_FOUND:
            return None
        payment = _read(_Payment, response, "payment")
        if payment.id != payment_id:
            raise UnreadableAnswerError("YooKassa: another payment than was asked for")
        return payment

    async def _post(self, path: str, body: dict[str, Any], key: str) -> httpx.Response:
        return await self._exchange(
            Call(
                name=f"post {path.rpartition('/')[2]}",
                method="POST",
                path=path,
                body=json.dumps(body, ensure_ascii=False).encode(),
                headers={"Idempotence-Key": key},
                repeatable=True,
            )
        )


def _wire(amount: Money) -> dict[str, str]:
    return {"value": amount.decimal(), "currency": amount.currency}


def _receipt(order: Order, terms: ReceiptTerms) -> dict[str, Any]:
    return {
        "customer": {"email": terms.email},
        "items": [
            {
                "description": order.description[:128],
                "quantity": "1",
                "amount": _wire(order.amount),
                "vat_code": terms.vat_code,
                "payment_mode": "full_payment",
                "payment_subject": "service",
            }
        ],
    }


def _read(shape: type[Shape], response: httpx.Response, what: str) -> Shape:
    if response.status_code == HTTPStatus.ACCEPTED:
        raise ProviderAwayError(f"YooKassa: the {what} is still being processed")
    try:
        if response.is_success:
            return shape.model_validate_json(response.content)
        code = _Refusal.model_validate_json(response.content).code
    except ValidationError:
        raise UnreadableAnswerError(f"YooKassa: {what}: HTTP {response.status_code}") from None
    kind = CredentialsRefusedError if response.status_code in {401, 403} else ProviderRefusedError
    raise kind(f"YooKassa: {what}: {code}", code)


def _state(payment: _Payment) -> PaymentState:
    if payment.status == "canceled":
        details = payment.cancellation_details
        late = details is not None and details.reason in _LATE
        return PaymentState(payment.id, PaymentStatus.EXPIRED if late else PaymentStatus.CANCELLED)
    if payment.status != "succeeded" or not payment.paid:
        return PaymentState(payment.id, PaymentStatus.ACTIVE)
    amount = payment.amount.money()
    refunded = payment.refunded_amount
    purchase_id = payment.metadata.get("purchase_id")
    charge = Charge(
        provider=ProviderName.YOOKASSA,
        charge_id=payment.id,
        purchase_id=read_purchase_id(purchase_id if isinstance(purchase_id, str) else None),
        user_id=None,
        amount=amount,
        paid_at=payment.captured_at or payment.created_at,
        reference=payment.id,
        note=payment.payment_method.type if payment.payment_method is not None else None,
    )
    all_back = refunded is not None and refunded.money() == amount
    status = PaymentStatus.REFUNDED if all_back else PaymentStatus.PAID
    return PaymentState(payment.id, status, charge)


@asynccontextmanager
async def open_yookassa(settings: Settings) -> AsyncIterator[YooKassa]:
    """Yield the provider for YOOKASSA_SHOP_ID; its connections are closed on the way out."""
    if settings.yookassa_shop_id is None or settings.yookassa_secret_key is None:
        raise ProviderOffError("YOOKASSA_SHOP_ID and YOOKASSA_SECRET_KEY are not set")
    pair = f"{settings.yookassa_shop_id}:{settings.yookassa_secret_key.get_secret_value()}"
    authorization = f"Basic {base64.b64encode(pair.encode()).decode()}"
    seconds = settings.payment_http_timeout.total_seconds()
    receipts = (
        ReceiptTerms(settings.yookassa_receipt_email, settings.yookassa_vat_code)
        if settings.yookassa_receipt_email is not None
        else None
    )
    async with open_http_client(
        connections=CONNECTIONS, phase_seconds=seconds, headers={"Authorization": authorization}
    ) as http:
        yield YooKassa(
            Exchange(http, ProviderName.YOOKASSA, settings.yookassa_api_url, seconds), receipts
        )
