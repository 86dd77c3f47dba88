"""A talk between a person and those who help: passed on, answered, and never to anybody else."""

from typing import Any

import pytest

from bot.shop.people import set_banned
from bot.shop.support import concerning
from bot.shop.switches import Switch
from bot.telegram.errors import (
    BadRequestError,
    BlockedByUserError,
    ChatNotFoundError,
    MigratedError,
    RetryAfterError,
    ServerError,
    TelegramError,
    TransportError,
)
from bot.telegram.methods import CopyMessage, ForwardMessage, SendMessage
from tests.integration.handlers.conftest import Answer, Bot, RecordingClient
from tests.integration.shop.conftest import ADMIN, DAY, NOW

ANNA, JOHN, OTHER_ADMIN = 1001, 1002, 901
GROUP = -100_500


def passed_on(client: RecordingClient) -> list[ForwardMessage]:
    return [call for call in client.calls if isinstance(call, ForwardMessage)]


def cards(client: RecordingClient) -> list[SendMessage]:
    return [call for call in client.calls if isinstance(call, SendMessage)]


def copied(client: RecordingClient) -> list[CopyMessage]:
    return [call for call in client.calls if isinstance(call, CopyMessage)]


async def ask(bot: Bot, user: int = ANNA, words: str = "It is slow") -> Answer:
    """Let a person write to support."""
    await bot.say(user, "/support")
    return await bot.say(user, words)


async def relayed(bot: Bot, chat_id: int = ADMIN) -> list[int]:
    """Return the ids of what stands in an administrators' chat."""
    rows = await bot.database.updates.fetch(
        "select admin_message_id from support_messages where admin_chat_id = $1 order by 1", chat_id
    )
    return [row["admin_message_id"] for row in rows]


async def answer(
    bot: Bot,
    message_id: int,
    words: str = "Try another app",
    *,
    by: int = ADMIN,
    chat: int | None = None,
) -> Answer:
    """Let an administrator reply to a message."""
    group = {"chat": {"id": chat, "type": "supergroup", "title": "Support"}} if chat else {}
    return await bot.say(by, words, reply_to_message=quoted(bot, by, message_id, chat), **group)


def quoted(bot: Bot, user: int, message_id: int, chat: int | None = None) -> dict[str, Any]:
    """Return the bot's message with this id, as a reply quotes it."""
    group = {"chat": {"id": chat, "type": "supergroup", "title": "Support"}} if chat else {}
    me = {"id": 1, "is_bot": True, "first_name": "Warren"}
    return bot.message(user, message_id=message_id) | {"from": me, "text": "…"} | group


@pytest.mark.parametrize("command", ["/support", "/paysupport"])
async def test_the_commands_that_telegram_asks_for_ask_what_it_is_about(
    bot: Bot, command: str
) -> None:
    prompt = await bot.say(ANNA, command)
    assert ("payment" in prompt.text) == (command == "/paysupport")
    assert prompt.data == ["menu"]


async def test_a_question_reaches_the_administrator_with_a_word_on_who_asks(bot: Bot) -> None:
    said = await ask(bot)
    assert "Passed on" in said.text
    assert said.data == ["menu"]
    [passed] = passed_on(bot.client)
    assert (passed.chat_id, passed.from_chat_id) == (ADMIN, ANNA)
    [card] = cards(bot.client)
    assert card.chat_id == ADMIN
    assert "P1001" in card.text
    assert card.reply_markup is not None
    assert card.reply_markup.inline_keyboard[0][0].callback_data == f"a-person:{ANNA}"
    assert len(await relayed(bot)) == 2


async def test_a_name_is_data_whatever_markup_is_in_it(bot: Bot) -> None:
    user = bot.user(ANNA) | {"first_name": "<b>Anna & Co", "username": "anna"}
    message = bot.message(ANNA) | {"from": user}
    await bot.feed(message=message | {"text": "/support"})
    await bot.feed(message=message | {"text": "Help"})
    [card] = cards(bot.client)
    assert "&lt;b&gt;Anna &amp; Co" in card.text
    assert "@anna" in card.text


async def test_what_follows_is_passed_on_too_with_one_card_for_all(bot: Bot) -> None:
    await ask(bot)
    for more in ({"photo": []}, {"document": None}, {"text": "And more"}):
        said = await bot.feed(message=bot.message(ANNA) | more)
        assert "Passed on" in said.text
    assert len(passed_on(bot.client)) == 4
    assert len(cards(bot.client)) == 1


