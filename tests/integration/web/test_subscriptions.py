"""GET /sub/<token>: what apps and browsers get, from a real database."""

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
import trio
from quart.wrappers import Response
from quart_trio import QuartTrio

from bot.db import Database
from bot.db.errors import UnavailableError
from bot.shop.access import end_expired, start_trial
from bot.shop.subscriptions import Subscription, reissue_vpn_key, subscription_of
from bot.shop.users import choose_language
from bot.texts import load_texts
from bot.vpn.apps import APPS, open_target
from bot.web.public import make_public_app
from bot.web.subscriptions import Subscriptions
from tests.integration.shop.conftest import DAY, NOW, TERMS
from tests.integration.shop.rows import add_host, add_person

ANNA = 1001
PUBLIC_URL = "https://bot.example.org"
BROWSER = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)"


@dataclass
class Site:
    """The public address as somebody out there meets it, and the time that it goes by."""

    app: QuartTrio
    database: Database
    token: str
    now: datetime = NOW
    support_url: str | None = None

    async def get(
        self, path: str, *, agent: str = "Happ/1.0", peer: str = "203.0.113.7", **headers: str
    ) -> Response:
        """Ask from an address; `path` follows the token, unless it is a whole one."""
        answer: Response = await self.app.test_client().get(
            path if path.startswith("/sub/") else f"/sub/{self.token}{path}",
            headers={"user-agent": agent} | {k.replace("_", "-"): v for k, v in headers.items()},
            scope_base={"client": (peer, 12345)},
        )
        return answer

    async def until_ended(self, at: datetime) -> None:
        self.now = at
        await end_expired(self.database.updates, at, 10)


@pytest.fixture
async def site(database: Database) -> Site:
    lane = database.updates
    await add_person(lane, ANNA)
    await add_host(lane)
    begun = await start_trial(lane, ANNA, NOW, TERMS)
    part = Subscriptions(
        lane,
        load_texts(),
        public_url=PUBLIC_URL,
        support_url=lambda: opened.support_url,
        clock=lambda: opened.now,
    )
    opened = Site(make_public_app([part]), database, begun.link_token)
    return opened


async def test_help_in_an_app_leads_to_the_bot_once_its_name_is_known(site: Site) -> None:
    assert "support-url" not in (await site.get("")).headers
    site.support_url = "https://t.me/warren_bot"
    assert (await site.get("")).headers["support-url"] == "https://t.me/warren_bot"


async def have(site: Site) -> Subscription:
    had = await subscription_of(site.database.updates, ANNA)
    assert had is not None
    return had


async def links(answer: Response) -> list[str]:
    assert answer.status_code == 200, await answer.get_data(as_text=True)
    return base64.b64decode(await answer.get_data(as_text=False)).decode().splitlines()


async def test_an_app_gets_the_key_and_what_to_show_of_it(site: Site) -> None:
    answer = await site.get("")
    had = await have(site)
    [link] = await links(answer)
    assert link.startswith(f"vless://{had.vpn_uuid}@vpn.example.org:443?")
    expires = int(had.expires_at.timestamp())
    assert f"expire={expires}" in answer.headers["subscription-userinfo"]
    assert base64.b64decode(answer.headers["profile-title"].partition(":")[2]) == b"Warren"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"


async def test_each_app_gets_the_form_that_it_reads(site: Site) -> None:
    sing_box = await site.get("", agent="SFA/1.11.0 (sing-box 1.11.0)")
    assert json.loads(await sing_box.get_data(as_text=True))["outbounds"]
    clash = await site.get("", agent="clash-verge/v2.0")
    assert "proxies:" in await clash.get_data(as_text=True)


async def test_a_suffix_asks_for_a_form_whoever_asks(site: Site) -> None:
    assert "proxies:" in await (await site.get(".clash")).get_data(as_text=True)
    assert json.loads(await (await site.get(".sing-box")).get_data(as_text=True))
    assert len(await links(await site.get(".links", agent="clash-verge/v2.0"))) == 1


async def test_whatever_is_no_token_is_answered_in_the_same_way(site: Site) -> None:
    made_up = [
        f"/sub/{'A' * 32}",
        f"/sub/{'A' * 32}.clash",
        f"/sub/{'A' * 32}/open?app=happ",
        "/sub/x",
        "/sub/%00",
        "/sub/" + "A" * 4000,
        f"/sub/{site.token}.exe",
        f"/sub/{site.token[:-1]}",
        f"/sub/{site.token}A",
        f"/sub/{site.token.swapcase()}",
        "/sub/' or 1=1 --",
    ]
    answers = [await site.get(path) for path in made_up]
    assert {answer.status_code for answer in answers} == {404}
    assert {await answer.get_data(as_text=True) for answer in answers} == {
        '{"detail": "Not Found"}'
    }
    assert len({tuple(sorted(answer.headers.items())) for answer in answers}) == 1


async def test_access_that_is_over_is_said_in_the_app_itself(site: Site) -> None:
    await choose_language(site.database.updates, ANNA, "ru")
    await site.until_ended(NOW + 4 * DAY)
    answer = await site.get("")
    [line] = await links(answer)
    had = await have(site)
    assert str(had.vpn_uuid) not in line
    assert "%D0%94%D0%BE%D1%81%D1%82%D1%83%D0%BF" in line  # "Доступ"
    assert f"expire={int(had.expires_at.timestamp())}" in answer.headers["subscription-userinfo"]
    assert len(await links(await site.get(".links"))) == 1
    assert (await site.get(".clash")).status_code == 200
    assert (await site.get(".sing-box")).status_code == 200


