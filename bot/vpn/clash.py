"""The subscription as a whole configuration for Mihomo, Clash's successor, and its apps.

Everything goes through the chosen server but the local network. Nothing in it makes an app
download rule sets before it works. (https://wiki.metacubex.one/config/)
"""

from collections.abc import Sequence
from typing import Any

import yaml

from bot.vpn.errors import NotCarriedError
from bot.vpn.keys import Key, distinctly_named, early_data
from bot.vpn.share_link import Endpoint, Security, Transport

_BUILT_IN = ("DIRECT", "REJECT", "REJECT-DROP", "PASS", "COMPATIBLE", "GLOBAL")
_LOCAL = (
    "IP-CIDR,127.0.0.0/8",
    "IP-CIDR,10.0.0.0/8",
    "IP-CIDR,172.16.0.0/12",
    "IP-CIDR,192.168.0.0/16",
    "IP-CIDR,169.254.0.0/16",
    "IP-CIDR6,::1/128",
    "IP-CIDR6,fc00::/7",
    "IP-CIDR6,fe80::/10",
)


def document(title: str, keys: Sequence[Key]) -> bytes:
    """Return the configuration as YAML; raises NotCarriedError when there is no key."""
    if not keys:
        raise NotCarriedError("a Clash configuration without servers would let everything through")
    group = f"{title} " if title in _BUILT_IN else title or "VPN"
    servers = [_proxy(name, key) for name, key in distinctly_named(keys, taken=(*_BUILT_IN, group))]
    whole = {
        "mixed-port": 7890,
        "allow-lan": False,
        "mode": "rule",
        "log-level": "warning",
        "ipv6": True,
        "dns": {
            "enable": True,
            "ipv6": True,
            "enhanced-mode": "fake-ip",  # names go to the server unresolved
            "fake-ip-filter": ["*.lan", "*.local"],
            "nameserver": ["system"],
        },
        "proxies": servers,
        "proxy-groups": [
            {"name": group, "type": "select", "proxies": [server["name"] for server in servers]}
        ],
        "rules": [*(f"{network},DIRECT,no-resolve" for network in _LOCAL), f"MATCH,{group}"],
    }
    return yaml.dump(
        whole, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=1000
    ).encode()


class _Dumper(yaml.SafeDumper):
    """Quotes texts that begin like a number.

    PyYAML knows the numbers of YAML 1.1, and Mihomo reads those of 1.2 too: a REALITY short id
    such as 12e4 would be a number there.
    """


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = '"' if text[:1] in set("0123456789+-.") else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def _proxy(name: str, key: Key) -> dict[str, Any]:
    endpoint = key.endpoint
    proxy: dict[str, Any] = {
        "name": name,
        "type": "vless",
        "server": endpoint.host,
        "port": endpoint.port,
        "uuid": str(key.uuid),
        "udp": True,
        "packet-encoding": "xudp",
    }
    if endpoint.encryption != "none":
        proxy["encryption"] = endpoint.encryption
    if endpoint.flow:
        proxy["flow"] = endpoint.flow
    return proxy | _security(endpoint) | _transport(endpoint)


def _security(endpoint: Endpoint) -> dict[str, Any]:
    if endpoint.security is Security.NONE:
        return {}
    fields: dict[str, Any] = {"tls": True, "servername": endpoint.server_name}
    if endpoint.fingerprint:
        fields["client-fingerprint"] = endpoint.fingerprint
    if endpoint.alpn:
        fields["alpn"] = list(endpoint.alpn)
    if endpoint.security is Security.REALITY:
        fields["reality-opts"] = {
            "public-key": endpoint.public_key,
            "short-id": endpoint.short_id,
        }
    return fields


def _transport(endpoint: Endpoint) -> dict[str, Any]:
    match endpoint.transport:
        case Transport.GRPC:
            return {
                "network": "grpc",
                "grpc-opts": {"grpc-service-name": endpoint.service_name or ""},
            }
        case Transport.XHTTP:
            return {"network": "xhttp", "xhttp-opts": _xhttp(endpoint)}
        case Transport.WS | Transport.HTTPUPGRADE:
            return {"network": "ws", "ws-opts": _ws(endpoint)}
    return {"network": "tcp"}


def _xhttp(endpoint: Endpoint) -> dict[str, Any]:
    options: dict[str, Any] = {"path": endpoint.path or "/"}
    if endpoint.http_host:
        options["host"] = endpoint.http_host
    if endpoint.mode:
        options["mode"] = endpoint.mode
    return options


def _ws(endpoint: Endpoint) -> dict[str, Any]:
    path, early_bytes = early_data(endpoint.path or "/")
    options: dict[str, Any] = {"path": path}
    if endpoint.http_host:
        options["headers"] = {"Host": endpoint.http_host}
    if endpoint.transport is Transport.HTTPUPGRADE:
        options["v2ray-http-upgrade"] = True
    elif early_bytes:
        options["max-early-data"] = early_bytes
        options["early-data-header-name"] = "Sec-WebSocket-Protocol"
    return options
