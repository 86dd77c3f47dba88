"""What the agent remembers of the users it let in, for as long as the core runs.

V2Ray can add and remove users but not list them. So the agent remembers whom it added, and drops
all of it when the core has started again, since the core then has nobody. Labels are remembered
here alone, on every core. It is a memory of the core's state, not a state of its own: what is
missing here is re-added by the bot's sync, which changes nothing where the core has it already.
"""

import math
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Client:
    """Who may connect: the UUID is the secret, the label is for people, the flow is VLESS's."""

    uuid: UUID
    label: str
    flow: str


class Roster:
    """Clients by UUID, and the start of the core that they were given to."""

    def __init__(self, now: float) -> None:
        """Begin with nobody at `now`, in seconds of a monotonic clock like all times here."""
        self._watched_since = now
        self._clients: dict[UUID, Client] = {}
        self._started: tuple[float, float] | None = None

    @property
    def complete(self) -> bool:
        """Whether nobody can be in the core who is not in here: watched since its start."""
        return self._started is not None and self._started[0] >= self._watched_since

    def observe(self, uptime_seconds: int, asked_at: float, answered_at: float) -> bool:
        """Take the core's uptime; return True, and forget everybody, if the core is another run.

        An uptime in whole seconds says between which two moments the core started. Each one
        narrows that down; one that does not fit into what was known is of another start.
        """
        earliest, latest = asked_at - uptime_seconds - 1, answered_at - uptime_seconds
        if self._started is None:
            self._started = earliest, latest
            return False
        earliest_known, latest_known = self._started
        if earliest <= latest_known and latest >= earliest_known:
            self._started = max(earliest, earliest_known), min(latest, latest_known)
            return False
        self._started = earliest, latest
        self._watched_since = -math.inf
        self._clients.clear()
        return True

    def note(self, client: Client) -> None:
        """Remember that the core has `client`."""
        self._clients[client.uuid] = client

    def forget(self, uuid: UUID) -> None:
        """Know nothing of `uuid` any more."""
        self._clients.pop(uuid, None)

    def get(self, uuid: UUID) -> Client | None:
        """Return what is remembered of `uuid`."""
        return self._clients.get(uuid)

    def clients(self) -> list[Client]:
        """Return everybody, as of now."""
        return list(self._clients.values())
