"""Asks every provider for payments whose notice never came: no payment depends on a webhook.

Crypto Pay and YooKassa are asked for the purchases that have an invoice there and no payment
here. Telegram is asked for its list of Star transactions, read on from where the last look
stopped. What is found goes the way that notices go: taken once, by the provider's charge id.
"""

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from typing import TypeAlias

import structlog
import trio

from bot import metrics
from bot.db import Lane
from bot.db.errors import UnavailableError
from bot.payments import stars
from bot.payments.errors import PaymentError
from bot.payments.provider import Charge, PaymentState, PaymentStatus, ProviderName
from bot.payments.registry import Payments
from bot.shop.purchases import unpaid
from bot.shop.watermarks import set_watermark, watermark
from bot.telegram.client import TelegramClient
from bot.telegram.errors import TelegramError
from bot.telegram.methods import GetStarTransactions

log = structlog.get_logger(__name__)

Take: TypeAlias = Callable[[Charge], Awaitable[bool]]
"""Takes a charge, once; returns True if nobody had taken it before."""

ASKED = (ProviderName.CRYPTOPAY, ProviderName.YOOKASSA)
_PAGE = 100
_LOOK_BACK = timedelta(days=3)
_STARS_PAGE = 100
_STAR_TRANSACTIONS = "star_transactions"
_EACH_SECONDS = 40.0


class PaymentWatcher:
    """The ticks; `paid` and `refunded` are the shop's, each one transaction."""

    def __init__(
        self,
        lane: Lane,
        *,
        payments: Payments,
        telegram: TelegramClient,
        paid: Take,
        refunded: Take,
        clock: Callable[[], datetime],
    ) -> None:
        self._lane = lane
        self._payments = payments
        self._telegram = telegram
        self._paid = paid
        self._refunded = refunded
        self._clock = clock
        # A tick asks for one page; where there are more, the next tick goes on behind it.
        self._after = dict.fromkeys(ASKED, 0)

    async def ask_providers(self) -> None:
        """Ask Crypto Pay and YooKassa, each for a page of what is unpaid here.

        Raises, when both were asked, the errors of what could not be taken: it is found again.
        """
        failed: list[Exception] = []
        for name in ASKED:
            if name in self._payments.enabled:
                try:
                    with trio.fail_after(_EACH_SECONDS):
                        failed += await self._ask(name)
                except (PaymentError, trio.TooSlowError) as error:
                    log.warning("payment_watcher.away", provider=name.value, error=str(error))
        _raise_all(failed)

    async def _ask(self, name: ProviderName) -> list[Exception]:
        since = self._clock() - _LOOK_BACK
        page = await unpaid(self._lane, name, after_id=self._after[name], since=since, limit=_PAGE)
        references = [purchase.reference for purchase in page if purchase.reference is not None]
        failed: list[Exception] = []
        if references:
            failed = await self._take_all(await self._payments.provider(name).find(references))
        self._after[name] = page[-1].id if len(page) == _PAGE else 0
        return failed

    async def read_star_transactions(self) -> None:
        """Read Telegram's list on from where the last look stopped.

        The list only grows at its end, so its length is a place in it. (Bot API:
        getStarTransactions, `offset`: number of transactions to skip.) The place stays before a
        transaction that could not be taken, and its error is raised when all others were.
        """
        failed: list[Exception] = []
        offset = int(await watermark(self._lane, _STAR_TRANSACTIONS) or 0)
        while True:
            try:
                page = await self._telegram(GetStarTransactions(offset=offset, limit=_STARS_PAGE))
            except TelegramError as error:
                log.warning("payment_watcher.away", provider="stars", error=str(error))
                break
            states = map(stars.state_of, page.transactions)
            failed += await self._take_all(state for state in states if state is not None)
            offset += len(page.transactions)
            if page.transactions and not failed:
                await set_watermark(self._lane, _STAR_TRANSACTIONS, str(offset))
            if len(page.transactions) < _STARS_PAGE:
                break
        _raise_all(failed)

    async def _take_all(self, states: Iterable[PaymentState]) -> list[Exception]:
        """Take what each says; one that fails is nobody else's trouble. Returns the errors."""
        failed: list[Exception] = []
        for state in states:
            try:
                await self._take(state)
            except UnavailableError:
                raise  # the database is away: that is everybody's trouble
            except Exception as error:  # noqa: BLE001 - raised by the tick, after the others
                failed.append(error)
        return failed

    async def _take(self, state: PaymentState) -> None:
        charge = state.charge
        if charge is None:
            return
        match state.status:
            case PaymentStatus.PAID:
                found = await self._paid(charge)
            case PaymentStatus.REFUNDED:
                found = await self._refunded(charge)
            case _:
                return
        if found:
            log.warning(
                "payment_watcher.found", provider=charge.provider.value, status=state.status.value
            )
            metrics.PAYMENTS_FOUND.labels(charge.provider.value, state.status.value).inc()


def _raise_all(failed: list[Exception]) -> None:
    if failed:
        raise ExceptionGroup("payments that could not be taken", failed)
