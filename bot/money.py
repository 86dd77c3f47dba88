"""Money: a whole number of minor units and a currency; no float, ever.

Providers write amounts as decimal texts ("199.00"), people read them in their language
("1 299,50 ₽"); both are made from and turned into integers here and nowhere else.
"""

import re
from dataclasses import dataclass
from functools import total_ordering
from typing import Final

MAX_MINOR: Final = 2**63 - 1
"""What a PostgreSQL bigint holds; no amount is larger, in either direction."""

STARS: Final = "XTR"

# Digits after the point (ISO 4217; Telegram: currencies.json, `exp`); Stars have none.
_WITH_CENTS = (
    "AED AMD AZN BRL BYN CNY EUR GBP GEL IDR ILS INR KGS KZT MYR PLN RUB THB TJS TRY UAH USD UZS"
)
EXPONENTS: Final[dict[str, int]] = {
    **dict.fromkeys(_WITH_CENTS.split(), 2),
    **dict.fromkeys(("JPY", "KRW", "VND"), 0),
    STARS: 0,
}

_SYMBOLS: Final = {
    STARS: "⭐",
    "RUB": "₽",
    "USD": "$",
    "EUR": "€",
    "GBP": "£",
    "UAH": "₴",
    "KZT": "₸",
    "TRY": "₺",
    "GEL": "₾",
    "AMD": "֏",
    "INR": "₹",
    "ILS": "₪",
}
_DECIMAL = re.compile(r"(-?)([0-9]{1,20})(?:\.([0-9]{1,20}))?")
_NBSP = "\N{NO-BREAK SPACE}"
_MINUS = "\N{MINUS SIGN}"


class MoneyError(ValueError):
    """Root of what is wrong with an amount."""


class UnknownCurrencyError(MoneyError):
    """The currency is not in the table of exponents."""


class OtherCurrencyError(MoneyError):
    """Amounts of two currencies were to be added or compared."""


class AmountError(MoneyError):
    """The text is no amount of this currency, or no bigint holds it."""


@total_ordering
@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (kopecks, cents, whole Stars); negative for what is taken.

    Raises UnknownCurrencyError, AmountError.
    """

    amount_minor: int
    currency: str

    def __post_init__(self) -> None:
        if self.currency not in EXPONENTS:
            raise UnknownCurrencyError(f"not a currency we know: {self.currency!r}")
        # bool is an int, and a float would pass for one in arithmetic.
        if type(self.amount_minor) is not int:
            raise AmountError(f"minor units are whole: {type(self.amount_minor).__name__}")
        if not -MAX_MINOR <= self.amount_minor <= MAX_MINOR:
            raise AmountError("more than a bigint holds")

    @classmethod
    def parse(cls, text: str, currency: str) -> "Money":
        """Read a provider's decimal text: "199.00" of RUB is 19900 kopecks.

        More digits after the point than the currency has are refused, not rounded.
        Raises UnknownCurrencyError, AmountError.
        """
        if currency not in EXPONENTS:
            raise UnknownCurrencyError(f"not a currency we know: {currency!r}")
        exponent = EXPONENTS[currency]
        found = _DECIMAL.fullmatch(text)
        if found is None:
            raise AmountError("not a decimal number like 199.00")
        sign, whole, fraction = found[1], found[2], found[3] or ""
        if len(fraction) > exponent:
            raise AmountError(f"{currency} has {exponent} digits after the point")
        return cls(int(f"{sign}{whole}{fraction.ljust(exponent, '0')}"), currency)

    def decimal(self) -> str:
        """Return the text that providers take, with every digit: "199.00", "150" for Stars."""
        sign, whole, fraction = self._digits()
        return f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}"

    def __str__(self) -> str:
        return f"{self.decimal()} {self.currency}"

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount_minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount_minor - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount_minor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.amount_minor < self._same(other)

    def __bool__(self) -> bool:
        return self.amount_minor != 0

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise OtherCurrencyError(f"{self.currency} and {other.currency}")
        return other.amount_minor

    def _digits(self) -> tuple[str, str, str]:
        exponent = EXPONENTS[self.currency]
        digits = str(abs(self.amount_minor)).rjust(exponent + 1, "0")
        cut = len(digits) - exponent
        return ("-" if self.amount_minor < 0 else "", digits[:cut], digits[cut:])


def format_money(money: Money, locale: str) -> str:
    """Return `money` for people: "1 299,50 ₽" in Russian, "$1,299.50" in English.

    A fraction of zeros is left out, and spaces don't break. The order of sign, symbol and number
    is CLDR's; a currency without a symbol of its own shows its code. `locale` is `ru` or `en`.
    """
    sign, whole, fraction = money._digits()
    sign = _MINUS if sign else ""
    russian = locale == "ru"
    grouped = f"{int(whole):,}".replace(",", _NBSP if russian else ",")
    point = "," if russian else "."
    number = f"{grouped}{point}{fraction}" if fraction.strip("0") else grouped
    symbol = _SYMBOLS.get(money.currency, money.currency)
    if russian or money.currency == STARS:
        return f"{sign}{number}{_NBSP}{symbol}"
    space = _NBSP if symbol == money.currency else ""
    return f"{sign}{symbol}{space}{number}"
