"""The audit log."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from bot.handlers.screens.admin_desk import short
from bot.handlers.screens.admin_people import deed
from bot.handlers.screens.screen import Screen, back, button, rows
from bot.shop.audit import Deed
from bot.texts import Texts

_LONGEST_DETAILS = 200


def audit_log(texts: Texts, page: Sequence[Deed], *, is_latest: bool, more: bool) -> Screen:
    """A page of what administrators did, the latest first."""
    paragraphs = [texts("admin-audit" if page else "admin-audit-none")]
    paragraphs += [_deed(texts, each) for each in page]
    turns = []
    if not is_latest:
        turns.append(button(texts("admin-audit-latest"), "a-audit"))
    if more:
        turns.append(button(texts("admin-older"), f"a-audit:{page[-1].id}"))
    return Screen("\n\n".join(paragraphs), rows(turns, back(texts, "a-desk")))


def _deed(texts: Texts, done: Deed) -> str:
    whom = f" → <code>{done.user_id}</code>" if done.user_id is not None else ""
    lines = [
        f"<i>{texts.moment(done.at)}</i>",
        f"<code>{done.admin_id}</code>: <b>{deed(texts, done.action)}</b>{whom}",
    ]
    if details := _details(done.details):
        lines.append(escape(short(details, _LONGEST_DETAILS)))
    return "\n".join(lines)


def _details(details: Mapping[str, Any]) -> str:
    """The figures as they were recorded: names of columns, which administrators can look up."""
    return ", ".join(
        f"{name} = {value}" for name, value in details.items() if value is not None and value != ""
    )
