"""How access adds up: pure arithmetic on whole seconds and minor units.

Time that was bought has a rate: so many minor units for so many seconds. Buying more time with
the same limits adds the seconds and mixes the rate, so that what was paid for what is left stays
true. Buying other limits converts what is left by value: its worth at the old rate buys time at
the new plan's list price (not at a discounted one: a discount is for what is bought with it).
Time that was given (trial, promo code, by hand) takes the rate of the time that it is added to;
where there is none, it stays as it is under the limits of the next purchase.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

# What is left of a dear plan may buy thousands of years of one that costs next to nothing: no
# calendar has them, and money that came must always have where to go.
_LONGEST_SECONDS = 100 * 365 * 86_400


@dataclass(frozen=True, slots=True)
class Limits:
    """What a plan allows; None is no limit."""

    device_limit: int | None
    traffic_limit_bytes: int | None


@dataclass(frozen=True, slots=True)
class Rate:
    """What time was bought at: `minor` units of the shop's currency for `seconds`."""

    minor: int
    seconds: int

    def value_of(self, seconds: int) -> int:
        """Return what `seconds` are worth, rounded down to a whole unit."""
        return seconds * self.minor // self.seconds


@dataclass(frozen=True, slots=True)
class Left:
    """What a person has at a moment: until when, under which limits, bought at which rate."""

    expires_at: datetime | None
    limits: Limits | None
    rate: Rate | None


@dataclass(frozen=True, slots=True)
class Added:
    """Time that comes: bought (`value_minor` was paid, `list_minor` is its price) or given (0)."""

    seconds: int
    limits: Limits | None  # None: those that the person has
    value_minor: int = 0
    list_minor: int = 0


@dataclass(frozen=True, slots=True)
class Sum:
    """What comes out; `converted_seconds` is what the time before gained or lost by conversion."""

    starts_at: datetime  # where the added time begins
    expires_at: datetime
    converted_seconds: int
    limits: Limits | None
    rate: Rate | None


def seconds_between(earlier: datetime, later: datetime) -> int:
    """Return the whole seconds from one to the other; 0 if they are the other way round."""
    return max(0, (later - earlier) // timedelta(seconds=1))


def add(left: Left, added: Added, now: datetime) -> Sum:
    """Return what a person has after `added`; times come out as whole seconds."""
    now = now.replace(microsecond=0)
    remaining = seconds_between(now, left.expires_at) if left.expires_at else 0
    rate = left.rate if remaining else None
    kept = _converted(remaining, left.limits, rate, added)
    starts_at = now + timedelta(seconds=kept)
    return Sum(
        starts_at=starts_at,
        expires_at=starts_at + timedelta(seconds=added.seconds),
        converted_seconds=kept - remaining,
        limits=added.limits or left.limits,
        rate=_mixed(remaining, kept, rate, added),
    )


def _converted(remaining: int, limits: Limits | None, rate: Rate | None, added: Added) -> int:
    """Return how long what is left lasts under the limits of what is added."""
    same = added.limits is None or added.limits == limits
    if same or rate is None or not added.list_minor:
        return remaining
    converted = remaining * rate.minor * added.seconds // (rate.seconds * added.list_minor)
    return min(converted, _LONGEST_SECONDS)


def _mixed(remaining: int, kept: int, rate: Rate | None, added: Added) -> Rate | None:
    """Return the rate of what was left, `kept` seconds of it now, together with what is added."""
    if rate is None:
        return Rate(added.value_minor, added.seconds) if added.value_minor else None
    if not added.value_minor and kept == remaining:
        return rate
    value = rate.value_of(remaining) + added.value_minor
    seconds = kept + (added.seconds if added.value_minor else 0)
    return Rate(value, seconds) if value and seconds else None
