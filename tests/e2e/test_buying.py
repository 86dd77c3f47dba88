"""A person buys, in each way, and what they bought works: over HTTP, through every stand-in."""

import base64
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.browser import in_browser, needs_chromium
from tests.e2e import steps
from tests.e2e.conftest import TestDatabase
from tests.e2e.market import Market, Person, key_in, link_in, market, words_of

ANNA = 1001
MONTH = 30

_DAYS = "select round(extract(epoch from expires_at - now()) / 86400) from subscriptions"
_UUIDS = "select vpn_uuid from subscriptions"


async def choose_month(person: Person, provider: str) -> dict[str, Any]:
    """Go from the menu to the payment of the first plan."""
    await person.say("/start")
    await person.press("buy")
    await person.press("buy:plan:1")
    return await person.press(f"buy:by:{provider}:")


async def read_by_app(url: str) -> str:
    """Return the keys behind a subscription link, as an app reads them."""
    async with httpx.AsyncClient(trust_env=False) as app:
        answer = await app.get(url, headers={"user-agent": "Happ/2.0"})
    return base64.b64decode(answer.raise_for_status().content).decode()


async def sold(place: Market, database: TestDatabase, shown: dict[str, Any], days: int) -> str:
    """Check that what was sold is there, everywhere; return its UUID."""
    uuid = database.psql(_UUIDS)
    assert int(database.psql(_DAYS)) == days
    assert key_in(shown).startswith(f"vless://{uuid}@")
    assert key_in(shown) == await read_by_app(link_in(shown))
    await place.until_on_host(uuid)
    assert await place.keys_on_host() == [uuid]
    return uuid


async def test_stars_buy_and_renew(database: TestDatabase, tmp_path: Path) -> None:
    async with market(tmp_path, database) as place:
        anna = place.person(ANNA)
        await choose_month(anna, "stars")
        await anna.pay()
        uuid = await sold(place, database, await anna.until_said("vless://"), MONTH)
        await choose_month(anna, "stars")
        before = await anna.last_id()
        await anna.pay()
        renewed = await anna.until(lambda last: last["message_id"] > before)
        assert await sold(place, database, renewed, 2 * MONTH) == uuid
        assert await anna.heard("vless://") == 2
        await place.telegram.until_delivered()
        assert database.psql("select count(*) from payments where state = 'applied'") == "2"


@pytest.mark.parametrize("provider", ["yookassa", "cryptopay"])
async def test_a_pay_page_sells_and_renews_whether_or_not_its_notice_comes(
    provider: str, database: TestDatabase, tmp_path: Path
) -> None:
    async with market(tmp_path, database) as place:
        anna = place.person(ANNA)
        # The notice of the provider comes, and the person is told without a tap.
        await choose_month(anna, provider)
        await place.pay_at(provider)
        await anna.until_said("Оплачено")
        key = await anna.press("connect")
        uuid = await sold(place, database, key, MONTH)
        # The notice is lost, and the person asks.
        page = await choose_month(anna, provider)
        reference = await place.pay_at(provider, notices=0)
        await anna.press("pay:check:")
        shown = await anna.until_said("vless://")
        assert shown["message_id"] == page["message_id"]
        assert await sold(place, database, shown, 2 * MONTH) == uuid
        # It comes after all.
        await place.tell_again(provider, reference)
        assert int(database.psql(_DAYS)) == 2 * MONTH
        assert database.psql("select count(*) from payments") == "2"


async def test_a_subscription_in_stars_renews_itself_and_is_canceled(
    database: TestDatabase, tmp_path: Path
) -> None:
    async with market(tmp_path, database) as place:
        anna = place.person(ANNA)
        await anna.say("/start")
        await anna.press("buy")
        await anna.press("buy:plan:1")
        offer = await anna.press("buy:renewing:")
        url = offer["reply_markup"]["inline_keyboard"][0][0]["url"]
        paid = await anna.pay(slug=url.rpartition("$")[2])
        await sold(place, database, await anna.until_said("vless://"), MONTH)
        charge = {"person": ANNA, "telegram_payment_charge_id": paid["telegram_payment_charge_id"]}
        assert (await place.telegram.post("renew", **charge))["ok"]
        await anna.until(lambda last: "vless://" not in words_of(last))
        assert int(database.psql(_DAYS)) == 2 * MONTH
        await anna.say("/access")
        canceled = await anna.press("access:stars:0")
        assert "access:stars:1" in str(canceled)
        refused = await place.telegram.post("renew", **charge)
        assert refused["error"] == "SUBSCRIPTION_CANCELED"


async def test_the_trial_works_at_once_and_a_new_key_takes_the_place_of_the_old(
    database: TestDatabase, tmp_path: Path
) -> None:
    async with market(tmp_path, database) as place:
        anna = place.person(ANNA)
        await anna.say("/start")
        shown = await anna.press("trial")
        old = await sold(place, database, shown, 3)
        old_link = link_in(shown)
        await anna.press("access")
        await anna.press("access:reissue")
        renewed = await anna.press("access:reissue:")
        new = database.psql(_UUIDS)
        assert new != old
        await place.until_on_host(new)
        await place.telegram.until(lambda: _gone(place, old))
        assert key_in(renewed) == await read_by_app(link_in(renewed))
        async with httpx.AsyncClient(trust_env=False) as app:
            assert (await app.get(old_link)).status_code == 404


async def _gone(place: Market, uuid: str) -> bool:
    return uuid not in await place.keys_on_host()


async def test_with_the_host_away_the_money_is_taken_and_access_comes_when_it_is_back(
    database: TestDatabase, tmp_path: Path
) -> None:
    async with market(tmp_path, database) as place:
        await place.vpn_host.post("/sandbox/fault", json={"kind": "status", "status": 503})
        anna = place.person(ANNA)
        await choose_month(anna, "stars")
        await anna.pay()
        paid = await anna.until_said("vless://")
        assert "⏳" in words_of(paid)
        await place.vpn_host.post("/sandbox/well")
        await sold(place, database, paid, MONTH)
        await place.telegram.until(lambda: _ready(anna))


async def _ready(person: Person) -> bool:
    return "⏳" not in words_of(await person.press("connect"))


@needs_chromium
@pytest.mark.browser
async def test_in_a_browser_a_person_buys_with_stars_and_sees_their_key(
    database: TestDatabase, tmp_path: Path
) -> None:
    async with market(tmp_path, database) as place:
        shown = await in_browser(steps.buy_with_stars, place.telegram.address)
        uuid = database.psql(_UUIDS)
        assert f"vless://{uuid}@" in shown["key"]
        assert shown["platforms"] == ["iPhone и iPad", "Android", "Windows", "Mac", "Linux"]
        assert shown["qr_side"] >= 400
        assert int(database.psql(_DAYS)) == MONTH
