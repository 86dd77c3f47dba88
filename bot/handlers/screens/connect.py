"""The way from a key to a working connection: the key itself, and what to tap on each device."""

from dataclasses import dataclass, field
from datetime import datetime
from html import escape

from bot.handlers.screens.screen import (
    PhotoScreen,
    Screen,
    back,
    button,
    copying,
    link,
    rows,
)
from bot.shop.connections import Reach
from bot.telegram.methods import InputFile
from bot.telegram.types import InlineKeyboardButton
from bot.texts import Texts
from bot.vpn.apps import App, Platform, apps_for

_LONGEST_COPIED = 256  # Bot API: CopyTextButton, text


@dataclass(frozen=True, slots=True)
class Key:
    """What a person connects with; `link` is None where this server has no public address."""

    share_link: str = field(repr=False)
    link: str | None = field(repr=False)

    @property
    def pasted(self) -> str:
        """What is pasted into an app: the link, which stays true, or the key."""
        return self.link or self.share_link


_NOT_YET = {
    Reach.SETTING_UP: "connect-setting-up",
    Reach.DELAYED: "connect-delayed",
    Reach.NO_ROOM: "connect-no-room",
}


def connect(
    texts: Texts, key: Key | None, reach: Reach, until: datetime, *, headline: str | None = None
) -> Screen:
    """The key, and the choice of a device; `headline` says what has just happened."""
    paragraphs = [headline or texts("connect-until", until=texts.moment(until))]
    if headline is None:
        paragraphs.insert(0, texts("connect"))
    if reach in _NOT_YET:
        paragraphs.append(texts(_NOT_YET[reach]))
    refresh = [button(texts("connect-refresh"), "connect")] if reach in _NOT_YET else []
    access = button(texts("menu-access"), "access")
    if key is None:
        return Screen("\n\n".join(paragraphs), rows(refresh, [access, back(texts)]))
    if key.link is not None:
        paragraphs.append(texts("connect-link", link=escape(key.link)))
    paragraphs += [texts("connect-key", key=escape(key.share_link)), texts("connect-choose")]
    phones = [_platform(texts, Platform.IOS), _platform(texts, Platform.ANDROID)]
    computers = [
        _platform(texts, Platform.WINDOWS),
        _platform(texts, Platform.MACOS),
        _platform(texts, Platform.LINUX),
    ]
    qr = button(texts("connect-qr"), "connect:qr")
    return Screen(
        "\n\n".join(paragraphs), rows(phones, computers, [qr, *refresh], [access, back(texts)])
    )


def over(texts: Texts, until: datetime) -> Screen:
    """The time is over, and the key is kept."""
    keyboard = rows(button(texts("access-extend"), "buy"), back(texts))
    return Screen(texts("access-over", until=texts.moment(until)), keyboard)


def nothing(texts: Texts) -> Screen:
    """Somebody who never had access."""
    keyboard = rows(button(texts("access-buy"), "buy"), back(texts))
    return Screen(texts("connect-none"), keyboard)


def qr_code(texts: Texts, png: bytes) -> PhotoScreen:
    """The key as a picture, for another device."""
    photo = InputFile(content=png, filename="key.png")
    return PhotoScreen(photo, texts("connect-qr-caption"), rows(back(texts, "connect")))


@dataclass(frozen=True, slots=True)
class Steps:
    """A device and an app for it; `adds` is our page that opens the app, None if it has no link."""

    platform: Platform
    app: App
    key: Key
    adds: str | None


def steps(texts: Texts, given: Steps) -> Screen:
    """What to tap on a device: get the app, add the access, turn it on."""
    app, pasted = given.app, escape(given.key.pasted)
    add = texts("steps-import", app=app.name) if given.adds else texts("steps-paste", link=pasted)
    paragraphs = [
        f"🔌 <b>{texts(f'platform-{given.platform}')}</b>",
        texts("steps-install", app=app.name),
        add,
        texts("steps-turn-on"),
    ]
    if given.adds:
        paragraphs.append(texts("steps-by-hand"))
    others = [other for other in apps_for(given.platform) if other.id != app.id]
    if others:
        paragraphs.append(texts("steps-other"))
    return Screen(
        "\n\n".join(paragraphs),
        rows(
            *_step_buttons(texts, given), *_by_two(given.platform, others), back(texts, "connect")
        ),
    )


def _step_buttons(texts: Texts, given: Steps) -> list[InlineKeyboardButton]:
    app, platform, pasted = given.app, given.platform, given.key.pasted
    buttons = [link(texts("steps-get", app=app.name), app.get[platform])]
    if texts.locale == "ru" and platform in app.get_in_russia:
        russian = app.get_in_russia[platform]
        buttons.append(link(texts("steps-get-in-russia", app=app.name), russian))
    if given.adds is not None:
        buttons.append(link(texts("steps-add", app=app.name), given.adds))
    if len(pasted) <= _LONGEST_COPIED:
        buttons.append(copying(texts("connect-copy-link"), pasted))
    return buttons


def _platform(texts: Texts, platform: Platform) -> InlineKeyboardButton:
    return button(texts(f"platform-{platform}"), f"connect:on:{platform}")


def _by_two(platform: Platform, apps: list[App]) -> list[list[InlineKeyboardButton]]:
    buttons = [button(app.name, f"connect:on:{platform}:{app.id}") for app in apps]
    return [buttons[i : i + 2] for i in range(0, len(buttons), 2)]
