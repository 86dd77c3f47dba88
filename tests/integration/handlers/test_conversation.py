"""The menu, what brings people, and the ways between screens."""

from datetime import timedelta

import pytest

from bot.shop.gifts import gifts_of
from bot.shop.purchases import PurchaseKind
from bot.shop.referrals import payload_of
from bot.shop.users import await_words
from bot.telegram.methods import DeleteMessage, SendMessage
from tests.integration.handlers.conftest import NOW, Bot
from tests.integration.shop.conftest import DAY

ANNA, JOHN = 1001, 1002
HOUR = timedelta(hours=1)


async def gift_code(bot: Bot, buyer: int) -> str:
    await bot.say(buyer, "/start")
    await bot.shop.pay(await bot.shop.access(buyer, kind=PurchaseKind.GIFT), f"gift-{buyer}")
    [gift] = await gifts_of(bot.shop.lane, buyer, None, 1)
    return gift.code


async def test_the_menu_offers_the_trial_until_there_was_access(bot: Bot) -> None:
    fresh = await bot.say(ANNA, "/start")
    assert "trial" in fresh.data
    assert "access" not in fresh.data
    await bot.press(ANNA, "trial")
    running = await bot.press(ANNA, "menu")
    assert "trial" not in running.data
    assert {"access", "connect", "buy"} <= set(running.data)
    assert "Access until <b>4 March 2026</b>" in running.text
    bot.now = NOW + 5 * DAY
    assert "ended on 4 March 2026" in (await bot.press(ANNA, "menu")).text


async def test_the_menu_leads_to_every_conversation(bot: Bot) -> None:
    menu = await bot.say(ANNA, "/menu")
    roots = {"trial", "buy", "balance", "invite", "promo", "gifts", "language", "help"}
    assert set(menu.data) == roots


async def test_a_friends_link_is_remembered_at_first_contact(bot: Bot) -> None:
    await bot.shop.person(7)
    # The database notes when people come.
    bot.now = await bot.shop.lane.fetchval("select now()")
    await bot.say(ANNA, f"/start {payload_of(7)}")
    await bot.say(JOHN, "/start")
    bot.now += 2 * HOUR
    await bot.say(JOHN, f"/start {payload_of(7)}")
    referrer = "select referrer_id from users where id = $1"
    assert await bot.shop.lane.fetchval(referrer, ANNA) == 7
    assert await bot.shop.lane.fetchval(referrer, JOHN) is None


async def test_a_gifts_link_gives_it_once(bot: Bot) -> None:
    code = await gift_code(bot, ANNA)
    taken = await bot.say(JOHN, f"/start gift_{code}")
    assert "The gift is yours" in taken.text
    assert "vless://" in taken.text
    assert await bot.shop.days(JOHN) == 30
    late = await bot.say(1003, f"/start gift_{code}")
    assert "taken or canceled" in late.text
    assert await bot.shop.days(1003) == 0


@pytest.mark.parametrize(
    "payload", ["gift_", "gift_nobody", "ref_", "ref_zzz", "hello", "ж", "a" * 65, "gift_' or 1=1"]
)
async def test_a_link_that_somebody_made_up_is_a_greeting(payload: str, bot: Bot) -> None:
    greeted = await bot.say(ANNA, f"/start {payload}")
    assert "menu" not in greeted.data
    assert "buy" in greeted.data


async def test_names_are_data(bot: Bot) -> None:
    await bot.say(ANNA, "/start")
    name = {"id": ANNA, "is_bot": False, "first_name": "<b>&", "language_code": "en"}
    chat = {"id": ANNA, "type": "private"}
    message = {"message_id": 1, "date": 1, "chat": chat, "from": name, "text": "/start"}
    assert "&lt;b&gt;&amp;" in (await bot.feed(message=message)).text


@pytest.mark.parametrize(
    "data",
    ["menu", "about", "help", "language", "buy", "access", "connect", "trial"],
)
async def test_each_screen_is_one_message_that_changes_and_has_its_way_on(
    data: str, bot: Bot
) -> None:
    answer = await bot.press(ANNA, data)
    assert answer.is_answered
    assert answer.shown.name == "editMessageText"
    assert data == "menu" or {"menu", "help"} & set(answer.data)


async def test_under_a_message_too_old_to_change_a_screen_comes_anew(bot: Bot) -> None:
    # Bot API: InaccessibleMessage has a chat, an id and a date of 0.
    answer = await bot.press(ANNA, "menu", under={"date": 0})
    assert isinstance(answer.shown, SendMessage)
    assert any(isinstance(method, DeleteMessage) for method in answer.methods)


async def test_a_button_and_a_command_leave_a_question_behind(bot: Bot) -> None:
    awaiting = "select awaiting from users where id = $1"
    await bot.say(ANNA, "/start")
    for leave in (bot.press(ANNA, "menu"), bot.say(ANNA, "/menu")):
        await await_words(bot.shop.lane, ANNA, "promo")
        await leave
        assert await bot.shop.lane.fetchval(awaiting, ANNA) is None


async def test_the_chosen_language_is_spoken_at_once(bot: Bot) -> None:
    russian = await bot.press(ANNA, "lang:ru")
    assert "Главное меню" in russian.text
    assert "Купить" in " ".join(each.text for each in (await bot.say(ANNA, "/menu")).buttons)
    assert (await bot.press(ANNA, "lang:xx")).is_answered
