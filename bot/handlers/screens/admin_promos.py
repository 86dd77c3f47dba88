"""Promo codes as administrators see them: the list, one code, and the steps to a new one."""

from collections.abc import Sequence
from datetime import datetime

from bot.handlers.screens.admin_desk import question
from bot.handlers.screens.screen import Screen, back, button, rows
from bot.money import Money
from bot.shop.promo_codes import PromoCode, PromoKind
from bot.texts import Texts


def promos(texts: Texts, codes: Sequence[PromoCode], currency: str) -> Screen:
    """The codes, those that are on first."""
    listed = [
        button(
            f"{'🟢' if code.active else '⚪️'} {code.code} · {gives(texts, code, currency)}",
            f"a-promo:{code.id}",
        )
        for code in codes
    ]
    add = button(texts("admin-promo-add"), "a-promo-add")
    words = texts("admin-promos" if codes else "admin-promos-none")
    return Screen(words, rows(*listed, add, back(texts, "a-desk")))


def promo(texts: Texts, code: PromoCode, currency: str, now: datetime) -> Screen:
    """One code."""
    until = code.valid_until
    lines = [
        f"🎟 <code>{code.code}</code>: <b>{gives(texts, code, currency)}</b>",
        "",
        texts("admin-promo-used", uses=code.uses, most=code.max_uses or texts("admin-no-limit")),
        texts("admin-promo-until", until=texts.moment(until) if until else texts("admin-no-limit")),
        texts("admin-promo-is-on" if code.active else "admin-promo-is-off"),
    ]
    if until is not None and until <= now:
        lines.append(texts("admin-promo-over"))
    turn = button(
        texts("admin-promo-off" if code.active else "admin-promo-on"),
        f"a-promo-on:{int(not code.active)}:{code.id}",
    )
    return Screen("\n".join(lines), rows(turn, back(texts, "a-promos")))


def kinds(texts: Texts) -> Screen:
    """What a new code gives."""
    choices = [
        button(texts(f"admin-promo-kind-{kind}"), f"a-promo-add:{kind}") for kind in PromoKind
    ]
    cancel = button(texts("admin-cancel"), "a-promos")
    return Screen(texts("admin-promo-what"), rows(*choices, cancel))


def step(texts: Texts, name: str, *, currency: str = "", wrong: str | None = None) -> Screen:
    """A question on the way to a new code."""
    return question(
        texts, texts(f"admin-promo-ask-{name}", currency=currency), cancel="a-promos", wrong=wrong
    )


def gives(texts: Texts, code: PromoCode, currency: str) -> str:
    """Return what a code gives, in words."""
    match code.kind:
        case PromoKind.DAYS:
            return texts("duration-days", count=code.value)
        case PromoKind.PERCENT:
            return f"\N{MINUS SIGN}{code.value}%"
        case PromoKind.BALANCE:
            return texts.money(Money(code.value, currency))
