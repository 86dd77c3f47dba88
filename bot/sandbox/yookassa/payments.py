"""Payments and refunds, as YooKassa keeps them, and its memory of idempotence keys.

Source of names, bounds and fields: yookassa.ru/developers, the API reference.
"""

import hashlib
import json
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from bot.sandbox.documents import Documents
from bot.sandbox.notices import Notices, NoticeTerms

CURRENCIES = {"RUB", "USD", "EUR", "BYN", "KZT", "UAH", "CNY"}
KEY_LIFETIME = timedelta(hours=24)


class RefusalError(Exception):
    """What YooKassa answers instead of an object: status, code, words, and what was wrong."""

    def __init__(
        self, status: int, code: str, description: str, parameter: str | None = None
    ) -> None:
        super().__init__(description)
        self.status = status
        self.code = code
        self.description = description
        self.parameter = parameter

    def body(self) -> dict[str, Any]:
        """Return the error object."""
        body = {
            "type": "error",
            "id": str(uuid.uuid4()),
            "code": self.code,
            "description": self.description,
        }
        return body if self.parameter is None else body | {"parameter": self.parameter}


def _invalid(parameter: str, description: str | None = None) -> RefusalError:
    words = description or f"Incorrect value of parameter {parameter}"
    return RefusalError(400, "invalid_request", words, parameter)


@dataclass(frozen=True, slots=True)
class YooKassaConfig:
    """What the stand-in is told. Links to t.me lead to `telegram_url`."""

    data_dir: Path
    shop_id: str
    secret_key: str = field(repr=False)
    webhook_url: str = ""
    host: str = "127.0.0.1"
    port: int = 0
    shop_name: str = "Warren"
    telegram_url: str | None = None
    payment_lifetime: timedelta = timedelta(hours=1)
    notices: NoticeTerms = field(default_factory=NoticeTerms)


