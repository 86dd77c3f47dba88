"""What the pay pages of the stand-ins share."""

import pytest

from bot.sandbox.cryptopay import words as cryptopay_words
from bot.sandbox.serving import leads_to, shown
from bot.sandbox.yookassa import words as yookassa_words


def test_a_link_to_telegram_leads_to_the_telegram_that_there_is() -> None:
    page = "http://127.0.0.1:8081"
    assert leads_to("https://t.me/warren_demo_bot", page) == page
    assert leads_to("https://example.org/t.me/", page) == "https://example.org/t.me/"
    assert leads_to("https://t.me/warren_bot", None) == "https://t.me/warren_bot"


@pytest.mark.parametrize(
    ("amount", "currency", "russian", "english"),
    [
        ("1299.50", "RUB", "1 299,50 ₽", "1,299.50 RUB"),
        ("5", "USDT", "5 USDT", "5 USDT"),
    ],
)
def test_amounts_are_shown_in_the_manner_of_the_language(
    amount: str, currency: str, russian: str, english: str
) -> None:
    nbsp = "\N{NO-BREAK SPACE}"
    assert shown(amount, currency, "ru").replace(nbsp, " ") == russian
    assert shown(amount, currency, "en").replace(nbsp, " ") == english


@pytest.mark.parametrize("words", [cryptopay_words.WORDS, yookassa_words.WORDS])
def test_both_languages_have_every_word(words: dict[str, dict[str, str]]) -> None:
    assert words["ru"].keys() == words["en"].keys()
    assert all(word for language in words.values() for word in language.values())
