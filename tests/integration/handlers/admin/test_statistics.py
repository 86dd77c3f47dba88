"""The figures, and the picture of what came in."""

import io
from datetime import date

from PIL import Image

from bot.handlers.screens.admin_chart import Bar, chart_png, scale
from bot.handlers.screens.admin_statistics import Period, bars
from bot.money import Money
from bot.shop.statistics import People, Share, Statistics, Takings
from bot.telegram.methods import EditMessageMedia, InputFile, SendMessage
from bot.texts import load_texts
from tests.integration.handlers.conftest import Bot
from tests.integration.shop.conftest import ADMIN, NOW, TERMS

ANNA, JOHN = 1001, 1002
YELLOW, BLUE = (0xF2, 0xB7, 0x05), (0x2F, 0x6F, 0xED)


def colours(png: bytes) -> dict[tuple[int, int, int], int]:
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    return {colour: count for count, colour in picture.getcolors(maxcolors=2**20) or []}  # type: ignore[misc]


async def test_without_takings_the_figures_are_a_text(bot: Bot) -> None:
    await bot.shop.person(ANNA)
    shown = await bot.press(ADMIN, "a-statistics")
    assert "No money came in" in shown.text
    # Anna, and the administrator who looks.
    assert "People: <b>2</b>" in shown.text


async def test_takings_come_with_a_chart_in_the_colours_of_the_legend(bot: Bot) -> None:
    await bot.shop.person(ANNA)
    await bot.shop.person(JOHN)
    await bot.shop.pay(await bot.shop.access(ANNA))
    await bot.shop.pay(await bot.shop.topup(JOHN, 50_000))
    shown = await bot.press(ADMIN, "a-statistics")
    assert "🟨 Stars: 200" in shown.text
    assert "🟦 YooKassa: ₽500" in shown.text
    assert "<b>₽800</b>" in shown.text
    assert isinstance(shown.shown, EditMessageMedia)
    photo = shown.shown.media.media
    assert isinstance(photo, InputFile)
    seen = colours(photo.content)
    # 300 of Stars and 500 of YooKassa, in one bar.
    assert round(seen[BLUE] / seen[YELLOW], 1) == round(5 / 3, 1)
    back = await bot.press(ADMIN, "a-desk", under={"photo": []})
    assert isinstance(back.shown, SendMessage)
    assert back.deleted == [5]


def test_each_of_thirty_days_has_its_bar_whether_something_came_in_or_not() -> None:
    takings = (
        Takings(date(2026, 2, 27), "stars", Money(100, "XTR"), 1),
        Takings(date(2026, 3, 1), "yookassa", Money(9_900, "RUB"), 1),
        Takings(date(2026, 3, 1), "cryptopay", Money(500, "USD"), 1),
    )
    figures = Statistics(People(1, 0, 0, 0, 0, 0), Share(0, 0), Share(0, 0), takings, 0)
    for locale, last in (("ru", "01.03"), ("en", "Mar 1")):
        drawn = bars(load_texts()[locale], Period(figures, NOW.date(), TERMS))
        assert len(drawn) == 30
        assert drawn[-1].label == last
        assert [bar.height for bar in drawn[-3:]] == [15_000, 0, 9_900]


def test_lines_of_a_chart_are_round_and_reach_over_the_highest_bar() -> None:
    assert scale(0, 100) == [0, 100]
    assert scale(99, 100) == [0, 100]
    assert scale(1_234_500, 100) == [0, 500_000, 1_000_000, 1_500_000]
    assert scale(7, 1) == [0, 2, 4, 6, 8]


def test_a_small_amount_beside_a_large_one_is_still_seen() -> None:
    png = chart_png(
        [Bar("a", ((1, "#f2b705"),)), Bar("b", ((10**9, "#2f6fed"),))], [(0, "0"), (10**9, "x")]
    )
    assert colours(png)[YELLOW] > 100
