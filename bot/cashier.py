"""Takes money that came from outside and money that went back, and wakes whoever goes on.

Webhooks of providers and the watchers hand their charges in here; each is one transaction of the
shop, keyed by the provider's charge id, so it doesn't matter who comes first or how often.
"""

from collections.abc import Callable
from datetime import datetime

from bot.db import Lane
from bot.payments.provider import Charge
from bot.shop.finalize import Outcome, finalize_purchase
from bot.shop.refunds import Refunded, refund_arrived
from bot.shop.terms import Terms
from bot.supervise import Wakes


class Cashier:
    """One for each lane that money is taken on."""

    def __init__(
        self, lane: Lane, terms: Terms, wakes: Wakes, *, clock: Callable[[], datetime]
    ) -> None:
        self._lane = lane
        self._terms = terms
        self._wakes = wakes
        self._clock = clock

    async def paid(self, charge: Charge) -> bool:
        """Take a charge that its provider has proven; False if it had been taken before.

        Raises errors of `bot.db.errors`: hand it in again then.
        """
        done = await finalize_purchase(self._lane, charge, now=self._clock(), terms=self._terms)
        self._wake()
        return done.outcome is not Outcome.REPEATED

    async def refunded(self, charge: Charge) -> bool:
        """Note that a charge went back; False if that was known. Raises like `paid`."""
        done = await refund_arrived(
            self._lane, charge.provider, charge.charge_id, charge.amount, self._clock()
        )
        self._wake()
        return done is not Refunded.REPEATED

    def _wake(self) -> None:
        self._wakes.activation.set()
        self._wakes.notifier.set()
