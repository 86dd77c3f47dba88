"""The figures of the last 30 days, with a chart of what came in each day."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from babel.dates import format_date

from bot.handlers.screens.admin_chart import Bar, chart_png, scale
from bot.handlers.screens.admin_desk import provider
from bot.handlers.screens.screen import AnyScreen, PhotoScreen, Screen, back, button, rows
from bot.money import EXPONENTS, Money
from bot.payments.provider import ProviderName
from bot.shop.statistics import Share, Statistics, Takings
from bot.shop.terms import Terms
from bot.telegram.methods import InputFile
from bot.texts import Texts

_DAYS = 30
_COLOURS = {
    ProviderName.STARS: ("🟨", "#f2b705"),
    ProviderName.YOOKASSA: ("🟦", "#2f6fed"),
    ProviderName.CRYPTOPAY: ("🟩", "#2ea36b"),
    ProviderName.TELEGRAM_PAYMENTS: ("🟪", "#8a5cd6"),
}
_DAY_FORMATS = {"ru": "dd.MM", "en": "MMM d"}


@dataclass(frozen=True, slots=True)
class Period:
    """What was counted, up to which day, and on which terms money is compared."""

    figures: Statistics
    today: date
    terms: Terms


def statistics(texts: Texts, period: Period) -> AnyScreen:
    """The figures; with a picture, unless nothing came in. Drawing it takes some 20 ms."""
    figures = period.figures
    keyboard = rows(button(texts("admin-refresh"), "a-statistics"), back(texts, "a-desk"))
    words = [_people(texts, figures), _shares(texts, figures)]
    if not figures.takings:
        words.append(texts("admin-takings-none"))
        return Screen("\n\n".join(words), keyboard)
    words.append(_takings(texts, period))
    photo = InputFile(content=_chart(texts, period), filename="takings.png")
    return PhotoScreen(photo, "\n\n".join(words), keyboard)


def bars(texts: Texts, period: Period) -> list[Bar]:
    """One bar a day up to today; amounts in minor units of the shop's currency."""
    by_day: Mapping[date, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for taken in period.figures.takings:
        by_day[taken.day][taken.provider] += period.terms.value_of(taken.amount) or 0
    days = [period.today - timedelta(days=ago) for ago in reversed(range(_DAYS))]
    return [
        Bar(
            format_date(day, _DAY_FORMATS[texts.locale], locale=texts.locale),
            tuple(
                (by_day[day][name], colour)
                for name, (_, colour) in _COLOURS.items()
                if by_day[day][name] > 0
            ),
        )
        for day in days
    ]


def _chart(texts: Texts, period: Period) -> bytes:
    drawn = bars(texts, period)
    unit: int = 10 ** EXPONENTS[period.terms.currency]
    heights = scale(max(bar.height for bar in drawn), unit)
    comma = " " if texts.locale == "ru" else ","
    lines = [(height, f"{height // unit:,}".replace(",", comma)) for height in heights]
    return chart_png(drawn, lines)


def _people(texts: Texts, figures: Statistics) -> str:
    people = figures.people
    return texts(
        "admin-statistics",
        total=people.total,
        day=people.new_in_a_day,
        month=people.new_in_a_period,
        blocked=people.blocked_the_bot,
        paid=people.active_paid,
        trials=people.active_trials,
    )


def _shares(texts: Texts, figures: Statistics) -> str:
    shares = [
        texts("admin-conversion", share=_share(texts, figures.conversion)),
        texts("admin-churn", share=_share(texts, figures.churn)),
    ]
    if figures.to_look_at:
        shares.append(texts("admin-statistics-to-look-at", count=figures.to_look_at))
    return "\n".join(shares)


def _share(texts: Texts, share: Share) -> str:
    if share.percent is None:
        return "—"
    return texts("admin-share", percent=share.percent, part=share.part, whole=share.whole)


def _takings(texts: Texts, period: Period) -> str:
    takings = period.figures.takings
    star = Money(period.terms.star_price_minor, period.terms.currency)
    lines = [texts("admin-takings", currency=star.currency, star=texts.money(star))]
    for name, (square, _) in _COLOURS.items():
        of_provider = [taken for taken in takings if taken.provider == name]
        if of_provider:
            lines.append(f"{square} {provider(texts, name)}: {_sums(texts, of_provider)}")
    week = period.today - timedelta(days=6)
    today = _total(texts, period, lambda taken: taken.day == period.today)
    lines.append(
        texts(
            "admin-takings-lately",
            today=today,
            week=_total(texts, period, lambda taken: taken.day >= week),
            month=_total(texts, period, lambda _: True),
        )
    )
    return "\n".join(lines)


def _sums(texts: Texts, takings: Sequence[Takings]) -> str:
    sums: dict[str, int] = defaultdict(int)
    for taken in takings:
        sums[taken.amount.currency] += taken.amount.amount_minor
    return ", ".join(texts.money(Money(minor, currency)) for currency, minor in sums.items())


def _total(texts: Texts, period: Period, counts: Callable[[Takings], bool]) -> str:
    """What came in by every way to pay, in the shop's currency; Stars by their price."""
    minor = sum(
        period.terms.value_of(taken.amount) or 0
        for taken in period.figures.takings
        if counts(taken)
    )
    return texts.money(Money(minor, period.terms.currency))
