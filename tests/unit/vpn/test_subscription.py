import base64
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote
from uuid import UUID

import pytest
import yaml

from bot.vpn.errors import NotCarriedError
from bot.vpn.keys import Key
from bot.vpn.share_link import parse_share_link
from bot.vpn.subscription import (
    Format,
    Profile,
    choose_format,
    notice,
    render,
    subscription,
)
from bot.vpn.types import VISION
from tests.unit.vpn.test_share_link import KEY, LINKS, core_outbound

UUID_ = UUID("2cae91b3-f85c-433b-88ee-a002b9ed6d61")
PROFILE = Profile(
    "Кролик 🐇",
    expires_at=datetime(2027, 1, 1, tzinfo=UTC),
    traffic_limit_bytes=100 * 2**30,
    uploaded_bytes=1,
    downloaded_bytes=2,
    update_interval=timedelta(hours=6),
    support_url="https://t.me/warren_bot",
)


def key(name: str, remark: str | None = None) -> Key:
    return Key(parse_share_link(LINKS[name]), UUID_, remark or name)


EVERY = [key(name) for name in LINKS]


def links(body: bytes) -> list[str]:
    return base64.b64decode(body, validate=True).decode().splitlines()


def clash(keys: list[Key]) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(render(Format.CLASH, PROFILE, keys).body)
    return document


def sing_box(keys: list[Key]) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(render(Format.SING_BOX, PROFILE, keys).body)
    return document


