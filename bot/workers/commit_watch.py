"""Sees whether the database takes commits: what `/health/ready` goes by beside the phase.

A server may lead us, answer every question, and yet write nothing: its disk is full, or a failover
has made it read-only. Updates find that out one by one, each gets its 503 and comes again; but
whoever asks `/health/ready` must not be told that all is well meanwhile. Only a commit can tell.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import trio

from bot.db import Lane
from bot.db.errors import DatabaseError, UnavailableError
from bot.readiness import Readiness
from bot.shop.watermarks import set_watermark

_NAME = "commit_watch"
_PAUSE_SECONDS = 0.2
INTERVAL = timedelta(seconds=5)


class CommitWatch:
    """The tick that commits a row of its own, and passes on what came of it."""

    def __init__(self, lane: Lane, readiness: Readiness, *, clock: Callable[[], datetime]) -> None:
        self._lane = lane
        self._readiness = readiness
        self._clock = clock

    async def tick(self) -> None:
        """Commit once. That the database takes none is an answer, not an error."""
        try:
            try:
                await self._commit()
            except UnavailableError:
                if trio.current_time() >= trio.current_effective_deadline():
                    raise  # the first try has taken all the time there is
                # A session that has ended says nothing of the server. Until the second try the
                # loop hears of all the others that ended with it.
                await trio.sleep(_PAUSE_SECONDS)
                await self._commit()
        except DatabaseError as error:
            self._readiness.doubt(f"the database takes no commits: {error}")
        else:
            self._readiness.doubt(None)

    async def _commit(self) -> None:
        await set_watermark(self._lane, _NAME, self._clock().isoformat())
