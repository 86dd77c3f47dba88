"""A VPN host of our own: the agent's contract over HTTP, and the ways to make it misbehave.

    GET    /v1/health, GET /v1/users?after=&limit=, POST /v1/users,
    PATCH  /v1/users/<uuid>, DELETE /v1/users/<uuid>          with `Authorization: Bearer <key>`

Under /sandbox/, in JSON:
    POST fault  {kind, count?, operation?, seconds?, status?}   the next `count` calls (all, if
                left out) of an operation (add, update, remove, list, health, or any) go wrong:
                  slow       answer after `seconds`, as they would
                  status     answer with `status`
                  drop       cut the connection in the middle of the answer
                  after      do what they should, and cut the connection
                  not_found  answer 404 as a server that isn't an agent
                  flood      answer with 64 MB
                  packed     answer in gzip that wasn't asked for
    POST well                                every fault is over
    POST lose                                the core has restarted: all users are gone
    POST fill   {count, seed?}               so many users, made up
    GET  state                               {users, calls: {operation: n}, most_together}
"""

import gzip
import json
import random
import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import hypercorn.trio
import trio
from hypercorn.config import Config
from quart import Response, request
from quart_trio import QuartTrio

_LONGEST_PAGE = 10_000
_SCHEMA = "create table if not exists users (uuid text primary key, label text, flow text)"


@dataclass(frozen=True, slots=True)
class VpnHostConfig:
    """What the stand-in is told; without `data_dir` it forgets its users when it ends."""

    key: str = field(repr=False)
    host: str = "127.0.0.1"
    port: int = 0
    data_dir: Path | None = None


@dataclass(slots=True)
class _Fault:
    kind: str
    operation: str | None = None
    count: int | None = None
    seconds: float = 0.0
    status: int = 500


async def serve_vpn_host(
    config: VpnHostConfig, *, task_status: trio.TaskStatus[str] = trio.TASK_STATUS_IGNORED
) -> None:
    """Be a VPN host until cancelled; reports its address once it listens."""
    users = _Users(config.data_dir)
    try:
        settings = Config()
        settings.bind = [f"{config.host}:{config.port}"]
        settings.accesslog = settings.errorlog = None
        settings.graceful_timeout = 1
        async with trio.open_nursery() as nursery:
            app = _StandIn(config.key, users)
            binds = await nursery.start(hypercorn.trio.serve, app, settings)
            task_status.started(binds[0])
    finally:
        users.close()


class _Users:
    """The clients of the core, ordered by UUID."""

    def __init__(self, data_dir: Path | None) -> None:
        if data_dir is not None:
            data_dir.mkdir(parents=True, exist_ok=True)
        path = ":memory:" if data_dir is None else str(data_dir / "vpn_host.sqlite3")
        self._rows = sqlite3.connect(path, isolation_level=None)
        self._rows.execute(_SCHEMA)

    def close(self) -> None:
        self._rows.close()

    def count(self) -> int:
        [[count]] = self._rows.execute("select count(*) from users")
        return int(count)

    def get(self, uuid: str) -> dict[str, str] | None:
        row = self._rows.execute("select label, flow from users where uuid = ?", [uuid]).fetchone()
        return dict(zip(("label", "flow"), row, strict=True)) if row else None

    def put(self, uuid: str, label: str, flow: str) -> None:
        """Add a client, or change the one that is there."""
        self._rows.execute(
            "insert into users values (?1, ?2, ?3)"
            " on conflict (uuid) do update set label = ?2, flow = ?3",
            [uuid, label, flow],
        )

    def remove(self, uuid: str) -> bool:
        return self._rows.execute("delete from users where uuid = ?", [uuid]).rowcount == 1

    def lose(self) -> None:
        self._rows.execute("delete from users")

    def page(self, after: str, limit: int) -> list[dict[str, str]]:
        rows = self._rows.execute(
            "select uuid, label, flow from users where uuid > ? order by uuid limit ?",
            [after, limit],
        )
        return [{"uuid": uuid, "label": label, "flow": flow} for uuid, label, flow in rows]

    def fill(self, count: int, seed: int) -> None:
        rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
        uuids = [str(UUID(int=rng.getrandbits(128), version=4)) for _ in range(count)]
        self._rows.execute("begin")
        self._rows.executemany(
            "insert or ignore into users values (?, ?, '')",
            [(uuid, f"u{number}-{uuid[:8]}") for number, uuid in enumerate(uuids)],
        )
        self._rows.execute("commit")


