"""Whether updates take effect now, and if not, why: the truth behind `/health/ready`.

Two things speak against it. Before and after a process is READY, its phase: then webhooks are
refused at the door. And while it is, a doubt: a peer without which no update can take effect is
unwell. Then the door stays open, and each update finds out by itself: the first that succeeds
after the peer is back mustn't wait until somebody has noticed that.
"""

from collections.abc import Callable
from enum import StrEnum

import structlog
import trio

from bot import metrics

log = structlog.get_logger(__name__)


class Phase(StrEnum):
    """Where the process is in its life, in this order."""

    STARTING = "starting"
    STANDBY = "standby"
    READY = "ready"
    STOPPING = "stopping"


def _nobody_listens(_phase: Phase, _reason: str | None) -> None:
    """Stand where no service manager is told."""


class Readiness:
    """The phase of the process and the reason why it is not ready, for people and for peers.

    `heard` is called with each change; it must return at once.
    """

    def __init__(self, heard: Callable[[Phase, str | None], None] = _nobody_listens) -> None:
        self._heard = heard
        self.phase = Phase.STARTING
        self.reason: str | None = "starting"
        self.since = trio.current_time()
        self._doubt: str | None = None

    @property
    def ready(self) -> bool:
        """True while webhooks are taken."""
        return self.phase is Phase.READY

    def why_not(self) -> str | None:
        """Return the reason why webhooks are refused, or None while they are taken."""
        return self.reason

    def complaint(self) -> str | None:
        """Return why updates are refused or can't take effect, or None while all is well."""
        return self.reason or self._doubt

    def doubt(self, doubt: str | None) -> None:
        """Note what keeps updates from taking effect while READY, or None when nothing does."""
        if doubt == self._doubt:
            return
        self._doubt = doubt
        log.warning("app.doubt", doubt=doubt)
        self._tell()

    def enter(self, phase: Phase, reason: str | None = None) -> None:
        """Go to `phase`; `reason` says what is waited for, and is None only when ready.

        Stopping is final: whoever still waits for a peer can't bring readiness back.
        """
        if self.phase is Phase.STOPPING or (phase, reason) == (self.phase, self.reason):
            return
        if (reason is None) is not (phase is Phase.READY):
            raise ValueError("every phase but READY needs a reason, and READY has none")
        if phase is not self.phase:
            self.since = trio.current_time()
        self.phase, self.reason = phase, reason
        log.info("app.phase", phase=phase.value, reason=reason)
        self._tell()

    def _tell(self) -> None:
        complaint = self.complaint()
        metrics.READY.set(complaint is None)
        self._heard(self.phase, complaint)
