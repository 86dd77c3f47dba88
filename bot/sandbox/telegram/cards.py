"""The payment provider's side of a card payment, as in its test mode."""

import re
from datetime import UTC, datetime
from typing import Any

_DECLINED = {"4000000000000002", "4000000000009995"}
"""Test numbers that are well-formed and refused (Stripe's: "generic decline", "no funds")."""


def is_card(card: dict[str, Any], now: float) -> bool:
    """Say whether this could be a card: its number adds up (Luhn), and it has not expired."""
    number = re.sub(r"[\s-]", "", str(card.get("number", "")))
    expiry = re.fullmatch(r"(\d\d)\s*/\s*(\d\d)", str(card.get("expiry", "")).strip())
    if not re.fullmatch(r"\d{13,19}", number) or not _adds_up(number) or expiry is None:
        return False
    month, year = int(expiry.group(1)), 2000 + int(expiry.group(2))
    today = datetime.fromtimestamp(now, UTC)
    valid = 1 <= month <= 12 and (year, month) >= (today.year, today.month)
    return valid and re.fullmatch(r"\d{3,4}", str(card.get("cvc", "")).strip()) is not None


def is_declined(card: dict[str, Any]) -> bool:
    """Say whether the bank refuses the payment."""
    return re.sub(r"[\s-]", "", str(card["number"])) in _DECLINED


def _adds_up(number: str) -> bool:
    doubled = [2 * int(digit) for digit in number[-2::-2]]
    return (sum(map(int, number[::-2])) + sum(d - 9 if d > 9 else d for d in doubled)) % 10 == 0
