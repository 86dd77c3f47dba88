"""Messages at the stand-in: what Telegram would take, show, change and refuse."""

from dataclasses import replace
from typing import Any

import httpx
import pytest
import trio

from bot.sandbox.telegram import SandboxConfig
from bot.telegram.errors import (
    BadRequestError,
    BlockedByUserError,
    CantParseEntitiesError,
    ChatNotFoundError,
    ForbiddenError,
    MessageNotFoundError,
    NotModifiedError,
    RetryAfterError,
)
from bot.telegram.methods import (
    CopyMessage,
    DeleteMessage,
    EditMessageCaption,
    EditMessageMedia,
    EditMessageReplyMarkup,
    EditMessageText,
    ForwardMessage,
    InputFile,
    InputMediaPhoto,
    LinkPreviewOptions,
    ReplyParameters,
    SendDocument,
    SendMessage,
    SendPhoto,
)
from bot.telegram.types import InlineKeyboardButton, InlineKeyboardMarkup
from tests.integration.telegram.conftest import ANNA, StandIn, png, running

MENU = InlineKeyboardMarkup(
    inline_keyboard=[[InlineKeyboardButton(text="Menu", callback_data="menu")]]
)


@pytest.fixture
async def stand_in(stand_in: StandIn) -> StandIn:
    """A stand-in where Anna's chat with the bot has begun."""
    await stand_in.started()
    return stand_in


# Replies


async def test_a_reply_shows_what_it_answers_and_no_more(stand_in: StandIn) -> None:
    asked = await stand_in.bot(SendMessage(chat_id=ANNA, text="How is it?", reply_markup=MENU))
    await stand_in.post("text", person=ANNA, text="Fine", reply_to=asked.message_id)
    reply = (await stand_in.update()).message
    assert reply is not None
    assert reply.reply_to_message is not None
    assert (reply.reply_to_message.message_id, reply.reply_to_message.text) == (
        asked.message_id,
        "How is it?",
    )
    answered = await stand_in.bot(
        SendMessage(
            chat_id=ANNA, text="Good", reply_parameters=ReplyParameters(message_id=reply.message_id)
        )
    )
    assert answered.reply_to_message is not None
    assert answered.reply_to_message.text == "Fine"
    assert answered.reply_to_message.reply_to_message is None
    copied = await stand_in.bot(
        CopyMessage(chat_id=ANNA, from_chat_id=ANNA, message_id=reply.message_id)
    )
    [shown] = [m for m in await stand_in.chat() if m["message_id"] == copied.message_id]
    assert "reply_to_message" not in shown


async def test_a_reply_to_nothing_is_sent_only_if_that_is_allowed(stand_in: StandIn) -> None:
    def reply(allowed: bool | None) -> SendMessage:
        to = ReplyParameters(message_id=999, allow_sending_without_reply=allowed)
        return SendMessage(chat_id=ANNA, text="Good", reply_parameters=to)

    with pytest.raises(BadRequestError, match="message to be replied not found"):
        await stand_in.bot(reply(None))
    assert (await stand_in.bot(reply(True))).reply_to_message is None


# Photos and files


async def test_a_photo_is_uploaded_once_and_sent_by_its_id_ever_after(stand_in: StandIn) -> None:
    first = await stand_in.bot(
        SendPhoto(chat_id=ANNA, photo=png(8, 5), caption="<b>map</b>", parse_mode="HTML")
    )
    assert first.photo is not None
    assert (first.photo[-1].width, first.photo[-1].height) == (8, 5)
    assert first.caption == "map"
    assert first.caption_entities is not None
    assert first.caption_entities[0].type == "bold"
    second = await stand_in.bot(SendPhoto(chat_id=ANNA, photo=first.photo[-1].file_id))
    assert second.photo == first.photo
    shown = await stand_in.http.get(f"/sandbox/file/{first.photo[-1].file_id}")
    assert (shown.content, shown.headers["content-type"]) == (png(8, 5).content, "image/png")


async def test_a_file_keeps_its_name_and_its_bytes(stand_in: StandIn) -> None:
    file = InputFile(content=b"vless://x", filename="ключ.txt")
    message = await stand_in.bot(SendDocument(chat_id=ANNA, document=file, caption="key"))
    assert message.document is not None
    assert message.document.file_name == "ключ.txt"
    assert message.document.file_size == 9
    again = await stand_in.bot(SendDocument(chat_id=ANNA, document=message.document.file_id))
    assert again.document == message.document