class _StandIn:
    """The ASGI application: faults in front, the contract behind them."""

    def __init__(self, key: str, users: _Users) -> None:
        self._key = key
        self._users = users
        self._core_since = trio.current_time()
        self._faults: list[_Fault] = []
        self._calls: Counter[str] = Counter()
        self._together = 0
        self._most_together = 0
        self._quart = QuartTrio(__name__)
        self._route()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request; those to /v1/ may meet a fault."""
        if scope["type"] != "http" or not scope["path"].startswith("/v1/"):
            await self._quart(scope, receive, send)
            return
        operation = _operation(scope["method"], scope["path"])
        self._calls[operation] += 1
        self._together += 1
        self._most_together = max(self._most_together, self._together)
        try:
            await self._answer(self._next_fault(operation), scope, receive, send)
        finally:
            self._together -= 1

    def _next_fault(self, operation: str) -> _Fault | None:
        for fault in self._faults:
            if fault.operation in {None, operation}:
                if fault.count is not None:
                    fault.count -= 1
                    if fault.count == 0:
                        self._faults.remove(fault)
                return fault
        return None

    async def _answer(self, fault: _Fault | None, scope: Any, receive: Any, send: Any) -> None:
        match fault.kind if fault else None:
            case "slow":
                assert fault  # noqa: S101 - typing
                await trio.sleep(fault.seconds)
                await self._quart(scope, receive, send)
            case "status":
                assert fault  # noqa: S101 - typing
                await _plain(send, fault.status, b'{"detail": "told to fail"}')
            case "not_found":
                await _plain(send, 404, b"<h1>404 Not Found</h1>")
            case "drop":
                await _cut(send)
            case "flood":
                await _flood(send)
            case "packed":
                await _plain(send, 200, gzip.compress(b"{}"), (b"content-encoding", b"gzip"))
            case "after":
                await self._quart(scope, receive, _nowhere)
                await _cut(send)
            case _:
                await self._quart(scope, receive, send)

    def _route(self) -> None:
        rule = self._quart.add_url_rule
        rule("/v1/health", "health", self._health)
        rule("/v1/users", "list", self._list)
        rule("/v1/users", "add", self._add, methods=["POST"])
        rule("/v1/users/<uuid:uuid>", "update", self._update, methods=["PATCH"])
        rule("/v1/users/<uuid:uuid>", "remove", self._remove, methods=["DELETE"])
        for name in ("fault", "well", "lose", "fill"):
            rule(f"/sandbox/{name}", name, getattr(self, f"_{name}"), methods=["POST"])
        rule("/sandbox/state", "state", self._state)
        self._quart.before_request(self._check_key)

    # ---- the contract ----

    async def _check_key(self) -> Response | None:
        given = request.headers.get("authorization")
        if request.path.startswith("/v1/") and given != f"Bearer {self._key}":
            return _json({"detail": "Unauthorized"}, 401)
        return None

    async def _health(self) -> Response:
        uptime_seconds = int(trio.current_time() - self._core_since)
        return _json({"status": "ok", "core": "sandbox", "uptime_seconds": uptime_seconds})

    async def _list(self) -> Response:
        limit = min(int(request.args.get("limit", _LONGEST_PAGE)), _LONGEST_PAGE)
        users = self._users.page(request.args.get("after", ""), limit)
        following = users[-1]["uuid"] if len(users) == limit else None
        return _json({"users": users, "next": following, "complete": True})

    async def _add(self) -> Response:
        given = await request.get_json()
        uuid = str(UUID(given["uuid"]))
        status = 201 if self._users.get(uuid) is None else 200
        return self._put(uuid, given, status)

    async def _update(self, uuid: UUID) -> Response:
        known = self._users.get(str(uuid))
        if known is None:
            return _json({"detail": "Client not found"}, 404)
        return self._put(str(uuid), known | await request.get_json(), 200)

    def _put(self, uuid: str, given: dict[str, Any], status: int) -> Response:
        self._users.put(uuid, given.get("label", ""), given.get("flow", ""))
        return _json({"uuid": uuid, "label": given.get("label", "")}, status)

    async def _remove(self, uuid: UUID) -> Response:
        if not self._users.remove(str(uuid)):
            return _json({"detail": "Client not found"}, 404)
        return Response(b"", 204)

    # ---- tests and people ----

    async def _fault(self) -> Response:
        self._faults.append(_Fault(**await request.get_json()))
        return _json(True)

    async def _well(self) -> Response:
        self._faults.clear()
        return _json(True)

    async def _lose(self) -> Response:
        self._users.lose()
        self._core_since = trio.current_time()
        return _json(True)

    async def _fill(self) -> Response:
        given = await request.get_json()
        self._users.fill(int(given["count"]), int(given.get("seed", 1)))
        return _json({"users": self._users.count()})

    async def _state(self) -> Response:
        return _json(
            {
                "users": self._users.count(),
                "calls": dict(self._calls),
                "most_together": self._most_together,
            }
        )


def _operation(method: str, path: str) -> str:
    if path == "/v1/health":
        return "health"
    return {"GET": "list", "POST": "add", "PATCH": "update", "DELETE": "remove"}.get(method, "?")


async def _plain(send: Any, status: int, body: bytes, *fields: tuple[bytes, bytes]) -> None:
    headers = [(b"content-length", str(len(body)).encode()), *fields]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _cut(send: Any) -> None:
    """End the connection where an answer's body should be: less comes than was announced."""
    length = [(b"content-length", b"100")]
    await send({"type": "http.response.start", "status": 200, "headers": length})
    await send({"type": "http.response.body", "body": b"{", "more_body": True})


async def _flood(send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(64):
        await send({"type": "http.response.body", "body": b" " * 2**20, "more_body": True})


async def _nowhere(_message: Any) -> None:
    """Take an answer that nobody is to see."""


def _json(body: Any, status: int = 200) -> Response:
    return Response(json.dumps(body), status, mimetype="application/json")
