"""The apps that people connect with: where to get them, and the links that import a subscription.

A Telegram button leads to http(s) addresses only (Bot API: InlineKeyboardButton, `url`), and an
import link has a scheme of the app's own. So the button leads to our page
`/sub/<token>/open?app=<id>`, and the page to `open_target`: the app comes from this table and the
address is our own, so nobody can make the page lead elsewhere.

The schemes are those of the apps' sources and documentation, as of November 2026: v2rayNG's
UrlSchemeActivity, Hiddify's wiki (URL Scheme), sing-box (clients, URL scheme), Clash Verge Rev,
and the tables of Marzban's and Remnawave's subscription pages for the rest.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import quote

from bot.vpn.errors import UnknownAppError


class Platform(StrEnum):
    """What a person holds in their hands."""

    IOS = "ios"
    ANDROID = "android"
    WINDOWS = "windows"
    MACOS = "macos"
    LINUX = "linux"


@dataclass(frozen=True, slots=True)
class App:
    """An app; `get` says where, by platform. Without `import_link`, people paste the address.

    `get_in_russia` is where it is in the Russian store, for those apps that are another one there.
    """

    id: str
    name: str
    get: Mapping[Platform, str]
    import_link: Callable[[str, str], str] | None = None
    get_in_russia: Mapping[Platform, str] = field(default_factory=dict)


def apps_for(platform: Platform) -> tuple[App, ...]:
    """Return the apps of a platform, the one to recommend first."""
    return tuple(app for app in APPS if platform in app.get)


def app_by_id(app_id: str) -> App:
    """Return the app; raises UnknownAppError."""
    for app in APPS:
        if app.id == app_id:
            return app
    raise UnknownAppError(f"no app has the id {app_id[:40]!r}")


def open_target(app_id: str, subscription_url: str, title: str) -> str:
    """Return the link that opens the app and imports the subscription.

    `subscription_url` is our own public address. The result has none of the characters that
    could end an HTML attribute or a header. Raises UnknownAppError, also for an app that
    imports by hand only.
    """
    app = app_by_id(app_id)
    if app.import_link is None:
        raise UnknownAppError(f"{app.name} has no import link: the address is pasted into it")
    return app.import_link(quote(subscription_url, safe="%:/?#[]@&=+~"), title)


def _in_path(scheme: str) -> Callable[[str, str], str]:
    return lambda url, _title: f"{scheme}{url}"


def _in_path_with_title(scheme: str) -> Callable[[str, str], str]:
    return lambda url, title: f"{scheme}{url}#{_encoded(title)}"


def _in_query(start: str) -> Callable[[str, str], str]:
    return lambda url, title: f"{start}url={_encoded(url)}&name={_encoded(title)}"


def _in_query_with_title(start: str) -> Callable[[str, str], str]:
    return lambda url, title: f"{start}url={_encoded(url)}#{_encoded(title)}"


def _in_base64(scheme: str) -> Callable[[str, str], str]:
    return lambda url, title: (
        f"{scheme}{base64.urlsafe_b64encode(url.encode()).decode()}#{_encoded(title)}"
    )


def _encoded(value: str) -> str:
    return quote(value, safe="")


def _app_store(app: str) -> str:
    return f"https://apps.apple.com/app/{app}"


def _google_play(package: str) -> str:
    return f"https://play.google.com/store/apps/details?id={package}"


def _releases(repository: str) -> str:
    return f"https://github.com/{repository}/releases/latest"


_DESKTOP = (Platform.WINDOWS, Platform.MACOS, Platform.LINUX)

APPS = (
    App(
        "happ",
        "Happ",
        {
            Platform.IOS: _app_store("id6504287215"),
            Platform.ANDROID: _google_play("com.happproxy"),
            Platform.MACOS: _app_store("id6504287215"),
            Platform.WINDOWS: _releases("Happ-proxy/happ-desktop"),
            Platform.LINUX: _releases("Happ-proxy/happ-desktop"),
        },
        _in_path("happ://add/"),
        {
            Platform.IOS: _app_store("id6783623643"),
            Platform.MACOS: _app_store("id6783623643"),
        },
    ),
    App(
        "v2raytun",
        "v2RayTun",
        {
            Platform.IOS: _app_store("id6476628951"),
            Platform.ANDROID: _google_play("com.v2raytun.android"),
            Platform.MACOS: _app_store("id6476628951"),
        },
        _in_path("v2raytun://import/"),
    ),
    App(
        "hiddify",
        "Hiddify",
        {
            Platform.ANDROID: _google_play("app.hiddify.com"),
            Platform.IOS: _app_store("id6596777532"),
        }
        | dict.fromkeys(_DESKTOP, _releases("hiddify/hiddify-app")),
        _in_path_with_title("hiddify://import/"),
    ),
    App(
        "streisand",
        "Streisand",
        {Platform.IOS: _app_store("id6450534064"), Platform.MACOS: _app_store("id6450534064")},
        _in_path_with_title("streisand://import/"),
    ),
    App(
        "v2rayng",
        "v2rayNG",
        {Platform.ANDROID: _releases("2dust/v2rayNG")},
        _in_query_with_title("v2rayng://install-sub?"),
    ),
    App(
        "foxray",
        "FoXray",
        {Platform.IOS: _app_store("id6448898396"), Platform.MACOS: _app_store("id6448898396")},
        _in_query_with_title("foxray://yiguo.dev/sub/add/?"),
    ),
    App(
        "shadowrocket",
        "Shadowrocket",
        {Platform.IOS: _app_store("id932747118")},
        _in_base64("sub://"),
    ),
    App(
        "nekobox",
        "NekoBox",
        {Platform.ANDROID: _releases("MatsuriDayo/NekoBoxForAndroid")},
        _in_query("sn://subscription?"),
    ),
    App(
        "sing-box",
        "sing-box",
        {
            Platform.IOS: "https://sing-box.sagernet.org/clients/apple/",
            Platform.ANDROID: "https://sing-box.sagernet.org/clients/android/",
            Platform.MACOS: "https://sing-box.sagernet.org/clients/apple/",
        },
        _in_query_with_title("sing-box://import-remote-profile?"),
    ),
    App(
        "clash-verge",
        "Clash Verge Rev",
        dict.fromkeys(_DESKTOP, _releases("clash-verge-rev/clash-verge-rev")),
        _in_query("clash://install-config?"),
    ),
    App(
        "mihomo-party",
        "Clash Party (Mihomo Party)",
        dict.fromkeys(_DESKTOP, _releases("mihomo-party-org/clash-party")),
        _in_query("mihomo://install-config?"),
    ),
    App(
        "v2rayn",
        "v2rayN",
        dict.fromkeys(_DESKTOP, _releases("2dust/v2rayN")),
    ),
    App(
        "throne",
        "Throne (Nekoray)",
        dict.fromkeys(_DESKTOP, _releases("throneproj/Throne")),
    ),
)
"""In the order of recommendation: maintained, free and with an import link first."""
