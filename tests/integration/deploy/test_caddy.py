"""The real proxy with our Caddyfile: what it lets through to the bot, and what it keeps away."""

import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import h11
import httpx
import pytest
import trio

from bot.setting_types import Bind
from bot.web.server import serve
from tests.e2e.harness import free_port

CADDYFILE = Path(__file__).parents[3] / "deploy" / "Caddyfile"
HOST = "127.0.0.1"
CADDY = shutil.which("caddy") or ""

pytestmark = pytest.mark.skipif(not CADDY, reason="caddy is not installed: the proxy is not tried")


@dataclass
class Behind:
    """The program behind the proxy: answers everything, and remembers what reached it."""

    reached: list[tuple[str, str, bytes]] = field(default_factory=list)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for _ in ("startup", "shutdown"):
                message = await receive()
                await send({"type": f"{message['type']}.complete"})
            return
        assert scope["type"] == "http"
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        self.reached.append((scope["method"], scope["path"], body))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"from the bot"})


@dataclass
class Proxied:
    """A proxy that runs."""

    http: httpx.AsyncClient
    port: int
    behind: Behind


@asynccontextmanager
async def proxied(folder: Path) -> AsyncIterator[Proxied]:
    port, behind = free_port(), Behind()
    async with trio.open_nursery() as nursery:
        stop = trio.Event()

        async def start(*, task_status: trio.TaskStatus[str]) -> None:
            await serve(
                behind,
                Bind((HOST, 0)),
                name="behind",
                stop=stop,
                grace=timedelta(seconds=1),
                task_status=task_status,
            )

        upstream = await nursery.start(start)
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PUBLIC_URL": f"http://{HOST}:{port}",
            "WARREN_UPSTREAM": upstream.removeprefix("http://"),
        }
        config = folder / "caddy.json"
        config.write_text(json.dumps(_on_loopback(_adapted(environment), port)))
        process = await trio.lowlevel.open_process(
            [CADDY, "run", "--config", config],
            env=environment,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            await _listening(port)
            async with httpx.AsyncClient(base_url=f"http://{HOST}:{port}", trust_env=False) as http:
                yield Proxied(http, port, behind)
        finally:
            process.kill()
            with trio.CancelScope(shield=True):
                await process.wait()
        stop.set()


def _adapted(environment: dict[str, str]) -> dict[str, Any]:
    done = subprocess.run(
        [CADDY, "adapt", "--config", CADDYFILE],
        env=environment,
        check=True,
        capture_output=True,
    )
    adapted: dict[str, Any] = json.loads(done.stdout)
    return adapted


def _on_loopback(config: dict[str, Any], port: int) -> dict[str, Any]:
    """Let a test's proxy listen on this machine only."""
    (server,) = config["apps"]["http"]["servers"].values()
    server["listen"] = [f"{HOST}:{port}"]
    return config


async def _listening(port: int) -> None:
    with trio.fail_after(20):
        while True:
            try:
                await (await trio.open_tcp_stream(HOST, port)).aclose()
            except OSError:
                await trio.sleep(0.05)
            else:
                return


async def test_only_what_is_public_reaches_the_bot(tmp_path: Path) -> None:
    async with proxied(tmp_path) as proxy:
        public = [
            ("POST", "/telegram/webhook"),
            ("POST", "/cryptopay/webhook"),
            ("POST", "/yookassa/webhook"),
            ("GET", "/sub/abc-DEF_123"),
        ]
        for method, path in public:
            answer = await proxy.http.request(method, path, content=b"{}" * (method == "POST"))
            assert (answer.status_code, answer.text) == (200, "from the bot"), path
        assert [(method, path) for method, path, _ in proxy.behind.reached] == public

        for method, path in [
            ("GET", "/telegram/webhook"),
            ("PUT", "/telegram/webhook"),
            ("POST", "/telegram/webhook/more"),
            ("POST", "/sub/abc"),
            ("GET", "/sub"),
            ("GET", "/"),
            ("GET", "/health"),
            ("GET", "/metrics"),
            ("GET", "/tasks"),
        ]:
            answer = await proxy.http.request(method, path)
            assert answer.status_code == 404, path
        assert len(proxy.behind.reached) == len(public)


async def test_an_upgrade_is_refused_before_it_reaches_the_bot(tmp_path: Path) -> None:
    # The request of pgjones/hypercorn issue 225: an upgrade with a byte behind it.
    request = (
        b"GET /sub/abc HTTP/1.1\r\nHost: %b\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\nx"
    )
    async with proxied(tmp_path) as proxy:
        host = f"{HOST}:{proxy.port}".encode()
        async with await trio.open_tcp_stream(HOST, proxy.port) as stream:
            await stream.send_all(request % host)
            reader = h11.Connection(h11.CLIENT)
            with trio.fail_after(10):
                while (event := reader.next_event()) is h11.NEED_DATA:
                    reader.receive_data(await stream.receive_some(65536))
        assert isinstance(event, h11.Response)
        assert event.status_code == 400
        assert proxy.behind.reached == []
        assert (await proxy.http.get("/sub/abc")).status_code == 200


async def test_a_body_beyond_any_update_is_cut_off_at_the_proxy(tmp_path: Path) -> None:
    async with proxied(tmp_path) as proxy:
        answer = await proxy.http.post("/telegram/webhook", content=b"x" * 3 * 1024 * 1024)
        assert answer.status_code >= 400
        assert all(len(body) <= 1024 * 1024 for _, _, body in proxy.behind.reached)


def test_the_address_with_https_gets_a_certificate_and_a_redirect() -> None:
    config = _adapted({"PATH": os.environ["PATH"], "PUBLIC_URL": "https://bot.example.org"})
    (server,) = config["apps"]["http"]["servers"].values()
    # Automatic HTTPS is what Caddy does for a host on 443 unless it is told not to.
    assert server["listen"] == [":443"]
    assert "automatic_https" not in server
    assert config["admin"] == {"disabled": True}
