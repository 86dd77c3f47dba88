"""What a person has, and what they change about it: trial, renewal, Stars subscription, key."""

from datetime import timedelta

import pytest
import trio

from bot.shop.access import end_expired
from bot.shop.subscriptions import Subscription, subscription_of
from bot.shop.vpn_jobs import claim_jobs, jobs_done
from bot.telegram.errors import BadRequestError
from bot.telegram.methods import CreateInvoiceLink, EditUserStarSubscription, SendInvoice
from tests.integration.handlers.conftest import NOW, Answer, Bot
from tests.integration.shop.conftest import DAY

ANNA, JOHN = 1001, 1002


async def buy(bot: Bot, user: int = ANNA) -> Subscription:
    asked = await bot.press(user, f"buy:by:stars:{bot.shop.basic}")
    assert isinstance(asked.shown, SendInvoice)
    await bot.pay(user, asked.shown, f"stx{user}")
    return await have(bot, user)


async def subscribe(bot: Bot) -> Subscription:
    await bot.press(ANNA, f"buy:renewing:{bot.shop.basic}")
    [link] = [call for call in bot.client.calls if isinstance(call, CreateInvoiceLink)]
    await bot.pay(ANNA, link, "stx1", is_recurring=True, is_first_recurring=True)
    return await have(bot)


async def have(bot: Bot, user: int = ANNA) -> Subscription:
    had = await subscription_of(bot.shop.lane, user)
    assert had is not None
    return had


async def provision(bot: Bot) -> None:
    """Let the hosts have what they are to have, as the activation worker would."""
    while jobs := await claim_jobs(bot.shop.lane, bot.now, limit=10, lease=timedelta(minutes=1)):
        await jobs_done(bot.shop.lane, jobs, bot.now)


async def test_who_has_nothing_is_offered_the_trial(bot: Bot) -> None:
    screen = await bot.press(ANNA, "access")
    assert screen.data == ["trial", "buy", "menu"]
    assert "3 days" in screen.buttons[0].text


async def test_the_trial_shows_the_key_and_is_once_per_person(bot: Bot) -> None:
    begun = await bot.press(ANNA, "trial")
    assert "Your trial has begun" in begun.text
    assert "vless://" in begun.text
    again = await bot.press(ANNA, "trial")
    assert "once per person" in (again.toast or "")
    assert await bot.shop.days(ANNA) == 3
    assert "trial" not in (await bot.say(ANNA, "/menu")).data


async def test_parallel_taps_begin_one_trial(bot: Bot) -> None:
    answers: list[Answer] = []

    async def tap() -> None:
        answers.append(await bot.press(ANNA, "trial"))

    async with trio.open_nursery() as nursery:
        for _ in range(8):
            nursery.start_soon(tap)
    assert sum("has begun" in answer.text for answer in answers) == 1
    assert await bot.shop.days(ANNA) == 3
    await bot.shop.assert_sound()


async def test_running_access_says_until_when_and_under_which_limits(bot: Bot) -> None:
    await buy(bot)
    screen = await bot.say(ANNA, "/access")
    assert "31 March 2026, 12:00 (UTC)" in screen.text
    assert "30 days" in screen.text
    assert "Month" in screen.text
    assert "up to 3 devices" in screen.text
    bot.now = NOW + 28 * DAY + timedelta(hours=12)
    assert "36 hours" in (await bot.press(ANNA, "access")).text


async def test_access_that_is_over_says_so_and_how_to_go_on(bot: Bot) -> None:
    await buy(bot)
    bot.now = NOW + 31 * DAY
    await end_expired(bot.shop.lane, bot.now, 10)
    for data in ("access", "connect", "access:reissue", "connect:qr", "connect:on:ios"):
        over = await bot.press(ANNA, data)
        assert "ended on 31 March 2026" in over.text
        assert "buy" in over.data
        assert "vless://" not in over.text


async def test_the_switch_of_renewal_says_where_it_is(bot: Bot) -> None:
    await buy(bot)
    screen = await bot.press(ANNA, "access")
    on = await bot.press(ANNA, screen.starting("access:renew:"))
    assert "On:" in (on.toast or "")
    assert "is on" in on.text
    assert (await have(bot)).auto_renew
    twice = await bot.press(ANNA, "access:renew:1")
    assert "is on" in twice.text
    off = await bot.press(ANNA, on.starting("access:renew:"))
    assert "is off" in off.text
    assert not (await have(bot)).auto_renew


async def test_a_stars_subscription_is_canceled_with_its_period(bot: Bot) -> None:
    await subscribe(bot)
    screen = await bot.press(ANNA, "access")
    assert [data for data in screen.data if data.startswith("access:renew:")] == []
    canceled = await bot.press(ANNA, screen.starting("access:stars:"))
    assert "stays yours" in (canceled.toast or "")
    [call] = [each for each in bot.client.calls if isinstance(each, EditUserStarSubscription)]
    assert (call.user_id, call.telegram_payment_charge_id, call.is_canceled) == (ANNA, "stx1", True)
    assert not (await have(bot)).pays_by_stars(NOW)
    assert await bot.shop.days(ANNA) == 30


async def test_a_stars_subscription_is_resumed_as_far_as_telegram_lets_a_bot(bot: Bot) -> None:
    await subscribe(bot)
    canceled = await bot.press(ANNA, "access:stars:0")
    resumed = await bot.press(ANNA, canceled.starting("access:stars:"))
    assert "My Stars" in (resumed.toast or "")
    *_, call = [each for each in bot.client.calls if isinstance(each, EditUserStarSubscription)]
    assert call.is_canceled is False
    # Until the person has taken it up again in Telegram, nothing charges them.
    assert not (await have(bot)).pays_by_stars(NOW)


async def test_what_telegram_refuses_to_change_stays_and_is_said(bot: Bot) -> None:
    await subscribe(bot)
    bot.client.refuses["editUserStarSubscription"] = BadRequestError(400, "CHARGE_ID_INVALID")
    refused = await bot.press(ANNA, "access:stars:0")
    assert "would not change" in (refused.toast or "")
    assert (await have(bot)).pays_by_stars(NOW)


async def test_a_new_key_is_asked_for_twice_and_given_once(bot: Bot) -> None:
    old = await buy(bot)
    await provision(bot)
    asked = await bot.press(ANNA, "access:reissue")
    assert "Replace the key?" in asked.text
    assert (await have(bot)).vpn_uuid == old.vpn_uuid
    yes = asked.starting("access:reissue:")
    first = await bot.press(ANNA, yes)
    new = await have(bot)
    assert new.vpn_uuid != old.vpn_uuid
    assert new.link_token != old.link_token
    assert str(new.vpn_uuid) in first.text
    again = await bot.press(ANNA, yes)
    assert str(new.vpn_uuid) in again.text
    assert (await have(bot)).vpn_uuid == new.vpn_uuid
    assert new.expires_at == old.expires_at


@pytest.mark.parametrize(
    "data",
    [
        "access:reissue",
        "access:reissue:",
        "access:reissue:00000000",
        "access:renew:1",
        "access:stars:0",
        "access:stars:1",
        "access:nonsense",
        "connect",
        "connect:qr",
        "connect:on:ios",
    ],
)
async def test_buttons_of_those_who_have_nothing_change_nothing(data: str, bot: Bot) -> None:
    await buy(bot, JOHN)
    before = await have(bot, JOHN)
    answer = await bot.press(ANNA, data)
    assert answer.is_answered
    assert await subscription_of(bot.shop.lane, ANNA) is None
    assert await have(bot, JOHN) == before