async def test_an_album_is_confirmed_once(bot: Bot) -> None:
    await bot.say(ANNA, "/support")
    answers = [
        await bot.feed(message=bot.message(ANNA) | {"photo": [], "media_group_id": "77"})
        for _ in range(3)
    ]
    assert [len(each.methods) for each in answers] == [1, 0, 0]
    assert len(passed_on(bot.client)) == 3


async def test_the_menu_ends_the_talk(bot: Bot) -> None:
    await ask(bot)
    await bot.press(ANNA, "menu")
    assert "main menu" in (await bot.say(ANNA, "hello")).text
    assert len(passed_on(bot.client)) == 1


async def test_an_answer_goes_back_to_the_person_as_it_is(bot: Bot) -> None:
    await ask(bot)
    for message_id in await relayed(bot):  # the message itself, and the card
        said = await answer(bot, message_id)
        assert "has your answer" in said.text
    for copy in copied(bot.client):
        assert (copy.chat_id, copy.from_chat_id) == (ANNA, ADMIN)
        assert copy.reply_parameters is not None
        assert copy.reply_parameters.allow_sending_without_reply
        assert copy.reply_markup is not None
        assert copy.reply_markup.inline_keyboard[0][0].callback_data == "support:more"
    assert len(copied(bot.client)) == 2


async def test_an_answer_that_looks_like_a_command_is_an_answer(bot: Bot) -> None:
    await ask(bot)
    await bot.say(ADMIN, "/admin")
    await answer(bot, (await relayed(bot))[0], "/connect shows it")
    assert len(copied(bot.client)) == 1


async def test_answers_of_two_administrators_to_two_people_dont_cross(bot: Bot) -> None:
    await ask(bot, ANNA)
    of_anna = (await relayed(bot))[0]
    await ask(bot, JOHN)
    of_john = (await relayed(bot))[-1]
    await answer(bot, of_john, "for John")
    await answer(bot, of_anna, "for Anna")
    assert [copy.chat_id for copy in copied(bot.client)] == [JOHN, ANNA]


async def test_a_reply_to_the_answer_goes_on_with_the_talk(bot: Bot) -> None:
    await ask(bot)
    await answer(bot, (await relayed(bot))[0])
    await bot.press(ANNA, "menu")
    [row] = await bot.database.updates.fetch(
        "select max(user_message_id) as id from support_messages where user_id = $1", ANNA
    )
    # Whatever else was asked since: a reply says what it is about.
    await bot.press(ANNA, "promo")
    said = await bot.say(ANNA, "Thank you", reply_to_message=quoted(bot, ANNA, row["id"]))
    assert "Passed on" in said.text
    assert len(passed_on(bot.client)) == 2


async def test_the_button_under_an_answer_asks_for_more_and_leaves_the_answer(bot: Bot) -> None:
    pressed = await bot.press(ANNA, "support:more")
    assert isinstance(pressed.shown, SendMessage)
    assert pressed.is_answered
    assert pressed.deleted == []
    await bot.say(ANNA, "One more thing")
    assert len(passed_on(bot.client)) == 1


async def test_a_talk_goes_on_after_a_restart(bot: Bot) -> None:
    """What an answer needs is in the database alone."""
    await ask(bot)
    message_id = (await relayed(bot))[0]
    concern = await concerning(bot.database.updates, ADMIN, message_id)
    assert concern is not None
    assert concern.user_id == ANNA
    bot.client = RecordingClient()
    bot.now = NOW + 400 * DAY
    await answer(bot, message_id)
    assert [copy.chat_id for copy in copied(bot.client)] == [ANNA]


# ---- nobody else ----


async def test_a_person_cant_answer_another_through_the_bot(bot: Bot) -> None:
    await ask(bot, ANNA)
    for message_id in await relayed(bot):
        said = await answer(bot, message_id, "psst", by=JOHN)
        assert "main menu" in said.text
    assert copied(bot.client) == []


async def test_a_reply_in_a_strange_group_is_no_answer(bot: Bot) -> None:
    await ask(bot, ANNA)
    message_id = (await relayed(bot))[0]
    with pytest.raises(AssertionError):  # no handler wants it
        await answer(bot, message_id, by=ADMIN, chat=-100_777)
    assert copied(bot.client) == []


