"""Share links: an operator pastes one of an inbound, and every client of it gets one like it.

    vless://<uuid>@<host>:<port>?type=…&security=…&…#<remark>

The fields are those of the share link standard (XTLS/Xray-core, discussion 716): each at most
once, names and constants in their case, values percent-encoded as by encodeURIComponent. Fields
that only a newer client knows are kept and handed on.
"""

import base64
import binascii
import ipaddress
import re
from collections import Counter
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import quote, unquote, urlsplit
from uuid import UUID

from bot.vpn.errors import InvalidShareLinkError
from bot.vpn.types import VISION

_HOSTNAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_-]{1,63})*\.?")
_SHORT_ID = re.compile(r"([0-9a-fA-F]{2}){0,8}")


class Transport(StrEnum):
    """What VLESS is carried in (`type`)."""

    TCP = "tcp"
    WS = "ws"
    GRPC = "grpc"
    HTTPUPGRADE = "httpupgrade"
    XHTTP = "xhttp"


class Security(StrEnum):
    """What protects it on the way (`security`)."""

    NONE = "none"
    TLS = "tls"
    REALITY = "reality"


_TRANSPORT_NAMES = {str(transport): transport for transport in Transport} | {
    "raw": Transport.TCP,
    "splithttp": Transport.XHTTP,
}
_REALITY_CARRIES = {Transport.TCP, Transport.GRPC, Transport.XHTTP}
_WITH_PATH = {Transport.WS, Transport.HTTPUPGRADE, Transport.XHTTP}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where and how a client connects: a share link without its UUID and its remark.

    `host` is an address or an ASCII name, without brackets. `path` may end in `?ed=<bytes>`, as
    Xray has it for early data. `other` are fields that are handed on as they are.
    """

    host: str
    port: int
    transport: Transport = Transport.TCP
    security: Security = Security.NONE
    flow: str | None = None
    encryption: str = "none"
    server_name: str | None = None
    fingerprint: str | None = None
    alpn: tuple[str, ...] = ()
    public_key: str | None = None
    short_id: str = ""
    spider_x: str | None = None
    path: str | None = None
    http_host: str | None = None
    service_name: str | None = None
    authority: str | None = None
    mode: str | None = None
    other: tuple[tuple[str, str], ...] = ()


def parse_share_link(text: str) -> Endpoint:
    """Read a share link as a template; its UUID and its remark don't matter.

    Raises InvalidShareLinkError, which names everything that is wrong and says what to do.
    """
    text = text.strip()
    if not text.startswith("vless://"):
        raise InvalidShareLinkError(
            "a share link begins with vless://; copy it from the server's panel or configuration"
        )
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port or 0
    except ValueError:
        raise InvalidShareLinkError(
            "write the server as name:port, the port from 1 to 65535, "
            "and an IPv6 address in [brackets]"
        ) from None
    problems: list[str] = []
    if "@" not in parts.netloc:
        problems.append("after vless:// comes a UUID (any will do), then @ and the server's name")
    if not port:
        problems.append("write the server's port, 1 to 65535, after its name: …@example.org:443")
    host = _ascii_host(host, problems)
    fields = _fields(parts.query, problems)
    endpoint = _endpoint(host, port, fields, problems)
    if problems:
        raise InvalidShareLinkError("\n".join(problems))
    return endpoint


def share_link(endpoint: Endpoint, uuid: UUID, remark: str) -> str:
    """Return the link that gives `uuid` access; apps show `remark` as the server's name."""
    host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
    fields: list[tuple[str, str | None]] = [
        ("encryption", endpoint.encryption),
        ("flow", endpoint.flow),
        ("type", endpoint.transport),
        ("security", endpoint.security),
        ("sni", endpoint.server_name),
        ("fp", endpoint.fingerprint),
        ("alpn", ",".join(endpoint.alpn)),
        ("pbk", endpoint.public_key),
        ("sid", endpoint.short_id),
        ("spx", endpoint.spider_x),
        ("path", endpoint.path),
        ("host", endpoint.http_host),
        ("serviceName", endpoint.service_name),
        ("authority", endpoint.authority),
        ("mode", endpoint.mode),
        *endpoint.other,
    ]
    query = "&".join(f"{name}={_encoded(value)}" for name, value in fields if value)
    return f"vless://{uuid}@{host}:{endpoint.port}?{query}#{_encoded(remark)}"


def _encoded(value: str) -> str:
    return quote(value, safe="")


