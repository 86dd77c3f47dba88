"""Crypto Pay (@CryptoBot): an invoice in the shop's currency, paid in whichever asset one has.

Source: help.send.tg, "Crypto Pay API". The invoice's own amount and currency are what is charged;
the asset that it was paid with is kept as a note. There are no refunds to a buyer.
"""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar

import httpx
import structlog
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from bot.http import open_http_client
from bot.money import Money, MoneyError
from bot.payments.errors import (
    BadNoticeError,
    CredentialsRefusedError,
    ForgedNoticeError,
    MismatchError,
    NotRefundableError,
    ProviderOffError,
    ProviderRefusedError,
    StaleNoticeError,
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

log = structlog.get_logger(__name__)

SIGNATURE_HEADER = "crypto-pay-api-signature"
MAX_INVOICES = 1000
"""getInvoices: count is 1 to 1000."""

_CLOCKS_DIFFER = timedelta(minutes=5)
_LONGEST = timedelta(seconds=2_678_400)  # createInvoice: expires_in
_STATUSES = {"paid": PaymentStatus.PAID, "expired": PaymentStatus.EXPIRED}


Shape = TypeVar("Shape", bound=BaseModel)


class _Wire(BaseModel):
    # Amounts are documented as strings, and some of them came as numbers.
    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)


class _Invoice(_Wire):
    invoice_id: int
    status: str
    currency_type: str
    amount: str
    asset: str | None = None
    fiat: str | None = None
    paid_asset: str | None = None
    paid_amount: str | None = None
    paid_at: AwareDatetime | None = None
    payload: str | None = None
    bot_invoice_url: str


class _Invoices(_Wire):
    items: list[_Invoice]


class _Refusal(_Wire):
    code: int
    name: str


class _Answer(_Wire):
    ok: bool
    result: Any = None
    error: _Refusal | None = None


class _Notice(_Wire):
    update_type: str
    request_date: AwareDatetime
    payload: Any


class CryptoPay:
    """The provider; made by `open_cryptopay`."""

    name = ProviderName.CRYPTOPAY

    def __init__(
        self,
        exchange: Exchange,
        *,
        token: str,
        accepted_assets: frozenset[str],
        replay_window: timedelta,
    ) -> None:
        self._exchange = exchange
        self._signature_key = hashlib.sha256(token.encode()).digest()
        self._accepted_assets = accepted_assets
        self._replay_window = replay_window

    def __repr__(self) -> str:
        return "<CryptoPay>"

    async def create(self, order: Order) -> PayPage:
        """Make an invoice. A lost answer is not asked for again: a second invoice would be made."""
        parameters: dict[str, Any] = {
            "currency_type": "fiat",
            "fiat": order.amount.currency,
            "amount": order.amount.decimal(),
            "description": order.description,
            "payload": str(order.purchase_id),
            "expires_in": int(min(order.expires_in, _LONGEST).total_seconds()),
            "paid_btn_name": "openBot",
            "paid_btn_url": order.return_url,
        }
        if self._accepted_assets:
            parameters["accepted_assets"] = ",".join(sorted(self._accepted_assets))
        result = await self._ask("createInvoice", parameters, repeatable=False)
        invoice = _read(_Invoice, result, "createInvoice")
        if _amount(invoice) != order.amount:
            raise MismatchError("createInvoice: the invoice is for another amount")
        return PayPage(str(invoice.invoice_id), invoice.bot_invoice_url)

    async def find(self, references: Sequence[str]) -> list[PaymentState]:
        """Return what has become of invoices, a thousand of them a call."""
        ids = [reference for reference in references if read_purchase_id(reference) is not None]
        states: list[PaymentState] = []
        for start in range(0, len(ids), MAX_INVOICES):
            batch = ids[start : start + MAX_INVOICES]
            result = await self._ask(
                "getInvoices",
                {"invoice_ids": ",".join(batch), "count": MAX_INVOICES},
                repeatable=True,
            )
            invoices = _read(_Invoices, result, "getInvoices").items
            states.extend(state for invoice in invoices if (state := _state(invoice)))
        return states

    async def refund(
        self,
        charge_id: str,
        amount: Money,  # noqa: ARG002 - the protocol's
        key: str,  # noqa: ARG002 - the protocol's
    ) -> None:
        """Raise NotRefundableError: Crypto Pay knows transfers, not refunds."""
        raise NotRefundableError(f"Crypto Pay gives nothing back (invoice {charge_id})")

    async def notice(
        self, raw: bytes, headers: Mapping[str, str], now: datetime
    ) -> PaymentState | None:
        """Return the invoice of a signed notice; see `Provider.notice`."""
        expected = hmac.new(self._signature_key, raw, hashlib.sha256).hexdigest()
        given = headers.get(SIGNATURE_HEADER, "")
        if not hmac.compare_digest(expected.encode(), given.encode(errors="replace")):
            raise ForgedNoticeError("Crypto Pay: the signature is wrong")
        try:
            notice = _Notice.model_validate_json(raw)
        except ValidationError:
            raise BadNoticeError("Crypto Pay: not a notice") from None
        age = now - notice.request_date
        if not -_CLOCKS_DIFFER <= age <= self._replay_window:
            raise StaleNoticeError(f"Crypto Pay: the notice is {age} old")
        if notice.update_type != "invoice_paid":
            log.info("cryptopay.other_notice", update_type=notice.update_type)
            return None
        try:
            return _state(_Invoice.model_validate(notice.payload))
        except (ValidationError, UnreadableAnswerError):
            raise BadNoticeError("Crypto Pay: no invoice in the notice") from None

    async def _ask(self, method: str, parameters: dict[str, Any], *, repeatable: bool) -> Any:
        call = Call(
            name=method,
            method="POST",
            path=f"/api/{method}",
            body=json.dumps(parameters).encode(),
            repeatable=repeatable,
        )
        return _result(method, await self._exchange(call))


