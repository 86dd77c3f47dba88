"""Entering a promo code: the prompt, why a code gives nothing, and what one gave."""

from bot.handlers.screens.screen import Screen, back, button, rows
from bot.money import Money
from bot.shop.promo_codes import Given, PromoKind
from bot.texts import Texts


def prompt(texts: Texts, percent: int | None) -> Screen:
    """The question for a code; `percent` is the discount that waits already."""
    paragraphs = [texts("promo")]
    if percent is not None:
        paragraphs.append(texts("promo-has-discount", percent=percent))
    return Screen("\n\n".join(paragraphs), rows(back(texts)))


def refused(texts: Texts, why: str) -> Screen:
    """Why the code gives nothing; the next words are a code again."""
    return Screen(f"{texts(why)}\n\n{texts('promo-again')}", rows(back(texts)))


def too_often(texts: Texts) -> Screen:
    """Too many tries: later again."""
    return Screen(texts("promo-too-often"), rows(back(texts)))


def given(texts: Texts, gift: Given, currency: str) -> Screen:
    """What a code gave, and what to do with it."""
    match gift.kind:
        case PromoKind.PERCENT:
            text = texts("promo-gave-percent", percent=gift.value)
            following = button(texts("menu-buy"), "buy")
        case PromoKind.BALANCE:
            amount = texts.money(Money(gift.value, currency))
            text = texts("promo-gave-balance", amount=amount)
            following = button(texts("menu-balance"), "balance")
        case PromoKind.DAYS:
            assert gift.expires_at is not None  # noqa: S101 - typing: days have an end
            until = texts.moment(gift.expires_at)
            text = texts("promo-gave-days", days=gift.value, until=until)
            following = button(texts("menu-connect"), "connect")
    return Screen(text, rows(following, back(texts)))
