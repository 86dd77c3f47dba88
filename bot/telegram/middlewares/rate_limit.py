"""How fast one person may go, or whoever else has a key: a token bucket each, in bounded memory.

A bucket is kept as one number, the moment at which it will be full again (the generic cell rate
algorithm). A bucket that is full says nothing, so it is forgotten: memory is that of the people
who wrote within the last few seconds, and of `capacity` at most.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from enum import Enum, auto
from itertools import islice

import trio

from bot.telegram.types import Update


class Verdict(Enum):
    """What the limit says to an update."""

    ADMITTED = auto()
    FIRST_REFUSED = auto()  # worth a word to the person
    REFUSED = auto()


@dataclass(slots=True)
class _Bucket:
    full_at: float
    told: bool = False


def never_limited(update: Update) -> bool:
    """Say whether the update is about money, or about the person's leaving: never dropped."""
    if update.kind in {"pre_checkout_query", "subscription", "my_chat_member"}:
        return True
    message = update.message
    return message is not None and (
        message.successful_payment is not None or message.refunded_payment is not None
    )


class RateLimit:
    """Each key (a person) has `burst` goes (updates) at once and gets `rate` a second back."""

    def __init__(self, *, rate: float, burst: int, capacity: int = 10_000) -> None:
        self._cost = 1 / rate
        self._depth = burst / rate
        self._capacity = capacity
        self._buckets: dict[Hashable, _Bucket] = {}  # in the order of their last use

    def __len__(self) -> int:
        """Return how many keys are remembered now."""
        return len(self._buckets)

    def take(self, key: Hashable) -> Verdict:
        """Take one token of this key's; the first refusal since the bucket was full differs."""
        now = trio.current_time()
        bucket = self._buckets.pop(key, None)
        if bucket is None or bucket.full_at <= now:
            bucket = _Bucket(now)
        self._forget_the_full(now)
        self._buckets[key] = bucket
        # Sums of 1/rate are not exact: a rounding error is no token.
        if bucket.full_at + self._cost - now <= self._depth + 1e-9:
            bucket.full_at += self._cost
            return Verdict.ADMITTED
        if bucket.told:
            return Verdict.REFUSED
        bucket.told = True
        return Verdict.FIRST_REFUSED

    def _forget_the_full(self, now: float) -> None:
        # Two of the longest unused with every use: the memory shrinks faster than it grows.
        for key in list(islice(self._buckets, 2)):
            if self._buckets[key].full_at > now and len(self._buckets) < self._capacity:
                return
            del self._buckets[key]
