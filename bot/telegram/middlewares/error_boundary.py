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
        """Run `work` as one try of the update; raises only what is no Exception."""
        progress.tries += 1
        progress.error = "not ended in time"  # what stays if the deadline cancels it
        failure: ExceptionGroup[Exception] | None = None
        try:
            return await work()
        except* Exception as group:  # noqa: BLE001 - the one place where a handler's errors end
            failure = group
        return self._outcome_of(failure, progress)

    def _outcome_of(self, failure: "ExceptionGroup[Exception]", progress: Progress) -> Outcome:
        errors = list(_leaves(failure))
        progress.error = "; ".join(f"{type(error).__name__}: {error}" for error in errors)
        if all(isinstance(error, self._unavailable) for error in errors):
            progress.tries -= 1
            log.warning("update.unavailable", error=progress.error)
            return Outcome(Status.UNAVAILABLE, retry_after=_pause(errors))
        # `except*` wraps what came alone; the log shows it as it was raised.
        alone = failure.exceptions[0] if len(failure.exceptions) == 1 else failure
        log.error("update.failed", tries=progress.tries, exc_info=alone)
        return Outcome(Status.FAILED)


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
