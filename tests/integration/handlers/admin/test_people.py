"""Administrators and one person: finding them, their time, their balance, their history, a ban."""

import pytest

from bot.handlers import make_router
from bot.handlers.admin import router
from bot.handlers.admin.asking import is_admin
from bot.texts import load_texts
from tests.integration.handlers.conftest import Bot
from tests.integration.shop.conftest import ADMIN

ANNA, JOHN = 1001, 1002


def test_no_handler_of_administration_is_without_its_guard() -> None:
    listed = list(router.routes())
    assert len(listed) > 20
    assert [route.name for route in listed if is_admin not in route.filters] == []


def test_every_button_of_administration_is_under_the_guard() -> None:
    unguarded = [
        route.name
        for route in make_router(load_texts()).routes()
        if any(head.startswith("a-") for head in route.heads) and is_admin not in route.filters
    ]
    assert unguarded == []


@pytest.mark.parametrize("data", ["a-desk", f"a-give:{ANNA}:7:x", "a-reviews", f"a-ban:1:{JOHN}"])
async def test_for_everybody_else_administration_is_not_there(bot: Bot, data: str) -> None:
    await bot.shop.person(JOHN)
    made_up = await bot.press(ANNA, "a-no-such-thing")
    assert (await bot.press(ANNA, data)).toast == made_up.toast
    assert (await bot.say(ANNA, "/admin")).text == (await bot.say(ANNA, "what?")).text
    assert await bot.shop.count("audit_log", "action <> 'plan.add'") == 0


async def test_a_person_is_found_by_id_by_username_and_by_a_part_of_the_name(bot: Bot) -> None:
    await bot.say(ANNA, "/start")
    await bot.say(JOHN, "/start")
    await bot.shop.lane.execute("update users set username = 'anna_b' where id = $1", ANNA)
    await bot.press(ADMIN, "a-find")
    assert f"<code>{ANNA}</code>" in (await bot.say(ADMIN, str(ANNA))).text
    await bot.press(ADMIN, "a-find")
    assert f"<code>{ANNA}</code>" in (await bot.say(ADMIN, "@anna_b")).text
    await bot.press(ADMIN, "a-find")
    several = await bot.say(ADMIN, "P100")
    assert {f"a-person:{ANNA}", f"a-person:{JOHN}"} <= set(several.data)
    await bot.press(ADMIN, "a-find")
    assert "Nobody" in (await bot.say(ADMIN, "<nobody>")).text


async def test_a_question_that_was_canceled_takes_no_words(bot: Bot) -> None:
    await bot.shop.person(ANNA)
    asked = await bot.press(ADMIN, f"a-balance:{ANNA}")
    await bot.press(ADMIN, asked.data[-1])
    await bot.say(ADMIN, "500")
    await bot.say(ADMIN, "a gift")
    assert await bot.shop.balance(ANNA) == 0


async def test_a_button_that_gives_time_gives_it_once(bot: Bot) -> None:
    await bot.shop.person(ANNA)
    screen = await bot.press(ADMIN, f"a-access:{ANNA}")
    week = screen.starting(f"a-give:{ANNA}:7:")
    again = await bot.press(ADMIN, week)
    await bot.press(ADMIN, week)
    assert await bot.shop.days(ANNA) == 7
    await bot.press(ADMIN, again.starting(f"a-give:{ANNA}:30:"))
    await bot.press(ADMIN, again.starting(f"a-give:{ANNA}:-1:"))
    assert await bot.shop.days(ANNA) == 36
    assert await bot.notices(ANNA) == ["access-given", "access-given", "access-taken"]
    assert await bot.shop.count("audit_log", f"user_id = {ANNA} and admin_id = {ADMIN}") == 3
    await bot.shop.assert_sound()


