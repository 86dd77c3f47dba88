"""What the bot says, in Russian and English: Fluent files, one a subject, read once."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from importlib import resources
from typing import Any, Literal, TypeAlias
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, get_timezone_location
from fluent.runtime import FluentBundle, FluentResource

from bot.money import Money, format_money

Locale: TypeAlias = Literal["ru", "en"]
LOCALES: tuple[Locale, ...] = ("ru", "en")


class Texts:
    """The messages of one language: `texts("greeting", name="Anna")`.

    What stands in them beside words is written here too, as the language has it: money, dates in
    the shop's time zone, time that is left.
    """

    def __init__(self, locale: Locale, sources: Iterable[str], zone: tzinfo = UTC) -> None:
        self.locale = locale
        self._zone = zone
        # "UTC" has no place; a zone is known to people by its city.
        self._place = (
            "UTC"
            if zone in {UTC, ZoneInfo("UTC")}
            else get_timezone_location(zone, locale=locale, return_city=True)
        )
        # Isolation marks are for texts of mixed direction; Telegram shows some of them as boxes.
        self._bundle = FluentBundle([locale], use_isolating=False)
        for source in sources:
            self._bundle.add_resource(FluentResource(source))

    def __call__(self, message_id: str, **arguments: Any) -> str:
        """Return a message; raises KeyError for one that isn't there, ValueError if it can't be."""
        pattern = self._bundle.get_message(message_id).value
        if pattern is None:
            raise KeyError(message_id)
        text, errors = self._bundle.format_pattern(pattern, arguments)
        if errors:
            raise ValueError(f"{message_id}: {errors}")
        return str(text)

    def money(self, money: Money) -> str:
        """Return an amount: `1 299,50 ₽`, `$4.99`, `150 ⭐`."""
        return format_money(money, self.locale)

    def moment(self, moment: datetime) -> str:
        """Return a date and a time with its zone: `25 декабря 2026, 15:00 (Москва)`."""
        local = moment.astimezone(self._zone)
        return f"{format_datetime(local, 'd MMMM y, HH:mm', locale=self.locale)} ({self._place})"

    def day(self, day: date | datetime) -> str:
        """Return a date: `25 декабря 2026`; of a moment, the shop's day."""
        local = day.astimezone(self._zone) if isinstance(day, datetime) else day
        return format_date(local, "d MMMM y", locale=self.locale)

    def left(self, left: timedelta) -> str:
        """Return how much time is left, in its largest unit, rounded down: `3 дня`, `2 hours`."""
        minutes = max(left // timedelta(minutes=1), 0)
        if minutes >= 48 * 60:
            return self("duration-days", count=minutes // (24 * 60))
        if minutes >= 60:
            return self("duration-hours", count=minutes // 60)
        return self("duration-minutes", count=minutes)


def load_texts(zone: tzinfo = UTC) -> dict[str, Texts]:
    """Return the messages of each language, by its code; dates are written in `zone`."""
    return {locale: Texts(locale, _sources(locale), zone) for locale in LOCALES}


def _sources(locale: Locale) -> Iterator[str]:
    folder = resources.files(__name__).joinpath(locale)
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name.endswith(".ftl"):
            yield file.read_text(encoding="utf-8")
