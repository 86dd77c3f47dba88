"""Asks every peer whether it is there, and remembers the answers for `/health`."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import structlog
import trio

log = structlog.get_logger(__name__)

Check: TypeAlias = Callable[[], Awaitable[None]]
"""Returns when the peer is well; raises what is wrong otherwise."""


@dataclass(slots=True)
class HealthCheck:
    """The last answer of each peer: None when it was well, else what was wrong.

    `each_seconds` bounds one check, so that a peer that hangs doesn't hide the others.
    """

    checks: Mapping[str, Check]
    each_seconds: float
    answers: dict[str, str | None] = field(default_factory=dict)
    checked_at: float | None = None

    async def tick(self) -> None:
        """Run every check side by side. A peer that is unwell is an answer, not an error."""
        async with trio.open_nursery() as nursery:
            for peer, check in self.checks.items():
                nursery.start_soon(self._ask, peer, check, name=f"health of {peer}")
        self.checked_at = trio.current_time()

    async def _ask(self, peer: str, check: Check) -> None:
        answer: str | None = None
        try:
            with trio.fail_after(self.each_seconds):
                await check()
        except trio.TooSlowError:
            answer = f"no answer within {self.each_seconds:g} s"
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a peer is its answer
            answer = f"{type(error).__name__}: {error}"
        if answer is not None:
            log.warning("health.unwell", peer=peer, answer=answer)
        elif self.answers.get(peer) is not None:
            log.info("health.well_again", peer=peer)
        self.answers[peer] = answer
