"""The screens of the balance, invitations, codes, gifts and support, as data in both languages."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.handlers.screens import Screen, balance, gifts, invite, promo, support
from bot.handlers.screens.buy import Ways
from bot.money import Money
from bot.payments.provider import ProviderName
from bot.shop.gifts import Gift
from bot.shop.ledger import Entry, LedgerKind
from bot.shop.plans import Plan, PlanId
from bot.shop.promo_codes import Given, PromoKind
from bot.shop.referrals import ReferralSummary
from bot.shop.shop_window import Window
from bot.shop.terms import Terms
from bot.shop.users import User
from bot.texts import LOCALES, Texts, load_texts

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TEXTS = load_texts()
TERMS = Terms(
    currency="RUB",
    star_price_minor=150,
    trial_duration=timedelta(days=3),
    purchase_lifetime=timedelta(hours=1),
    renew_before=timedelta(days=1),
    referral_percent=10,
    topup_amounts=(10_000, 30_000, 50_000),
    topup_max_minor=10_000_000,
)
LINK = "https://t.me/warren_bot?start=gift_0123456789abcdef"
MARKUP = "<b>Anna & Co</b>"
PERSON = User(2**52, MARKUP, MARKUP, "anna_p", "ru", None, None, None)
ENTRIES = [
    Entry(number, Money(amount, "RUB"), Money(0, "RUB"), kind, MARKUP, None, NOW)
    for number, (kind, amount) in enumerate(
        ((kind, amount) for kind in LedgerKind for amount in (129_950, -129_950)), start=10**17
    )
]
GIFT = Gift(10**17, "0123456789abcdef", MARKUP, MARKUP, 30, NOW, None, None)
GIFTS = [GIFT, replace(GIFT, claimed_at=NOW), replace(GIFT, canceled_at=NOW)]
PLAN = Plan(PlanId(10**17), MARKUP, MARKUP, 30, Money(29_900, "RUB"), 200, 3, 10**11, 1, True)
WINDOW = Window((PLAN,), 20, 1, Money(0, "RUB"), None)
OUTSIDE = tuple(name for name in ProviderName if name is not ProviderName.BALANCE)
RICH = Money(10_000_000, "RUB")


def screens(say: Texts) -> Iterator[tuple[str, Screen]]:
    """Every screen, each with the callback data that leads back from it."""
    amount = Money(129_950, "RUB")
    yield "menu", balance.balance(say, amount, [], earlier=None, latest=True)
    yield "menu", balance.balance(say, amount, ENTRIES, earlier=10**17, latest=False)
    yield "balance", balance.amounts(say, TERMS)
    yield "topup", balance.own_amount(say, amount, RICH, wrong=True)
    yield "topup", balance.ways(say, RICH, OUTSIDE, TERMS)
    for percent in (0, 10):
        came = ReferralSummary(21, 2, Money(0, "RUB"))
        yield "menu", invite.invite(say, LINK, came, percent=percent)
    yield "menu", promo.prompt(say, 20)
    yield "menu", promo.refused(say, "promo-unknown")
    yield "menu", promo.too_often(say)
    for kind in PromoKind:
        yield "menu", promo.given(say, Given(kind, 21, NOW), "RUB")
    yield "menu", gifts.gifts(say, [], earlier=None, latest=True)
    yield "menu", gifts.gifts(say, GIFTS, earlier=10**17, latest=False)
    for gift in GIFTS:
        yield "gifts", gifts.gift(say, gift, LINK)
    yield "gifts", gifts.plans(say, WINDOW)
    yield "gifts", gifts.plans(say, replace(WINDOW, plans=()))
    yield "gifts:buy", gifts.plan(say, WINDOW, PLAN, Ways(OUTSIDE, 10**17, subscription=False))
    for about_payments in (False, True):
        yield "menu", support.prompt(say, about_payments=about_payments)
    yield "menu", support.nobody(say)
    yield "menu", support.passed_on(say)
    yield "menu", support.not_passed_on(say, "support-failed")


@pytest.mark.parametrize("locale", LOCALES)
def test_every_screen_leads_back_and_fits_into_telegrams_limits(locale: str) -> None:
    for leads_to, screen in screens(TEXTS[locale]):
        # The method itself refuses buttons that Telegram would (callback_data, copy_text).
        sent = screen.send(1)
        assert 0 < len(sent.text) <= 4096
        data = [each.callback_data for row in screen.keyboard.inline_keyboard for each in row]
        assert leads_to in data


@pytest.mark.parametrize("locale", LOCALES)
def test_what_people_and_operators_write_is_never_markup(locale: str) -> None:
    say = TEXTS[locale]
    card = support.card(say, PERSON, until=None, in_private=True)
    for screen in (card, *(screen for _, screen in screens(say))):
        assert MARKUP not in screen.text


@pytest.mark.parametrize("locale", LOCALES)
def test_a_movement_says_which_way_it_went(locale: str) -> None:
    say = TEXTS[locale]
    shown = balance.balance(say, RICH, ENTRIES, earlier=None, latest=True).text
    assert shown.count("<b>+") == len(LedgerKind)
    assert shown.count("<b>\N{MINUS SIGN}") == len(LedgerKind)


def test_a_top_up_in_stars_costs_no_less_than_it_credits() -> None:
    shown = balance.ways(TEXTS["en"], Money(10_001, "RUB"), OUTSIDE, TERMS)
    [stars] = [
        each.text
        for row in shown.keyboard.inline_keyboard
        for each in row
        if each.callback_data == "topup:by:stars:10001"
    ]
    assert "67" in stars  # 66 would be worth 99 rubles


def test_people_are_counted_as_russians_do() -> None:
    say = TEXTS["ru"]
    for invited, words in ((1, "1 человек"), (3, "3 человека"), (11, "11 человек")):
        came = ReferralSummary(invited, 0, Money(0, "RUB"))
        assert f"Пришли по ссылке: {words}\n" in invite.invite(say, LINK, came, percent=10).text


def test_a_card_in_a_group_leads_nowhere() -> None:
    for in_private, rows in ((True, 1), (False, 0)):
        card = support.card(TEXTS["ru"], PERSON, until="1 марта", in_private=in_private)
        assert len(card.keyboard.inline_keyboard) == rows
