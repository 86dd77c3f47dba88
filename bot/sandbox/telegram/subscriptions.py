"""Subscriptions in stars: their periods, their renewals, and the two ways to end them.

core.telegram.org/api/subscriptions: a subscription that the person cancelled may be taken up
again by the person; one that the bot cancelled may not, until the bot allows it. Both run until
their period is over. The bot hears of what the person did, and of a renewal that failed.
"""

import secrets
from dataclasses import asdict, dataclass, replace
from typing import Any

from bot.sandbox.telegram.ledger import StarLedger
from bot.sandbox.telegram.refusals import bad
from bot.sandbox.telegram.till import Payment, PaymentError, Till
from bot.sandbox.telegram.world import World


@dataclass(frozen=True, slots=True)
class Subscription:
    """A person's; `charge_id` is that of its first payment, `until` a Unix time."""

    charge_id: str
    person: int
    period: int
    until: int
    is_canceled: bool = False
    is_canceled_by_bot: bool = False


class Subscriptions:
    """All of them, by the charge id of their first payment."""

    def __init__(self, world: World, ledger: StarLedger, till: Till) -> None:
        self._world = world
        self._ledger = ledger
        self._till = till
        self._all: dict[str, Subscription] = {}
        for _, charge_id, body in world.store.documents("subscription"):
            self._all[charge_id] = Subscription(**body)

    def begin(self, payment: Payment, period: int) -> None:
        """Keep a new one, which its first payment has begun."""
        self._keep(Subscription(payment.charge_id, payment.person, period, payment.date + period))

    def of(self, person_id: int) -> list[dict[str, Any]]:
        """Return somebody's, with what was bought and the price."""
        found = [(each, self._till.payments[each.charge_id]) for each in self._all.values()]
        return [
            asdict(each) | {"title": first.title, "total_amount": first.total}
            for each, first in found
            if each.person == person_id
        ]

    def find(self, person_id: int, charge_id: str) -> Subscription:
        """Return one; raises RefusalError."""
        if person_id not in self._world.people:
            raise bad("USER_ID_INVALID")
        found = self._all.get(charge_id)
        if found is None or found.person != person_id:
            raise bad("CHARGE_ID_INVALID")
        return found

    def edit_by_bot(self, subscription: Subscription, *, is_canceled: bool) -> None:
        """Let the bot end it, or allow it again; the person isn't told, nor is the bot."""
        self._keep(replace(subscription, is_canceled_by_bot=is_canceled))

    def edit_by_person(self, subscription: Subscription, *, is_canceled: bool) -> None:
        """Let the person end it, or take it up again; raises PaymentError if the bot ended it."""
        if not is_canceled and subscription.is_canceled_by_bot:
            raise PaymentError("SUBSCRIPTION_CANCELED_BY_BOT")
        if subscription.is_canceled == is_canceled:
            return
        self._keep(replace(subscription, is_canceled=is_canceled))
        self._tell(subscription, "canceled" if is_canceled else "active")

    def renew(self, subscription: Subscription) -> Payment:
        """Let the next period begin now: its price is taken and the bot is told.

        Raises PaymentError: one that was cancelled isn't renewed, and neither is one that the
        person can't pay, of which the bot is told.
        """
        if subscription.is_canceled or subscription.is_canceled_by_bot:
            raise PaymentError("SUBSCRIPTION_CANCELED")
        first = self._till.payments[subscription.charge_id]
        if self._ledger.purse(subscription.person) < first.total:
            self._tell(subscription, "failed")
            raise PaymentError("BALANCE_TOO_LOW")
        payment = replace(
            first,
            charge_id=f"stx{secrets.token_urlsafe(48)}",
            provider_charge_id=secrets.token_hex(12),
            date=self._world.now,
            refunded=False,
        )
        until = subscription.until + subscription.period
        about = {"subscription_expiration_date": until, "is_recurring": True}
        self._till.settle(payment, subscription.period, about)
        self._keep(replace(subscription, until=until))
        return payment

    def _tell(self, subscription: Subscription, state: str) -> None:
        first = self._till.payments[subscription.charge_id]
        self._world.enqueue(
            "subscription",
            {
                "user": self._world.people[subscription.person].user(),
                "invoice_payload": first.payload,
                "state": state,
            },
        )

    def _keep(self, subscription: Subscription) -> None:
        self._all[subscription.charge_id] = subscription
        self._world.store.put(f"subscription:{subscription.charge_id}", asdict(subscription))
        self._world.touch()
