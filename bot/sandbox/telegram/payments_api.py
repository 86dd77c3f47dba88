"""The ways for people and tests to pay, in JSON under /sandbox/; no browser is needed.

    GET  invoice/<slug>                      what the link https://t.me/$<slug> shows
    POST pay    {person, slug | message_id, card?, order?}
                                             confirm a payment; waits for the bot's answer →
                                             {ok: true, telegram_payment_charge_id, …} or
                                             {ok: false, error, words}
    POST stars  {person, amount}             fill a purse, or empty it (amount < 0) → {stars}
    GET  wallet/<person>                     {stars, payments, subscriptions}
    POST subscription {person, telegram_payment_charge_id, canceled}
                                             cancel a subscription, or take it up again
    POST renew  {person, telegram_payment_charge_id}
                                             let a subscription's next period begin → as `pay`

`card` is {number, expiry: "MM/YY", cvc}: 4242 4242 4242 4242 pays, 4000 0000 0000 0002 is declined.
`order` is {email, phone_number}. Errors are those that Telegram's clients get: BALANCE_TOO_LOW,
BOT_PRECHECKOUT_FAILED (with the bot's `words`), BOT_PRECHECKOUT_TIMEOUT, PAYMENT_FAILED,
PAYMENT_CREDENTIALS_INVALID, INVOICE_ALREADY_PAID, FORM_SUBMIT_DUPLICATE, SLUG_INVALID.
"""

from dataclasses import asdict
from typing import Any

from quart import Response
from quart_trio import QuartTrio

from bot.sandbox.telegram.answers import as_json, with_json
from bot.sandbox.telegram.ledger import StarLedger
from bot.sandbox.telegram.refusals import RefusalError
from bot.sandbox.telegram.subscriptions import Subscriptions
from bot.sandbox.telegram.till import Invoice, Payment, PaymentError, Till
from bot.sandbox.telegram.world import World


class PaymentsApi:
    """What the page and the tests call; one view an address."""

    def __init__(
        self, world: World, ledger: StarLedger, till: Till, subscriptions: Subscriptions
    ) -> None:
        self._world = world
        self._ledger = ledger
        self._till = till
        self._subscriptions = subscriptions

    def route(self, app: QuartTrio) -> None:
        """Add the views to an application."""
        for act in (self.pay, self.stars, self.subscription, self.renew):
            name = act.__name__
            app.add_url_rule(f"/sandbox/{name}", name, with_json(act), methods=["POST"])
        app.add_url_rule("/sandbox/wallet/<int:person>", "wallet", self.wallet)
        app.add_url_rule("/sandbox/invoice/<slug>", "invoice", self.invoice)

    async def invoice(self, slug: str) -> Response:
        invoice = self._till.invoices.get(slug)
        return as_json(None, 404) if invoice is None else as_json(invoice.shown())

    async def pay(self, given: dict[str, Any]) -> Response:
        person = self._world.person(int(given["person"]))
        invoice = self._invoice(given)
        if invoice is None:
            return as_json({"ok": False, "error": "SLUG_INVALID", "words": None})
        try:
            payment = await self._till.pay(
                person, invoice, card=given.get("card"), order=given.get("order")
            )
        except PaymentError as error:
            return _failed(error)
        if invoice.subscription_period:
            self._subscriptions.begin(payment, invoice.subscription_period)
        return _paid(payment)

    def _invoice(self, given: dict[str, Any]) -> Invoice | None:
        if "slug" in given:
            return self._till.invoices.get(str(given["slug"]))
        return self._till.of_message(int(given["message_id"]))

    async def stars(self, given: dict[str, Any]) -> Response:
        person = self._world.person(int(given["person"]))
        self._ledger.fill(person.id, int(given["amount"]))
        return as_json({"stars": self._ledger.purse(person.id)})

    async def wallet(self, person: int) -> Response:
        payments = [
            {key: value for key, value in asdict(payment).items() if key != "payload"}
            for payment in self._till.paid_by(person)
        ]
        return as_json(
            {
                "stars": self._ledger.purse(person),
                "payments": payments,
                "subscriptions": self._subscriptions.of(person),
            }
        )

    async def subscription(self, given: dict[str, Any]) -> Response:
        try:
            found = self._subscriptions.find(*_charge(given))
            self._subscriptions.edit_by_person(found, is_canceled=bool(given["canceled"]))
        except (RefusalError, PaymentError) as error:
            return _failed(error)
        return as_json({"ok": True})

    async def renew(self, given: dict[str, Any]) -> Response:
        try:
            found = self._subscriptions.find(*_charge(given))
            return _paid(self._subscriptions.renew(found))
        except (RefusalError, PaymentError) as error:
            return _failed(error)


def _charge(given: dict[str, Any]) -> tuple[int, str]:
    return int(given["person"]), str(given["telegram_payment_charge_id"])


def _paid(payment: Payment) -> Response:
    return as_json(
        {
            "ok": True,
            "telegram_payment_charge_id": payment.charge_id,
            "provider_payment_charge_id": payment.provider_charge_id,
            "currency": payment.currency,
            "total_amount": payment.total,
        }
    )


def _failed(error: RefusalError | PaymentError) -> Response:
    if isinstance(error, PaymentError):
        return as_json({"ok": False, "error": error.code, "words": error.words})
    code = error.description.removeprefix("Bad Request: ")
    return as_json({"ok": False, "error": code, "words": None})
