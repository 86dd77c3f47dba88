"""Screens as data: both languages, the bounds of Telegram, and markup that people can't break."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from uuid import UUID

import pytest

from bot.handlers.screens import AnyScreen, Screen
from bot.handlers.screens import access as access_screens
from bot.handlers.screens import buy as buy_screens
from bot.handlers.screens import connect as connect_screens
from bot.handlers.screens import conversation as conversation_screens
from bot.money import Money
from bot.payments.provider import ProviderName
from bot.shop.connections import Connection, Reach
from bot.shop.plans import Plan, PlanId
from bot.shop.shop_window import Window
from bot.shop.subscriptions import Subscription
from bot.shop.time_left import Limits, Rate
from bot.texts import LOCALES, Texts, load_texts
from bot.vpn.apps import Platform, apps_for

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
NASTY = '<b>A & B</b> "quoted" </code>'
TEXTS = load_texts()

PLAN = Plan(PlanId(2**62), NASTY, NASTY, 30, Money(29_900, "RUB"), 200, 3, 100 * 1024**3, 1, True)
HAD = Subscription(
    user_id=7,
    vpn_uuid=UUID(int=7),
    link_token="t" * 32,
    host_id=1,
    plan_id=2**62,
    expires_at=NOW + 10 * DAY,
    ended_at=None,
    is_trial=False,
    auto_renew=True,
    limits=Limits(3, 100 * 1024**3),
    rate=Rate(29_900, 30 * 86_400),
)
CONNECTION = Connection(HAD, "en", NASTY, NASTY, True, "vless://…", True, False)
KEY = connect_screens.Key("vless://key?a=1&b=2#x", "https://bot.example.org/sub/" + "t" * 32)
WINDOW = Window((PLAN, replace(PLAN, id=PlanId(2))), 20, 1, Money(10_000, "RUB"), HAD)
WAYS = buy_screens.Ways(tuple(ProviderName)[:4], 2**62, subscription=True)
HOME = conversation_screens.Home(NOW + DAY, 3, NOW)

SCREENS: dict[str, Callable[[Texts], AnyScreen]] = {
    "greeting": lambda t: conversation_screens.greeting(t, NASTY, HOME),
    "menu": lambda t: conversation_screens.menu(t, HOME),
    "menu of nobody": lambda t: conversation_screens.menu(t, replace(HOME, access_until=None)),
    "unknown": lambda t: conversation_screens.unknown(t, HOME),
    "about": conversation_screens.about,
    "help": conversation_screens.help_,
    "language": conversation_screens.language,
    "plans": lambda t: buy_screens.plans(t, WINDOW),
    "no plans": lambda t: buy_screens.plans(t, replace(WINDOW, plans=())),
    "plan": lambda t: buy_screens.plan(t, WINDOW, PLAN, WAYS, NOW),
    "plan of somebody new": lambda t: buy_screens.plan(
        t, replace(WINDOW, subscription=None), PLAN, WAYS, NOW
    ),
    "pay page": lambda t: buy_screens.pay_page(
        t, purchase_id=2**62, title=NASTY, price=PLAN.price, url="https://x", left="1"
    ),
    "subscription": lambda t: buy_screens.subscription(
        t, title=NASTY, price=PLAN.stars, url="https://x", back_to="buy"
    ),
    "provider away": lambda t: buy_screens.provider_away(t, again="buy", back_to="buy"),
    "not enough": lambda t: buy_screens.not_enough(
        t, balance=Money(1, "RUB"), missing=Money(2**62, "RUB"), back_to="buy"
    ),
    "stars canceled": lambda t: buy_screens.stars_changed(t, "canceled", "x"),
    "access": lambda t: access_screens.access(t, CONNECTION, NOW),
    "access that is over": lambda t: access_screens.access(t, CONNECTION, NOW + 20 * DAY),
    "trial": lambda t: access_screens.access(
        t, replace(CONNECTION, title_ru=None, title_en=None), NOW
    ),
    "stars access": lambda t: access_screens.access(
        t,
        replace(CONNECTION, subscription=replace(HAD, stars_charge_id="c", stars_until=NOW + DAY)),
        NOW,
    ),
    "no access": lambda t: access_screens.none(t, trial_days=3),
    "sure to reissue": lambda t: access_screens.sure_to_reissue(t, "0" * 8),
    "connect": lambda t: connect_screens.connect(t, KEY, Reach.READY, NOW),
    "connect later": lambda t: connect_screens.connect(t, KEY, Reach.DELAYED, NOW),
    "connect nowhere": lambda t: connect_screens.connect(t, None, Reach.NO_ROOM, NOW),
    "qr": lambda t: connect_screens.qr_code(t, b"png"),
} | {
    f"steps on {platform}": lambda t, platform=platform: connect_screens.steps(  # type: ignore[misc]
        t, connect_screens.Steps(platform, apps_for(platform)[0], KEY, "https://x")
    )
    for platform in Platform
}


class Markup(HTMLParser):
    """Reads what Telegram would: the tags that it knows, closed in the order of opening."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - its API
        assert tag in {"b", "i", "s", "code", "a"}, tag
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(text: str) -> str:
    """Return a text without its markup; fails where Telegram would refuse it."""
    assert re.search(r"&(?!amp;|lt;|gt;|quot;|#)", text) is None
    markup = Markup()
    markup.feed(text)
    markup.close()
    assert markup.open == []
    return markup.text


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_is_within_the_bounds_and_its_markup_is_ours(name: str, locale: str) -> None:
    screen = SCREENS[name](TEXTS[locale])
    method = screen.send(7)  # its own checks: buttons, data of at most 64 bytes
    text = screen.text if isinstance(screen, Screen) else screen.caption  # type: ignore[attr-defined]
    assert 0 < len(read(text)) <= (4096 if isinstance(screen, Screen) else 1024)
    assert method.parameters()["parse_mode"] == "HTML"
    for row in screen.keyboard.inline_keyboard:  # type: ignore[attr-defined]
        assert 1 <= len(row) <= 3
        assert all(0 < len(button.text) <= 64 for button in row)


