"""Notices of the outbox as messages: a kind is a text, `notice-<kind>`, and a row of buttons.

What the shop wrote with the event is turned into what people read: `amount_minor` and `currency`
into `$amount`, ISO moments (`…_at`) into dates, `title_ru` and `title_en` into `$title`.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from html import escape
from typing import Any

from bot.money import Money
from bot.shop.broadcasts import NOTICE_KIND as BROADCAST
from bot.shop.deliveries import Notice
from bot.telegram.methods import CopyMessage, Method, SendMessage
from bot.telegram.types import InlineKeyboardButton, InlineKeyboardMarkup
from bot.texts import Texts

# Where a notice leads: the name of a button's text, and what pressing it asks for.
_CONNECT = ("button-connect", "connect")
_ACCESS = ("button-access", "access")
_BUY = ("button-buy", "buy")
_BALANCE = ("button-balance", "balance")
_GIFTS = ("button-gifts", "gifts")
_REVIEWS = ("button-reviews", "a-reviews")

BUTTONS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "access-delayed": (_ACCESS,),
    "access-ready": (_CONNECT,),
    "access-given": (_ACCESS,),
    "access-taken": (_ACCESS,),
    "access-paid": (_CONNECT, _ACCESS),
    "access-renewed": (_ACCESS,),
    "expires-in-3-days": (_BUY,),
    "expires-in-a-day": (_BUY,),
    "expires-in-3-hours": (_BUY,),
    "trial-started": (_CONNECT,),
    "trial-ends-in-a-day": (_BUY,),
    "trial-ends-in-3-hours": (_BUY,),
    "trial-ended": (_BUY,),
    "trial-missed": (_BUY,),
    "topup-paid": (_BALANCE, _BUY),
    "gift-paid": (_GIFTS,),
    "referral-reward": (_BALANCE,),
    "balance-adjusted": (_BALANCE,),
    "renewal-no-funds": (_BALANCE, _BUY),
    "renewal-plan-gone": (_BUY,),
    "admin-payment-review": (_REVIEWS,),
    "admin-refund-partial": (_REVIEWS,),
    "admin-refund-impossible": (_REVIEWS,),
    "admin-refund-stuck": (_REVIEWS,),
}


def make_render(texts: Mapping[str, Texts]) -> Callable[[Notice], Method[Any]]:
    """Return what makes a call to the Bot API of a notice, in the language of its person."""

    def render(notice: Notice) -> Method[Any]:
        if notice.kind == BROADCAST:
            return CopyMessage(
                chat_id=notice.chat_id,
                from_chat_id=notice.params["from_chat_id"],
                message_id=notice.params["message_id"],
            )
        say = texts[notice.locale]
        return SendMessage(
            chat_id=notice.chat_id,
            text=say(f"notice-{notice.kind}", **readable(notice.params, say)),
            parse_mode="HTML",
            reply_markup=_keyboard(notice.kind, say),
        )

    return render


def readable(params: Mapping[str, Any], say: Texts) -> dict[str, str | int]:
    """Return the parameters of a notice as a text takes them; texts of people are escaped."""
    shown: dict[str, str | int] = {}
    for name, value in params.items():
        if name.endswith("_minor"):
            # What isn't the payment's own amount is in the currency of the shop.
            currency = params["currency"]
            if name != "amount_minor":
                currency = params.get("balance_currency", currency)
            shown[name.removesuffix("_minor")] = say.money(Money(value, currency))
        elif name == "seconds":
            shown["duration"] = say.left(timedelta(seconds=abs(value)))
        elif name.endswith("_at") and isinstance(value, str):
            shown[name] = say.moment(datetime.fromisoformat(value))
        elif name == f"title_{say.locale}":
            shown["title"] = escape(value)
        elif name.endswith("_id"):
            shown[name] = str(value)  # as a number it would be written 12,345
        else:
            # Fluent knows numbers and texts; a yes or no is 1 or 0.
            shown[name] = int(value) if isinstance(value, int) else escape(str(value))
    return shown


def _keyboard(kind: str, say: Texts) -> InlineKeyboardMarkup | None:
    buttons = [
        [InlineKeyboardButton(text=say(name), callback_data=data)]
        for name, data in BUTTONS.get(kind, ())
    ]
    return InlineKeyboardMarkup(inline_keyboard=buttons) if buttons else None
