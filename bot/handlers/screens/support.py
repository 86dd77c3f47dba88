"""Help by people: the prompt, what became of a message, and what administrators see of it."""

from html import escape

from bot.handlers.screens.screen import Screen, back, button, rows
from bot.shop.users import User
from bot.telegram.types import InlineKeyboardMarkup
from bot.texts import Texts


def prompt(texts: Texts, *, about_payments: bool = False) -> Screen:
    """The question what it is about; whatever is sent next is passed on."""
    return Screen(texts("support-pay" if about_payments else "support"), rows(back(texts)))


def nobody(texts: Texts) -> Screen:
    """Nobody is there to be written to: the operator has named no one."""
    return Screen(texts("support-nobody"), rows(back(texts)))


def passed_on(texts: Texts) -> Screen:
    """The message is with people now."""
    return Screen(texts("support-passed-on"), rows(back(texts)))


def not_passed_on(texts: Texts, why: str) -> Screen:
    """The message is with nobody, and why."""
    return Screen(texts(why), rows(button(texts("support-again"), "support"), back(texts)))


def more_keyboard(texts: Texts) -> InlineKeyboardMarkup:
    """Return the button under an answer: it asks for more, and the answer stays."""
    return rows(button(texts("support-more"), "support:more"))


def card(texts: Texts, user: User, *, until: str | None, in_private: bool) -> Screen:
    """Who writes: for administrators, under the first message of a talk.

    `until` is when their access ends or ended. What leads to their history is for an
    administrator's own chat alone: others may read along in a group.
    """
    name = " ".join(part for part in (user.first_name, user.last_name) if part)
    lines = [texts("support-card", name=escape(name), id=str(user.id))]
    if user.username is not None:
        lines[0] += f" · @{escape(user.username)}"
    lines.append(
        texts("support-card-access", until=until) if until else texts("support-card-no-access")
    )
    lines.append(texts("support-card-reply"))
    history = [button(texts("support-card-open"), f"a-person:{user.id}")] if in_private else []
    return Screen("\n".join(lines), rows(history))
