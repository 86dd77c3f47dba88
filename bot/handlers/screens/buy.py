"""The shop window, a plan with the ways to pay for it, and the screens of a payment."""

from dataclasses import dataclass
from datetime import datetime
from html import escape

from bot.handlers.screens.screen import Screen, back, button, link, rows
from bot.money import STARS, Money
from bot.payments.provider import ProviderName
from bot.shop.plans import Plan
from bot.shop.shop_window import Window
from bot.shop.time_left import Limits
from bot.telegram.types import InlineKeyboardButton, InlineKeyboardMarkup
from bot.texts import Texts

_GIGABYTE = 1024**3


def plans(texts: Texts, window: Window) -> Screen:
    """The plans on sale, at the person's own prices."""
    if not window.plans:
        return Screen(texts("plans-none"), rows(back(texts)))
    text = "\n\n".join([texts("plans"), *plan_lines(texts, window)])
    return Screen(text, rows(*plan_buttons(texts, window, "buy:plan"), back(texts)))


def plan_lines(texts: Texts, window: Window) -> list[str]:
    """Return the plans on sale with prices and limits, a paragraph each, and the discount."""
    discount = [texts("plans-discount", percent=window.percent)] if window.percent else []
    return [*(plan_line(texts, window, plan) for plan in window.plans), *discount]


def plan_line(texts: Texts, window: Window, plan: Plan) -> str:
    """Return a plan with its prices and limits."""
    return f"{_title(texts, plan)} · {_prices(texts, window, plan)}\n{_about(texts, plan)}"


def plan_buttons(texts: Texts, window: Window, prefix: str) -> list[InlineKeyboardButton]:
    """Return a button for each plan on sale: `<prefix>:<plan>`."""
    return [
        button(
            f"{plan.title(texts.locale)} · {texts.money(_money(window, plan))}",
            f"{prefix}:{plan.id}",
        )
        for plan in window.plans
    ]


def sales_closed(texts: Texts) -> Screen:
    """Nothing new is sold for now."""
    return Screen(texts("sales-closed"), rows(back(texts)))


@dataclass(frozen=True, slots=True)
class Ways:
    """How a plan can be paid for; `from_balance` is the purchase that one tap pays."""

    outside: tuple[ProviderName, ...]
    from_balance: int | None
    subscription: bool


def plan(texts: Texts, window: Window, plan: Plan, ways: Ways, now: datetime) -> Screen:
    """One plan: what it is, until when access would run, and how it can be paid for."""
    until = texts.day(window.until(plan, now))
    had = window.subscription
    if had is None or not window.runs(now):
        then = texts("plan-until", until=until)
    elif had.rate is not None and had.limits != limits_of(plan):
        then = texts("plan-until-converted", until=until)
    else:
        then = texts("plan-until-added", until=until)
    text = "\n\n".join(
        [
            plan_line(texts, window, plan),
            then,
            texts("plan-choose-way"),
        ]
    )
    return Screen(text, rows(*way_buttons(texts, window, plan, ways, "buy:by"), back(texts, "buy")))


def invoice_keyboard(texts: Texts, price: Money, back_to: str) -> InlineKeyboardMarkup:
    """Return the buttons of an invoice in the chat; the first one pays."""
    pay = InlineKeyboardButton(text=texts("pay-button", price=texts.money(price)), pay=True)
    return rows(pay, back(texts, back_to))


def invoice_description(texts: Texts, days: int, limits: Limits) -> str:
    """Return what an invoice says of access: plain text."""
    return f"{texts('invoice-description', days=days)}, {limits_text(texts, limits)}"


def pay_page(
    texts: Texts, *, purchase_id: int, title: str, price: Money, url: str, left: str
) -> Screen:
    """The way to a provider's page, and back from it."""
    text = texts("pay-page", title=escape(title), price=texts.money(price), left=left)
    keyboard = rows(
        link(texts("pay-button", price=texts.money(price)), url),
        button(texts("pay-check"), f"pay:check:{purchase_id}"),
        button(texts("pay-cancel"), f"pay:cancel:{purchase_id}"),
    )
    return Screen(text, keyboard)


def subscription(texts: Texts, *, title: str, price: Money, url: str, back_to: str) -> Screen:
    """A subscription in Stars: what it is, and the link to it."""
    text = texts("pay-subscription", title=escape(title), price=texts.money(price))
    pay = link(texts("pay-button", price=texts.money(price)), url)
    return Screen(text, rows(pay, back(texts, back_to)))


