"""The subscription as a whole configuration for sing-box, 1.12 or later.

Its apps take a document as it is: everything goes through the chosen server but the local
network; names are resolved by DNS over HTTPS through the server too.
(https://sing-box.sagernet.org/configuration/)
"""

import json
from collections.abc import Sequence
from typing import Any

from bot.vpn.errors import NotCarriedError
from bot.vpn.keys import Key, distinctly_named, early_data
from bot.vpn.share_link import Endpoint, Security, Transport

_PROXY, _DIRECT, _LOCAL_DNS, _REMOTE_DNS = "proxy", "direct", "dns-local", "dns-remote"
_EARLY_DATA_HEADER = "Sec-WebSocket-Protocol"  # where Xray looks for it


def document(_title: str, keys: Sequence[Key]) -> bytes:
    """Return the configuration as JSON; raises NotCarriedError if no key can be in it."""
    carried = [key for key in keys if _is_carried(key.endpoint)]
    if not carried:
        raise NotCarriedError("sing-box has none of the transports of these servers")
    servers = [
        _outbound(name, key) for name, key in distinctly_named(carried, taken=(_PROXY, _DIRECT))
    ]
    tags = [server["tag"] for server in servers]
    whole = {
        "log": {"level": "warn"},
        "dns": {
            "servers": [
                {"type": "https", "tag": _REMOTE_DNS, "server": "1.1.1.1", "detour": _PROXY},
                {"type": "local", "tag": _LOCAL_DNS},
            ],
            "final": _REMOTE_DNS,
        },
        "inbounds": [
            {
                "type": "tun",
                "tag": "tun",
                "address": ["172.19.0.1/30", "fdfe:dcba:9876::1/126"],
                "auto_route": True,
                "strict_route": True,
            }
        ],
        "outbounds": [
            {"type": "selector", "tag": _PROXY, "outbounds": tags},
            *servers,
            {"type": "direct", "tag": _DIRECT},
        ],
        "route": {
            "rules": [
                {"action": "sniff"},
                {"protocol": "dns", "action": "hijack-dns"},
                {"ip_is_private": True, "outbound": _DIRECT},
            ],
            "final": _PROXY,
            "auto_detect_interface": True,
            "default_domain_resolver": _LOCAL_DNS,
        },
    }
    return json.dumps(whole, ensure_ascii=False, indent=1).encode()


def _is_carried(endpoint: Endpoint) -> bool:
    return endpoint.transport is not Transport.XHTTP and endpoint.encryption == "none"


def _outbound(name: str, key: Key) -> dict[str, Any]:
    endpoint = key.endpoint
    outbound: dict[str, Any] = {
        "type": "vless",
        "tag": name,
        "server": endpoint.host,
        "server_port": endpoint.port,
        "uuid": str(key.uuid),
        "packet_encoding": "xudp",
    }
    if endpoint.flow:
        outbound["flow"] = endpoint.flow
    if endpoint.security is not Security.NONE:
        outbound["tls"] = _tls(endpoint)
    if endpoint.transport is not Transport.TCP:
        outbound["transport"] = _transport(endpoint)
    return outbound


def _tls(endpoint: Endpoint) -> dict[str, Any]:
    tls: dict[str, Any] = {"enabled": True, "server_name": endpoint.server_name}
    if endpoint.alpn:
        tls["alpn"] = list(endpoint.alpn)
    if endpoint.fingerprint:
        tls["utls"] = {"enabled": True, "fingerprint": endpoint.fingerprint}
    if endpoint.security is Security.REALITY:
        tls["reality"] = {
            "enabled": True,
            "public_key": endpoint.public_key,
            "short_id": endpoint.short_id,
        }
    return tls


def _transport(endpoint: Endpoint) -> dict[str, Any]:
    if endpoint.transport is Transport.GRPC:
        return {"type": "grpc", "service_name": endpoint.service_name or ""}
    path, early_bytes = early_data(endpoint.path or "/")
    transport: dict[str, Any] = {"type": str(endpoint.transport), "path": path}
    if endpoint.transport is Transport.HTTPUPGRADE:
        return transport | ({"host": endpoint.http_host} if endpoint.http_host else {})
    if endpoint.http_host:
        transport["headers"] = {"Host": endpoint.http_host}
    if early_bytes:
        transport |= {"max_early_data": early_bytes, "early_data_header_name": _EARLY_DATA_HEADER}
    return transport
