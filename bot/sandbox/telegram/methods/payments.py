"""Invoices, answers to pre_checkout_query, and what a bot does with its stars."""

import re
from typing import Any

from bot.sandbox.telegram.ledger import StarLedger
from bot.sandbox.telegram.methods import checks
from bot.sandbox.telegram.methods.messages import MessageMethods
from bot.sandbox.telegram.methods.parameters import Parameters
from bot.sandbox.telegram.refusals import bad
from bot.sandbox.telegram.subscriptions import Subscriptions
from bot.sandbox.telegram.till import Till

_MAX_STARS = 100_000
_PERIOD = 2_592_000
_MAX_SUBSCRIPTION_STARS = 10_000


class PaymentMethods:
    """The methods of payments and stars."""

    def __init__(
        self,
        messages: MessageMethods,
        till: Till,
        ledger: StarLedger,
        subscriptions: Subscriptions,
    ) -> None:
        self._messages = messages
        self._till = till
        self._ledger = ledger
        self._subscriptions = subscriptions

    def send_invoice(self, p: Parameters) -> dict[str, Any]:
        """Send an invoice; without a keyboard, Telegram shows a Pay button of its own."""
        about = _invoice(p)
        shown = {
            "title": about["title"],
            "description": about["description"],
            "start_parameter": p.text("start_parameter"),
            "currency": about["currency"],
            "total_amount": sum(int(price["amount"]) for price in about["prices"]),
        }
        message = self._messages.send(p, {"invoice": shown} | checks.markup(p, invoice=True))
        self._till.bill(**about, message_id=message["message_id"])
        return message

    def create_invoice_link(self, p: Parameters) -> str:
        """Return a link that anybody may pay, any number of times."""
        about = _invoice(p)
        period = p.number("subscription_period") or None
        if period is not None:
            if period != _PERIOD or about["currency"] != "XTR":
                raise bad("SUBSCRIPTION_PERIOD_INVALID")
            if int(about["prices"][0]["amount"]) > _MAX_SUBSCRIPTION_STARS:
                raise bad("SUBSCRIPTION_AMOUNT_INVALID")
        invoice = self._till.bill(**about, subscription_period=period)
        return f"https://t.me/${invoice.slug}"

    def answer_pre_checkout_query(self, p: Parameters) -> bool:
        """Take the bot's yes or no, if it is in time."""
        self._till.answer(
            p.text("pre_checkout_query_id"),
            ok=p.flag("ok"),
            words=p.text("error_message") or None,
        )
        return True

    def refund_star_payment(self, p: Parameters) -> bool:
        """Give the stars of a payment back."""
        self._till.refund(p.number("user_id"), p.text("telegram_payment_charge_id"))
        return True

    def edit_user_star_subscription(self, p: Parameters) -> bool:
        """End a subscription with its period, or allow it again."""
        subscription = self._subscriptions.find(
            p.number("user_id"), p.text("telegram_payment_charge_id")
        )
        self._subscriptions.edit_by_bot(subscription, is_canceled=p.flag("is_canceled"))
        return True

    def get_star_transactions(self, p: Parameters) -> dict[str, Any]:
        """Return a page of the bot's transactions, the oldest first."""
        limit = p.number("limit", 100)
        if not 1 <= limit <= 100:
            raise bad("LIMIT_INVALID")
        return {"transactions": self._ledger.page(max(0, p.number("offset")), limit)}

    def get_my_star_balance(self, _: Parameters) -> dict[str, int]:
        """Return how many stars the bot has."""
        return {"amount": self._ledger.balance}


def _invoice(p: Parameters) -> dict[str, Any]:
    """Return what an invoice says; raises RefusalError (Bot API: sendInvoice)."""
    title, description = p.text("title"), p.text("description")
    if not 1 <= len(title) <= 32:
        raise bad("INVOICE_TITLE_INVALID")
    if not 1 <= len(description) <= 255:
        raise bad("INVOICE_DESCRIPTION_INVALID")
    if not 1 <= len(p.text("payload").encode()) <= 128:
        raise bad("INVOICE_PAYLOAD_INVALID")
    prices = p.object("prices") or []
    currency, token = p.text("currency"), p.text("provider_token")
    if not prices:
        raise bad("can't parse prices JSON object")
    _check_price(currency, token, prices)
    return {
        "title": title,
        "description": description,
        "payload": p.text("payload"),
        "currency": currency,
        "prices": prices,
        "provider_token": token,
        "photo_url": p.text("photo_url") or None,
        "need_email": p.flag("need_email"),
        "need_phone_number": p.flag("need_phone_number"),
    }


def _check_price(currency: str, token: str, prices: list[dict[str, Any]]) -> None:
    total = sum(int(price["amount"]) for price in prices)
    if currency == "XTR":
        if token or len(prices) != 1:
            raise bad("STARS_INVOICE_INVALID")
        if not 1 <= total <= _MAX_STARS:
            raise bad("CURRENCY_TOTAL_AMOUNT_INVALID")
        return
    if not re.fullmatch(r"\d+:(TEST|LIVE):\S+", token):
        raise bad("PAYMENT_PROVIDER_INVALID")
    if not re.fullmatch(r"[A-Z]{3}", currency):
        raise bad("CURRENCY_INVALID")
    if total <= 0:
        raise bad("CURRENCY_TOTAL_AMOUNT_INVALID")