@pytest.mark.parametrize(
    ("photo", "text"),
    [
        ("no-such-file", "wrong file identifier"),
        (InputFile(content=b"words", filename="a.png"), "IMAGE_PROCESS_FAILED"),
        (png(2100, 100), "PHOTO_INVALID_DIMENSIONS"),
    ],
    ids=["unknown id", "not a picture", "too long a picture"],
)
async def test_a_photo_that_is_none_is_refused(
    photo: InputFile | str, text: str, stand_in: StandIn
) -> None:
    with pytest.raises(BadRequestError, match=text):
        await stand_in.bot(SendPhoto(chat_id=ANNA, photo=photo))


async def test_a_file_is_no_photo_whatever_its_id_says(stand_in: StandIn) -> None:
    message = await stand_in.bot(SendDocument(chat_id=ANNA, document=png()))
    assert message.document is not None
    with pytest.raises(BadRequestError, match="can't use file of type Document as Photo"):
        await stand_in.bot(SendPhoto(chat_id=ANNA, photo=message.document.file_id))


# Editing


async def test_a_text_becomes_a_photo_and_another_photo(stand_in: StandIn) -> None:
    sent = await stand_in.bot(SendMessage(chat_id=ANNA, text="hello", reply_markup=MENU))
    to = {"chat_id": ANNA, "message_id": sent.message_id}
    first = await stand_in.bot(
        EditMessageMedia(**to, media=InputMediaPhoto(media=png(), caption="one"), reply_markup=MENU)
    )
    assert not isinstance(first, bool)
    assert (first.text, first.caption) == (None, "one")
    assert first.edit_date is not None
    assert first.photo is not None
    file_id = first.photo[-1].file_id
    with pytest.raises(NotModifiedError):
        await stand_in.bot(
            EditMessageMedia(
                **to, media=InputMediaPhoto(media=file_id, caption="one"), reply_markup=MENU
            )
        )
    second = await stand_in.bot(EditMessageMedia(**to, media=InputMediaPhoto(media=png(4, 4))))
    assert not isinstance(second, bool)
    assert (second.caption, second.reply_markup) == (None, None)


async def test_a_caption_is_changed_and_taken_away(stand_in: StandIn) -> None:
    sent = await stand_in.bot(SendPhoto(chat_id=ANNA, photo=png(), caption="one"))
    to = {"chat_id": ANNA, "message_id": sent.message_id}
    changed = await stand_in.bot(EditMessageCaption(**to, caption="two"))
    assert not isinstance(changed, bool)
    assert (changed.caption, changed.photo) == ("two", sent.photo)
    bare = await stand_in.bot(EditMessageCaption(**to))
    assert not isinstance(bare, bool)
    assert bare.caption is None


async def test_other_buttons_alone_do_not_mark_a_message_as_edited(stand_in: StandIn) -> None:
    sent = await stand_in.bot(SendMessage(chat_id=ANNA, text="hello"))
    to = {"chat_id": ANNA, "message_id": sent.message_id}
    changed = await stand_in.bot(EditMessageReplyMarkup(**to, reply_markup=MENU))
    assert not isinstance(changed, bool)
    assert changed.edit_date is None


async def test_a_text_is_no_caption_and_a_caption_no_text(stand_in: StandIn) -> None:
    text = await stand_in.bot(SendMessage(chat_id=ANNA, text="hello"))
    photo = await stand_in.bot(SendPhoto(chat_id=ANNA, photo=png()))
    with pytest.raises(BadRequestError, match="no caption in the message to edit"):
        await stand_in.bot(
            EditMessageCaption(chat_id=ANNA, message_id=text.message_id, caption="x")
        )
    with pytest.raises(BadRequestError, match="no text in the message to edit"):
        await stand_in.bot(EditMessageText(chat_id=ANNA, message_id=photo.message_id, text="x"))


async def test_what_a_person_wrote_cannot_be_edited_but_can_be_deleted(stand_in: StandIn) -> None:
    [hers] = await stand_in.chat()
    to = {"chat_id": ANNA, "message_id": hers["message_id"]}
    with pytest.raises(MessageNotFoundError, match="can't be edited"):
        await stand_in.bot(EditMessageText(**to, text="x"))
    assert await stand_in.bot(DeleteMessage(**to))
    with pytest.raises(MessageNotFoundError, match="to delete not found"):
        await stand_in.bot(DeleteMessage(**to))