async def test_who_is_no_longer_an_administrator_answers_nobody(bot: Bot) -> None:
    await ask(bot, ANNA)
    message_id = (await relayed(bot))[0]
    await bot.database.updates.execute(
        "update support_messages set admin_chat_id = $1 where admin_message_id = $2",
        JOHN,
        message_id,
    )
    await answer(bot, message_id, by=JOHN)
    assert copied(bot.client) == []


async def test_an_administrators_reply_to_anything_else_is_no_answer(bot: Bot) -> None:
    await ask(bot, ANNA)
    said = await answer(bot, 4242)
    assert "main menu" in said.text
    assert copied(bot.client) == []


async def test_a_payment_within_a_talk_is_taken_as_a_payment(bot: Bot) -> None:
    asked = await bot.press(ANNA, f"buy:by:stars:{bot.shop.basic}")
    await ask(bot)
    [row] = await bot.database.updates.fetch(
        "select user_message_id as id from support_messages limit 1"
    )
    paid = await bot.feed(
        message=bot.message(ANNA)
        | {
            "reply_to_message": quoted(bot, ANNA, row["id"]),
            "successful_payment": {
                "currency": "XTR",
                "total_amount": 200,
                "invoice_payload": asked.shown.payload,  # type: ignore[union-attr]
                "telegram_payment_charge_id": "stx",
                "provider_payment_charge_id": "p",
            },
        }
    )
    assert "Paid" in paid.text
    assert len(passed_on(bot.client)) == 1


# ---- what goes wrong ----


async def test_too_much_at_once_is_said_once_and_not_passed_on(bot: Bot) -> None:
    await bot.say(ANNA, "/support")
    answers = [await bot.say(ANNA, f"line {number}") for number in range(23)]
    assert len(passed_on(bot.client)) == 20
    assert "not passed on" in answers[20].text
    assert [len(each.methods) for each in answers[21:]] == [0, 0]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (BadRequestError(400, "Bad Request: message can't be forwarded"), "of this kind"),
        (TransportError("forwardMessage: no answer in time"), "could not be passed on"),
        (ServerError(502, "Bad Gateway"), "could not be passed on"),
        (ChatNotFoundError(400, "Bad Request: chat not found"), "could not be passed on"),
        (BlockedByUserError(403, "Forbidden"), "could not be passed on"),
    ],
)
async def test_what_could_not_be_passed_on_is_said_honestly(
    bot: Bot, error: TelegramError, words: str, expected_errors: list[str]
) -> None:
    expected_errors.append("support.nobody_reached")
    bot.client.refuses["forwardMessage"] = error
    said = await ask(bot)
    assert words in said.text
    assert said.data == ["support", "menu"]
    assert await relayed(bot) == []


async def test_a_pause_that_telegram_asks_for_brings_the_update_again(bot: Bot) -> None:
    bot.client.refuses["forwardMessage"] = RetryAfterError(429, "Too Many Requests")
    with pytest.raises(RetryAfterError):
        await ask(bot)


async def test_a_card_that_fails_takes_nothing_from_the_question(bot: Bot) -> None:
    bot.client.refuses["sendMessage"] = ServerError(500, "Internal Server Error")
    assert "Passed on" in (await ask(bot)).text
    assert len(await relayed(bot)) == 1


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (BlockedByUserError(403, "Forbidden"), "has blocked the bot"),
        (ChatNotFoundError(400, "chat not found"), "has blocked the bot"),
        (BadRequestError(400, "message can't be copied"), "can't copy a message of this kind"),
        (TransportError("no answer in time"), "nobody knows whether it arrived"),
    ],
)
async def test_an_answer_that_did_not_arrive_is_said_honestly(
    bot: Bot, error: TelegramError, words: str
) -> None:
    await ask(bot)
    bot.client.refuses["copyMessage"] = error
    said = await answer(bot, (await relayed(bot))[0])
    assert words in said.text


