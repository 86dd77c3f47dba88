"""Real VPN cores on loopback: a server with an API, a client of it, and a page behind both.

    browser (httpx) → client core (HTTP proxy) → VLESS → server core → the page

Works with every core that is installed: Debian's `v2ray` and, where somebody put one, `xray`.
"""

import json
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import trio

COMMANDS = {"v2ray": ["v2ray", "-config"], "xray": ["xray", "run", "-config"]}
INSTALLED = [name for name in COMMANDS if shutil.which(name)]

each_core = pytest.mark.parametrize(
    "program",
    INSTALLED
    or [
        pytest.param(
            "v2ray",
            marks=pytest.mark.skip(reason="no VPN core is installed: apt-get install v2ray"),
        )
    ],
)
"""Runs a test once for each installed core, and says so if there is none."""

PAGE = b"the page behind the tunnel"
TAG = "vless"


def free_port() -> int:
    """Return a TCP port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class ServerCore:
    """The core of a VPN host; the ports stay the same when it is started again."""

    program: str
    directory: Path
    api_port: int = field(default_factory=free_port)
    vless_port: int = field(default_factory=free_port)

    @property
    def api_address(self) -> str:
        return f"127.0.0.1:{self.api_port}"

    @asynccontextmanager
    async def running(
        self, *, clients: tuple[Mapping[str, Any], ...] = (), **sections: Any
    ) -> AsyncIterator[None]:
        """Run it with `clients` of the operator's own; killed at the end, as by a power cut.

        `sections` stand in for those of the plain configuration.
        """
        config: dict[str, Any] = {
            "log": {"loglevel": "warning"},
            "api": {"tag": "api", "services": ["HandlerService", "StatsService"]},
            "stats": {},
            "policy": {"levels": {"0": {"statsUserUplink": True, "statsUserDownlink": True}}},
            "inbounds": [
                _inbound("api", self.api_port, "dokodemo-door", {"address": "127.0.0.1"}),
                _inbound(
                    TAG, self.vless_port, "vless", {"clients": [*clients], "decryption": "none"}
                ),
            ],
            "outbounds": [{"protocol": "freedom", "settings": {}}],
            "routing": {"rules": [{"type": "field", "inboundTag": ["api"], "outboundTag": "api"}]},
        }
        path = self.directory / "server.json"
        ports = (self.api_port, self.vless_port)
        async with running_core(self.program, config | sections, path, *ports):
            yield

    async def reaches(self, page: str, uuid: UUID) -> bool:
        """Whether a client that shows `uuid` gets `page` through this core."""
        proxy_port = free_port()
        server = {
            "address": "127.0.0.1",
            "port": self.vless_port,
            "users": [{"id": str(uuid), "encryption": "none"}],
        }
        config = {
            "log": {"loglevel": "warning"},
            "inbounds": [_inbound("http", proxy_port, "http", {})],
            "outbounds": [{"protocol": "vless", "settings": {"vnext": [server]}}],
        }
        path = self.directory / "client.json"
        async with (
            running_core(self.program, config, path, proxy_port),
            httpx.AsyncClient(proxy=f"http://127.0.0.1:{proxy_port}", timeout=5) as browser,
        ):
            try:
                answer = await browser.get(page)
            except httpx.TransportError:
                return False
            return answer.status_code == 200 and answer.content == PAGE


@asynccontextmanager
async def running_core(
    program: str, config: Mapping[str, Any], path: Path, *ports: int
) -> AsyncIterator[None]:
    """Run a core with `config`, written to `path`; yields once it listens on all of `ports`."""
    path.write_text(json.dumps(config))  # noqa: ASYNC240 - a few bytes for another process
    with path.with_suffix(".log").open("ab") as log:
        process = await trio.lowlevel.open_process(
            [*COMMANDS[program], str(path)], stdout=log, stderr=subprocess.STDOUT
        )
    try:
        with trio.fail_after(10):
            for port in ports:
                await _listening(port)
        yield
    finally:
        process.kill()
        with trio.CancelScope(shield=True):
            await process.wait()


@asynccontextmanager
async def serving_page() -> AsyncIterator[str]:
    """Serve PAGE on loopback; yields its address."""

    async def answer(stream: trio.SocketStream) -> None:
        async with stream:
            with suppress(trio.BrokenResourceError):
                await stream.receive_some()
                head = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: "
                await stream.send_all(head + str(len(PAGE)).encode() + b"\r\n\r\n" + PAGE)

    async with trio.open_nursery() as nursery:
        [listener] = await nursery.start(partial(trio.serve_tcp, answer, 0, host="127.0.0.1"))
        yield f"http://127.0.0.1:{listener.socket.getsockname()[1]}/"
        nursery.cancel_scope.cancel()


def _inbound(tag: str, port: int, protocol: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "tag": tag,
        "listen": "127.0.0.1",
        "port": port,
        "protocol": protocol,
        "settings": settings,
    }


async def _listening(port: int) -> None:
    """Return once another process accepts on `port`: nothing but looking is left at its border."""
    while True:
        try:
            stream = await trio.open_tcp_stream("127.0.0.1", port)
        except OSError:
            await trio.sleep(0.02)
        else:
            await stream.aclose()
            return
