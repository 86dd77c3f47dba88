"""A person's access to an endpoint, under the name that apps show."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from bot.vpn.share_link import Endpoint


@dataclass(frozen=True, slots=True)
class Key:
    """One line of a subscription."""

    endpoint: Endpoint
    uuid: UUID
    name: str


def distinctly_named(keys: Sequence[Key], *, taken: Sequence[str]) -> Iterator[tuple[str, Key]]:
    """Yield each key under a name of its own: documents refer to servers by their names."""
    used = set(taken)
    for key in keys:
        name, number = key.name or key.endpoint.host, 1
        while name in used:
            number += 1
            name = f"{key.name or key.endpoint.host} {number}"
        used.add(name)
        yield name, key


def early_data(path: str) -> tuple[str, int]:
    """Split `/path?ed=2048`, Xray's way to ask for early data, into path and bytes (0: none)."""
    bare, separator, count = path.rpartition("?ed=")
    return (bare, int(count)) if separator and count.isdigit() else (path, 0)
