"""Share links, read back by urllib, by an independent parser, and by ourselves."""

import ipaddress
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from v2ray import V2ray

from bot.vpn.errors import InvalidShareLinkError
from bot.vpn.share_link import Endpoint, Security, Transport, parse_share_link, share_link
from bot.vpn.types import VISION

UUID_ = UUID("2cae91b3-f85c-433b-88ee-a002b9ed6d61")
KEY = "SbVKOEMjK0sIlbwg4akyBg5mL5KZwwB-ed4eEE7YnRc"
REALITY = f"security=reality&sni=www.example.com&pbk={KEY}&sid=6ba85179e30d4fc2&fp=firefox"

LINKS = {
    "reality": f"vless://UUID@vpn.example.org:443?type=tcp&flow={VISION}&{REALITY}&spx=%2Fa#VPN",
    "tls": f"vless://x@vpn.example.org:8443?security=tls&alpn=h2%2Chttp%2F1.1&flow={VISION}",
    "ws": "vless://x@cdn.example.org:443?type=ws&security=tls&path=%2Fa%20b%3Fed%3D2048"
    "&host=front.example.org&sni=front.example.org",
    "grpc": f"vless://x@203.0.113.7:443?type=grpc&serviceName=My%2BService&mode=multi&{REALITY}",
    "httpupgrade": "vless://x@vpn.example.org:80?type=httpupgrade&path=%2Fup&host=h.example.org",
    "xhttp": f"vless://x@vpn.example.org:443?type=xhttp&path=%2Fx&mode=stream-one&{REALITY}",
    "ipv6": "vless://x@[2001:db8::1]:443?security=tls&sni=vpn.example.org",
    "bare": "vless://x@127.0.0.1:10000",
}


def core_outbound(link: str) -> dict[str, Any]:
    """What an independent parser makes of a link: the outbound for the core."""
    read = V2ray.from_link(link)
    outbound: dict[str, Any] = read.to_dict()
    # It reads the fields of every transport, but writes those of TCP in their place.
    network = outbound["streamSettings"]["network"]
    outbound["streamSettings"][f"{network}Settings"] = getattr(read.stream, network).to_dict()
    return outbound


@pytest.mark.parametrize("template", LINKS.values(), ids=LINKS.keys())
def test_a_link_parses_back_in_an_independent_reader(template: str) -> None:
    endpoint = parse_share_link(template)

    outbound = core_outbound(share_link(endpoint, UUID_, "Нидерланды #1 & co"))

    assert outbound["protocol"] == "vless"
    assert outbound["tag"] == "Нидерланды #1 & co"
    [server] = outbound["settings"]["vnext"]
    assert server["address"].strip("[]") == endpoint.host
    assert server["port"] == endpoint.port
    [user] = server["users"]
    assert user["id"] == str(UUID_)
    assert user.get("flow", "") == (endpoint.flow or "")
    stream = outbound["streamSettings"]
    assert stream["network"] == endpoint.transport
    assert stream["security"] == endpoint.security
    if endpoint.security is Security.REALITY:
        reality = stream["realitySettings"]
        assert reality["publicKey"] == KEY
        assert reality["serverName"] == "www.example.com"
        assert reality["shortId"] == "6ba85179e30d4fc2"
        assert reality["fingerprint"] == "firefox"
    if endpoint.security is Security.TLS:
        assert stream["tlsSettings"]["serverName"] == endpoint.server_name
        assert stream["tlsSettings"].get("alpn", []) == list(endpoint.alpn)
    settings = stream.get(f"{endpoint.transport}Settings", {})
    if endpoint.transport is Transport.GRPC:
        assert settings["serviceName"] == "My+Service"
        assert settings["multiMode"] is True
    elif endpoint.transport is not Transport.TCP:
        assert settings["path"] == endpoint.path
        assert settings["host"] == (endpoint.http_host or "")


def test_every_value_is_encoded_as_a_browser_would_and_stands_once() -> None:
    link = share_link(parse_share_link(LINKS["ws"]), UUID_, "a/b?c#d e+f%")

    parts = urlsplit(link)
    assert unquote(parts.fragment) == "a/b?c#d e+f%"
    assert not set(link) & set(" \"<>\\^`{|}'()")
    fields = parse_qs(parts.query, strict_parsing=True)
    assert {len(values) for values in fields.values()} == {1}
    assert fields["path"] == ["/a b?ed=2048"]
    assert fields["encryption"] == ["none"]
    assert (parts.username, parts.hostname, parts.port) == (str(UUID_), "cdn.example.org", 443)


def test_what_clients_fill_in_differently_is_filled_in_once() -> None:
    tls = parse_share_link("vless://x@vpn.example.org:443?security=tls&type=ws")
    assert (tls.server_name, tls.path) == ("vpn.example.org", "/")

    reality = parse_share_link(
        f"vless://x@vpn.example.org:443?security=reality&sni=example.com&pbk={KEY}"
    )
    assert (reality.fingerprint, reality.short_id) == ("chrome", "")


