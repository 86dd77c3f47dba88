"""Connecting: the key, what is true of it at the moment, and what to tap on each device."""

from datetime import timedelta

import pytest

from bot.payments.registry import Payments
from bot.shop.hosts import HostState, set_host_state
from bot.shop.subscriptions import subscription_of
from bot.shop.vpn_jobs import FLAG_AFTER, claim_jobs, jobs_failed
from bot.supervise import Supervisor
from bot.telegram.methods import EditMessageMedia, SendMessage
from bot.vpn.apps import APPS, Platform
from bot.vpn.share_link import parse_share_link
from tests.integration.handlers.conftest import NOW, PUBLIC_URL, Bot, make_bot
from tests.integration.handlers.test_access import provision
from tests.integration.shop.conftest import ADMIN, Shop
from tests.integration.shop.rows import SHARE_LINK

ANNA = 1001
PHOTO = {"photo": [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]}


async def token(bot: Bot) -> str:
    had = await subscription_of(bot.shop.lane, ANNA)
    assert had is not None
    return had.link_token


async def test_a_key_is_called_ready_when_its_host_has_it(bot: Bot) -> None:
    setting_up = await bot.press(ANNA, "trial")
    assert "being turned on" in setting_up.text
    assert "connect" in setting_up.data  # look again
    await provision(bot)
    ready = await bot.press(ANNA, "connect")
    assert "being turned on" not in ready.text
    assert "connect" not in ready.data


async def test_the_key_is_the_hosts_link_with_the_persons_uuid(bot: Bot) -> None:
    await bot.press(ANNA, "trial")
    shown = await bot.press(ANNA, "connect")
    had = await subscription_of(bot.shop.lane, ANNA)
    assert had is not None
    key = shown.text.partition("<code>vless://")[2].partition("</code>")[0].replace("&amp;", "&")
    assert parse_share_link(f"vless://{key}") == parse_share_link(SHARE_LINK)
    assert key.startswith(str(had.vpn_uuid))
    assert f"<code>{PUBLIC_URL}/sub/{had.link_token}</code>" in shown.text


async def test_a_host_that_stays_away_is_not_talked_over(bot: Bot) -> None:
    await bot.press(ANNA, "trial")
    now = NOW
    for _ in range(FLAG_AFTER):
        jobs = await claim_jobs(bot.shop.lane, now, limit=10, lease=timedelta(minutes=1))
        await jobs_failed(bot.shop.lane, [(job, "away") for job in jobs], now)
        now += timedelta(hours=1)
    assert "not answering yet" in (await bot.press(ANNA, "connect")).text


async def test_without_a_place_on_a_host_no_key_is_promised(bot: Bot) -> None:
    host_id = await bot.shop.lane.fetchval("select id from vpn_hosts")
    await set_host_state(bot.shop.lane, host_id, HostState.MAINTENANCE, admin_id=ADMIN, now=NOW)
    begun = await bot.press(ANNA, "trial")
    assert "full right now" in begun.text
    assert "vless://" not in begun.text
    assert "/sub/" not in begun.text
    for data in ("connect:qr", "connect:on:ios"):
        assert "full right now" in (await bot.press(ANNA, data)).text


async def test_a_host_whose_link_is_broken_is_no_host_to_people(
    bot: Bot, expected_errors: list[str]
) -> None:
    expected_errors.append("vpn.share_link_unreadable")
    await bot.press(ANNA, "trial")
    await bot.shop.lane.execute("update vpn_hosts set share_link = 'vless://'")
    assert "full right now" in (await bot.press(ANNA, "connect")).text


async def test_the_qr_code_takes_the_place_of_the_text_and_leads_back(bot: Bot) -> None:
    await bot.press(ANNA, "trial")
    shown = await bot.press(ANNA, "connect:qr")
    assert isinstance(shown.shown, EditMessageMedia)
    assert shown.shown.upload is not None
    assert shown.shown.upload.content.startswith(b"\x89PNG")
    back = await bot.press(ANNA, "connect", under=PHOTO)
    assert isinstance(back.shown, SendMessage)
    assert back.deleted == [5]


@pytest.mark.parametrize("platform", list(Platform))
async def test_each_device_is_shown_each_of_its_apps(platform: Platform, bot: Bot) -> None:
    await bot.press(ANNA, "trial")
    first = await bot.press(ANNA, f"connect:on:{platform}")
    own = await token(bot)
    apps = [app for app in APPS if platform in app.get]
    assert {data for data in first.data if data.startswith("connect:on:")} == {
        f"connect:on:{platform}:{app.id}" for app in apps[1:]
    }
    for app in apps:
        shown = await bot.press(ANNA, f"connect:on:{platform}:{app.id}")
        opening = f"{PUBLIC_URL}/sub/{own}/open?app={app.id}"
        assert app.get[platform] in shown.urls
        assert (opening in shown.urls) == (app.import_link is not None)
        assert f"{PUBLIC_URL}/sub/{own}" in [
            each.copy_text.text for each in shown.buttons if each.copy_text
        ]


@pytest.mark.parametrize(
    "data",
    ["connect:on:", "connect:on:toaster", "connect:on:ios:nonsense", "connect:on:ios:v2rayng"],
)
async def test_a_device_or_an_app_that_somebody_made_up_shows_the_choice(
    data: str, bot: Bot
) -> None:
    await bot.press(ANNA, "trial")
    assert "Choose a device" in (await bot.press(ANNA, data)).text


async def test_without_a_public_address_the_key_itself_is_pasted(
    shop: Shop, payments: Payments, supervisor: Supervisor
) -> None:
    async with make_bot(shop, payments, supervisor, mode="polling", public_url=None) as bot:
        await bot.press(ANNA, "trial")
        assert "/sub/" not in (await bot.press(ANNA, "connect")).text
        steps = await bot.press(ANNA, "connect:on:ios")
        assert "<code>vless://" in steps.text
        assert not any("/sub/" in url for url in steps.urls)


async def test_russian_people_find_the_russian_store(bot: Bot) -> None:
    bot.language = "ru"
    await bot.press(ANNA, "trial")
    steps = await bot.press(ANNA, "connect:on:ios")
    assert any("российском" in each.text for each in steps.buttons)
