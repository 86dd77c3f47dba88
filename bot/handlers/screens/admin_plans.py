"""Plans as administrators see them: what is sold, one plan, and the questions about it."""

from collections.abc import Sequence
from html import escape

from bot.handlers.screens.admin_desk import question, short
from bot.handlers.screens.screen import Screen, back, button, rows
from bot.shop.plans import Plan
from bot.texts import Texts

GIGABYTE = 1024**3
FIELDS = ("price", "stars", "days", "devices", "traffic", "ru", "en")


def plans(texts: Texts, listed: Sequence[Plan]) -> Screen:
    """Every plan, in the order of the shop window."""
    buttons = [
        button(
            f"{_light(plan)} {short(plan.title(texts.locale))} · {texts.money(plan.price)}",
            f"a-plan:{plan.id}",
        )
        for plan in listed
    ]
    words = texts("admin-plans" if listed else "admin-plans-none")
    add = button(texts("admin-plan-add"), "a-plan-add")
    return Screen(words, rows(*buttons, add, back(texts, "a-desk")))


def plan(texts: Texts, shown: Plan, place: int, count: int, currency: str) -> Screen:
    """One plan at `place` (from 0) of `count`; `currency` is the shop's own now."""
    devices, traffic = shown.device_limit, shown.traffic_limit_bytes
    lines = [
        f"🏷 <b>{escape(shown.title_ru)}</b> / <b>{escape(shown.title_en)}</b>",
        "",
        texts("admin-plan-price", money=texts.money(shown.price), stars=texts.money(shown.stars)),
        texts("admin-plan-days", days=texts("duration-days", count=shown.duration_days)),
        texts("admin-plan-devices", count=devices or texts("admin-no-limit")),
        texts(
            "admin-plan-traffic",
            limit=texts("admin-gigabytes", count=traffic // GIGABYTE)
            if traffic
            else texts("admin-no-limit"),
        ),
        texts("admin-plan-on-sale" if shown.active else "admin-plan-off-sale"),
    ]
    if shown.price.currency != currency:
        lines += ["", texts("admin-plan-currency", currency=currency)]
    edits = [
        button(texts(f"admin-edit-{name}"), f"a-plan-set:{shown.id}:{name}") for name in FIELDS
    ]
    turn = button(
        texts("admin-plan-off" if shown.active else "admin-plan-on"),
        f"a-plan-on:{int(not shown.active)}:{shown.id}",
    )
    moves = []
    if place > 0:
        moves.append(button(texts("admin-plan-up"), f"a-plan-to:{place - 1}:{shown.id}"))
    if place < count - 1:
        moves.append(button(texts("admin-plan-down"), f"a-plan-to:{place + 1}:{shown.id}"))
    return Screen(
        "\n".join(lines),
        rows(turn, edits[:2], edits[2:5], edits[5:], moves, back(texts, "a-plans")),
    )


def ask_field(texts: Texts, name: str, *, cancel: str, currency: str, wrong: bool) -> Screen:
    """Ask for one thing of a plan; `wrong`: the last answer was not understood."""
    return question(
        texts,
        texts(f"admin-ask-{name}", currency=currency),
        cancel=cancel,
        wrong=texts("admin-not-possible") if wrong else None,
    )


def _light(shown: Plan) -> str:
    return "🟢" if shown.active else "⚪️"
