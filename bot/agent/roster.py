"""What the agent remembers of the users it let in, for as long as the core runs.

V2Ray can add and remove users but not list them. So the agent remembers whom it added, and drops
all of it when the core has started again, since the core then has nobody. Labels are remembered
here alone, on every core. It is a memory of the core's state, not a state of its own: what is
missing here is re-added by the bot's sync, which changes nothing where the core has it already.
"""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Client:
    """Who may connect: the UUID is the secret, the label is for people, the flow is VLESS's."""

    uuid: UUID
    label: str
    flow: str


class Roster:
    """The clients of one run of the core, by UUID."""

    def __init__(self, *, complete: bool) -> None:
        """Begin with nobody; `complete`: nobody can be in the core who is not in here."""
        self.complete = complete
        self._clients: dict[UUID, Client] = {}

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
