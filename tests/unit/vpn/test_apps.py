import base64
import string
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from bot.vpn.apps import APPS, Platform, app_by_id, apps_for, open_target
from bot.vpn.errors import UnknownAppError

URL = "https://bot.example.org/sub/Zm9vYmFy_-9"


@pytest.mark.parametrize("platform", Platform)
def test_every_platform_has_apps_and_begins_with_one_that_imports(platform: Platform) -> None:
    apps = apps_for(platform)

    assert len(apps) >= 3
    assert apps[0].import_link is not None


def test_buttons_to_stores_lead_to_https_only() -> None:
    addresses = [*APPS[0].get_in_russia.values()]
    addresses += [address for app in APPS for address in app.get.values()]

    assert {urlsplit(address).scheme for address in addresses} == {"https"}


def test_ids_are_unique_and_fit_an_address() -> None:
    ids = [app.id for app in APPS]

    assert len(set(ids)) == len(ids)
    assert set("".join(ids)) <= set(string.ascii_lowercase + string.digits + "-")


def carried(target: str) -> str:
    """The subscription's address that an import link carries, read as its app does."""
    parts = urlsplit(target)
    if "url=" in parts.query:
        return parse_qs(parts.query)["url"][0]
    rest = target.partition("#")[0].partition("://")[2]
    if parts.scheme == "sub":
        return base64.urlsafe_b64decode(rest).decode()
    return rest.partition("/")[2]


@pytest.mark.parametrize("app", [app for app in APPS if app.import_link], ids=lambda app: app.id)
def test_an_import_link_carries_the_address_whole(app: object) -> None:
    app_id = app.id  # type: ignore[attr-defined]
    assert carried(open_target(app_id, URL, "Кролик & co")) == URL


def test_the_title_comes_with_it_where_the_app_takes_one() -> None:
    assert unquote(urlsplit(open_target("hiddify", URL, "Кролик #1")).fragment) == "Кролик #1"
    assert parse_qs(urlsplit(open_target("clash-verge", URL, "Кролик #1")).query)["name"] == [
        "Кролик #1"
    ]


@pytest.mark.parametrize("app", [app for app in APPS if app.import_link], ids=lambda app: app.id)
def test_nothing_in_a_target_can_break_out_of_a_page_or_a_header(app: object) -> None:
    app_id = app.id  # type: ignore[attr-defined]
    evil = "\"><script>alert('1')</script>\r\nSet-Cookie: a=b\\` {}"

    target = open_target(app_id, f"https://bot.example.org/sub/{evil}", evil)

    assert target.isascii()
    assert not set(target) & set("\"'<>\\`{} \r\n\t")
    assert urlsplit(target).scheme not in {"javascript", "data", "http", "https", "file"}


def test_only_apps_of_the_table_are_opened() -> None:
    with pytest.raises(UnknownAppError):
        open_target("javascript:alert(1)", URL, "")
    with pytest.raises(UnknownAppError, match="pasted"):
        open_target("v2rayn", URL, "")
    assert app_by_id("v2rayn").name == "v2rayN"
