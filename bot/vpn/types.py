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

    Hosts that know clients by a name or an e-mail take `label` for it, so it is unique: a key
    that is issued anew needs a new label too, since both exist for a moment. `flow` is None where
    the host doesn't tell it.
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
    """Clients of a host in ascending order of their UUIDs; `next_after` is None on the last.

    Not `complete`: the host may have clients that it can't list, so that one who isn't in the
    list may be there all the same. (V2Ray lists nobody; its agent knows whom it added itself.)
    """

    users: tuple[VpnUser, ...]
    next_after: UUID | None
    complete: bool = True


@dataclass(frozen=True, slots=True)
class HostHealth:
    """A host that is well, and what it says of itself; None is what it doesn't say.

    `uptime_seconds` is the core's: one that is less than the last time has lost its clients.
    """

    core: str | None = None
    uptime_seconds: int | None = None
