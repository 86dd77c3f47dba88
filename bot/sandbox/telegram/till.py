"""Invoices and payments: what happens between the Pay button and `successful_payment`.

Bot API, "Telegram Payments" and "Telegram Stars": the person confirms; the bot is asked
(pre_checkout_query) and has ten seconds; on its yes the money moves and a service message says
so; on its no, and on silence, nothing moves. The names of failures are those that Telegram's
clients know (payments.sendPaymentForm, payments.sendStarsForm).
"""

import secrets
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import trio

from bot.sandbox.telegram.cards import is_card, is_declined
from bot.sandbox.telegram.config import Person
from bot.sandbox.telegram.ledger import StarLedger
from bot.sandbox.telegram.refusals import QUERY_TOO_OLD, bad
from bot.sandbox.telegram.world import World


class PaymentError(Exception):
    """Why a payment didn't happen: a code, and the bot's own words if it gave any."""

    def __init__(self, code: str, words: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.words = words


@dataclass(frozen=True, slots=True)
class Invoice:
    """What may be paid: by whoever has the message, once, or the link, again and again."""

    slug: str
    title: str
    description: str
    payload: str
    currency: str
    prices: list[dict[str, Any]]
    provider_token: str = ""
    photo_url: str | None = None
    need_email: bool = False
    need_phone_number: bool = False
    subscription_period: int | None = None
    message_id: int | None = None

    @property
    def total(self) -> int:
        """The price in the currency's smallest unit."""
        return sum(int(price["amount"]) for price in self.prices)

    @property
    def in_stars(self) -> bool:
        """True if it is paid out of the purse, without a provider."""
        return self.currency == "XTR"

    def shown(self) -> dict[str, Any]:
        """Return what a payer may see."""
        secret = ("payload", "provider_token")
        body = {key: value for key, value in asdict(self).items() if key not in secret}
        return body | {"total_amount": self.total}


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that moved; `subscription` is the charge id of the subscription's first payment."""

    charge_id: str
    provider_charge_id: str
    slug: str
    person: int
    title: str
    payload: str
    currency: str
    total: int
    date: int
    order: dict[str, str] = field(default_factory=dict)
    subscription: str | None = None
    refunded: bool = False


@dataclass(slots=True)
class _Asked:
    answered: trio.Event = field(default_factory=trio.Event)
    ok: bool = False
    words: str | None = None


class Till:
    """The invoices, the payments, and the questions that are open."""

    def __init__(self, world: World, ledger: StarLedger) -> None:
        self._world = world
        self._ledger = ledger
        self._asked: dict[str, _Asked] = {}
        self._under_way: set[tuple[int, str]] = set()
        self._slug_of_message: dict[int, str] = {}
        self._charge_of_slug: dict[str, str] = {}
        self.invoices: dict[str, Invoice] = {}
        self.payments: dict[str, Payment] = {}
        for _, _, body in world.store.documents("invoice"):
            self._know(Invoice(**body))
        for _, _, body in world.store.documents("payment"):
            self._remember(Payment(**body))

    def bill(self, **about: Any) -> Invoice:
        """Keep a new invoice."""
        invoice = Invoice(slug=secrets.token_urlsafe(12), **about)
        self._know(invoice)
        self._world.store.put(f"invoice:{invoice.slug}", asdict(invoice))
        return invoice

    def of_message(self, message_id: int) -> Invoice | None:
        """Return the invoice that a message shows."""
        slug = self._slug_of_message.get(message_id)
        return None if slug is None else self.invoices[slug]

    def receipt(self, invoice: Invoice) -> Payment | None:
        """Return the payment of an invoice message; a link has no receipt of its own."""
        charge_id = self._charge_of_slug.get(invoice.slug)
        if charge_id is None or invoice.message_id is None:
            return None
        return self.payments[charge_id]

    def paid_by(self, person_id: int) -> list[Payment]:
        """Return somebody's payments, the oldest first."""
        return [p for p in self.payments.values() if p.person == person_id]

    # ---- a payment ----

    async def pay(
        self,
        person: Person,
        invoice: Invoice,
        *,
        card: dict[str, Any] | None = None,
        order: dict[str, str] | None = None,
    ) -> Payment:
        """Let a person confirm a payment; raises PaymentError.

        Cancelled while the bot is asked: nothing has moved.
        """
        self._refuse_what_cannot_be(person, invoice, card)
        asked = {name: value for name, value in (order or {}).items() if value}
        under_way = (person.id, invoice.slug)
        self._under_way.add(under_way)
        try:
            await self._ask(person, invoice, asked)
        finally:
            self._under_way.discard(under_way)
        # From here to the end nothing waits: what the bot agreed to happens whole.
        if invoice.in_stars and self._ledger.purse(person.id) < invoice.total:
            raise PaymentError("BALANCE_TOO_LOW")
        if card is not None and not invoice.in_stars and is_declined(card):
            raise PaymentError("PAYMENT_FAILED")
        return self._first_payment(person, invoice, asked)

    def _refuse_what_cannot_be(
        self, person: Person, invoice: Invoice, card: dict[str, Any] | None
    ) -> None:
        if self.receipt(invoice) is not None:
            raise PaymentError("INVOICE_ALREADY_PAID")
        if (person.id, invoice.slug) in self._under_way:
            raise PaymentError("FORM_SUBMIT_DUPLICATE")
        if invoice.in_stars and self._ledger.purse(person.id) < invoice.total:
            raise PaymentError("BALANCE_TOO_LOW")
        if not invoice.in_stars and not is_card(card or {}, self._world.now):
            raise PaymentError("PAYMENT_CREDENTIALS_INVALID")

    async def _ask(self, person: Person, invoice: Invoice, order: dict[str, str]) -> None:
        query_id = str(secrets.randbits(63))
        self._asked[query_id] = asked = _Asked()
        query = {
            "id": query_id,
            "from": person.user(),
            "currency": invoice.currency,
            "total_amount": invoice.total,
            "invoice_payload": invoice.payload,
        }
        try:
            self._world.enqueue("pre_checkout_query", query | _order_info(order))
            with trio.move_on_after(self._world.config.pre_checkout_seconds):
                await asked.answered.wait()
        finally:
            del self._asked[query_id]
        if not asked.answered.is_set():
            raise PaymentError("BOT_PRECHECKOUT_TIMEOUT")
        if not asked.ok:
            raise PaymentError("BOT_PRECHECKOUT_FAILED", asked.words)

    def answer(self, query_id: str, *, ok: bool, words: str | None) -> None:
        """Take the bot's answer to a pre_checkout_query; raises RefusalError."""
        asked = self._asked.get(query_id)
        if asked is None or asked.answered.is_set():
            raise bad(QUERY_TOO_OLD)
        if not ok and not words:
            raise bad("ERROR_TEXT_EMPTY")
        asked.ok, asked.words = ok, words
        asked.answered.set()

    def _first_payment(self, person: Person, invoice: Invoice, order: dict[str, str]) -> Payment:
        charge_id = f"{'stx' if invoice.in_stars else '_'}{secrets.token_urlsafe(48)}"
        payment = Payment(
            charge_id=charge_id,
            provider_charge_id=secrets.token_hex(12),
            slug=invoice.slug,
            person=person.id,
            title=invoice.title,
            payload=invoice.payload,
            currency=invoice.currency,
            total=invoice.total,
            date=self._world.now,
            order=order,
            subscription=charge_id if invoice.subscription_period else None,
        )
        period = invoice.subscription_period
        recurring = {
            "subscription_expiration_date": payment.date + (period or 0),
            "is_recurring": True,
            "is_first_recurring": True,
        }
        self.settle(payment, period, recurring if period else {})
        return payment

    def settle(self, payment: Payment, period: int | None, about: dict[str, Any]) -> None:
        """Move the money of a payment and tell the bot; `about` goes into `successful_payment`."""
        partner = self.partner(payment, period)
        with self._world.store.together():
            if payment.currency == "XTR":
                self._ledger.to_bot(payment.person, payment.total, payment.charge_id, partner)
            self._keep(payment)
            paid = {
                "currency": payment.currency,
                "total_amount": payment.total,
                "invoice_payload": payment.payload,
                "telegram_payment_charge_id": payment.charge_id,
                "provider_payment_charge_id": payment.provider_charge_id,
            }
            self._world.tell(
                self._world.people[payment.person],
                {"successful_payment": paid | _order_info(payment.order) | about},
            )

    def refund(self, user_id: int, charge_id: str) -> None:
        """Give the stars of a payment back and tell the bot; raises RefusalError."""
        payment = self.payments.get(charge_id)
        if user_id not in self._world.people:
            raise bad("USER_ID_INVALID")
        if payment is None or payment.person != user_id or payment.currency != "XTR":
            raise bad("CHARGE_ID_INVALID" if charge_id else "CHARGE_ID_EMPTY")
        if payment.refunded:
            raise bad("CHARGE_ALREADY_REFUNDED")
        if self._ledger.balance < payment.total:
            raise bad("BALANCE_TOO_LOW")
        with self._world.store.together():
            partner = self.partner(payment, None)
            self._ledger.to_person(user_id, payment.total, charge_id, partner)
            self._keep(replace(payment, refunded=True))
            back = {
                "currency": payment.currency,
                "total_amount": payment.total,
                "invoice_payload": payment.payload,
                "telegram_payment_charge_id": charge_id,
            }
            self._world.tell(self._world.people[user_id], {"refunded_payment": back})

    def partner(self, payment: Payment, period: int | None) -> dict[str, Any]:
        """Return the payer as the Bot API's TransactionPartnerUser."""
        return {
            "type": "user",
            "transaction_type": "invoice_payment",
            "user": self._world.people[payment.person].user(),
            "invoice_payload": payment.payload,
        } | ({"subscription_period": period} if period else {})

    def _keep(self, payment: Payment) -> None:
        self._remember(payment)
        self._world.store.put(f"payment:{payment.charge_id}", asdict(payment))

    def _remember(self, payment: Payment) -> None:
        self.payments[payment.charge_id] = payment
        self._charge_of_slug[payment.slug] = payment.charge_id

    def _know(self, invoice: Invoice) -> None:
        self.invoices[invoice.slug] = invoice
        if invoice.message_id is not None:
            self._slug_of_message[invoice.message_id] = invoice.slug


def _order_info(order: dict[str, str]) -> dict[str, Any]:
    return {"order_info": order} if order else {}