async def test_without_a_host_the_app_says_that_a_place_comes(site: Site) -> None:
    await site.database.updates.execute("update subscriptions set host_id = null")
    [line] = await links(await site.get(""))
    assert "00000000-0000-0000-0000-000000000000" in line


async def test_a_new_key_has_a_new_link_and_the_old_one_is_nobodys(site: Site) -> None:
    new = await reissue_vpn_key(site.database.updates, ANNA, NOW)
    assert (await site.get("")).status_code == 404
    [link] = await links(await site.get(f"/sub/{new.link_token}"))
    assert str(new.vpn_uuid) in link


# ---- the page that opens an app ----


@pytest.mark.parametrize("app", [app for app in APPS if app.import_link], ids=lambda app: app.id)
async def test_the_page_leads_to_the_app_and_to_its_store(app: Any, site: Site) -> None:
    answer = await site.get(f"/open?app={app.id}", agent=BROWSER)
    page = await answer.get_data(as_text=True)
    target = open_target(app.id, f"{PUBLIC_URL}/sub/{site.token}", "Warren")
    shown = target.replace("&", "&amp;")
    assert f'href="{shown}"' in page
    assert f"url={shown}" in page
    assert "<script" not in page
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["referrer-policy"] == "no-referrer"


async def test_the_page_speaks_the_persons_language_and_knows_the_device(site: Site) -> None:
    await choose_language(site.database.updates, ANNA, "ru")
    page = await (await site.get("/open?app=happ", agent=BROWSER)).get_data(as_text=True)
    assert "Открыть Happ" in page
    assert "apps.apple.com" in page
    page = await (
        await site.get("/open?app=happ", agent="Mozilla/5.0 (Linux; Android 15)")
    ).get_data(as_text=True)
    assert "play.google.com" in page


@pytest.mark.parametrize(
    "query",
    ["", "?app=", "?app=nonsense", "?app=v2rayn", "?app=happ%22%3E%3Cscript%3E", "?url=http://x"],
)
async def test_the_page_leads_nowhere_else(query: str, site: Site) -> None:
    assert (await site.get(f"/open{query}", agent=BROWSER)).status_code == 404


# ---- bounds ----


async def test_a_link_that_is_asked_for_too_fast_is_slowed(site: Site) -> None:
    statuses = [
        (await site.get("", peer=f"198.51.100.{number}")).status_code for number in range(25)
    ]
    assert statuses[:20] == [200] * 20
    assert set(statuses[20:]) <= {200, 429}
    assert 429 in statuses


async def test_an_address_that_guesses_is_slowed_before_the_database_is_asked(site: Site) -> None:
    statuses = [(await site.get(f"/sub/{number:032d}")).status_code for number in range(140)]
    assert statuses[:100] == [404] * 100
    assert 429 in statuses
    slowed = await site.get("/sub/" + "A" * 32)
    assert slowed.headers["retry-after"] == "10"
    assert (await site.get("", peer="198.51.100.1")).status_code == 200


async def test_behind_our_proxy_each_client_is_counted_by_itself(site: Site) -> None:
    for number in range(140):
        await site.get(f"/sub/{number:032d}", peer="127.0.0.1", x_forwarded_for="203.0.113.9")
    assert (await site.get("", peer="127.0.0.1", x_forwarded_for="203.0.113.9")).status_code == 429
    assert (await site.get("", peer="127.0.0.1", x_forwarded_for="203.0.113.8")).status_code == 200
    # Only our proxy is believed: a client of the public network can't name itself.
    for number in range(140):
        await site.get(f"/sub/{number:032d}", peer="8.8.8.8", x_forwarded_for=f"9.9.9.{number}")
    assert (await site.get("", peer="8.8.8.8", x_forwarded_for="1.1.1.1")).status_code == 429


async def test_the_addresses_of_one_network_of_version_6_are_one(site: Site) -> None:
    for number in range(140):
        await site.get(f"/sub/{number:032d}", peer=f"2001:db8:1:2::{number:x}")
    assert (await site.get("", peer="2001:db8:1:2:ffff::1")).status_code == 429
    assert (await site.get("", peer="2001:db8:1:3::1")).status_code == 200


async def test_while_the_database_is_away_apps_are_told_to_come_later(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise UnavailableError("away")

    monkeypatch.setattr(site.database.updates, "_once", away)
    answer = await site.get("")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]


async def test_apps_hold_two_connections_at_most(site: Site) -> None:
    most = 0

    async def look() -> None:
        nonlocal most
        while True:
            most = max(most, site.database.updates.limiter.borrowed_tokens)
            await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as watching:
        watching.start_soon(look)
        async with trio.open_nursery() as asking:
            for number in range(12):
                asking.start_soon(lambda n=number: site.get("", peer=f"198.51.100.{n}"))
        watching.cancel_scope.cancel()
    assert most == 2


async def test_one_query_answers_an_app(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    once = site.database.updates._once

    async def note(statement: Any, sql: str, args: Any) -> Any:
        asked.append(sql)
        return await once(statement, sql, args)

    monkeypatch.setattr(site.database.updates, "_once", note)
    for path in ("", ".clash", "/open?app=happ"):
        asked.clear()
        assert (await site.get(path)).status_code == 200
        assert len(asked) == 1
