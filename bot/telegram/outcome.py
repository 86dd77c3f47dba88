"""What became of an update: the word that the transport answers Telegram with."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.telegram.methods import Method


class Status(StrEnum):
    """What became of an update; also the label `outcome` of the updates' counter."""

    HANDLED = "handled"
    UNHANDLED = "unhandled"  # no handler wants it
    DUPLICATE = "duplicate"  # its effects are there already
    RATE_LIMITED = "rate_limited"
    DEAD_LETTER = "dead_letter"
    UNAVAILABLE = "unavailable"  # a peer is away; no fault of the update's
    TIMEOUT = "timeout"
    FAILED = "failed"


_UNSETTLED = frozenset({Status.UNAVAILABLE, Status.TIMEOUT, Status.FAILED})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one delivery of an update, and the reply that its transport carries.

    `body` is `reply` as a webhook response has it. It is all that is remembered of a reply:
    the outcome of a redelivery has a `body`, and no `reply`.
    """

    status: Status
    reply: Method[Any] | None = None
    body: bytes = b""
    retry_after: int = 5  # seconds; said only when not settled

    @property
    def settled(self) -> bool:
        """True when Telegram may forget the update: it took effect, or it is kept elsewhere."""
        return self.status not in _UNSETTLED


def outcome_of(status: Status, reply: Method[Any] | None) -> Outcome:
    """Return the outcome `status` with `reply` written out for a webhook response."""
    if reply is None:
        return Outcome(status)
    return Outcome(status, reply, reply.as_webhook_reply())