def test_old_names_of_transports_are_understood_and_the_usual_ones_are_written() -> None:
    raw = parse_share_link("vless://x@vpn.example.org:443?type=raw")
    split = parse_share_link("vless://x@vpn.example.org:443?type=splithttp&security=tls")

    assert raw.transport is Transport.TCP
    assert "type=xhttp" in share_link(split, UUID_, "")


def test_fields_of_newer_clients_are_handed_on_as_they_are() -> None:
    endpoint = parse_share_link(
        'vless://x@vpn.example.org:443?type=xhttp&security=tls&extra={"a":"b+c"}&pqv=%2Fx&empty='
    )

    link = share_link(endpoint, UUID_, "")

    assert endpoint.other == (("extra", '{"a":"b+c"}'), ("pqv", "/x"))
    assert parse_qs(urlsplit(link).query)["extra"] == ['{"a":"b+c"}']


def test_a_name_in_another_script_is_written_in_ascii() -> None:
    assert parse_share_link("vless://x@пример.рф:443").host == "xn--e1afmkfd.xn--p1ai"


@pytest.mark.parametrize(
    ("link", "advice"),
    [
        ("vmess://abc", "begins with vless://"),
        ("", "begins with vless://"),
        ("vless://vpn.example.org:443", "after vless:// comes a UUID"),
        ("vless://x@vpn.example.org", "write the server's port"),
        ("vless://x@vpn.example.org:99999", "name:port"),
        ("vless://x@[2001:db8::1:443", "brackets"),
        ("vless://x@:443", "the server's name can't be read"),
        ("vless://x@-:443", "the server's name can't be read"),
        ("vless://x@a.b:443?type=kcp", "use one of tcp, ws, grpc, httpupgrade, xhttp"),
        ("vless://x@a.b:443?security=xtls", "use one of none, tls, reality"),
        ("vless://x@a.b:443?type=tcp&type=ws", "type: given 2 times"),
        ("vless://x@a.b:443?security=reality&sni=c.d", "public key, 43 characters"),
        (f"vless://x@a.b:443?security=reality&sni=c.d&pbk={KEY[:-1]}", "43 characters"),
        (f"vless://x@a.b:443?security=reality&pbk={KEY}", "serverNames"),
        (f"vless://x@a.b:443?security=reality&sni=c.d&pbk={KEY}&sid=abc", "shortIds"),
        (f"vless://x@a.b:443?type=ws&security=reality&sni=c.d&pbk={KEY}", "tcp, grpc or xhttp"),
        ("vless://x@203.0.113.7:443?security=tls", "an IP address has no certificate"),
        ("vless://x@a.b:443?security=tls&flow=xtls-rprx-direct", f"write {VISION}"),
        (f"vless://x@a.b:443?flow={VISION}", "needs type=tcp and security=tls or reality"),
        (f"vless://x@a.b:443?type=ws&security=tls&flow={VISION}", "needs type=tcp"),
        ("vless://x@a.b:443?headerType=http", "leave it out, or use type=ws"),
        ("vless://x@a.b:443?security=tls&allowInsecure=1", "could read everything"),
    ],
)
def test_a_link_that_cannot_work_is_refused_with_what_to_do(link: str, advice: str) -> None:
    with pytest.raises(InvalidShareLinkError) as refused:
        parse_share_link(link)

    assert advice in str(refused.value)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(InvalidShareLinkError) as refused:
        parse_share_link("vless://x@a.b?type=quic&security=reality&flow=none")

    assert len(str(refused.value).splitlines()) == 5


_text = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
_hosts = st.one_of(
    st.sampled_from(["vpn.example.org", "xn--b1am9b.xn--p1ai", "203.0.113.7"]),
    st.ip_addresses(v=6).map(lambda address: str(ipaddress.IPv6Address(address))),
)
_endpoints = st.builds(
    Endpoint,
    host=_hosts,
    port=st.integers(1, 65535),
    transport=st.sampled_from([Transport.GRPC, Transport.XHTTP]),
    security=st.just(Security.REALITY),
    server_name=_text,
    fingerprint=st.sampled_from(["chrome", "firefox"]),
    public_key=st.just(KEY),
    short_id=st.sampled_from(["", "ab", "0123456789abcdef"]),
    spider_x=st.none() | _text,
    http_host=st.none() | _text,
    service_name=st.none() | _text,
    authority=st.none() | _text,
    mode=st.none() | _text,
    path=_text.map(lambda text: "/" + text.removeprefix("/")),
    other=st.sampled_from([(), (("pqv", "a/b+c=="),)]),
)


@given(_endpoints, _text)
def test_what_is_written_is_read_back_the_same(endpoint: Endpoint, remark: str) -> None:
    link = share_link(endpoint, UUID_, remark)

    assert parse_share_link(link) == endpoint
    assert unquote(urlsplit(link).fragment) == remark
    assert link.isascii()
