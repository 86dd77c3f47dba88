"""Invoices, as Crypto Pay keeps them: made by the app, paid by people, told by webhook.

Source of names, bounds and fields: help.send.tg, "Crypto Pay API" 1.5.
"""

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import ROUND_UP, Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from bot.sandbox.documents import Documents
from bot.sandbox.notices import Notices, NoticeTerms

# Fixed, so that a demo can be told from a market: dollars for one, and units for a dollar.
ASSETS = {
    "USDT": Decimal(1),
    "TON": Decimal("3.20"),
    "BTC": Decimal(91000),
    "ETH": Decimal(3100),
    "LTC": Decimal(95),
    "BNB": Decimal(640),
    "TRX": Decimal("0.29"),
    "USDC": Decimal(1),
}
FIAT = {
    "USD": "1", "EUR": "0.92", "RUB": "81.50", "BYN": "3.27", "UAH": "41.60", "GBP": "0.78",
    "CNY": "7.20", "KZT": "512", "UZS": "12700", "GEL": "2.74", "TRY": "39.50", "AMD": "388",
    "THB": "33.40", "INR": "84.10", "BRL": "5.60", "IDR": "16100", "AZN": "1.70", "AED": "3.67",
    "PLN": "3.92", "ILS": "3.61",
}  # fmt: skip
_BUTTONS = {"viewItem", "openChannel", "openBot", "callback"}


class RefusalError(Exception):
    """What Crypto Pay answers instead of a result: a code and a name in capitals."""

    def __init__(self, code: int, name: str) -> None:
        super().__init__(name)
        self.code = code
        self.name = name


@dataclass(frozen=True, slots=True)
class CryptoPayConfig:
    """What the stand-in is told. Links to t.me lead to `telegram_url`."""

    data_dir: Path
    token: str = field(repr=False)
    webhook_url: str = ""
    host: str = "127.0.0.1"
    port: int = 0
    app_name: str = "Warren"
    telegram_url: str | None = None
    notices: NoticeTerms = field(default_factory=NoticeTerms)


