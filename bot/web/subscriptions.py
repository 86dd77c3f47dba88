"""GET /sub/<token>: what apps read of a person's access; and the page that opens an app with it.

    /sub/<token>              in the form that the app reads, by its User-Agent
    /sub/<token>.<form>       in this form: links, sing-box, clash
    /sub/<token>/open?app=…   a page that leads to the app, with the address to import

One query, no call to a VPN host. A token is 192 random bits: it can't be guessed, and whatever
isn't one is answered in the same way, 404. Access that is over is answered too, in words: an app
that got an error would keep an old list and say nothing.
"""

import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus

import structlog
import trio
from quart import Response, render_template, request
from quart_trio import QuartTrio

from bot.db import Lane
from bot.db.errors import DatabaseError
from bot.shop.connections import Connection, connection_by_token
from bot.telegram.middlewares.rate_limit import RateLimit, Verdict
from bot.texts import Texts
from bot.vpn.apps import App, Platform, app_by_id, open_target
from bot.vpn.errors import InvalidShareLinkError, NotCarriedError, UnknownAppError
from bot.vpn.keys import Key
from bot.vpn.share_link import parse_share_link
from bot.vpn.subscription import Profile, address, notice, subscription

log = structlog.get_logger(__name__)

_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,64}")

# An app asks twice a day, and a mobile carrier's customers share an address; no app and no
# household comes near these.
_PER_TOKEN_RATE, _PER_TOKEN_BURST = 0.5, 20
_PER_ADDRESS_RATE, _PER_ADDRESS_BURST = 5.0, 100
# Of the updates' connections: apps can wait, people who press buttons shouldn't.
_QUERIES = 2
_SECONDS = 5.0

_HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",  # the address is a secret
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
}
_PAGE_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
}

# In this order: Android says Linux as well, and an iPad may say Macintosh.
_PLATFORMS = (
    ("iphone", Platform.IOS),
    ("ipad", Platform.IOS),
    ("android", Platform.ANDROID),
    ("windows", Platform.WINDOWS),
    ("macintosh", Platform.MACOS),
    ("linux", Platform.LINUX),
)


class Subscriptions:
    """The routes; `public_url` None: no address of ours is known, and no page leads to one.

    `support_url` returns where an app's help button leads, or None while that isn't known.
    """

    def __init__(
        self,
        lane: Lane,
        texts: Mapping[str, Texts],
        *,
        public_url: str | None,
        support_url: Callable[[], str | None],
        clock: Callable[[], datetime],
    ) -> None:
        self._lane = lane
        self._texts = texts
        self._public_url = public_url
        self._support_url = support_url
        self._clock = clock
        self._queries = trio.CapacityLimiter(_QUERIES)
        self._by_token = RateLimit(rate=_PER_TOKEN_RATE, burst=_PER_TOKEN_BURST)
        self._by_address = RateLimit(rate=_PER_ADDRESS_RATE, burst=_PER_ADDRESS_BURST)

    def mount(self, app: QuartTrio) -> None:
        """Add the routes to the public application."""
        app.add_url_rule("/sub/<name>", "subscription", self.document)
        app.add_url_rule("/sub/<token>/open", "open", self.open)

    async def document(self, name: str) -> Response:
        """Answer an app."""
        token, _, suffix = name.partition(".")
        found = await self._find(token)
        if isinstance(found, Response):
            return found
        texts = self._texts[found.locale]
        had = found.subscription
        profile = Profile(
            title=texts("profile-title"),
            expires_at=had.expires_at,
            traffic_limit_bytes=had.limits.traffic_limit_bytes,
            support_url=self._support_url(),
        )
        try:
            document = subscription(
                profile,
                [self._key(found, texts)],
                user_agent=request.headers.get("user-agent"),
                suffix=suffix or None,
            )
        except NotCarriedError as error:
            return _refusal(HTTPStatus.NOT_ACCEPTABLE, str(error))
        except ValueError:  # no form has this suffix
            return _refusal(HTTPStatus.NOT_FOUND)
        return Response(document.body, headers=dict(document.headers) | _HEADERS)

    async def open(self, token: str) -> Response:
        """Show the page that opens an app."""
        found = await self._find(token)
        if isinstance(found, Response):
            return found
        if self._public_url is None:
            return _refusal(HTTPStatus.NOT_FOUND)
        texts = self._texts[found.locale]
        try:
            app = app_by_id(request.args.get("app", ""))
            link = address(self._public_url, token)
            target = open_target(app.id, link, texts("profile-title"))
        except UnknownAppError:
            return _refusal(HTTPStatus.NOT_FOUND)
        page = await render_template(
            "open.html",
            locale=texts.locale,
            say=lambda name: texts(f"open-{name}", app=app.name),
            target=target,
            get=_store(app, request.headers.get("user-agent", "")),
        )
        return Response(page, mimetype="text/html", headers=_HEADERS | _PAGE_HEADERS)

    def _key(self, found: Connection, texts: Texts) -> Key:
        """Return the key, or a line to be read where there is none."""
        if not found.subscription.is_active(self._clock()):
            return notice(texts("profile-over"))
        try:
            endpoint = parse_share_link(found.host_share_link or "")
        except InvalidShareLinkError:
            return notice(texts("profile-no-room"))
        return Key(endpoint, found.subscription.vpn_uuid, texts("profile-title"))

    async def _find(self, token: str) -> Connection | Response:
        """Return the access behind a token, or the answer that there is none to be had."""
        if self._by_address.take(_client_address()) is not Verdict.ADMITTED:
            return _refusal(HTTPStatus.TOO_MANY_REQUESTS, retry_after="10")
        if not _TOKEN.fullmatch(token):
            return _refusal(HTTPStatus.NOT_FOUND)
        if self._by_token.take(token) is not Verdict.ADMITTED:
            return _refusal(HTTPStatus.TOO_MANY_REQUESTS, retry_after="10")
        try:
            with trio.fail_after(_SECONDS):
                async with self._queries:
                    found = await connection_by_token(self._lane, token)
        except (DatabaseError, trio.TooSlowError) as error:
            log.warning("subscription.unavailable", error=str(error))
            return _refusal(HTTPStatus.SERVICE_UNAVAILABLE, retry_after="30")
        return _refusal(HTTPStatus.NOT_FOUND) if found is None else found


def _client_address() -> str:
    """Return the address of who asks: our proxy's word counts if it is next to us.

    An address of version 6 stands for its network of 64 bits: that is what one customer has.
    """
    peer = request.remote_addr or ""
    forwarded = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    try:
        near = ipaddress.ip_address(peer).is_private
        asking = ipaddress.ip_address(forwarded if near and forwarded else peer)
    except ValueError:
        return peer
    if asking.version == 6:
        return str(ipaddress.ip_network((asking, 64), strict=False))
    return str(asking)


def _store(app: App, user_agent: str) -> str:
    """Return where to get the app on the device that asks."""
    lower = user_agent.lower()
    for word, platform in _PLATFORMS:
        if word in lower and platform in app.get:
            return app.get[platform]
    return next(iter(app.get.values()))


def _refusal(
    status: HTTPStatus, detail: str | None = None, *, retry_after: str | None = None
) -> Response:
    body = json.dumps({"detail": detail or status.phrase})
    headers = _HEADERS | ({"retry-after": retry_after} if retry_after else {})
    return Response(body, status, mimetype="application/json", headers=headers)
