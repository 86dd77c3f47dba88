"""The end of an update that keeps failing: recorded, told to administrators, and let go.

Telegram slows a webhook down as long as one update fails, so after `MAX_TRIES` it gets its 200;
that it may be forgotten there is because it is kept here. What is recorded, and how, is the
application's: this module knows the port.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

import structlog
import trio

log = structlog.get_logger(__name__)

MAX_TRIES = 3

# Together with the longest UPDATE_TIMEOUT they end before Telegram gives up on its request.
_RECORDING_SECONDS = 3.0
_TELLING_SECONDS = 1.5


class Record(Protocol):
    """Keeps a dead letter; recording the same update again changes nothing."""

    async def __call__(
        self,
        *,
        update_id: int,
        kind: str,
        user_id: int | None,
        error: str,
        tries: int,
        body: bytes,
    ) -> None:
        """Return once it is kept for good; raise if it could not be."""
        ...


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An update that nobody will try again by itself."""

    update_id: int
    kind: str
    user_id: int | None
    error: str
    tries: int
    body: bytes


class DeadLetters:
    """The way to the record and to the administrators."""

    def __init__(
        self, record: Record, tell_admins: Callable[[DeadLetter], Awaitable[None]]
    ) -> None:
        self._record = record
        self._tell_admins = tell_admins

    async def bury(self, letter: DeadLetter) -> bool:
        """Return True once the letter is kept and Telegram may forget it; bounded in time."""
        if not await self._kept(letter):
            return False
        log.error("update.dead_letter", tries=letter.tries, error=letter.error)
        # A courtesy: the record is what counts, so what goes wrong here is logged and no more.
        with trio.move_on_after(_TELLING_SECONDS):
            try:
                await self._tell_admins(letter)
            except* Exception:
                log.warning("dead_letter.admins_not_told", exc_info=True)
        return True

    async def _kept(self, letter: DeadLetter) -> bool:
        kept = False
        try:
            with trio.fail_after(_RECORDING_SECONDS):
                await self._record(
                    update_id=letter.update_id,
                    kind=letter.kind,
                    user_id=letter.user_id,
                    error=letter.error,
                    tries=letter.tries,
                    body=letter.body,
                )
            kept = True
        except* Exception:
            log.warning("dead_letter.not_recorded", exc_info=True)
        return kept
