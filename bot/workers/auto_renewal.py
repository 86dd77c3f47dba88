"""Renews access from balances, each person in a transaction of their own."""

from collections.abc import Callable
from datetime import datetime

import structlog
import trio

from bot.db import Lane
from bot.db.errors import DatabaseError, UnavailableError
from bot.shop.renewals import Renewal, renew_from_balance, renewals_due
from bot.shop.terms import Terms
from bot.supervise import Wakes

log = structlog.get_logger(__name__)

_PAGE = 200
_SECONDS = 240.0


class AutoRenewal:
    """The tick that renews whoever is due.

    Once per period by a key of the purchase, also when two processes run it. Cancelled: who was
    renewed stays so, the next tick goes on with the others.
    """

    def __init__(
        self, lane: Lane, *, terms: Terms, wakes: Wakes, clock: Callable[[], datetime]
    ) -> None:
        self._lane = lane
        self._terms = terms
        self._wakes = wakes
        self._clock = clock

    async def tick(self) -> None:
        """Walk over everybody who is due, by id; one person's trouble is nobody else's."""
        until = trio.current_time() + _SECONDS
        after_id = 0
        while trio.current_time() < until:
            people = await renewals_due(
                self._lane, self._clock(), self._terms, after_id=after_id, limit=_PAGE
            )
            if not people:
                return
            for user_id in people:
                await self._renew(user_id)
            after_id = people[-1]

    async def _renew(self, user_id: int) -> None:
        try:
            done = await renew_from_balance(self._lane, user_id, self._clock(), self._terms)
        except UnavailableError:
            raise  # the database is away: that is everybody's trouble
        except DatabaseError:
            log.exception("renewal.failed", user_id=user_id)
            return
        if done is not Renewal.NOT_DUE:
            self._wakes.notifier.set()
        if done is Renewal.RENEWED:
            self._wakes.activation.set()
