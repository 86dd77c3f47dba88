"""What `GET /sub/<token>` answers: everything a person's apps need, in the form each of them reads.

Pure functions: who asks, what they may use and until when comes in, a body with its headers comes
out. Nothing here calls a VPN host.
"""

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import quote
from uuid import UUID

from bot.vpn import clash, sing_box
from bot.vpn.errors import NotCarriedError
from bot.vpn.keys import Key
from bot.vpn.share_link import Endpoint, share_link


class Format(StrEnum):
    """The forms of a subscription; the value is the suffix that asks for it."""

    LINKS = "links"
    SING_BOX = "sing-box"
    CLASH = "clash"


@dataclass(frozen=True, slots=True)
class Profile:
    """What apps show of a subscription, beside its servers.

    Limits are None where there are none. `support_url` is where an app's help button leads.
    """

    title: str
    expires_at: datetime | None = None
    traffic_limit_bytes: int | None = None
    uploaded_bytes: int = 0
    downloaded_bytes: int = 0
    update_interval: timedelta = timedelta(hours=12)
    support_url: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """The answer; header names are in lower case."""

    body: bytes
    headers: Mapping[str, str]


_CONTENT_TYPES = {
    Format.LINKS: "text/plain; charset=utf-8",
    Format.SING_BOX: "application/json; charset=utf-8",
    Format.CLASH: "text/yaml; charset=utf-8",
}

# The order matters: many apps name Clash or sing-box in their User-Agent for compatibility.
_BY_USER_AGENT: tuple[tuple[re.Pattern[str], Format], ...] = (
    # They read links, with the headers, in every version: Hiddify, NekoBox ("Prefer ClashMeta").
    (re.compile(r"(?i)^(hiddify|neko|throne|karing|happ|v2ray|streisand)"), Format.LINKS),
    (re.compile(r"(?i)^(sfa|sfi|sfm|sft|sing-box)\b"), Format.SING_BOX),
    (re.compile(r"(?i)clash|mihomo|stash"), Format.CLASH),
)


def address(public_url: str, token: str) -> str:
    """Return the subscription link of a token; `public_url` has no slash at its end."""
    return f"{public_url}/sub/{token}"


def opening_address(public_url: str, token: str, app_id: str) -> str:
    """Return our page that opens an app and lets it import the subscription (`bot.vpn.apps`)."""
    return f"{address(public_url, token)}/open?app={quote(app_id, safe='')}"


def choose_format(user_agent: str | None, suffix: str | None = None) -> Format:
    """Return the form to answer with: what the address asks for, else what the app reads.

    Raises ValueError for a suffix that is no form; an unknown app gets links.
    """
    if suffix:
        return Format(suffix)
    for pattern, form in _BY_USER_AGENT:
        if pattern.search(user_agent or ""):
            return form
    return Format.LINKS


def subscription(
    profile: Profile, keys: Sequence[Key], *, user_agent: str | None, suffix: str | None = None
) -> Document:
    """Return the document for an app.

    An app whose form can't hold any of the keys gets links instead; one that asked for the form
    by `suffix` is told. Raises ValueError for an unknown suffix, and then NotCarriedError.
    """
    form = choose_format(user_agent, suffix)
    try:
        return render(form, profile, keys)
    except NotCarriedError:
        if suffix:
            raise
        return render(Format.LINKS, profile, keys)


def render(form: Format, profile: Profile, keys: Sequence[Key]) -> Document:
    """Return the document of this form; raises NotCarriedError if it can't hold any of `keys`."""
    body = _BODIES[form](profile.title, keys)
    headers = {
        "content-type": _CONTENT_TYPES[form],
        "cache-control": "no-store",
        "content-disposition": f"attachment; filename*=UTF-8''{quote(profile.title, safe='')}",
        "profile-title": f"base64:{_base64(profile.title)}",
        "profile-update-interval": str(max(1, profile.update_interval // timedelta(hours=1))),
        "subscription-userinfo": _userinfo(profile),
    }
    if profile.support_url:
        headers["support-url"] = profile.support_url
    return Document(body, headers)


def notice(text: str) -> Key:
    """Return a key that leads nowhere and is there to be read, as apps show nothing but names."""
    return Key(Endpoint("127.0.0.1", 1), UUID(int=0), text)


def _links(_title: str, keys: Sequence[Key]) -> bytes:
    lines = [share_link(key.endpoint, key.uuid, key.name) for key in keys]
    return _base64("\n".join(lines)).encode()


_BODIES: Mapping[Format, Callable[[str, Sequence[Key]], bytes]] = {
    Format.LINKS: _links,
    Format.SING_BOX: sing_box.document,
    Format.CLASH: clash.document,
}


def _userinfo(profile: Profile) -> str:
    """Return the counters; apps take a total of 0 for unlimited, and no expiry for none."""
    parts = [
        f"upload={profile.uploaded_bytes}",
        f"download={profile.downloaded_bytes}",
        f"total={profile.traffic_limit_bytes or 0}",
    ]
    if profile.expires_at is not None:
        parts.append(f"expire={int(profile.expires_at.timestamp())}")
    return "; ".join(parts)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
