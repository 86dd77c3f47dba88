"""The amounts that people write."""

import pytest

from bot.handlers.topup import read_amount
from bot.money import Money


@pytest.mark.parametrize(
    ("words", "minor"),
    [
        ("250", 25_000),
        (" 1 500 ", 150_000),
        ("1\N{NO-BREAK SPACE}500 ₽", 150_000),
        ("99,90", 9_990),
        ("99.9 рублей", 9_990),
        ("₽300", 30_000),
        ("300 рублей", 30_000),
        ("0", 0),
    ],
)
def test_an_amount_is_read_as_people_write_it(words: str, minor: int) -> None:
    assert read_amount(words, "RUB") == Money(minor, "RUB")


@pytest.mark.parametrize(
    "words",
    [
        "",
        "many",
        "-5",
        "\N{MINUS SIGN}5",
        "1.234",
        "1,2,3",
        "10 or 20x3",
        "٣",
        "9" * 30,
        "1e5",
        "0x10",
    ],
)
def test_what_is_no_amount_is_none(words: str) -> None:
    assert read_amount(words, "RUB") is None


def test_a_currency_without_cents_has_none() -> None:
    assert read_amount("1500", "JPY") == Money(1500, "JPY")
    assert read_amount("1500.50", "JPY") is None
