"""Administrators and broadcasts: to whom, a preview, and every step on the way."""

import trio

from bot.shop.broadcasts import BroadcastId, broadcast, feed
from bot.telegram.errors import BadRequestError
from bot.telegram.methods import CopyMessage
from tests.integration.handlers.conftest import Bot
from tests.integration.shop.conftest import ADMIN

ANNA, JOHN = 1001, 1002


async def drafted(bot: Bot, segment: str = "english") -> BroadcastId:
    await bot.shop.person(ANNA)
    await bot.shop.person(JOHN)
    await bot.press(ADMIN, f"a-broadcast-new:{segment}")
    shown = await bot.say(ADMIN, "News!")
    return BroadcastId(int(shown.starting("a-broadcast-go:").rpartition(":")[2]))


async def state(bot: Bot, broadcast_id: BroadcastId) -> str:
    found = await broadcast(bot.shop.lane, broadcast_id)
    assert found is not None
    return found.state


async def test_each_segment_is_offered_with_how_many_people_it_reaches(bot: Bot) -> None:
    await bot.say(ANNA, "/start")
    await bot.shop.pay(await bot.shop.access(ANNA))
    shown = await bot.press(ADMIN, "a-broadcast-new")
    sizes = {each.callback_data: each.text.rpartition(" ")[2] for each in shown.buttons}
    assert sizes["a-broadcast-new:everybody"] == "2"
    assert sizes["a-broadcast-new:active"] == "1"
    assert sizes["a-broadcast-new:russian"] == "0"


async def test_what_goes_out_is_seen_first_and_goes_out_only_when_it_is_started(bot: Bot) -> None:
    draft = await drafted(bot)
    [copy] = [call for call in bot.client.calls if isinstance(call, CopyMessage)]
    assert (copy.chat_id, copy.from_chat_id) == (ADMIN, ADMIN)
    assert await feed(bot.shop.lane, bot.now) == 0
    bot.services.wakes.notifier.clear()
    started = await bot.press(ADMIN, f"a-broadcast-go:{draft}")
    assert "On its way" in started.text
    await bot.services.wakes.notifier.wait()
    with trio.fail_after(5):
        await bot.services.wakes.broadcasts.wait()
    assert await feed(bot.shop.lane, bot.now) == 3
    assert await bot.notices(ANNA) == ["broadcast"]


async def test_a_broadcast_is_paused_goes_on_and_is_canceled(bot: Bot) -> None:
    draft = await drafted(bot)
    for button, becomes in [
        ("go", "running"),
        ("go", "running"),
        ("pause", "paused"),
        ("pause", "paused"),
        ("go", "running"),
        ("end", "canceled"),
        ("end", "canceled"),
        ("go", "canceled"),
    ]:
        assert (await bot.press(ADMIN, f"a-broadcast-{button}:{draft}")).is_answered
        assert await state(bot, draft) == becomes
    assert await bot.shop.count("audit_log", "action like 'broadcast.%'") == 4
    assert f"a-broadcast:{draft}" in (await bot.press(ADMIN, "a-broadcasts")).data


async def test_a_message_that_telegram_does_not_copy_is_asked_for_again(bot: Bot) -> None:
    await bot.press(ADMIN, "a-broadcast-new:everybody")
    bot.client.refuses["copyMessage"] = BadRequestError(400, "message can't be copied", None)
    assert "can't copy" in (await bot.say(ADMIN, "a poll")).text
    del bot.client.refuses["copyMessage"]
    assert (await bot.say(ADMIN, "a text")).starting("a-broadcast-go:")
    assert await bot.shop.count("broadcasts") == 1