@pytest.mark.parametrize("name", [name for name in SCREENS if "menu" not in name])
def test_every_screen_has_a_way_on_or_back(name: str) -> None:
    keyboard = SCREENS[name](TEXTS["en"]).keyboard  # type: ignore[attr-defined]
    data = [each.callback_data for row in keyboard.inline_keyboard for each in row]
    assert {"menu", "buy", "access", "connect", "help"} & set(data) or any(
        each and each.startswith(("pay:cancel:", "buy:plan:")) for each in data
    )


def test_names_that_look_like_markup_are_shown_as_they_are() -> None:
    text = buy_screens.plans(TEXTS["en"], WINDOW).text
    assert NASTY in read(text)


def test_days_that_are_left_are_counted_to_the_nearest() -> None:
    def left(seconds: timedelta) -> str:
        had = replace(HAD, expires_at=NOW + seconds)
        return access_screens.access(TEXTS["en"], replace(CONNECTION, subscription=had), NOW).text

    assert "Left: 30 days" in left(30 * DAY - timedelta(minutes=1))
    assert "Left: 29 days" in left(29 * DAY + timedelta(hours=1))
    assert "Left: 47 hours" in left(2 * DAY - timedelta(minutes=1))
    assert "Left: 5 minutes" in left(timedelta(minutes=5))


def test_both_prices_are_shown_and_what_a_discount_takes_is_struck_out() -> None:
    text = buy_screens.plans(TEXTS["en"], WINDOW).text
    assert "<s>₽299</s> ₽239.20" in text
    assert "<s>200\N{NO-BREAK SPACE}⭐</s> 160\N{NO-BREAK SPACE}⭐" in text
