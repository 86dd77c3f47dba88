"""POST /cryptopay/webhook and /yookassa/webhook: what a provider says about money.

A route is there whether its provider is configured or not: a notice that meets a 404 may never
come again. Statuses, as providers understand them (anything but 2xx is delivered again):

200 taken, taken before, or about nothing of ours · 400 not a notice · 401 not signed by the
provider · 503 not ready, off, or a peer is away: later, please

Quart-Trio cancels a handler when the client goes away. That is harmless here: the money is taken
in one transaction, which is done or not, and the next delivery finds it by its charge.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog
import trio
from quart import Response, request
from quart_trio import QuartTrio

from bot import metrics
from bot.db.errors import UnavailableError
from bot.payments.errors import (
    BadNoticeError,
    ForgedNoticeError,
    PaymentError,
    ProviderOffError,
)
from bot.payments.provider import Charge, PaymentState, PaymentStatus, ProviderName
from bot.payments.registry import Payments

log = structlog.get_logger(__name__)

_RETRY_SECONDS = "30"


class PaymentNotices:
    """Takes notices; `paid` and `refunded` are the shop's, each one transaction."""

    def __init__(
        self,
        payments: Payments,
        *,
        paid: Callable[[Charge], Awaitable[object]],
        refunded: Callable[[Charge], Awaitable[object]],
        ready: Callable[[], str | None],
        clock: Callable[[], datetime],
        timeout_seconds: float,
    ) -> None:
        self._payments = payments
        self._paid = paid
        self._refunded = refunded
        self._ready = ready
        self._clock = clock
        self._timeout_seconds = timeout_seconds

    def mount(self, app: QuartTrio) -> None:
        """Add the routes to the public application."""

        @app.post("/cryptopay/webhook")
        async def cryptopay() -> Response:
            return await self._answer(ProviderName.CRYPTOPAY)

        @app.post("/yookassa/webhook")
        async def yookassa() -> Response:
            return await self._answer(ProviderName.YOOKASSA)

    async def _answer(self, name: ProviderName) -> Response:
        status = 503
        with trio.move_on_after(self._timeout_seconds):
            status = await self._status(name)
        metrics.PAYMENT_NOTICES.labels(name.value, status).inc()
        later = {"retry-after": _RETRY_SECONDS} if status == 503 else {}
        return Response(b"", status, headers=later)

    async def _status(self, name: ProviderName) -> int:
        if self._ready() is not None:
            return 503
        raw: bytes = await request.get_data(as_text=False)  # type: ignore[assignment]
        headers = {key.lower(): value for key, value in request.headers.items()}
        try:
            provider = self._payments.provider(name)
            state = await provider.notice(raw, headers, self._clock())
            if state is not None:
                await self._take(state)
        except ForgedNoticeError as error:
            log.warning("payment.notice_forged", provider=name.value, error=str(error))
            return 401
        except BadNoticeError as error:
            log.warning("payment.notice_unreadable", provider=name.value, error=str(error))
            return 400
        except ProviderOffError:
            log.warning("payment.notice_for_a_provider_that_is_off", provider=name.value)
            return 503
        except (PaymentError, UnavailableError) as error:
            log.warning("payment.notice_put_off", provider=name.value, error=str(error))
            return 503
        return 200

    async def _take(self, state: PaymentState) -> None:
        if state.charge is None:
            return
        if state.status is PaymentStatus.PAID:
            await self._paid(state.charge)
        elif state.status is PaymentStatus.REFUNDED:
            await self._refunded(state.charge)
