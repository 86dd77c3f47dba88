"""The circuit breaker of one host: after enough failures it is left alone, then tried once.

    closed     calls pass; VPN_BREAKER_FAILURES failures in a row open it
    open       calls are refused at once, for VPN_BREAKER_PAUSE
    half-open  one call, the probe, is on its way; its end closes the breaker or opens it again

Everything here is synchronous, so Trio itself makes each step atomic: there is no lock. Between
`call` and its end other calls may change the state; each change begins a new era, and a call that
ends in another era than it began in has nothing to say about the present.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

import structlog
import trio

from bot import metrics
from bot.vpn.errors import BreakerOpenError, HostAwayError
from bot.vpn.types import HostId

log = structlog.get_logger(__name__)


class BreakerState(IntEnum):
    """The values of the metric."""

    CLOSED = 0
    HALF_OPEN = 1
    OPEN = 2


class Breaker:
    """Stands before every request to a host: `with breaker.call(): …`."""

    def __init__(self, host: HostId, *, failures: int, pause_seconds: float) -> None:
        self._host = host
        self._most_failures = failures
        self._pause_seconds = pause_seconds
        self._failures = 0
        self._opened_at = 0.0
        self._era = 0
        self._enter(BreakerState.CLOSED)

    @property
    def state(self) -> BreakerState:
        """The state now. An open breaker stays so until somebody calls after its pause."""
        return self._state

    @contextmanager
    def call(self) -> Iterator[None]:
        """Let one request through, and learn from how the block ends.

        HostAwayError is a failure; an end without error is a success. Anything else, being
        cancelled above all, says nothing about the host: a probe that ends so makes place for the
        next one. Raises BreakerOpenError when the host is to be left alone.
        """
        era = self._admit()
        try:
            yield
        except HostAwayError:
            if era == self._era:
                self._count_failure()
            raise
        except BaseException:
            if era == self._era and self._state is BreakerState.HALF_OPEN:
                self._enter(BreakerState.OPEN)
            raise
        if era == self._era:
            self._count_success()

    def _admit(self) -> int:
        if self._state is BreakerState.OPEN:
            retry_in = self._opened_at + self._pause_seconds - trio.current_time()
            if retry_in > 0:
                raise BreakerOpenError(self._host, retry_in)
            self._enter(BreakerState.HALF_OPEN)
        elif self._state is BreakerState.HALF_OPEN:
            # The probe may succeed any moment; this is how long it takes if it doesn't.
            raise BreakerOpenError(self._host, self._pause_seconds)
        return self._era

    def _count_failure(self) -> None:
        self._failures += 1
        if self._state is BreakerState.HALF_OPEN or self._failures >= self._most_failures:
            self._opened_at = trio.current_time()
            self._enter(BreakerState.OPEN)
            log.warning(
                "vpn.breaker_open",
                host=self._host,
                failures_in_a_row=self._failures,
                pause_seconds=self._pause_seconds,
            )

    def _count_success(self) -> None:
        self._failures = 0
        if self._state is BreakerState.HALF_OPEN:
            self._enter(BreakerState.CLOSED)
            log.info("vpn.breaker_closed", host=self._host)

    def _enter(self, state: BreakerState) -> None:
        self._state = state
        self._era += 1
        metrics.VPN_BREAKER.labels(str(self._host)).set(state)
