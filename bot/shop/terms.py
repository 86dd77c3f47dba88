"""The terms of trade: what the operator decides, and every rule of money needs."""

from dataclasses import dataclass
from datetime import timedelta

from bot.money import STARS, Money


@dataclass(frozen=True, slots=True)
class Terms:
    """Amounts are minor units of `currency`, the shop's own; Stars are counted by their price."""

    currency: str
    star_price_minor: int
    trial_duration: timedelta  # zero: no trial
    purchase_lifetime: timedelta
    renew_before: timedelta  # how long before its end access is renewed from the balance
    referral_percent: int
    topup_amounts: tuple[int, ...]
    topup_max_minor: int

    def stars_for(self, amount_minor: int) -> Money:
        """Return what `amount_minor` costs in Stars, rounded up to a whole one."""
        return Money(-(-amount_minor // self.star_price_minor), STARS)

    def value_of(self, amount: Money) -> int | None:
        """Return what `amount` is worth in minor units of the shop; None in a foreign currency."""
        if amount.currency == self.currency:
            return amount.amount_minor
        if amount.currency == STARS:
            return amount.amount_minor * self.star_price_minor
        return None
