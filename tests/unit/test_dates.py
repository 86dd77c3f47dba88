"""Dates and durations as people of each language read them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.texts import load_texts

CHRISTMAS = datetime(2026, 12, 24, 22, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "locale", "shown"),
    [
        ("UTC", "ru", "24 декабря 2026, 22:30 (UTC)"),
        ("UTC", "en", "24 December 2026, 22:30 (UTC)"),
        ("Europe/Moscow", "ru", "25 декабря 2026, 01:30 (Москва)"),
        ("Europe/Moscow", "en", "25 December 2026, 01:30 (Moscow)"),
    ],
)
def test_a_moment_is_shown_in_the_zone_of_the_shop(zone: str, locale: str, shown: str) -> None:
    assert load_texts(ZoneInfo(zone))[locale].moment(CHRISTMAS) == shown


def test_the_day_of_a_moment_is_the_day_of_the_zone() -> None:
    say = load_texts(ZoneInfo("Europe/Moscow"))["en"]
    assert say.day(CHRISTMAS) == "25 December 2026"
    assert say.day(date(2026, 12, 24)) == "24 December 2026"


@pytest.mark.parametrize(
    ("left", "russian", "english"),
    [
        (timedelta(days=-1), "0 минут", "0 minutes"),
        (timedelta(minutes=1, seconds=59), "1 минута", "1 minute"),
        (timedelta(hours=1), "1 час", "1 hour"),
        (timedelta(hours=47, minutes=59), "47 часов", "47 hours"),
        (timedelta(days=2), "2 дня", "2 days"),
        (timedelta(days=21), "21 день", "21 days"),
        (timedelta(days=365), "365 дней", "365 days"),
    ],
)
def test_time_left_is_told_in_its_largest_unit(left: timedelta, russian: str, english: str) -> None:
    texts = load_texts()
    assert (texts["ru"].left(left), texts["en"].left(left)) == (russian, english)
