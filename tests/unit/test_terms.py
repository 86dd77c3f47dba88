"""What the terms of trade compute: Stars and values."""

from datetime import timedelta

import pytest

from bot.money import Money
from bot.shop.terms import Terms

TERMS = Terms(
    currency="RUB",
    star_price_minor=150,
    trial_duration=timedelta(days=3),
    purchase_lifetime=timedelta(hours=1),
    renew_before=timedelta(days=1),
    referral_percent=10,
    topup_amounts=(10_000,),
    topup_max_minor=1_000_000,
)


@pytest.mark.parametrize(("minor", "stars"), [(150, 1), (151, 2), (1, 1), (10_000, 67)])
def test_a_price_in_stars_is_rounded_up_to_a_whole_star(minor: int, stars: int) -> None:
    assert TERMS.stars_for(minor) == Money(stars, "XTR")


def test_a_foreign_currency_has_no_value_here() -> None:
    assert TERMS.value_of(Money(10, "XTR")) == 1500
    assert TERMS.value_of(Money(10, "RUB")) == 10
    assert TERMS.value_of(Money(10, "USD")) is None
