"""Inviting friends: the link, what it brings, and what it earned."""

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

from bot.shop.referrals import payload_of
from bot.telegram.methods import GetMe
from tests.integration.handlers.conftest import Bot

ANNA, JOHN, LENA = 1001, 1002, 1003


def payload(url: str) -> str:
    """Return what a link to the bot carries."""
    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "t.me", "/warren_bot")
    return parse_qs(parts.query)["start"][0]


async def test_the_link_is_there_to_copy_and_to_share(bot: Bot) -> None:
    shown = await bot.press(ANNA, "invite")
    [share] = shown.urls
    assert share.startswith("https://t.me/share?url=")
    given = parse_qs(urlsplit(share).query)
    assert payload(given["url"][0]) == payload_of(ANNA)
    assert given["url"][0] in shown.text
    [copied] = [each.copy_text.text for each in shown.buttons if each.copy_text]
    assert copied == given["url"][0]
    assert given["text"][0].endswith(".")


async def test_the_bots_name_is_asked_for_once(bot: Bot) -> None:
    for _ in range(3):
        await bot.say(ANNA, "/invite")
    assert sum(isinstance(call, GetMe) for call in bot.client.calls) == 1


async def test_who_came_by_the_link_and_paid_is_counted_and_rewarded(bot: Bot) -> None:
    await bot.say(ANNA, "/start")
    # Who was here before somebody is who can have brought them: the clock here is a fixed one.
    await bot.database.updates.execute(
        "update users set created_at = created_at - interval '1 day' where id = $1", ANNA
    )
    for friend in (JOHN, LENA):
        await bot.say(friend, f"/start {payload_of(ANNA)}")
    asked = await bot.press(JOHN, "topup:by:stars:30000")
    await bot.pay(JOHN, asked.shown)
    shown = await bot.press(ANNA, "invite")
    assert "Came by your link: 2 people" in shown.text
    assert "Have paid: 1 person" in shown.text
    assert "₽30<" in shown.text
    assert await bot.shop.balance(ANNA) == 3_000
    assert await bot.notices(ANNA) == ["referral-reward"]


async def test_no_earnings_are_promised_where_there_are_none(bot: Bot) -> None:
    # The services are frozen, and the gate has them already.
    object.__setattr__(bot.services, "terms", replace(bot.services.terms, referral_percent=0))
    shown = await bot.press(ANNA, "invite")
    assert "%" not in shown.text
    assert "earned" not in shown.text
    assert shown.data == ["menu"]


async def test_the_screen_is_in_russian_with_its_plurals(bot: Bot) -> None:
    bot.language = "ru"
    shown = await bot.press(ANNA, "invite")
    assert "Пришли по ссылке: 0 человек" in shown.text