async def test_the_same_again_is_not_modified(stand_in: StandIn) -> None:
    sent = await stand_in.bot(SendMessage(chat_id=ANNA, text="<i>x</i>", parse_mode="HTML"))
    same = EditMessageText(
        chat_id=ANNA, message_id=sent.message_id, text="<i>x</i>", parse_mode="HTML"
    )
    with pytest.raises(NotModifiedError):
        await stand_in.bot(same)


# Copies


async def test_a_copy_says_nothing_of_its_origin_and_a_forward_does(stand_in: StandIn) -> None:
    await stand_in.started(1002)
    photo = await stand_in.bot(SendPhoto(chat_id=1002, photo=png(), caption="one"))
    source = {"chat_id": ANNA, "from_chat_id": 1002, "message_id": photo.message_id}
    copy = await stand_in.bot(CopyMessage(**source, caption="two", reply_markup=MENU))
    forward = await stand_in.bot(ForwardMessage(**source))
    copied, forwarded = (await stand_in.chat())[-2:]
    assert (copied["message_id"], forwarded["message_id"]) == (copy.message_id, forward.message_id)
    assert (copied["caption"], forwarded["caption"]) == ("two", "one")
    assert "forward_origin" not in copied
    assert forwarded["forward_origin"]["sender_user"]["id"] == photo.from_user.id  # type: ignore[union-attr]


# What is refused


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"text": ""}, "message text is empty"),
        ({"text": "x" * 4097}, "message is too long"),
        ({"text": "<b>x", "parse_mode": "HTML"}, "can't parse entities: Can't find end tag"),
        ({"text": "a.b", "parse_mode": "MarkdownV2"}, "Character '.' is reserved"),
        ({"text": "x", "parse_mode": "XML"}, "unsupported parse_mode"),
        ({"text": "x", "chat_id": 5}, "chat not found"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_a_text_that_telegram_would_refuse_is_refused_in_its_words(
    fields: dict[str, Any], text: str, stand_in: StandIn
) -> None:
    answer = await stand_in.api("sendMessage", **{"chat_id": ANNA} | fields)
    assert (answer["ok"], answer["error_code"]) == (False, 400)
    assert text in answer["description"]


@pytest.mark.parametrize(
    ("button", "text"),
    [
        ({"text": "x"}, "Text buttons are unallowed"),
        ({"text": "x", "callback_data": "ы" * 33}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "url": "http://localhost"}, "Wrong HTTP URL"),
        ({"text": "x", "copy_text": {"text": "y" * 257}}, "BUTTON_COPY_TEXT_INVALID"),
        ({"text": "x", "pay": True}, "BUTTON_TYPE_INVALID"),
        ({"text": "", "callback_data": "x"}, "text is empty"),
    ],
    ids=str,
)
async def test_a_button_that_telegram_would_refuse_is_refused(
    button: dict[str, Any], text: str, stand_in: StandIn
) -> None:
    answer = await stand_in.api(
        "sendMessage", chat_id=ANNA, text="x", reply_markup={"inline_keyboard": [[button]]}
    )
    assert text in answer["description"]


async def test_a_caption_has_1024_characters_after_its_markup_is_read(stand_in: StandIn) -> None:
    longest = SendPhoto(
        chat_id=ANNA, photo=png(), caption=f"<b>{'x' * 1024}</b>", parse_mode="HTML"
    )
    assert (await stand_in.bot(longest)).caption == "x" * 1024
    with pytest.raises(BadRequestError, match="message caption is too long"):
        await stand_in.bot(SendPhoto(chat_id=ANNA, photo=png(), caption="x" * 1025))


async def test_markup_of_ours_that_is_wrong_has_an_error_of_its_own(stand_in: StandIn) -> None:
    with pytest.raises(CantParseEntitiesError):
        await stand_in.bot(SendMessage(chat_id=ANNA, text="*x", parse_mode="MarkdownV2"))


async def test_who_may_be_written_to(stand_in: StandIn) -> None:
    with pytest.raises(ForbiddenError, match="can't initiate conversation"):
        await stand_in.bot(SendMessage(chat_id=1002, text="x"))
    with pytest.raises(ChatNotFoundError):
        await stand_in.bot(SendMessage(chat_id=5, text="x"))
    await stand_in.post("block", person=ANNA, blocked=True)
    with pytest.raises(BlockedByUserError):
        await stand_in.bot(SendMessage(chat_id=ANNA, text="x"))
    assert [update.kind for update in await stand_in.updates()] == ["my_chat_member"]