async def test_days_are_given_with_a_reason_and_nonsense_is_asked_again(bot: Bot) -> None:
    await bot.shop.person(ANNA)
    await bot.press(ADMIN, f"a-days:{ANNA}")
    assert "no number" in (await bot.say(ADMIN, "soon")).text
    await bot.say(ADMIN, "14 the server was down")
    assert await bot.shop.days(ANNA) == 14
    history = await bot.press(ADMIN, f"a-history:{ANNA}:0")
    assert "the server was down" in history.text
    assert "gave time" in history.text


async def test_access_is_ended_only_after_a_second_thought(bot: Bot) -> None:
    await bot.shop.person(ANNA)
    await bot.shop.pay(await bot.shop.access(ANNA))
    sure = await bot.press(ADMIN, f"a-end:{ANNA}")
    assert await bot.shop.days(ANNA) == 30
    await bot.press(ADMIN, sure.starting("a-end-yes:"))
    assert await bot.shop.days(ANNA) == 0
    await bot.press(ADMIN, sure.starting("a-end-yes:"))
    assert await bot.shop.count("audit_log", "action = 'access.take'") == 1
    await bot.shop.assert_sound()


async def test_a_balance_is_corrected_with_a_reason(bot: Bot) -> None:
    await bot.shop.person(ANNA)
    await bot.press(ADMIN, f"a-balance:{ANNA}")
    assert "no amount" in (await bot.say(ADMIN, "a lot")).text
    assert "300" in (await bot.say(ADMIN, "300,50")).text
    shown = await bot.say(ADMIN, "sorry <for> that")
    assert "₽300.50" in shown.text
    assert await bot.shop.balance(ANNA) == 30_050
    history = await bot.press(ADMIN, f"a-history:{ANNA}:0")
    assert "sorry &lt;for&gt; that" in history.text
    await bot.press(ADMIN, f"a-balance:{ANNA}")
    await bot.say(ADMIN, "-1000")
    assert "₽699.50" in (await bot.say(ADMIN, "a mistake")).text
    assert await bot.shop.balance(ANNA) == 30_050
    await bot.shop.assert_sound()


async def test_history_turns_its_pages(bot: Bot) -> None:
    await bot.shop.person(ANNA)
    for number in range(1, 7):
        await bot.shop.fund(ANNA, number)
    first = await bot.press(ADMIN, f"a-history:{ANNA}:0")
    second = await bot.press(ADMIN, first.starting(f"a-history:{ANNA}:8"))
    assert first.text != second.text
    assert second.starting("a-history:") == f"a-history:{ANNA}:0"


async def test_a_ban_closes_the_bot_and_a_second_tap_changes_nothing(bot: Bot) -> None:
    await bot.shop.person(ANNA)
    await bot.press(ADMIN, f"a-ban:1:{ANNA}")
    await bot.press(ADMIN, f"a-ban:1:{ANNA}")
    assert "closed to you" in (await bot.say(ANNA, "/menu")).text
    await bot.press(ADMIN, f"a-ban:0:{ANNA}")
    assert "closed to you" not in (await bot.say(ANNA, "/menu")).text
    assert await bot.shop.count("audit_log", f"user_id = {ANNA}") == 2
    await bot.say(ADMIN, "/start")
    assert "can't be banned" in str((await bot.press(ADMIN, f"a-ban:1:{ADMIN}")).toast)


@pytest.mark.parametrize(
    "data",
    [
        "a-person:",
        "a-person:x",
        "a-history:1:x",
        "a-access:-5",
        "a-give:1",
        f"a-give:{ANNA}:9e9:k",
        f"a-give:{ANNA}:999999:k",
        "a-end-yes:77:k",
        "a-ban:1:",
        "a-balance:",
        "a-pay:x",
        "a-grant:99",
        "a-refund:99",
        "a-refund-yes:99",
        "a-by-hand-yes:",
        "a-payments:",
    ],
)
async def test_made_up_buttons_are_answered_and_do_nothing(bot: Bot, data: str) -> None:
    await bot.shop.person(ANNA)
    assert (await bot.press(ADMIN, data)).is_answered
    assert await bot.shop.count("audit_log", "action <> 'plan.add'") == 0
