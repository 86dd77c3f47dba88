"""The adapter for Warren's own agent beside Xray: its HTTP contract, and nothing else.

    GET    /v1/health                        200 {core, uptime_seconds}
    GET    /v1/users?after=<uuid>&limit=<n>  200 {"users": [{uuid, label, flow}], …}
    POST   /v1/users {uuid, label, flow}     201, 200 if it was there
    PATCH  /v1/users/<uuid> {label, flow}    200, 404 {"detail": "Client not found"}
    DELETE /v1/users/<uuid>                  204, 404 {"detail": "Client not found"}

Each with `Authorization: Bearer <key>`, else 401; a 5xx while the core is away, too slow, or
refuses. Users come in the order of their UUIDs; "next" is the last of the page, or null; where it
is left out, these are all. "complete" as in `UserPage`, true if left out. The flow "" is none.
"""

import itertools
from typing import Any, TypeVar
from uuid import UUID

import httpx
from pydantic import BaseModel, ValidationError

from bot.vpn.errors import (
    ClientNotFoundError,
    HostRefusedError,
    ProtocolError,
)
from bot.vpn.gateway import PAGE_SIZE
from bot.vpn.line import HostLine
from bot.vpn.types import Added, ClientSpec, HostHealth, Placed, UserPage, VpnUser

CLIENT_NOT_FOUND = "Client not found"
_LONGEST_DETAIL = 200

_Model = TypeVar("_Model", bound=BaseModel)


class _Users(BaseModel):
    users: list[VpnUser]  # built by pydantic itself: a page is large, and the loop waits meanwhile
    next: UUID | None = None
    complete: bool = True


class _Health(BaseModel):
    core: str | None = None
    uptime_seconds: int | None = None


class _Refusal(BaseModel):
    detail: str


class AgentClient:
    """A `Gateway` over the agent's contract."""

    def __init__(self, line: HostLine) -> None:
        self._line = line
        self._host = line.address.id
        self._headers = {"authorization": f"Bearer {line.address.key}"}

    def __repr__(self) -> str:
        return f"<AgentClient of VPN host {self._host}>"

    async def add(self, spec: ClientSpec) -> Placed:
        """Make the client exist; ADOPTED if it was there. Raises as the port says."""
        body = {"uuid": str(spec.uuid)} | _description(spec)
        response = await self._send("add", "POST", "/v1/users", body)
        match response.status_code:
            case 201:
                return Placed(Added.CREATED)
            case 200:
                return Placed(Added.ADOPTED)
        raise self._unexpected(response)

    async def update(self, spec: ClientSpec) -> Placed:
        """Make the client as the spec says. Raises as the port says."""
        response = await self._send("update", "PATCH", _path(spec), _description(spec))
        if response.status_code == 200:
            return Placed()
        if _is_client_not_found(response):
            raise ClientNotFoundError(self._host, spec.uuid)
        raise self._unexpected(response)

    async def remove(self, user: VpnUser) -> bool:
        """Make the client not exist. Raises as the port says."""
        response = await self._send("remove", "DELETE", _path(user))
        if response.status_code == 204:
            return True
        # A 404 in other words is a wrong address, and would leave the client where it is.
        if _is_client_not_found(response):
            return False
        raise self._unexpected(response)

    async def list_page(self, after: UUID | None = None, limit: int = PAGE_SIZE) -> UserPage:
        """Return a page; the whole list if the agent can't page. Raises as the port says."""
        path = f"/v1/users?limit={limit}" + (f"&after={after}" if after else "")
        response = await self._send("list", "GET", path)
        if response.status_code != 200:
            raise self._unexpected(response)
        answer = self._read(_Users, response)
        users = [user if user.flow else VpnUser(user.uuid, user.label) for user in answer.users]
        if "next" not in answer.model_fields_set:
            users.sort(key=lambda user: user.uuid)
            users = [user for user in users if after is None or user.uuid > after]
        elif not _ascends(users, after, answer.next):
            # Followed further, it could lead in a circle.
            raise ProtocolError(self._host, "a page of users that is out of order")
        return UserPage(tuple(users), answer.next, answer.complete)

    async def health(self) -> HostHealth:
        """Ask whether agent and core are there. Raises as the port says."""
        response = await self._send("health", "GET", "/v1/health")
        if response.status_code != 200:
            raise self._unexpected(response)
        answer = self._read(_Health, response)
        return HostHealth(answer.core, answer.uptime_seconds)

    async def _send(
        self, operation: str, method: str, path: str, body: Any = None
    ) -> httpx.Response:
        response = await self._line.request(
            operation, method, path, headers=self._headers, body=body
        )
        if response.status_code in {401, 403}:
            raise HostRefusedError(
                self._host,
                f"HTTP {response.status_code}: the agent's key is another than the bot's",
            )
        return response

    def _read(self, model: type[_Model], response: httpx.Response) -> _Model:
        try:
            return model.model_validate_json(response.content)
        except ValidationError:
            raise ProtocolError(self._host, "an answer that can't be read") from None

    def _unexpected(self, response: httpx.Response) -> ProtocolError:
        detail = _detail(response) or "see that the host's address leads to the agent"
        return ProtocolError(
            self._host, f"HTTP {response.status_code}, which is not expected here: {detail}"
        )


def _description(spec: ClientSpec) -> dict[str, str]:
    return {"label": spec.label, "flow": spec.flow or ""}  # what is left out would stay as it is


def _path(user: VpnUser) -> str:
    return f"/v1/users/{user.uuid}"


def _is_client_not_found(response: httpx.Response) -> bool:
    """Whether the agent itself says so, and not something on the way to it."""
    return response.status_code == 404 and _detail(response) == CLIENT_NOT_FOUND


def _detail(response: httpx.Response) -> str | None:
    """Return what an agent gives as the reason; None if it wasn't an agent that answered."""
    try:
        return _Refusal.model_validate_json(response.content).detail[:_LONGEST_DETAIL]
    except ValidationError:
        return None


def _ascends(users: list[VpnUser], after: UUID | None, following: UUID | None) -> bool:
    """Whether a page leads forward: from `after`, through its users, to its last one."""
    uuids = ([after] if after else []) + [user.uuid for user in users]
    forward = all(one < next_one for one, next_one in itertools.pairwise(uuids))
    return forward and (following is None or (bool(users) and following == users[-1].uuid))