def provider_away(texts: Texts, *, again: str, back_to: str) -> Screen:
    """A provider that doesn't answer, or refuses us: nothing was taken."""
    keyboard = rows(button(texts("pay-again"), again), button(texts("pay-other"), back_to))
    return Screen(texts("pay-away"), keyboard)


def not_enough(texts: Texts, *, balance: Money, missing: Money, back_to: str) -> Screen:
    """The balance is too small: top it up by what is missing."""
    text = texts("pay-not-enough", balance=texts.money(balance), missing=texts.money(missing))
    topup = _topup(texts("topup-missing", missing=texts.money(missing)), missing)
    return Screen(text, rows(topup, back(texts, back_to)))


def said(texts: Texts, message_id: str, *, next_text: str, next_data: str) -> Screen:
    """A sentence, the one thing to do next, and the menu."""
    return Screen(texts(message_id), rows(button(texts(next_text), next_data), back(texts)))


def stars_changed(texts: Texts, state: str, until: str) -> Screen:
    """What became of a Stars subscription: `canceled`, `active` again, or `failed` to renew."""
    access, extend = button(texts("menu-access"), "access"), button(texts("menu-extend"), "buy")
    keyboard = rows(access) if state == "active" else rows(extend, access)
    return Screen(texts(f"stars-{state}", until=until), keyboard)


def limits_of(plan: Plan) -> Limits:
    """Return the limits that a plan has."""
    return Limits(plan.device_limit, plan.traffic_limit_bytes)


def limits_text(texts: Texts, limits: Limits) -> str:
    """Return limits in words: plain text."""
    devices, traffic = limits.device_limit, limits.traffic_limit_bytes
    return ", ".join(
        [
            texts("plan-devices", count=devices) if devices else texts("plan-devices-any"),
            texts("plan-traffic", gigabytes=traffic // _GIGABYTE)
            if traffic
            else texts("plan-traffic-any"),
        ]
    )


def way_buttons(
    texts: Texts, window: Window, plan: Plan, ways: Ways, prefix: str
) -> list[InlineKeyboardButton]:
    """Return a button for each way to pay for a plan: `<prefix>:<provider>:<plan>`."""
    buttons: list[InlineKeyboardButton] = []
    balance = window.offer(plan, ProviderName.BALANCE).amount
    if ways.from_balance is not None:
        words = "way-balance" if balance else "way-free"
        data = f"pay:balance:{ways.from_balance}"
        buttons.append(button(texts(words, price=texts.money(balance)), data))
        if not balance:
            return buttons
    for provider in ways.outside:
        price = texts.money(window.offer(plan, provider).amount)
        buttons.append(
            button(texts(f"way-{provider}", price=price), f"{prefix}:{provider}:{plan.id}")
        )
        if provider is ProviderName.STARS and ways.subscription:
            # A discount isn't for ever, so a subscription is at the full price.
            words = texts("way-stars-subscription", price=texts.money(plan.stars))
            buttons.append(button(words, f"buy:renewing:{plan.id}"))
    if (missing := window.missing(plan)) is not None:
        buttons.append(_topup(texts("way-balance-missing", missing=texts.money(missing)), missing))
    return buttons


def _topup(words: str, missing: Money) -> InlineKeyboardButton:
    return button(words, f"topup:{missing.amount_minor}")


def _title(texts: Texts, plan: Plan) -> str:
    return f"<b>{escape(plan.title(texts.locale))}</b>"


def _about(texts: Texts, plan: Plan) -> str:
    days = texts("duration-days", count=plan.duration_days)
    return f"{days}, {limits_text(texts, limits_of(plan))}"


def _money(window: Window, plan: Plan) -> Money:
    return window.offer(plan, ProviderName.BALANCE).amount


def _prices(texts: Texts, window: Window, plan: Plan) -> str:
    """Return both prices; before a discount they are struck out."""
    pairs = [
        (plan.price, _money(window, plan)),
        (Money(plan.price_stars, STARS), window.offer(plan, ProviderName.STARS).amount),
    ]
    money, stars = (
        texts.money(now)
        if now == before
        else texts("plan-price-before", before=texts.money(before), now=texts.money(now))
        for before, now in pairs
    )
    return texts("plan-price", money=money, stars=stars)
