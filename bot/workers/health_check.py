"""Asks every peer whether it is there, and remembers the answers for `/health`."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeAlias

import structlog
import trio

from bot.db import Database
from bot.db.errors import LeadershipLostError
from bot.db.lock import Leadership
from bot.telegram.client import TelegramClient
from bot.telegram.methods import GetMe
from bot.telegram.types import User

log = structlog.get_logger(__name__)

WITHIN = timedelta(seconds=25)
"""The bound of all checks together; a statement under way may take its own bound to end."""

Check: TypeAlias = Callable[[], Awaitable[None]]
"""Returns when the peer is well; raises what is wrong otherwise."""


@dataclass(slots=True)
class HealthCheck:
    """The last answer of each peer: None when it was well, else what was wrong.

    `successes` counts the checks in which every peer was well.
    """

    checks: Mapping[str, Check]
    within: timedelta = WITHIN
    answers: dict[str, str | None] = field(default_factory=dict)
    checked_at: float | None = None
    successes: int = 0

    async def tick(self) -> None:
        """Run every check side by side. A peer that is unwell is an answer, not an error."""
        async with trio.open_nursery() as nursery:
            for peer, check in self.checks.items():
                nursery.start_soon(self._ask, peer, check, name=f"health of {peer}")
        self.checked_at = trio.current_time()
        self.successes += all(answer is None for answer in self.answers.values())

    async def _ask(self, peer: str, check: Check) -> None:
        seconds = self.within.total_seconds()
        answer: str | None = None
        try:
            with trio.fail_after(seconds):
                await check()
        except trio.TooSlowError:
            answer = f"no answer within {seconds:g} s"
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a peer is its answer
            answer = f"{type(error).__name__}: {error}"
        if answer is not None:
            log.warning("health.unwell", peer=peer, answer=answer)
        elif self.answers.get(peer) is not None:
            log.info("health.well_again", peer=peer)
        self.answers[peer] = answer


class ConnectionStuckError(Exception):
    """Somebody holds a connection for longer than anybody may."""


def database_answers(database: Database) -> Check:
    """Return the check that the database answers on the health lane, whatever the others do."""

    async def check() -> None:
        await database.health.fetchval("select 1")

    return check


def connections_flow(database: Database, longest: timedelta) -> Check:
    """Return the check that nobody holds a connection for more than `longest`."""

    async def check() -> None:
        await trio.lowlevel.checkpoint()
        now = trio.current_time()
        for lane in database.stats().lanes:
            for holder in lane.holders:
                if now - holder.since > longest.total_seconds():
                    raise ConnectionStuckError(
                        f"{holder.task} holds a connection of the lane {lane.name!r} "
                        f"since {now - holder.since:.0f} s"
                    )

    return check


def leader_leads(leader: Leadership) -> Check:
    """Return the check that the advisory lock is ours."""

    async def check() -> None:
        await trio.lowlevel.checkpoint()
        if not leader.held or leader.lost.is_set():
            raise LeadershipLostError("the advisory lock is not held")

    return check


def telegram_answers(telegram: TelegramClient, heard: Callable[[User], None]) -> Check:
    """Return the check that Telegram answers and knows our token; `heard` gets who we are."""

    async def check() -> None:
        heard(await telegram(GetMe()))

    return check