class Invoices:
    """The invoices of one app."""

    def __init__(self, config: CryptoPayConfig) -> None:
        self.config = config
        self.base_url = ""
        self._documents = Documents(config.data_dir / "cryptopay.sqlite")
        self._by_id: dict[int, dict[str, Any]] = {
            int(name): body for name, body in self._documents.kept("invoice")
        }
        self._next_update_id = 1 + max(
            (body["number"] for _, body in self._documents.kept("update")), default=0
        )
        self.notices = Notices(self._documents, config.webhook_url, config.notices, self._signed)

    def close(self) -> None:
        """Close the file."""
        self._documents.close()

    # ---- what the app does ----

    def create(self, p: dict[str, Any]) -> dict[str, Any]:
        """createInvoice."""
        now = datetime.now(UTC)
        invoice: dict[str, Any] = {
            "invoice_id": max(self._by_id, default=500_000) + 1,
            "hash": f"IV{secrets.token_hex(5)}",
            **_price(p),
            "status": "active",
            "created_at": _text(now),
            "allow_comments": _flag(p, "allow_comments"),
            "allow_anonymous": _flag(p, "allow_anonymous"),
        }
        for name, longest in (("description", 1024), ("hidden_message", 2048), ("payload", 4096)):
            if name in p:
                if not 1 <= len(str(p[name]).encode()) <= longest:
                    raise RefusalError(400, f"{name.upper()}_INVALID")
                invoice[name] = str(p[name])
        if "paid_btn_name" in p:
            if p["paid_btn_name"] not in _BUTTONS:
                raise RefusalError(400, "PAID_BTN_NAME_INVALID")
            if not str(p.get("paid_btn_url", "")).startswith(("http://", "https://")):
                raise RefusalError(400, "PAID_BTN_URL_INVALID")
            invoice |= {"paid_btn_name": p["paid_btn_name"], "paid_btn_url": p["paid_btn_url"]}
        if "expires_in" in p:
            seconds = int(p["expires_in"])
            if not 1 <= seconds <= 2_678_400:
                raise RefusalError(400, "EXPIRES_IN_INVALID")
            invoice["expiration_date"] = _text(now + timedelta(seconds=seconds))
        for kind in ("bot", "mini_app", "web_app"):
            invoice[f"{kind}_invoice_url"] = f"{self.base_url}/invoice/{invoice['hash']}"
        invoice["pay_url"] = invoice["bot_invoice_url"]
        self._save(invoice)
        return invoice

    def delete(self, p: dict[str, Any]) -> bool:
        """deleteInvoice."""
        invoice = self._by_id.pop(int(p.get("invoice_id", 0)), None)
        if invoice is None:
            raise RefusalError(400, "INVOICE_NOT_FOUND")
        self._documents.drop(f"invoice:{invoice['invoice_id']:012}")
        return True

    def found(self, p: dict[str, Any]) -> dict[str, Any]:
        """getInvoices."""
        count = int(p.get("count", 100))
        if not 1 <= count <= 1000:
            raise RefusalError(400, "COUNT_INVALID")
        items = [self.current(invoice_id) for invoice_id in sorted(self._by_id, reverse=True)]
        if ids := str(p.get("invoice_ids", "")):
            wanted = {int(part) for part in ids.split(",") if part.strip().isdigit()}
            items = [invoice for invoice in items if invoice["invoice_id"] in wanted]
        for name in ("status", "asset", "fiat"):
            if name in p:
                items = [invoice for invoice in items if invoice.get(name) == p[name]]
        offset = int(p.get("offset", 0))
        return {"items": items[offset : offset + count]}

    # ---- what people do ----

    def pay(
        self,
        invoice_id: int,
        *,
        asset: str = "USDT",
        notices: int = 1,
        delay_seconds: float = 0,
        amount: str | None = None,
        currency: str | None = None,
    ) -> dict[str, Any]:
        """Pay an invoice; `amount` and `currency` make it another one than was asked for.

        `notices` is how many webhooks tell of it: none, one, or more. Raises RefusalError for
        one that can't be paid any more.
        """
        invoice = self.current(invoice_id)
        if invoice["status"] != "active":
            raise RefusalError(400, f"INVOICE_{invoice['status'].upper()}")
        if asset not in accepted(invoice):
            raise RefusalError(400, "ASSET_INVALID")
        if amount or currency:
            changed = {"amount": amount, "fiat": currency}
            invoice |= _price(invoice | {name: value for name, value in changed.items() if value})
        paid_amount = in_asset(invoice, asset)
        invoice |= {
            "status": "paid",
            "paid_at": _text(datetime.now(UTC)),
            "paid_asset": asset,
            "paid_amount": paid_amount,
            "paid_usd_rate": str(ASSETS[asset]),
            "fee_asset": asset,
            "fee_amount": str((Decimal(paid_amount) * Decimal("0.03")).normalize()),
            "paid_anonymously": False,
        }
        if invoice["currency_type"] == "fiat":
            invoice["paid_fiat_rate"] = str(_rate(invoice, asset))
        self._save(invoice)
        self.tell(invoice_id, copies=notices, delay_seconds=delay_seconds)
        return invoice

    def expire(self, invoice_id: int) -> dict[str, Any]:
        """Let an invoice's time be over."""
        invoice = self.current(invoice_id)
        if invoice["status"] == "active":
            invoice["status"] = "expired"
            self._save(invoice)
        return invoice

    def tell(self, invoice_id: int, *, copies: int = 1, delay_seconds: float = 0) -> None:
        """Send the webhook about a paid invoice."""
        update_id = self._next_update_id
        self._next_update_id += 1
        self._documents.put("update:last", {"number": update_id})
        body = {
            "update_id": update_id,
            "update_type": "invoice_paid",
            "payload": self.current(invoice_id),
        }
        self.notices.send(str(invoice_id), body, copies=copies, delay_seconds=delay_seconds)

    def current(self, invoice_id: int) -> dict[str, Any]:
        """Return an invoice as it is now; raises RefusalError if there is none."""
        invoice = self._by_id.get(invoice_id)
        if invoice is None:
            raise RefusalError(400, "INVOICE_NOT_FOUND")
        until = invoice.get("expiration_date")
        if invoice["status"] == "active" and until and until <= _text(datetime.now(UTC)):
            invoice["status"] = "expired"
            self._save(invoice)
        return dict(invoice)

    def by_hash(self, name: str) -> dict[str, Any] | None:
        """Return the invoice that a pay page is for."""
        found = (i for i, invoice in self._by_id.items() if invoice["hash"] == name)
        invoice_id = next(found, None)
        return None if invoice_id is None else self.current(invoice_id)

    def _save(self, invoice: dict[str, Any]) -> None:
        self._by_id[invoice["invoice_id"]] = dict(invoice)
        self._documents.put(f"invoice:{invoice['invoice_id']:012}", invoice)

    def _signed(self, body: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
        content = json.dumps(
            body | {"request_date": _text(datetime.now(UTC))}, ensure_ascii=False
        ).encode()
        key = hashlib.sha256(self.config.token.encode()).digest()
        signature = hmac.new(key, content, hashlib.sha256).hexdigest()
        return content, {"crypto-pay-api-signature": signature}


def accepted(invoice: dict[str, Any]) -> list[str]:
    """Return the assets that an invoice can be paid with."""
    if invoice["currency_type"] == "crypto":
        return [invoice["asset"]]
    return list(invoice.get("accepted_assets") or ASSETS)


def in_asset(invoice: dict[str, Any], asset: str) -> str:
    """Return how much of an asset the invoice comes to, as a decimal text."""
    amount = Decimal(invoice["amount"])
    if invoice["currency_type"] == "crypto":
        return str(amount)
    places = Decimal("0.00000001") if ASSETS[asset] > 100 else Decimal("0.000001")
    return f"{(amount / _rate(invoice, asset)).quantize(places, ROUND_UP).normalize():f}"


def _rate(invoice: dict[str, Any], asset: str) -> Decimal:
    """Return the asset's price in the invoice's currency."""
    return ASSETS[asset] * Decimal(FIAT[invoice["fiat"]])


def _price(p: dict[str, Any]) -> dict[str, Any]:
    try:
        amount = Decimal(str(p["amount"]))
    except KeyError:
        raise RefusalError(400, "AMOUNT_REQUIRED") from None
    except InvalidOperation:
        raise RefusalError(400, "AMOUNT_INVALID") from None
    if not amount.is_finite() or amount <= 0:
        raise RefusalError(400, "AMOUNT_INVALID")
    price: dict[str, Any] = {
        "currency_type": p.get("currency_type", "crypto"),
        "amount": str(p["amount"]),
    }
    match price["currency_type"]:
        case "crypto":
            if p.get("asset") not in ASSETS:
                raise RefusalError(400, "ASSET_INVALID")
            return price | {"asset": p["asset"]}
        case "fiat":
            if p.get("fiat") not in FIAT:
                raise RefusalError(400, "FIAT_INVALID")
            given = p.get("accepted_assets") or []
            assets = [part for part in given.split(",") if part] if type(given) is str else given
            if not set(assets) <= ASSETS.keys():
                raise RefusalError(400, "ACCEPTED_ASSETS_INVALID")
            return price | {"fiat": p["fiat"], "accepted_assets": assets or list(ASSETS)}
        case _:
            raise RefusalError(400, "CURRENCY_TYPE_INVALID")


def _flag(p: dict[str, Any], name: str) -> bool:
    return str(p.get(name, True)).lower() not in {"false", "0"}


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"
