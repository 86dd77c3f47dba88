"""What a person has: until when, under which limits, and what they can do about it."""

from datetime import datetime, timedelta
from html import escape

from bot.handlers.screens.buy import limits_text
from bot.handlers.screens.screen import Screen, back, button, rows
from bot.shop.connections import Connection
from bot.telegram.types import InlineKeyboardButton
from bot.texts import Texts

_DAY = timedelta(days=1)
_COUNTED_IN_DAYS = timedelta(days=2)  # Texts.left


def access(texts: Texts, connection: Connection, now: datetime) -> Screen:
    """The state of a person's access."""
    had = connection.subscription
    until = texts.moment(had.expires_at)
    if not had.is_active(now):
        over = f"{texts('access')}\n\n{texts('access-over', until=until)}"
        return Screen(over, rows(button(texts("access-buy"), "buy"), back(texts)))
    left = texts.left(_rounded(timedelta(seconds=had.seconds_left(now))))
    text = "\n\n".join(
        [
            texts("access"),
            texts("access-until", until=until, left=left),
            "\n".join(_about(texts, connection, now)),
        ]
    )
    return Screen(text, rows(*_buttons(texts, connection, now), back(texts)))


def none(texts: Texts, *, trial_days: int) -> Screen:
    """Somebody who never had access; a trial of 0 days is none."""
    if trial_days:
        return Screen(
            f"{texts('access')}\n\n{texts('access-none-trial')}",
            rows(
                button(texts("menu-trial", days=trial_days), "trial"),
                button(texts("access-buy"), "buy"),
                back(texts),
            ),
        )
    return Screen(
        f"{texts('access')}\n\n{texts('access-none')}",
        rows(button(texts("access-buy"), "buy"), back(texts)),
    )


def sure_to_reissue(texts: Texts, key_start: str) -> Screen:
    """The question before a key is replaced; `key_start` says which: a second tap finds another."""
    keyboard = rows(
        button(texts("access-reissue-yes"), f"access:reissue:{key_start}"), back(texts, "access")
    )
    return Screen(texts("access-reissue-sure"), keyboard)


def _rounded(left: timedelta) -> timedelta:
    """Return days to the nearest: who bought 30 a minute ago has 30, not 29."""
    return left if left < _COUNTED_IN_DAYS else round(left / _DAY) * _DAY


def _about(texts: Texts, connection: Connection, now: datetime) -> list[str]:
    had = connection.subscription
    title = connection.plan_title(texts.locale)
    lines: list[str] = []
    if title is not None:
        lines.append(texts("access-plan", title=escape(title)))
    elif had.is_trial:
        lines.append(texts("access-trial"))
    limits = had.limits
    devices, _, traffic = limits_text(texts, limits).partition(", ")
    lines.append(texts("access-limits", devices=devices, traffic=traffic))
    if had.pays_by_stars(now):
        lines.append(texts("access-stars-on"))
    elif had.stars_until is not None and now < had.stars_until:
        lines.append(texts("access-stars-off"))
    elif had.plan_id is not None:
        lines.append(texts("access-renews" if had.auto_renew else "access-renews-not"))
    return lines


def _buttons(texts: Texts, connection: Connection, now: datetime) -> list[InlineKeyboardButton]:
    had = connection.subscription
    extend = f"buy:plan:{had.plan_id}" if connection.plan_active else "buy"
    buttons = [
        button(texts("access-connect"), "connect"),
        button(texts("access-extend"), extend),
    ]
    if had.pays_by_stars(now):
        buttons.append(button(texts("access-stars-cancel"), "access:stars:0"))
    elif had.stars_until is not None and now < had.stars_until:
        buttons.append(button(texts("access-stars-resume"), "access:stars:1"))
    elif had.plan_id is not None:
        words, data = (
            ("access-renew-off", "access:renew:0")
            if had.auto_renew
            else ("access-renew-on", "access:renew:1")
        )
        buttons.append(button(texts(words), data))
    buttons.append(button(texts("access-reissue"), "access:reissue"))
    return buttons
