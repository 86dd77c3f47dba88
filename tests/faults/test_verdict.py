"""The verdict finds what it is for: it is no use if it can't condemn."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.payments.provider import ProviderName
from tests.faults import verdict
from tests.faults.traffic import DAYS, PRICE_MINOR, TOPUP_MINOR, Paid
from tests.faults.verdict import Figures, table

ANNA, BORIS = 7, 8
STARS = Paid(ANNA, "access", ProviderName.STARS, "charge")
TOPUP = Paid(ANNA, "topup", ProviderName.STARS, "another")
MONTH_SECONDS = DAYS * 86_400


@dataclass
class Record:
    """As much of the traffic as a verdict looks at."""

    record: list[Paid]
    invited_by: dict[int, int] = field(default_factory=dict)


def row(**changes: Any) -> dict[str, Any]:
    """Return a payment as the database has it: STARS, taken once."""
    taken = {
        "provider": "stars",
        "charge_id": "charge",
        "purchase_id": 1,
        "pay_url": None,
        "state": "applied",
        "grants": 1,
        "credits": 0,
        "debits": 0,
    }
    return taken | changes


def test_a_payment_with_its_effect_is_neither_lost_nor_doubled() -> None:
    assert [*verdict._without_effect([STARS], [row()])] == []
    assert [*verdict._beyond_record([STARS], [row()])] == []


@pytest.mark.parametrize(
    "payments", [[], [row(state="review")], [row(grants=0)], [row(charge_id="of another")]]
)
def test_a_payment_without_its_effect_is_lost(payments: list[dict[str, Any]]) -> None:
    assert len([*verdict._without_effect([STARS], payments)]) == 1


@pytest.mark.parametrize(
    "payments", [[row(grants=2)], [row(credits=2)], [row(), row(charge_id="nobody's")]]
)
def test_an_effect_beyond_what_was_paid_is_doubled(payments: list[dict[str, Any]]) -> None:
    assert len([*verdict._beyond_record([STARS], payments)]) == 1


@pytest.mark.parametrize(
    ("seconds", "unbroken", "wrong"),
    [
        (MONTH_SECONDS, True, 0),
        (2 * MONTH_SECONDS, True, 1),
        (MONTH_SECONDS - 1, True, 1),
        (MONTH_SECONDS, False, 1),
    ],
)
def test_time_is_what_was_paid_for(seconds: int, unbroken: bool, wrong: int) -> None:
    rows = [{"user_id": ANNA, "seconds": seconds, "unbroken": unbroken}]
    assert len([*verdict._time(Record([STARS]), rows)]) == wrong


@pytest.mark.parametrize(
    ("amounts", "wrong"),
    [
        ({ANNA: TOPUP_MINOR, BORIS: (TOPUP_MINOR + PRICE_MINOR) // 10}, 0),
        ({ANNA: TOPUP_MINOR}, 1),
        ({ANNA: 2 * TOPUP_MINOR, BORIS: (TOPUP_MINOR + PRICE_MINOR) // 10}, 1),
    ],
)
def test_balances_are_what_was_paid_in_and_earned(amounts: dict[int, int], wrong: int) -> None:
    rows = [
        {"user_id": person, "amount_minor": amount, "total": amount}
        for person, amount in amounts.items()
    ]
    assert len([*verdict._money(Record([STARS, TOPUP], {ANNA: BORIS}), rows)]) == wrong


def test_a_balance_that_its_ledger_does_not_sum_to_is_wrong() -> None:
    rows = [{"user_id": ANNA, "amount_minor": TOPUP_MINOR, "total": 0}]
    assert len([*verdict._money(Record([TOPUP]), rows)]) == 1


def test_the_table_has_a_line_for_each_experiment() -> None:
    figures = Figures("kill -9", 4, 80, 0, 0, 0, 0, 1.5)
    lines = table([figures]).splitlines()
    assert len(lines) == 3
    assert "| kill -9" in lines[2]
    assert figures.sound
    assert not Figures("kill -9", 4, 80, 0, 1, 0, 0, 1.5).sound
