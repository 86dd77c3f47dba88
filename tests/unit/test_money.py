import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.money import (
    EXPONENTS,
    MAX_MINOR,
    AmountError,
    Money,
    MoneyError,
    OtherCurrencyError,
    UnknownCurrencyError,
    format_money,
)

currencies = st.sampled_from(sorted(EXPONENTS))
minors = st.integers(-MAX_MINOR, MAX_MINOR)
amounts = st.builds(Money, minors, currencies)


@given(amounts)
def test_what_is_written_for_a_provider_is_read_back_the_same(money: Money) -> None:
    assert Money.parse(money.decimal(), money.currency) == money


@given(amounts)
def test_the_decimal_text_is_the_exact_amount(money: Money) -> None:
    exponent = EXPONENTS[money.currency]
    assert Decimal(money.decimal()).scaleb(exponent) == money.amount_minor
    assert re.fullmatch(r"-?\d+" + (rf"\.\d{{{exponent}}}" if exponent else ""), money.decimal())


@given(amounts, st.sampled_from(["ru", "en"]))
def test_what_people_read_is_the_exact_amount(money: Money, locale: str) -> None:
    shown = format_money(money, locale).replace("\N{MINUS SIGN}", "-")
    digits = re.sub(r"[^\d,.-]", "", shown)
    digits = digits.replace(",", ".") if locale == "ru" else digits.replace(",", "")
    assert Decimal(digits).scaleb(EXPONENTS[money.currency]) == money.amount_minor


@given(amounts, amounts)
def test_sums_are_exact_or_refused(one: Money, other: Money) -> None:
    if one.currency != other.currency:
        for operation in ("__add__", "__sub__", "__lt__"):
            with pytest.raises(OtherCurrencyError):
                getattr(one, operation)(other)
        return
    total = one.amount_minor + other.amount_minor
    if abs(total) > MAX_MINOR:
        with pytest.raises(AmountError):
            one + other
    else:
        assert (one + other).amount_minor == total
        assert (one + other) - other == one


@given(st.text(max_size=30), currencies)
def test_a_text_is_an_amount_or_refused_and_nothing_else(text: str, currency: str) -> None:
    try:
        money = Money.parse(text, currency)
    except MoneyError:
        return
    assert Decimal(text).scaleb(EXPONENTS[currency]) == money.amount_minor


@given(st.integers(0, 10**15), st.integers(1, 9))
def test_no_digit_is_rounded_away(hundredths: int, last: int) -> None:
    with pytest.raises(AmountError):
        Money.parse(f"{hundredths // 100}.{hundredths % 100:02}{last}", "RUB")


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "1.",
        ".5",
        "1,50",
        "1e3",
        " 1",
        "1 ",
        "1\n",
        "+1",
        "--1",
        "NaN",
        "inf",
        "0x1",
        "1_0",
    ],
)
def test_texts_that_are_no_number(text: str) -> None:
    with pytest.raises(AmountError):
        Money.parse(text, "RUB")


@pytest.mark.parametrize(
    "text", ["1.001", "199.000", "\N{ARABIC-INDIC DIGIT ONE}", "9" * 21, "92233720368547758.08"]
)
def test_texts_that_are_no_amount_of_rubles(text: str) -> None:
    with pytest.raises(AmountError):
        Money.parse(text, "RUB")


def test_texts_that_providers_write() -> None:
    assert Money.parse("199.00", "RUB") == Money(19900, "RUB")
    assert Money.parse("199.5", "RUB") == Money(19950, "RUB")
    assert Money.parse("0.07", "USD") == Money(7, "USD")
    assert Money.parse("150", "XTR") == Money(150, "XTR")
    assert str(Money(-5, "RUB")) == "-0.05 RUB"


@pytest.mark.parametrize("minor", [True, 1.0, Decimal(1), "1", 2**63, -(2**63)])
def test_only_whole_minor_units_that_a_bigint_holds_are_money(minor: object) -> None:
    with pytest.raises(AmountError):
        Money(minor, "RUB")  # type: ignore[arg-type]


@pytest.mark.parametrize("currency", ["", "rub", "BTC", "XXX"])
def test_an_unknown_currency_is_refused(currency: str) -> None:
    with pytest.raises(UnknownCurrencyError):
        Money(1, currency)
    with pytest.raises(UnknownCurrencyError):
        Money.parse("1", currency)


def test_amounts_of_one_currency_are_ordered_and_zero_is_false() -> None:
    small, large = Money(1, "RUB"), Money(2, "RUB")
    assert small < large
    assert large >= small
    assert max(small, large) is large
    assert -small + small == Money(0, "RUB")
    assert not Money(0, "RUB")
    assert small
    assert Money(1, "RUB") != Money(1, "USD")


@pytest.mark.parametrize(
    ("money", "russian", "english"),
    [
        (Money(19900, "RUB"), "199 ₽", "₽199"),
        (Money(129950, "RUB"), "1 299,50 ₽", "₽1,299.50"),
        (Money(499, "USD"), "4,99 $", "$4.99"),
        (Money(123456789, "EUR"), "1 234 567,89 €", "€1,234,567.89"),
        (Money(150, "XTR"), "150 ⭐", "150 ⭐"),
        (Money(12500, "XTR"), "12 500 ⭐", "12,500 ⭐"),
        (Money(-5000, "RUB"), "−50 ₽", "−₽50"),  # noqa: RUF001 - a minus sign, not a hyphen
        (Money(5, "RUB"), "0,05 ₽", "₽0.05"),
        (Money(0, "RUB"), "0 ₽", "₽0"),
        (Money(1000, "THB"), "10 THB", "THB 10"),
        (Money(1200, "JPY"), "1 200 JPY", "JPY 1,200"),
    ],
)
def test_people_read_amounts_in_the_manner_of_their_language(
    money: Money, russian: str, english: str
) -> None:
    nbsp = "\N{NO-BREAK SPACE}"
    assert format_money(money, "ru").replace(nbsp, " ") == russian
    assert format_money(money, "en").replace(nbsp, " ") == english
    assert " " not in format_money(money, "ru") + format_money(money, "en")
