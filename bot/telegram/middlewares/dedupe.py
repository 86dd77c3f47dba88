"""Each update takes effect once: how far the recent ones came (design invariant 8).

Telegram delivers an update again when it got no good answer in time, so a redelivery is either
of an update that failed, and runs again, or of one whose answer was lost, and gets the same
answer again. The memory is that of this process and costs no query; a redelivery after a crash
is met by the keys of the effects themselves.
"""

from dataclasses import dataclass
from typing import Any

from bot.telegram.methods import Method
from bot.telegram.outcome import Outcome, Status

REMEMBERED_UPDATES = 4096


@dataclass(slots=True)
class Progress:
    """How far an update has come."""

    tries: int = 0
    """How often it failed by a fault of its own."""
    error: str = ""
    """What it failed with the last time."""
    handled_as: Status | None = None
    """Set when the handler has ended: from then on a redelivery only sends what is unsent."""
    unsent: tuple[Method[Any], ...] = ()
    answer: Outcome | None = None
    """Set when all is done: what each redelivery is answered with."""

    def count_failure(self, error: str) -> None:
        """Note one more try that failed."""
        self.tries += 1
        self.error = error


class RecentUpdates:
    """The progress of the last `capacity` updates that were admitted."""

    def __init__(self, capacity: int = REMEMBERED_UPDATES) -> None:
        self._capacity = capacity
        self._progress: dict[int, Progress] = {}  # the oldest first

    def __len__(self) -> int:
        """Return how many updates are remembered now."""
        return len(self._progress)

    def __contains__(self, update_id: int) -> bool:
        """Say whether this update was admitted before."""
        return update_id in self._progress

    def of(self, update_id: int) -> Progress:
        """Return how far this update came; from now on it is the last to be forgotten."""
        progress = self._progress.pop(update_id, None) or Progress()
        self._progress[update_id] = progress
        if len(self._progress) > self._capacity:
            del self._progress[next(iter(self._progress))]
        return progress

    def settle(self, update_id: int, progress: Progress, outcome: Outcome) -> None:
        """Remember the answer of a finished update; its reply is kept as bytes only."""
        progress.answer = Outcome(Status.DUPLICATE, body=outcome.body)
        progress.unsent = ()
        # It may have been forgotten while it ran: put it back, as the newest.
        self._progress[update_id] = progress
        self.of(update_id)
