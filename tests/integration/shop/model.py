"""What a shop owes its people, in plain Python: the model that the real one is held against.

It knows no rows and no statements: who has how much on their balance, until when and at which
rate they have access, and what of it each payment still amounts to.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction

SECOND = timedelta(seconds=1)


@dataclass
class Person:
    """Access and balance of somebody; `worth` is what each payment's seconds amount to now."""

    balance: int = 0
    had_access: bool = False
    expires_at: datetime | None = None
    limits: str | None = None
    bought_minor: int = 0  # the time that is left was bought for so much …
    bought_seconds: int = 0  # … for so long; 0: it was given
    worth: dict[int, int] = field(default_factory=dict)

    def left(self, now: datetime) -> int:
        if self.expires_at is None or self.expires_at <= now:
            return 0
        return (self.expires_at - now) // SECOND

    def add(
        self, now: datetime, seconds: int, *, limits: str | None, value: int, price: int
    ) -> None:
        """Add time: bought under `limits` for `value` at the list price `price`, or given."""
        left = self.left(now)
        if not left:
            self.bought_minor = self.bought_seconds = 0
        kept = left
        if limits is not None and limits != self.limits and self.bought_seconds and price:
            old, new = Fraction(self.bought_minor, self.bought_seconds), Fraction(price, seconds)
            kept = int(left * old / new)
            self.scale(left, kept)
        self.mix(left, kept, seconds, value)
        self.limits = limits if limits is not None else self.limits
        self.had_access = True
        self.expires_at = now + (kept + seconds) * SECOND

    def mix(self, left: int, kept: int, seconds: int, value: int) -> None:
        if not self.bought_seconds:
            self.bought_minor, self.bought_seconds = (value, seconds) if value else (0, 0)
        elif value or kept != left:
            worth = int(left * Fraction(self.bought_minor, self.bought_seconds))
            self.bought_minor = worth + value
            self.bought_seconds = kept + (seconds if value else 0)
        if not self.bought_minor:
            self.bought_seconds = 0

    def scale(self, before: int, after: int) -> None:
        """Note that what was left became longer or shorter as a whole."""
        for payment in self.worth:
            self.worth[payment] = self.worth[payment] * after // before

    def take_back(self, now: datetime, payment: int) -> None:
        taken = min(self.worth.pop(payment, 0), self.left(now))
        if self.expires_at is not None:
            self.expires_at -= taken * SECOND

    def shorten(self, now: datetime, seconds: int) -> None:
        left = self.left(now)
        taken = min(seconds, left)
        self.scale(left, left - taken)
        assert self.expires_at is not None
        self.expires_at -= taken * SECOND


@dataclass
class Paid:
    """A payment that was applied: for what, and to whom it gave."""

    id: int
    kind: str
    buyer: int
    purchase_id: int
    value: int
    outside: bool
    receiver: int | None = None  # of a gift that was taken
    state: str = "applied"  # refunding or refunded when it was given back
    rewarded: tuple[int, int] | None = None  # whom, with how much