class Payments:
    """The payments of one shop."""

    def __init__(self, config: YooKassaConfig) -> None:
        self.config = config
        self.base_url = ""
        self.next_refund_status = "succeeded"
        self._documents = Documents(config.data_dir / "yookassa.sqlite")
        self._payments: dict[str, dict[str, Any]] = dict(self._documents.kept("payment"))
        self._refunds: dict[str, dict[str, Any]] = dict(self._documents.kept("refund"))
        self._keys: dict[str, dict[str, str]] = dict(self._documents.kept("key"))
        self.notices = Notices(self._documents, config.webhook_url, config.notices, _written)

    def close(self) -> None:
        """Close the file."""
        self._documents.close()

    # ---- what the shop does ----

    def create(self, key: str, p: dict[str, Any]) -> dict[str, Any]:
        """POST /v3/payments."""
        return self._once(key, p, self._payments, lambda: self._new_payment(p))

    def refund(self, key: str, p: dict[str, Any]) -> dict[str, Any]:
        """POST /v3/refunds."""
        return self._once(key, p, self._refunds, lambda: self._new_refund(p))

    def payment(self, payment_id: str) -> dict[str, Any]:
        """GET /v3/payments/<id>; its time may be over by now."""
        payment = self._payments.get(payment_id)
        if payment is None:
            raise RefusalError(404, "not_found", "Payment doesn't exist or access denied")
        age = datetime.now(UTC) - datetime.fromisoformat(payment["created_at"])
        if payment["status"] == "pending" and age > self.config.payment_lifetime:
            return self.cancel(payment_id, "expired_on_confirmation")
        return payment

    def refund_object(self, refund_id: str) -> dict[str, Any]:
        """GET /v3/refunds/<id>."""
        if refund_id not in self._refunds:
            raise RefusalError(404, "not_found", "Refund doesn't exist or access denied")
        return self._refunds[refund_id]

    def all(self) -> list[dict[str, Any]]:
        """Return every payment, the newest first."""
        payments = [self.payment(payment_id) for payment_id in list(self._payments)]
        return sorted(payments, key=lambda payment: payment["created_at"], reverse=True)

    # ---- what people do ----

    def pay(
        self,
        payment_id: str,
        *,
        method: str = "bank_card",
        notices: int = 1,
        delay_seconds: float = 0,
        amount: str | None = None,
        currency: str | None = None,
    ) -> dict[str, Any]:
        """Pay; `amount` and `currency` make it another payment than was asked for.

        `notices` is how many webhooks tell of it: none, one, or more. Raises RefusalError for
        one that can't be paid any more.
        """
        payment = dict(self._pending(payment_id))
        captured = payment.pop("_capture")
        payment.pop("confirmation", None)
        payment["amount"] = _amount(
            {
                "value": amount or payment["amount"]["value"],
                "currency": currency or payment["amount"]["currency"],
            }
        )
        payment |= {
            "status": "succeeded" if captured else "waiting_for_capture",
            "paid": True,
            "refundable": captured,
            "payment_method": _method(method),
            "refunded_amount": {"value": "0.00", "currency": payment["amount"]["currency"]},
        }
        if captured:
            payment["captured_at"] = _text(datetime.now(UTC))
        self._save(payment)
        self.tell(payment_id, copies=notices, delay_seconds=delay_seconds)
        return payment

    def cancel(self, payment_id: str, reason: str = "general_decline") -> dict[str, Any]:
        """Let a payment fail, and tell of it."""
        payment = dict(self._pending(payment_id))
        payment.pop("_capture")
        payment.pop("confirmation", None)
        payment |= {
            "status": "canceled",
            "cancellation_details": {"party": "yoo_money", "reason": reason},
        }
        self._save(payment)
        self.tell(payment_id)
        return payment

    def tell(self, payment_id: str, *, copies: int = 1, delay_seconds: float = 0) -> None:
        """Send the webhook about a payment that is no longer pending."""
        payment = self._payments[payment_id]
        body = _notice(f"payment.{payment['status']}", payment)
        self.notices.send(payment_id, body, copies=copies, delay_seconds=delay_seconds)

    def _pending(self, payment_id: str) -> dict[str, Any]:
        payment = self._payments.get(payment_id)
        if payment is None or payment["status"] != "pending":
            raise _invalid("payment_id", "The payment can't be paid any more")
        return payment

    # ---- how objects are made ----

    def _once(
        self,
        key: str,
        p: dict[str, Any],
        objects: dict[str, dict[str, Any]],
        make: Callable[[], dict[str, Any]],
    ) -> dict[str, Any]:
        """Make an object, or return the one that this key and body have made within a day."""
        if not 1 <= len(key) <= 64:
            raise _invalid("Idempotence-Key", "Idempotence key is missing or too long")
        digest = hashlib.sha256(json.dumps(p, sort_keys=True).encode()).hexdigest()
        known = self._keys.get(key)
        if known and datetime.now(UTC) - datetime.fromisoformat(known["at"]) < KEY_LIFETIME:
            if known["digest"] != digest or known["object"] not in objects:
                raise _invalid("Idempotence-Key", "Idempotence key duplicated")
            return objects[known["object"]]
        made = make()
        self._keys[key] = {"digest": digest, "object": made["id"], "at": _text(datetime.now(UTC))}
        self._documents.put(f"key:{key}", self._keys[key])
        return made

    def _new_payment(self, p: dict[str, Any]) -> dict[str, Any]:
        confirmation = p.get("confirmation") or {}
        if confirmation.get("type") != "redirect":
            raise _invalid("confirmation.type")
        if not str(confirmation.get("return_url", "")).startswith(("http://", "https://")):
            raise _invalid("confirmation.return_url")
        if len(p.get("description", "")) > 128:
            raise _invalid("description")
        metadata = p.get("metadata", {})
        if len(metadata) > 16 or any(len(str(value)) > 512 for value in metadata.values()):
            raise _invalid("metadata")
        payment_id = _id()
        payment = {
            "id": payment_id,
            "status": "pending",
            "amount": _amount(p.get("amount")),
            "description": p.get("description", ""),
            "recipient": {"account_id": self.config.shop_id, "gateway_id": "1000001"},
            "created_at": _text(datetime.now(UTC)),
            "confirmation": {
                "type": "redirect",
                "return_url": confirmation["return_url"],
                "confirmation_url": f"{self.base_url}/checkout/payments/v2/contract"
                f"?orderId={payment_id}",
            },
            "test": True,
            "paid": False,
            "refundable": False,
            "metadata": metadata,
            "_return_url": confirmation["return_url"],
            "_capture": p.get("capture") is True,
            "_receipt": p.get("receipt"),
        }
        _check_receipt(payment)
        self._save(payment)
        return payment

    def _new_refund(self, p: dict[str, Any]) -> dict[str, Any]:
        payment = self._payments.get(str(p.get("payment_id")))
        if payment is None or payment["status"] != "succeeded":
            raise _invalid("payment_id")
        amount = _amount(p.get("amount"))
        if amount["currency"] != payment["amount"]["currency"]:
            raise _invalid("amount.currency")
        refunded = Decimal(payment["refunded_amount"]["value"])
        left = Decimal(payment["amount"]["value"]) - refunded
        if Decimal(amount["value"]) > left:
            raise _invalid("amount.value", "Refund amount exceeds the amount of the payment")
        refund = {
            "id": _id(),
            "payment_id": payment["id"],
            "status": self.next_refund_status,
            "created_at": _text(datetime.now(UTC)),
            "amount": amount,
        }
        if refund["status"] == "canceled":
            refund["cancellation_details"] = {
                "party": "refund_network",
                "reason": "rejected_by_payee",
            }
        self.next_refund_status = "succeeded"
        self._refunds[refund["id"]] = refund
        self._documents.put(f"refund:{refund['id']}", refund)
        if refund["status"] == "succeeded":
            self._give_back(refund)
        return refund

    def finish_refund(self, refund_id: str) -> dict[str, Any]:
        """Let a refund that was pending succeed."""
        refund = self._refunds[refund_id] | {"status": "succeeded"}
        self._refunds[refund_id] = refund
        self._documents.put(f"refund:{refund_id}", refund)
        self._give_back(refund)
        return refund

    def _give_back(self, refund: dict[str, Any]) -> None:
        payment = dict(self._payments[refund["payment_id"]])
        back = Decimal(payment["refunded_amount"]["value"]) + Decimal(refund["amount"]["value"])
        payment["refunded_amount"] = payment["refunded_amount"] | {"value": f"{back:.2f}"}
        payment["refundable"] = back < Decimal(payment["amount"]["value"])
        self._save(payment)
        self.notices.send(refund["payment_id"], _notice("refund.succeeded", refund))

    def _save(self, payment: dict[str, Any]) -> None:
        self._payments[payment["id"]] = payment
        self._documents.put(f"payment:{payment['id']}", payment)


