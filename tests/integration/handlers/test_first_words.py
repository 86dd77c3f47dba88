"""Who comes, in which language they are answered, what is not understood, and who leaves."""

from datetime import timedelta
from typing import Any

from bot.handlers import introduction
from bot.telegram.methods import (
    EditMessageText,
    SendMessage,
    SetMyCommands,
    SetMyDescription,
    SetMyShortDescription,
)
from bot.texts import load_texts
from tests.integration.handlers.conftest import UNIX_NOW, Bot

ANNA, JOHN = 1001, 1002
GROUP = {"id": -100500, "type": "supergroup", "title": "A group"}


async def stored(bot: Bot, user: int, column: str) -> Any:
    return await bot.database.updates.fetchval(
        f"select {column} from users where id = $1",  # noqa: S608 - the names are in this file
        user,
    )


async def test_a_newcomer_is_greeted_by_name_in_their_language_and_kept(bot: Bot) -> None:
    bot.language = "ru"
    answer = await bot.say(ANNA, "/start")
    assert isinstance(answer.shown, SendMessage)
    assert answer.shown.chat_id == ANNA
    assert "P1001" in answer.text
    assert "Здравствуйте" in answer.text
    assert {"buy", "language", "help"} <= set(answer.data)
    assert await stored(bot, ANNA, "first_name") == "P1001"


async def test_until_they_choose_people_are_spoken_to_as_their_telegram_is(bot: Bot) -> None:
    codes = {"ru-RU": "меню", "uk": "меню", "en": "menu", "de": "menu", None: "menu"}
    for number, (code, word) in enumerate(codes.items()):
        person = {"id": 2000 + number, "is_bot": False, "first_name": "A"}
        if code is not None:
            person["language_code"] = code
        answer = await bot.say(2000 + number, "/menu", **{"from": person})
        assert word in answer.text, code


async def test_a_chosen_language_stays_whatever_telegram_says(bot: Bot) -> None:
    choice = await bot.say(ANNA, "/language")
    assert choice.data == ["lang:ru", "lang:en", "menu"]
    assert [button.text for button in choice.buttons][:2] == ["Русский", "✓ English"]

    answer = await bot.press(ANNA, "lang:ru")
    assert isinstance(answer.shown, EditMessageText)
    assert "Главное меню" in answer.text
    assert answer.toast == "Готово, теперь по-русски"
    assert await stored(bot, ANNA, "language") == "ru"

    assert "Главное меню" in (await bot.say(ANNA, "/menu")).text
    assert "✓ Русский" in [b.text for b in (await bot.press(ANNA, "language")).buttons]


async def test_a_language_that_is_none_changes_nothing(bot: Bot) -> None:
    answer = await bot.press(ANNA, "lang:xx")
    assert answer.toast == "This button no longer works. Send /menu"
    assert await stored(bot, ANNA, "language") is None


async def test_a_deep_link_is_kept_if_it_can_be_one(bot: Bot) -> None:
    kept = {
        "/start promo_2026-A": "promo_2026-A",
        "/start@warren_bot promo": "promo",
        "/start " + "x" * 64: "x" * 64,
        "/start " + "x" * 65: None,
        "/start <script>": None,
        "/start два слова": None,
        "/start": None,
    }
    for number, (text, payload) in enumerate(kept.items()):
        assert "Hello" in (await bot.say(2000 + number, text)).text
        assert await stored(bot, 2000 + number, "start_payload") == payload, text


async def test_the_first_deep_link_wins(bot: Bot) -> None:
    for payload in ("first", "second", "first"):
        await bot.say(ANNA, f"/start {payload}")
    assert await stored(bot, ANNA, "start_payload") == "first"


async def test_whatever_is_not_understood_is_answered_kindly_with_the_menu(bot: Bot) -> None:
    for fields in (
        {"text": "hello?"},
        {"text": "/nonsense"},
        {"text": "/"},
        {"text": "привет " * 500},
        {"sticker": {"file_id": "x"}},
        {"caption": "a photo"},
    ):
        answer = await bot.say(ANNA, **{"text": None} | fields)
        assert answer.text == "I understand buttons and commands. Here is the main menu."
        assert "buy" in answer.data


async def test_a_button_that_somebody_made_up_is_answered(bot: Bot) -> None:
    for data in ("", "gone", "gone:1", "lang", "menu:x" * 10):
        answer = await bot.press(ANNA, data)
        assert answer.toast == "This button no longer works. Send /menu"
        assert len(answer.methods) == 1


async def test_in_a_group_a_command_is_pointed_to_the_private_chat(bot: Bot) -> None:
    answer = await bot.say(ANNA, "/start@warren_bot", chat=GROUP)
    assert isinstance(answer.shown, SendMessage)
    assert answer.shown.chat_id == GROUP["id"]
    assert "private" in answer.text
    assert answer.shown.reply_markup is None


async def membership(bot: Bot, status: str, *, at: int) -> Any:
    warren = {"id": 1, "is_bot": True, "first_name": "Warren", "username": "warren_bot"}
    until = {"until_date": 0} if status == "kicked" else {}
    return await bot.feed(
        my_chat_member={
            "chat": {"id": ANNA, "type": "private", "first_name": "P1001"},
            "from": bot.user(ANNA),
            "date": at,
            "old_chat_member": {"user": warren, "status": "member"},
            "new_chat_member": {"user": warren, "status": status} | until,
        }
    )


async def test_one_who_blocks_is_noted_and_sent_nothing_and_one_who_returns_is_welcome(
    bot: Bot,
) -> None:
    await bot.say(ANNA, "/start")
    assert (await membership(bot, "kicked", at=UNIX_NOW)).methods == []
    assert await stored(bot, ANNA, "blocked_at") == bot.now
    assert (await membership(bot, "member", at=UNIX_NOW + 60)).methods == []
    assert await stored(bot, ANNA, "blocked_at") is None
    assert "P1001" in (await bot.say(ANNA, "/start")).text


async def test_news_of_a_block_that_comes_late_changes_nothing(bot: Bot) -> None:
    await bot.say(ANNA, "/start")
    await membership(bot, "member", at=UNIX_NOW + 60)
    await membership(bot, "kicked", at=UNIX_NOW)
    await membership(bot, "kicked", at=UNIX_NOW)
    assert await stored(bot, ANNA, "blocked_at") is None
    assert await stored(bot, ANNA, "membership_at") == bot.now + timedelta(seconds=60)


def test_the_bot_introduces_itself_within_telegrams_bounds() -> None:
    calls = introduction(load_texts())
    assert {call.language_code for call in calls} == {None, "ru"}  # type: ignore[attr-defined]
    kinds = (SetMyCommands, SetMyDescription, SetMyShortDescription)
    assert [type(call) for call in calls] == [*kinds, *kinds]
    for call in calls:
        if isinstance(call, SetMyCommands):
            names = [command.command for command in call.commands]
            assert {"start", "menu", "language", "help"} <= set(names)
            assert all(1 <= len(command.description) <= 256 for command in call.commands)