class TestOfTwoAdministrators:
    @pytest.fixture
    def changes(self) -> dict[str, Any]:
        return {"admin_ids": f"{ADMIN},{OTHER_ADMIN}"}

    async def test_both_are_asked_and_either_answers(self, bot: Bot) -> None:
        await ask(bot)
        assert {call.chat_id for call in passed_on(bot.client)} == {ADMIN, OTHER_ADMIN}
        await answer(bot, (await relayed(bot, OTHER_ADMIN))[0], by=OTHER_ADMIN)
        assert [copy.from_chat_id for copy in copied(bot.client)] == [OTHER_ADMIN]

    async def test_one_who_never_wrote_to_the_bot_keeps_nobody_from_the_other(
        self, bot: Bot
    ) -> None:
        bot.client.refuses[f"forwardMessage:{OTHER_ADMIN}"] = ChatNotFoundError(400, "not found")
        assert "Passed on" in (await ask(bot)).text
        assert await relayed(bot) != []

    async def test_a_pause_after_one_was_reached_brings_nothing_twice(self, bot: Bot) -> None:
        pause = RetryAfterError(429, "Too Many Requests")
        bot.client.refuses[f"forwardMessage:{OTHER_ADMIN}"] = pause
        assert "Passed on" in (await ask(bot)).text
        bot.client.refuses = {f"forwardMessage:{ADMIN}": pause}
        with pytest.raises(RetryAfterError):
            await bot.say(ANNA, "And more")

    async def test_each_reads_the_card_in_their_own_language(self, bot: Bot) -> None:
        await bot.say(ADMIN, "/start")
        bot.language = "ru"
        await bot.say(OTHER_ADMIN, "/start")
        bot.language = "en"
        await ask(bot)
        words = {card.chat_id: card.text for card in cards(bot.client)}
        assert "Never had access" in words[ADMIN]
        assert "Доступа ещё не было" in words[OTHER_ADMIN]


class TestInAChatOfSupport:
    @pytest.fixture
    def changes(self) -> dict[str, Any]:
        return {"support_chat_id": str(GROUP)}

    async def test_it_is_asked_there_and_whoever_is_there_answers(self, bot: Bot) -> None:
        await ask(bot)
        assert [call.chat_id for call in passed_on(bot.client)] == [GROUP]
        [card] = cards(bot.client)
        assert card.reply_markup is None
        said = await answer(bot, (await relayed(bot, GROUP))[0], by=JOHN, chat=GROUP)
        assert isinstance(said.shown, SendMessage)
        assert said.shown.chat_id == GROUP
        assert [(copy.chat_id, copy.from_chat_id) for copy in copied(bot.client)] == [(ANNA, GROUP)]

    @pytest.mark.parametrize(
        "error",
        [
            MigratedError(400, "group chat was upgraded to a supergroup chat"),
            BlockedByUserError(403, "Forbidden: bot was kicked from the group chat"),
            ChatNotFoundError(400, "chat not found"),
        ],
    )
    async def test_a_chat_that_cant_be_written_to_loses_no_question(
        self, bot: Bot, error: TelegramError, expected_errors: list[str]
    ) -> None:
        expected_errors.append("support.not_reached")
        bot.client.refuses[f"forwardMessage:{GROUP}"] = error
        assert "Passed on" in (await ask(bot)).text
        assert [call.chat_id for call in passed_on(bot.client)] == [GROUP, ADMIN]


class TestWithNobodyNamed:
    @pytest.fixture
    def changes(self) -> dict[str, Any]:
        return {"admin_ids": ""}

    async def test_it_is_said_that_nobody_is_there(self, bot: Bot) -> None:
        said = await bot.say(ANNA, "/support")
        assert "not set up" in said.text
        assert "main menu" in (await bot.say(ANNA, "hello")).text


@pytest.mark.parametrize(("closed", "word"), [("banned", "closed"), ("maintenance", "Maintenance")])
async def test_whoever_the_bot_is_closed_to_still_reaches_support(
    closed: str, word: str, bot: Bot
) -> None:
    lane = bot.shop.lane
    await bot.say(ANNA, "/start")
    if closed == "banned":
        await set_banned(lane, ANNA, banned=True, admin_id=ADMIN, now=NOW)
    else:
        switches = bot.services.switches
        await switches.turn(lane, Switch.MAINTENANCE, on=True, admin_id=ADMIN, now=NOW)
    assert word in (await bot.say(ANNA, "/buy")).text
    assert "About a payment" in (await bot.say(ANNA, "/paysupport")).text
    assert "Passed on" in (await bot.say(ANNA, "I paid twice")).text
    [asked, *_] = await relayed(bot)
    assert "has your answer" in (await answer(bot, asked)).text
    [copy] = copied(bot.client)
    assert copy.chat_id == ANNA
    # A button under the answer, and a reply to it, go on with the talk.
    await bot.press(ANNA, "support:more")
    assert "Passed on" in (await bot.say(ANNA, "Thank you")).text
    assert len(passed_on(bot.client)) == 2
    # Whatever else is done leaves it, and is closed.
    assert word in (await bot.say(ANNA, "/menu")).text
    assert word in (await bot.say(ANNA, "Hello?")).text
