"""Sends money back: refunds that administrators asked for, through the provider of each payment.

What the payment had paid for was taken back when the refund was asked for; this is the money.
Claim, let go of the connection, call the provider, write the result. Every provider's call is
idempotent by the payment's own key, so a lost answer is asked for again.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
import trio

from bot.db import Lane
from bot.payments import stars
from bot.payments.errors import (
    NotRefundableError,
    PaymentError,
    ProviderAwayError,
    ProviderOffError,
    ProviderRefusedError,
)
from bot.payments.provider import ProviderName
from bot.payments.registry import Payments
from bot.shop.refund_jobs import DueRefund, refund_done, refund_failed, refunds_due
from bot.supervise import Wake
from bot.telegram.client import TelegramClient
from bot.telegram.errors import (
    AlreadyRefundedError,
    BadRequestError,
    TelegramError,
)

log = structlog.get_logger(__name__)

_BATCH = 10
LEASE = timedelta(minutes=2)
DEADLINE = timedelta(seconds=60)
_EACH_SECONDS = 40.0


class Refunds:
    """The tick that sends money back."""

    def __init__(
        self,
        lane: Lane,
        *,
        payments: Payments,
        telegram: TelegramClient,
        notifier: Wake,
        clock: Callable[[], datetime],
    ) -> None:
        self._lane = lane
        self._payments = payments
        self._telegram = telegram
        self._notifier = notifier
        self._clock = clock

    async def tick(self) -> None:
        """Send back what is due, one after the other."""
        for due in await refunds_due(self._lane, self._clock(), limit=_BATCH, lease=LEASE):
            error, final = await self._send_back(due)
            now = self._clock()
            if error is None:
                await refund_done(self._lane, due.payment_id, now)
                log.info("refund.done", payment_id=due.payment_id, provider=due.provider.value)
            else:
                await refund_failed(self._lane, due, error, now, final=final)
                log.warning("refund.failed", payment_id=due.payment_id, error=error, final=final)
            self._notifier.set()

    async def _send_back(self, due: DueRefund) -> tuple[str | None, bool]:
        """Return why the money isn't back, or None, and whether another try is of no use."""
        try:
            with trio.fail_after(_EACH_SECONDS):
                await self._call(due)
        except trio.TooSlowError:
            return f"no answer within {_EACH_SECONDS:g} s", False
        except AlreadyRefundedError:
            return None, False
        except (NotRefundableError, ProviderRefusedError, BadRequestError) as error:
            return str(error), True
        except (ProviderAwayError, ProviderOffError, PaymentError, TelegramError) as error:
            return str(error), False
        return None, False

    async def _call(self, due: DueRefund) -> None:
        match due.provider:
            case ProviderName.STARS if due.user_id is not None:
                await self._telegram(stars.refund(user_id=due.user_id, charge_id=due.charge_id))
            case ProviderName.STARS | ProviderName.TELEGRAM_PAYMENTS | ProviderName.BALANCE:
                raise NotRefundableError(f"{due.provider} has no refunds by program")
            case _:
                provider = self._payments.provider(due.provider)
                await provider.refund(due.charge_id, due.amount, due.key)
