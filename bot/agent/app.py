"""The agent's HTTP contract: who may connect, who has used how much, and whether the core is well.

GET    /v1/health        200 {"status", "core", "uptime_seconds"}; 503 while the core is away
GET    /v1/users         200 {"users": [{"uuid", "label", "flow"}], "next", "complete"}:
                         everybody, streamed; with ?after=UUID or ?limit=N (10,000 at most) in
                         pages ordered by UUID, where "next" is the next page's "after" or null
POST   /v1/users         {"uuid", "label", "flow"?}: 201, or 200 if it was there
PATCH  /v1/users/{uuid}  {"label"?, "flow"?}: 200, or 404 {"detail": "Client not found"}
DELETE /v1/users/{uuid}  204, or 404
GET    /v1/traffic       200 {"traffic": [{"uuid", "up", "down"}]}: bytes since the core's start

Everything needs `Authorization: Bearer <VPN_API_KEY>`. Errors are {"detail": what is wrong}:
400 no JSON, 401, 422 wrong fields, 502 the core refuses, 503 it is away, 504 it is too slow.
"""

import hmac
import json
from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import timedelta
from itertools import islice
from typing import Annotated, Any
from uuid import UUID

import structlog
import trio
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from quart import Response, request
from quart_trio import QuartTrio
from werkzeug.exceptions import HTTPException

from bot.agent.clients import Clients, Listing
from bot.agent.core import Core
from bot.agent.errors import CoreAwayError, CoreError, CoreTooSlowError, UserNotFoundError
from bot.agent.pages import Pages
from bot.agent.roster import Client

log = structlog.get_logger(__name__)

_CHUNK = 1000
"""Users per piece of a streamed answer, some 80 KB, and of a page for which nobody said more."""

Label = Annotated[str, StringConstraints(max_length=200)]
Flow = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{0,40}$")]


class _Fields(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NewClient(_Fields):
    """The body of POST /v1/users."""

    uuid: UUID
    label: Label = ""
    flow: Flow | None = None


class ClientChange(_Fields):
    """The body of PATCH /v1/users/{uuid}: what is left out stays."""

    label: Label | None = None
    flow: Flow | None = None


class PageQuery(_Fields):
    """The query of GET /v1/users: everybody unless one of the two is given."""

    after: UUID | None = None
    limit: Annotated[int, Field(ge=1, le=10_000)] | None = None


class Named(_Fields):
    """The UUID in a path."""

    uuid: UUID


def make_agent_app(core: Core, clients: Clients, *, key: str, core_timeout: timedelta) -> QuartTrio:
    """Return the application; each request's calls to the core have `core_timeout` in all."""
    app = QuartTrio(__name__)
    app.config.update(RESPONSE_TIMEOUT=60, BODY_TIMEOUT=5, MAX_CONTENT_LENGTH=4096)
    seconds = core_timeout.total_seconds()
    expected = f"Bearer {key}".encode()
    pages = Pages(clients, core_timeout)

    @app.before_request
    async def only_the_bot() -> Response | None:
        shown = request.headers.get("authorization", "").encode()
        if hmac.compare_digest(shown, expected):
            return None
        response = _detail("the bearer key is wrong or missing", 401)
        response.headers["www-authenticate"] = "Bearer"
        return response

    @app.get("/v1/health")
    async def health() -> dict[str, Any]:
        with trio.fail_after(seconds):
            uptime_seconds = await core.uptime_seconds()
            await core.check_inbound()
        return {"status": "ok", "core": core.name, "uptime_seconds": uptime_seconds}

    @app.get("/v1/users")
    async def users() -> Response:
        asked = PageQuery.model_validate(request.args.to_dict())
        if asked.after is not None or asked.limit is not None:
            page = await pages.cut(asked.after, asked.limit or _CHUNK)
            return _json(
                {
                    "users": [_shown(client) for client in page.clients],
                    "next": page.following and str(page.following),
                    "complete": page.complete,
                }
            )
        with trio.fail_after(seconds):
            listing = await clients.list()
        return Response(_stream(listing), mimetype="application/json")

    @app.post("/v1/users")
    async def add() -> Response:
        new = NewClient.model_validate_json(await request.get_data(as_text=False))
        client = Client(new.uuid, new.label, new.flow or "")
        with trio.fail_after(seconds):
            is_new = await clients.add(client)
        return _json(_shown(client), 201 if is_new else 200)

    @app.patch("/v1/users/<uuid>")
    async def change(uuid: str) -> Response:
        named = Named.model_validate({"uuid": uuid})
        change = ClientChange.model_validate_json(await request.get_data(as_text=False))
        with trio.fail_after(seconds):
            client = await clients.change(named.uuid, label=change.label, flow=change.flow)
        return _json(_shown(client))

    @app.delete("/v1/users/<uuid>")
    async def remove(uuid: str) -> Response:
        named = Named.model_validate({"uuid": uuid})
        with trio.fail_after(seconds):
            await clients.remove(named.uuid)
        # Not without a body: Quart iterates "no body" by asyncio, and the connection breaks.
        return Response("", 204)

    @app.get("/v1/traffic")
    async def traffic() -> Response:
        with trio.fail_after(seconds):
            counters = await core.traffic()
        return _json(
            {
                "traffic": [
                    {"uuid": str(uuid), "up": used.up, "down": used.down}
                    for uuid, used in counters.items()
                ]
            }
        )

    app.register_error_handler(ValidationError, _invalid)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(trio.TooSlowError, _too_slow)
    app.register_error_handler(CoreError, _core_error)
    return app


async def _invalid(error: ValidationError) -> Response:
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    told = "; ".join(f"{_name(problem['loc'])}{problem['msg']}" for problem in problems)
    is_json = all(problem["type"] != "json_invalid" for problem in problems)
    return _detail(told, 422 if is_json else 400)


async def _http_error(error: HTTPException) -> Response:
    return _detail(error.description or "error", error.code or 500)


async def _too_slow(_error: trio.TooSlowError) -> Response:
    log.warning("agent.core_too_slow", path=request.path)
    return _detail("the core did not answer in time", 504)


async def _core_error(error: CoreError) -> Response:
    match error:
        case UserNotFoundError():
            return _detail("Client not found", 404)
        case CoreAwayError():
            status = 503
        case CoreTooSlowError():
            status = 504
        case _:
            status = 502
    log.warning("agent.core_error", method=request.method, status=status, error=str(error))
    return _detail(str(error), status)


def _name(location: Iterable[int | str]) -> str:
    path = ".".join(str(part) for part in location)
    return f"{path}: " if path else ""


def _detail(text: str, status: int) -> Response:
    return _json({"detail": text}, status)


def _json(value: Any, status: int = 200) -> Response:
    return Response(json.dumps(value), status, mimetype="application/json")


def _shown(client: Client) -> dict[str, str]:
    return {"uuid": str(client.uuid), "label": client.label, "flow": client.flow}


async def _stream(listing: Listing) -> AsyncIterator[str]:
    """Yield everybody as JSON in pieces; what the core sent is decoded a piece at a time."""
    yield '{"users": ['
    separator = ""
    for piece in _pieces(listing.clients):
        yield separator + ",".join(json.dumps(_shown(client)) for client in piece)
        separator = ","
    yield f'], "next": null, "complete": {json.dumps(listing.complete)}}}'


def _pieces(clients: Iterable[Client]) -> Iterator[list[Client]]:
    left = iter(clients)
    while piece := list(islice(left, _CHUNK)):
        yield piece