def servers(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {o["tag"]: o for o in document["outbounds"] if o["type"] == "vless"}


def test_the_headers_say_what_apps_show() -> None:
    headers = render(Format.LINKS, PROFILE, EVERY).headers

    kind, _, title = headers["profile-title"].partition(":")
    assert (kind, base64.b64decode(title).decode()) == ("base64", "Кролик 🐇")
    assert headers["profile-update-interval"] == "6"
    assert headers["subscription-userinfo"] == (
        "upload=1; download=2; total=107374182400; expire=1798761600"
    )
    assert headers["support-url"] == "https://t.me/warren_bot"
    name = headers["content-disposition"].removeprefix("attachment; filename*=UTF-8''")
    assert unquote(name) == "Кролик 🐇"
    assert all(value.isascii() and value.isprintable() for value in headers.values())


def test_no_limit_is_told_in_the_way_apps_understand() -> None:
    headers = render(Format.LINKS, Profile("VPN"), EVERY).headers

    assert headers["subscription-userinfo"] == "upload=0; download=0; total=0"
    assert "support-url" not in headers


def test_links_come_as_a_base64_list_that_an_independent_reader_understands() -> None:
    document = render(Format.LINKS, PROFILE, EVERY)

    outbounds = [core_outbound(link) for link in links(document.body)]

    assert [outbound["tag"] for outbound in outbounds] == list(LINKS)
    assert document.headers["content-type"] == "text/plain; charset=utf-8"


def test_sing_box_gets_each_server_it_can_use() -> None:
    document = sing_box(EVERY)

    found = servers(document)
    assert set(found) == set(LINKS) - {"xhttp"}
    assert document["outbounds"][0]["outbounds"] == list(found)
    assert found["reality"] == {
        "type": "vless",
        "tag": "reality",
        "server": "vpn.example.org",
        "server_port": 443,
        "uuid": str(UUID_),
        "packet_encoding": "xudp",
        "flow": VISION,
        "tls": {
            "enabled": True,
            "server_name": "www.example.com",
            "utls": {"enabled": True, "fingerprint": "firefox"},
            "reality": {"enabled": True, "public_key": KEY, "short_id": "6ba85179e30d4fc2"},
        },
    }
    assert found["ws"]["transport"] == {
        "type": "ws",
        "path": "/a b",
        "headers": {"Host": "front.example.org"},
        "max_early_data": 2048,
        "early_data_header_name": "Sec-WebSocket-Protocol",
    }
    assert found["ipv6"]["server"] == "2001:db8::1"
    assert "tls" not in found["bare"]


def test_clash_gets_every_server() -> None:
    document = clash(EVERY)

    found = {proxy["name"]: proxy for proxy in document["proxies"]}
    assert list(found) == list(LINKS)
    assert document["proxy-groups"] == [
        {"name": "Кролик 🐇", "type": "select", "proxies": list(LINKS)}
    ]
    assert document["rules"][-1] == "MATCH,Кролик 🐇"
    assert found["reality"]["reality-opts"] == {"public-key": KEY, "short-id": "6ba85179e30d4fc2"}
    assert found["reality"]["flow"] == VISION
    assert found["xhttp"]["xhttp-opts"] == {"path": "/x", "mode": "stream-one"}
    assert found["httpupgrade"]["ws-opts"]["v2ray-http-upgrade"] is True
    assert found["grpc"]["grpc-opts"] == {"grpc-service-name": "My+Service"}


@pytest.mark.parametrize("short_id", ["12345678", "1234e567", "0e", "00"])
def test_a_short_id_that_looks_like_a_number_stays_a_text_in_every_yaml(short_id: str) -> None:
    endpoint = parse_share_link(LINKS["reality"].replace("6ba85179e30d4fc2", short_id))

    document = render(Format.CLASH, PROFILE, [Key(endpoint, UUID_, "a")]).body.decode()

    assert f'short-id: "{short_id}"\n' in document
    assert yaml.safe_load(document)["proxies"][0]["reality-opts"]["short-id"] == short_id


@pytest.mark.parametrize("same", ["VPN", "DIRECT", "proxy", "Кролик 🐇"])
def test_servers_of_one_name_are_told_apart(same: str) -> None:
    twins = [key("reality", same), key("tls", same), key("bare", same)]

    names = [proxy["name"] for proxy in clash(twins)["proxies"]]
    group = clash(twins)["proxy-groups"][0]["name"]
    assert len({*names, group, "DIRECT"}) == 5
    assert len(servers(sing_box(twins))) == 3


@pytest.mark.parametrize(
    ("user_agent", "form"),
    [
        ("v2rayNG/1.10.26", Format.LINKS),
        ("v2rayN/7.14", Format.LINKS),
        ("Happ/2.15.0", Format.LINKS),
        ("v2raytun/ios", Format.LINKS),
        ("Streisand", Format.LINKS),
        ("HiddifyNext/2.5.7 (android) like ClashMeta v2ray sing-box", Format.LINKS),
        ("NekoBox/Android/1.3.9 (Prefer ClashMeta Format)", Format.LINKS),
        ("Shadowrocket/2615 CFNetwork/1568 Darwin/24.0.0", Format.LINKS),
        ("SFA/1.12.0 (Build 500; sing-box 1.12.0; language en_US)", Format.SING_BOX),
        ("SFI/1.11.4", Format.SING_BOX),
        ("sing-box 1.12.0", Format.SING_BOX),
        ("clash-verge/v2.4.2", Format.CLASH),
        ("ClashMetaForAndroid/2.11.17.Meta", Format.CLASH),
        ("mihomo.party/v1.8.7 (clash.meta)", Format.CLASH),
        ("FlClash/v0.8.87 clash-verge Platform/android", Format.CLASH),
        ("Stash/3.1.0 Clash/1.9.0", Format.CLASH),
        ("Mozilla/5.0 (X11; Linux x86_64)", Format.LINKS),
        ("", Format.LINKS),
        (None, Format.LINKS),
    ],
)
def test_an_app_gets_the_form_it_reads(user_agent: str | None, form: Format) -> None:
    assert choose_format(user_agent) is form


def test_a_suffix_decides_over_the_app() -> None:
    assert choose_format("v2rayNG/1.10", "clash") is Format.CLASH
    with pytest.raises(ValueError, match="docx"):
        choose_format("v2rayNG/1.10", "docx")


def test_an_app_whose_form_holds_none_of_the_servers_gets_links() -> None:
    document = subscription(PROFILE, [key("xhttp")], user_agent="SFA/1.12")
    assert len(links(document.body)) == 1
    assert document.headers["content-type"].startswith("text/plain")

    with pytest.raises(NotCarriedError):
        subscription(PROFILE, [key("xhttp")], user_agent=None, suffix="sing-box")


@pytest.mark.parametrize("form", Format)
def test_a_notice_is_shown_as_a_server_in_every_form(form: Format) -> None:
    words = "⏳ Подписка закончилась"

    body = render(form, PROFILE, [notice(words)]).body

    if form is Format.LINKS:
        [link] = links(body)
        assert core_outbound(link)["tag"] == words
    else:
        assert words in body.decode()


@pytest.mark.parametrize("form", [Format.SING_BOX, Format.CLASH])
def test_a_configuration_without_servers_is_never_made(form: Format) -> None:
    with pytest.raises(NotCarriedError):
        render(form, PROFILE, [])
    assert subscription(PROFILE, [], user_agent="SFA/1.12 clash").body == b""


@pytest.mark.parametrize("form", Format)
def test_an_answer_takes_milliseconds(form: Format) -> None:
    keys = [key("reality", f"server {number}") for number in range(5)]
    render(form, PROFILE, keys)

    best = min(_seconds(form, keys) for _ in range(20))

    assert best < 0.02


def _seconds(form: Format, keys: list[Key]) -> float:
    started = time.thread_time()
    render(form, PROFILE, keys)
    return time.thread_time() - started
