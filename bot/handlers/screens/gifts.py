"""Gifts: those that a person bought, one with its link, and buying another."""

from html import escape

from bot.handlers.screens.buy import Ways, plan_buttons, plan_line, plan_lines, way_buttons
from bot.handlers.screens.invite import share_address
from bot.handlers.screens.screen import Screen, back, button, copying, link, rows
from bot.shop.gifts import Gift
from bot.shop.plans import Plan
from bot.shop.shop_window import Window
from bot.telegram.types import InlineKeyboardButton
from bot.texts import Texts


def gifts(texts: Texts, bought: list[Gift], *, earlier: int | None, latest: bool) -> Screen:
    """A page of the gifts that were bought, the newest first.

    `earlier` is where the page before this one begins, None if there is none; `latest` says that
    none comes after it.
    """
    paragraphs = [texts("gifts")]
    if bought:
        lines = [
            texts("gifts-line", title=escape(gift.title(texts.locale)), state=_state(texts, gift))
            for gift in bought
        ]
        paragraphs.append("\n".join(lines))
    waiting = [
        button(
            texts("gifts-open", title=gift.title(texts.locale), day=texts.day(gift.created_at)),
            f"gifts:show:{gift.id}",
        )
        for gift in bought
        if gift.is_waiting
    ]
    pages: list[InlineKeyboardButton] = []
    if not latest:
        pages.append(button(texts("page-latest"), "gifts"))
    if earlier is not None:
        pages.append(button(texts("page-earlier"), f"gifts:before:{earlier}"))
    buy = button(texts("gifts-buy"), "gifts:buy")
    return Screen("\n\n".join(paragraphs), rows(*waiting, buy, pages, back(texts)))


def gift(texts: Texts, shown: Gift, url: str, *, headline: str | None = None) -> Screen:
    """One gift: its link while it waits, or what became of it."""
    title = texts("gift", title=escape(shown.title(texts.locale)), days=shown.duration_days)
    paragraphs = [title] if headline is None else [headline, title]
    if not shown.is_waiting:
        paragraphs.append(_state(texts, shown))
        return Screen("\n\n".join(paragraphs), rows(back(texts, "gifts")))
    paragraphs.append(texts("gift-link", link=url))
    keyboard = rows(
        link(texts("gift-send"), share_address(url, texts("gift-words"))),
        copying(texts("invite-copy"), url),
        back(texts, "gifts"),
    )
    return Screen("\n\n".join(paragraphs), keyboard)


def plans(texts: Texts, window: Window) -> Screen:
    """The plans that can be given."""
    if not window.plans:
        return Screen(texts("plans-none"), rows(back(texts, "gifts")))
    buttons = plan_buttons(texts, window, "gifts:plan")
    text = "\n\n".join([texts("gift-plans"), *plan_lines(texts, window)])
    return Screen(text, rows(*buttons, back(texts, "gifts")))


def plan(texts: Texts, window: Window, chosen: Plan, ways: Ways) -> Screen:
    """A plan to give, and how it can be paid for."""
    about = plan_line(texts, window, chosen)
    text = "\n\n".join([texts("gift-plan"), about, texts("plan-choose-way")])
    buttons = way_buttons(texts, window, chosen, ways, "gifts:by")
    return Screen(text, rows(*buttons, back(texts, "gifts:buy")))


def _state(texts: Texts, shown: Gift) -> str:
    if shown.canceled_at is not None:
        return texts("gift-is-canceled", day=texts.day(shown.canceled_at))
    if shown.claimed_at is not None:
        return texts("gift-is-taken", day=texts.day(shown.claimed_at))
    return texts("gift-is-waiting", day=texts.day(shown.created_at))
