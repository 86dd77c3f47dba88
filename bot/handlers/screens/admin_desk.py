"""The first screen of administration, and what its screens have in common."""

from bot.handlers.screens.screen import Screen, back, button, rows
from bot.payments.provider import ProviderName
from bot.telegram.types import InlineKeyboardButton
from bot.texts import Texts

_LONGEST_LABEL = 40


def desk(texts: Texts) -> Screen:
    """Where everything of administration begins."""
    return Screen(
        texts("admin-desk"),
        rows(
            [_to(texts, "statistics", "a-statistics"), _to(texts, "find", "a-find")],
            [_to(texts, "payments", "a-reviews"), _to(texts, "broadcasts", "a-broadcasts")],
            [_to(texts, "plans", "a-plans"), _to(texts, "promos", "a-promos")],
            [_to(texts, "unprovisioned", "a-unprovisioned"), _to(texts, "hosts", "a-hosts")],
            [_to(texts, "workers", "a-workers"), _to(texts, "audit", "a-audit")],
            _to(texts, "switches", "a-switches"),
            back(texts),
        ),
    )


def question(texts: Texts, words: str, *, cancel: str, wrong: str | None = None) -> Screen:
    """Something that is answered in words; `wrong` says what was not understood of the last."""
    paragraphs = [f"⚠️ {wrong}", words] if wrong else [words]
    return Screen("\n\n".join(paragraphs), rows(button(texts("admin-cancel"), cancel)))


def sure(texts: Texts, words: str, *, yes: str, do: str, cancel: str) -> Screen:
    """What is asked before something that can't be taken back: `yes` is the button's label."""
    return Screen(words, rows(button(yes, do), button(texts("admin-cancel"), cancel)))


def provider(texts: Texts, name: ProviderName | str) -> str:
    """Return what administrators call a way to pay."""
    return texts(f"admin-provider-{name}")


def short(text: str, most: int = _LONGEST_LABEL) -> str:
    """Return a text that fits into a label or a line."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def _to(texts: Texts, name: str, data: str) -> InlineKeyboardButton:
    return button(texts(f"admin-to-{name}"), data)