def visible(body: dict[str, Any]) -> dict[str, Any]:
    """Return an object without what only the stand-in knows of it."""
    return {name: value for name, value in body.items() if not name.startswith("_")}


def _notice(event: str, subject: dict[str, Any]) -> dict[str, Any]:
    return {"type": "notification", "event": event, "object": visible(subject)}


def _written(body: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
    return json.dumps(body, ensure_ascii=False).encode(), {}


def _amount(given: Any) -> dict[str, str]:
    if not isinstance(given, dict) or given.get("currency") not in CURRENCIES:
        raise _invalid("amount.currency")
    try:
        value = Decimal(given["value"])
    except (KeyError, InvalidOperation, TypeError):
        raise _invalid("amount.value") from None
    if not value.is_finite() or value <= 0 or value != round(value, 2):
        raise _invalid("amount.value")
    return {"value": f"{value:.2f}", "currency": given["currency"]}


def _check_receipt(payment: dict[str, Any]) -> None:
    receipt = payment["_receipt"]
    if receipt is None:
        return
    customer = receipt.get("customer") or {}
    if not customer.get("email") and not customer.get("phone"):
        raise _invalid("receipt.customer")
    items = receipt.get("items") or []
    total = sum(
        (Decimal(item["amount"]["value"]) * Decimal(item["quantity"]) for item in items), Decimal(0)
    )
    if total != Decimal(payment["amount"]["value"]):
        raise _invalid("receipt.items", "The receipt doesn't add up to the payment's amount")
    if any(not 1 <= int(item.get("vat_code", 0)) <= 12 for item in items):
        raise _invalid("receipt.items.vat_code")


def _method(kind: str) -> dict[str, Any]:
    method: dict[str, Any] = {"type": kind, "id": _id(), "saved": False}
    if kind == "bank_card":
        card = {"first6": "555555", "last4": "4444", "card_type": "MasterCard"}
        method |= {"title": "Bank card *4444", "card": card}
    return method


def _id() -> str:
    return f"{secrets.token_hex(4)}-000f-5000-8000-{secrets.token_hex(6)}"


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"