def _ascii_host(host: str, problems: list[str]) -> str:
    if ":" in host:
        try:
            return str(ipaddress.IPv6Address(host))
        except ValueError:
            problems.append(f"{host} is no IPv6 address")
            return ""
    try:
        name = host.encode("idna").decode()
    except UnicodeError:
        name = ""
    if not _HOSTNAME.fullmatch(name):
        problems.append("the server's name can't be read; write a domain name or an IP address")
    return name


def _fields(query: str, problems: list[str]) -> dict[str, str]:
    """Return the fields; unlike in a form, a plus sign is a plus sign."""
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    for name, count in Counter(name for name, _, _ in pairs).items():
        if count > 1:
            problems.append(f"{name}: given {count} times; leave one")
    return {name: unquote(value) for name, _, value in pairs}


def _endpoint(host: str, port: int, fields: dict[str, str], problems: list[str]) -> Endpoint:
    def take(name: str) -> str | None:
        return fields.pop(name, "") or None

    endpoint = Endpoint(
        host=host,
        port=port,
        transport=_transport(take("type"), problems),
        security=_security(take("security"), problems),
        flow=take("flow"),
        encryption=take("encryption") or "none",
        server_name=take("sni"),
        fingerprint=take("fp"),
        alpn=tuple(name for name in (take("alpn") or "").split(",") if name),
        public_key=take("pbk"),
        short_id=take("sid") or "",
        spider_x=take("spx"),
        path=take("path"),
        http_host=take("host"),
        service_name=take("serviceName"),
        authority=take("authority"),
        mode=take("mode"),
    )
    _check_obsolete(fields, problems)
    problems.extend(_contradictions(endpoint))
    return _completed(endpoint, tuple((name, value) for name, value in fields.items() if value))


def _transport(name: str | None, problems: list[str]) -> Transport:
    transport = _TRANSPORT_NAMES.get(name or "tcp")
    if transport is None:
        problems.append(f"type={name}: use one of {', '.join(Transport)}")
    return transport or Transport.TCP


def _security(name: str | None, problems: list[str]) -> Security:
    try:
        return Security(name or "none")
    except ValueError:
        problems.append(f"security={name}: use one of {', '.join(Security)}")
        return Security.NONE


def _check_obsolete(fields: dict[str, str], problems: list[str]) -> None:
    if fields.pop("headerType", "none") not in {"none", ""}:
        problems.append("headerType: apps differ in it; leave it out, or use type=ws")
    if fields.pop("allowInsecure", "0") not in {"0", "false", ""}:
        problems.append(
            "allowInsecure: whoever is on the way could read everything; "
            "give the server a certificate that can be checked, or use security=reality"
        )


def _contradictions(endpoint: Endpoint) -> list[str]:
    """Return what can't work together, as Xray and its clients have it."""
    problems = []
    if endpoint.security is Security.REALITY:
        if not _is_x25519_key(endpoint.public_key or ""):
            problems.append(
                "pbk: security=reality needs the server's public key, 43 characters; "
                "`xray x25519 -i <private key>` shows it"
            )
        if not endpoint.server_name:
            problems.append("sni: security=reality needs one of the server's serverNames")
        if not _SHORT_ID.fullmatch(endpoint.short_id):
            problems.append("sid: one of the server's shortIds, up to 16 hexadecimal digits, even")
        if endpoint.transport not in _REALITY_CARRIES:
            problems.append("security=reality goes with type=tcp, grpc or xhttp only")
    if endpoint.security is Security.TLS and not endpoint.server_name and _is_ip(endpoint.host):
        problems.append(
            "sni: an IP address has no certificate; write the domain name of the server's"
        )
    if endpoint.flow:
        if endpoint.flow != VISION:
            problems.append(f"flow: leave it out, or write {VISION}")
        elif endpoint.encryption == "none" and (
            endpoint.transport is not Transport.TCP or endpoint.security is Security.NONE
        ):
            problems.append(f"flow={VISION} needs type=tcp and security=tls or reality")
    return problems


def _completed(endpoint: Endpoint, other: tuple[tuple[str, str], ...]) -> Endpoint:
    """Fill in what clients would otherwise fill in, each in its own way."""
    server_name, fingerprint, path = endpoint.server_name, endpoint.fingerprint, endpoint.path
    if endpoint.security is not Security.NONE:
        server_name = server_name or endpoint.host
    if endpoint.security is Security.REALITY:
        fingerprint = fingerprint or "chrome"
    if endpoint.transport in _WITH_PATH:
        path = "/" + (path or "").removeprefix("/")
    return replace(
        endpoint, server_name=server_name, fingerprint=fingerprint, path=path, other=other
    )


def _is_x25519_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text + "=", altchars=b"-_", validate=True)) == 32
    except (binascii.Error, ValueError):
        return False


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
