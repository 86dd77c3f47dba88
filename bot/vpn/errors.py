"""What can go wrong with a VPN host, told by what the caller can do about it.

HostAwayError        try again later; nothing is known of the effect
  BreakerOpenError   the same, and nothing was sent
ClientNotFoundError  the host doesn't have this client: `add` it, if it is wanted
HostRefusedError     the key is wrong: an administrator must act
ProtocolError        the host doesn't speak as agreed: an administrator must act
InvalidShareLinkError, NotCarriedError, UnknownAppError    of links and documents
"""

from uuid import UUID


class VpnError(Exception):
    """Root of everything that `bot.vpn` raises."""


class HostError(VpnError):
    """A call to a host failed; `host` is the host's id."""

    def __init__(self, host: int, text: str) -> None:
        super().__init__(f"VPN host {host}: {text}")
        self.host = host


class HostAwayError(HostError):
    """No answer, or one that says "not now": it is worth trying again later."""


class BreakerOpenError(HostAwayError):
    """Nothing was sent: the host has failed too often; not before `retry_in_seconds`."""

    def __init__(self, host: int, retry_in_seconds: float) -> None:
        super().__init__(host, f"left alone for {retry_in_seconds:.1f} s more after its failures")
        self.retry_in_seconds = retry_in_seconds


class ClientNotFoundError(HostError):
    """The host said, in its own words, that it has no such client."""

    def __init__(self, host: int, uuid: UUID) -> None:
        super().__init__(host, f"no client {uuid}")
        self.uuid = uuid


class HostRefusedError(HostError):
    """The host doesn't accept the key."""


class ProtocolError(HostError):
    """An answer outside the contract: another service, another version, a proxy's page."""


class InvalidShareLinkError(VpnError, ValueError):
    """A share link can't be used as a template; the text says what to do, a line for each."""


class NotCarriedError(VpnError):
    """A document can't hold any of the given endpoints: its clients lack the transport."""


class UnknownAppError(VpnError, LookupError):
    """There is no app of this id."""