async def test_link_previews_are_as_they_were_asked_for(stand_in: StandIn) -> None:
    quiet = LinkPreviewOptions(is_disabled=True)
    await stand_in.bot(
        SendMessage(chat_id=ANNA, text="https://example.org", link_preview_options=quiet)
    )
    shown = (await stand_in.chat())[-1]
    assert shown["link_preview_options"] == {"is_disabled": True}
    assert shown["entities"] == [{"type": "url", "offset": 0, "length": 19}]


# Rates


async def test_more_than_a_burst_to_one_chat_is_refused_with_the_time_to_wait(
    stand_in: StandIn, config: SandboxConfig
) -> None:
    answers = [
        await stand_in.api("sendMessage", chat_id=ANNA, text="x")
        for _ in range(config.chat_burst + 5)
    ]
    refused = [answer for answer in answers if not answer["ok"]]
    assert refused
    assert refused[0]["error_code"] == 429
    assert refused[0]["parameters"]["retry_after"] == 1
    assert refused[0]["description"] == "Too Many Requests: retry after 1"
    # Others are still written to.
    await stand_in.started(1002)
    assert (await stand_in.api("sendMessage", chat_id=1002, text="x"))["ok"]


# Updates


async def test_a_photo_of_a_persons_reaches_the_bot_and_may_be_passed_on(stand_in: StandIn) -> None:
    await stand_in.http.post(
        "/sandbox/photo",
        data={"person": str(ANNA), "caption": "look"},
        files={"file": ("me.png", png().content, "image/png")},
    )
    update = await stand_in.update()
    assert update.message is not None
    assert update.message.photo is not None
    assert update.message.caption == "look"
    sent = await stand_in.bot(
        SendPhoto(chat_id=ANNA, photo=update.message.photo[-1].file_id, caption="back")
    )
    assert sent.photo == update.message.photo


async def test_an_update_older_than_a_day_is_gone(config: SandboxConfig) -> None:
    now = [1_790_000_000.0]
    async with running(replace(config, data_dir=config.data_dir / "b", now=lambda: now[0])) as it:
        await it.post("text", person=ANNA, text="old")
        now[0] += 24 * 3600 - 10
        await it.post("text", person=ANNA, text="young")
        now[0] += 20
        update = await it.update()
        assert update.message is not None
        assert update.message.text == "young"


async def test_a_message_older_than_two_days_stays(config: SandboxConfig) -> None:
    now = [1_790_000_000.0]
    async with running(replace(config, data_dir=config.data_dir / "d", now=lambda: now[0])) as it:
        await it.started()
        sent = await it.bot(SendMessage(chat_id=ANNA, text="x"))
        now[0] += 48 * 3600 + 1
        with pytest.raises(MessageNotFoundError, match="can't be deleted"):
            await it.bot(DeleteMessage(chat_id=ANNA, message_id=sent.message_id))


async def test_everything_is_there_again_after_a_restart(config: SandboxConfig) -> None:
    config = replace(config, data_dir=config.data_dir / "c")
    async with running(config) as before:
        await before.started()
        photo = await before.bot(SendPhoto(chat_id=ANNA, photo=png(), caption="one"))
        await before.post("text", person=ANNA, text="are you there?")
        chat = await before.chat()
    async with running(config) as after:
        assert await after.chat() == chat
        update = (await after.updates())[-1]
        assert update.message is not None
        assert update.message.text == "are you there?"
        assert photo.photo is not None
        again = await after.bot(SendPhoto(chat_id=ANNA, photo=photo.photo[-1].file_id))
        assert again.photo == photo.photo
        assert again.message_id > update.message.message_id


async def test_a_wrong_token_is_nobodys(stand_in: StandIn) -> None:
    async with httpx.AsyncClient(base_url=stand_in.page) as http:
        answer = await http.post("/bot1:x/getMe")
    assert answer.status_code == 401


async def test_a_flood_told_by_telegram_reaches_who_cannot_wait(stand_in: StandIn) -> None:
    await stand_in.post("faults", method="sendMessage", status=429, count=1)
    with pytest.raises(RetryAfterError), trio.fail_after(0.5):
        await stand_in.bot(SendMessage(chat_id=ANNA, text="x"))