def _result(method: str, response: httpx.Response) -> Any:
    try:
        answer = _Answer.model_validate_json(response.content)
    except ValidationError:
        raise UnreadableAnswerError(f"{method}: HTTP {response.status_code}") from None
    if answer.ok:
        return answer.result
    refusal = answer.error or _Refusal(code=response.status_code, name="UNKNOWN")
    kind = CredentialsRefusedError if refusal.code in {401, 403} else ProviderRefusedError
    raise kind(f"{method}: {refusal.name}", refusal.name)


def _read(shape: type[Shape], result: Any, method: str) -> Shape:
    try:
        return shape.model_validate(result)
    except ValidationError:
        raise UnreadableAnswerError(f"{method}: a result in a form we don't know") from None


def _amount(invoice: _Invoice) -> Money | None:
    """Return the invoice's amount; None if it is in crypto or in a currency that we never ask."""
    if invoice.currency_type != "fiat" or invoice.fiat is None:
        return None
    try:
        # Zeros that the currency has no place for take nothing away from the amount.
        text = invoice.amount
        plain = text.rstrip("0").rstrip(".") if "." in text else text
        return Money.parse(plain, invoice.fiat)
    except MoneyError:
        return None


def _state(invoice: _Invoice) -> PaymentState | None:
    """Return the invoice's state; None for one that this bot can't have made."""
    reference = str(invoice.invoice_id)
    status = _STATUSES.get(invoice.status, PaymentStatus.ACTIVE)
    if status is not PaymentStatus.PAID:
        return PaymentState(reference, status)
    amount = _amount(invoice)
    if amount is None:
        log.warning("cryptopay.foreign_invoice", invoice_id=reference)
        return None
    if invoice.paid_at is None:
        raise UnreadableAnswerError("Crypto Pay: a paid invoice without its time")
    charge = Charge(
        provider=ProviderName.CRYPTOPAY,
        charge_id=reference,
        purchase_id=read_purchase_id(invoice.payload),
        user_id=None,
        amount=amount,
        paid_at=invoice.paid_at,
        reference=reference,
        note=f"{invoice.paid_amount} {invoice.paid_asset}" if invoice.paid_asset else None,
    )
    return PaymentState(reference, status, charge)


@asynccontextmanager
async def open_cryptopay(settings: Settings) -> AsyncIterator[CryptoPay]:
    """Yield the provider for CRYPTO_PAY_TOKEN; its connections are closed on the way out."""
    if settings.crypto_pay_token is None:
        raise ProviderOffError("CRYPTO_PAY_TOKEN is not set")
    token = settings.crypto_pay_token.get_secret_value()
    seconds = settings.payment_http_timeout.total_seconds()
    async with open_http_client(
        connections=CONNECTIONS, phase_seconds=seconds, headers={"Crypto-Pay-API-Token": token}
    ) as http:
        yield CryptoPay(
            Exchange(http, ProviderName.CRYPTOPAY, settings.crypto_pay_api_url, seconds),
            token=token,
            accepted_assets=settings.crypto_pay_accepted_assets,
            replay_window=settings.crypto_pay_replay_window,
        )
