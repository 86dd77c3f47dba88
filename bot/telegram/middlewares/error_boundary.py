"""Where the errors of a handler end: below here they are exceptions, above an outcome.

Groups are met here, with `except*`: a handler may open a nursery of its own, and a nursery wraps
even a single error. What is not an error, a cancellation, passes through, also out of the middle
of a group: `Cancelled` belongs to the scope that asked for it.
"""

from collections.abc import Awaitable, Callable, Iterator

import structlog

from bot.telegram.errors import RetryAfterError
from bot.telegram.middlewares.dedupe import Progress
from bot.telegram.outcome import Outcome, Status

log = structlog.get_logger(__name__)

_LONGEST_RETRY_AFTER = 60


class ErrorBoundary:
    """Turns what a handler raises into an outcome; `unavailable` are errors of peers that are away.

    Such an update isn't at fault: it doesn't count as a try, however often it comes.
    """

    def __init__(self, unavailable: tuple[type[Exception], ...] = ()) -> None:
        self._unavailable = (*unavailable, RetryAfterError)

    async def attempt(self, work: Callable[[], Awaitable[Outcome]], progress: Progress) -> Outcome:
        """Run `work`; a failure by a fault of its own counts as a try. Raises no Exception."""
        try:
            return await work()
        except* Exception as group:  # noqa: BLE001 - the one place where a handler's errors end
            outcome, fault = self._judge(group)
        # Not reached when the rest of the group is a cancellation: that goes on from here.
        if fault:
            progress.count_failure(fault)
        return outcome

    def _judge(self, group: "ExceptionGroup[Exception]") -> tuple[Outcome, str]:
        """Log it; return the outcome and what the update is to blame for, empty if nothing."""
        errors = list(_leaves(group))
        summary = "; ".join(f"{type(error).__name__}: {error}" for error in errors)
        if all(isinstance(error, self._unavailable) for error in errors):
            log.warning("update.unavailable", error=summary)
            return Outcome(Status.UNAVAILABLE, retry_after=_pause(errors)), ""
        # `except*` wraps what came alone; the log shows it as it was raised.
        log.error(
            "update.failed", exc_info=group.exceptions[0] if len(group.exceptions) == 1 else group
        )
        return Outcome(Status.FAILED), summary


def _leaves(error: Exception) -> Iterator[Exception]:
    if isinstance(error, ExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


def _pause(errors: list[Exception]) -> int:
    """The longest pause that Telegram asked for, within reason; else a short one."""
    asked = (error.retry_after for error in errors if isinstance(error, RetryAfterError))
    return min(int(max(asked, default=5)), _LONGEST_RETRY_AFTER)
