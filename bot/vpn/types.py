"""The words of the port: a client of a VPN host, what it is meant to be, and the host's answers."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

HostId = NewType("HostId", int)
"""The identity of a VPN host: what its breaker, its bulkhead and its metrics are kept under."""

VISION = "xtls-rprx-vision"
"""The one flow of VLESS (Xray: `flow` of a VLESS user); no flow is None."""


class HostKind(StrEnum):
    """What stands in front of a host's core: which adapter speaks to it."""

    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class HostAddress:
    """Where a host is called and with which key. `url` has no slash at its end."""

    id: HostId
    url: str
    key: str = field(repr=False)
    kind: HostKind = HostKind.AGENT


@dataclass(frozen=True, slots=True)
class VpnUser:
    """A client as a host knows it.

    `label` is unique on a host: cores and panels take it for a name or an e-mail. A key that is
    issued anew needs a new label too, since both exist for a moment.
    """

    uuid: UUID
    label: str
    flow: str | None = None


@dataclass(frozen=True, slots=True)
class ClientSpec(VpnUser):
    """What a client is meant to be.

    `expires_at` (aware, UTC) and `traffic_limit_bytes` are None where there is no limit. A host
    without limits of its own ignores them: taking access away in time is then the workers' part.
    """

    expires_at: datetime | None = None
    traffic_limit_bytes: int | None = None


class Added(StrEnum):
    """How `add` found the host."""

    CREATED = "created"
    ADOPTED = "adopted"
    """The client was there already, and is now as the spec says."""


@dataclass(frozen=True, slots=True)
class Placed:
    """The answer to `add` and `update`.

    `links` are the host's own share links. Empty: links are made from the host's endpoint.
    """

    added: Added | None = None
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UserPage:
    """Clients of a host in ascending order of their UUIDs; `next_after` is None on the last."""

    users: tuple[VpnUser, ...]
    next_after: UUID | None


@dataclass(frozen=True, slots=True)
class HostHealth:
    """A host that is well, and what it says of itself; None is what it doesn't say."""

    core: str | None = None
    version: str | None = None
    users: int | None = None
