"""The types of settings that pydantic has not: durations, amounts, sets of ids and names, binds.

Their errors never repeat the value that was given: it may be a secret set under a wrong name.
"""

import re
from datetime import timedelta
from typing import Annotated, Any, Self

from pydantic import BeforeValidator
from pydantic_settings import NoDecode


def _seconds(value: Any) -> Any:
    """Durations are plain seconds in the environment and `timedelta` inside."""
    if not isinstance(value, str | int | float):
        return value
    try:
        return timedelta(seconds=float(value))
    except (ValueError, OverflowError):
        raise ValueError("write a number of seconds") from None


def _ids(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return frozenset(int(part) for part in re.split(r"[,\s]+", value.strip()) if part)
    except ValueError:
        raise ValueError("write Telegram ids, separated by commas") from None


def _names(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return frozenset(part.upper() for part in re.split(r"[,\s]+", value.strip()) if part)


def _amounts(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        amounts = tuple(int(part) for part in re.split(r"[,\s]+", value.strip()) if part)
    except ValueError:
        raise ValueError("write whole amounts, separated by commas") from None
    if not amounts or min(amounts) <= 0:
        raise ValueError("write at least one amount, each more than 0")
    return amounts


def _bind(value: Any) -> Any:
    return Bind.parse(value) if isinstance(value, str) else value


class Bind(tuple[str, int]):
    """A host and a port, written `host:port`."""

    __slots__ = ()

    @classmethod
    def parse(cls, value: str) -> Self:
        """Read `127.0.0.1:8080` or `[::1]:8080`; raises ValueError."""
        host, separator, port = value.rpartition(":")
        if not separator or not host or not port.isdigit() or int(port) > 65535:
            raise ValueError("write it as host:port, for example 127.0.0.1:8080")
        return cls((host.strip("[]"), int(port)))

    @property
    def host(self) -> str:
        """The address to listen on."""
        return self[0]

    @property
    def port(self) -> int:
        """The TCP port; 0 lets the system choose."""
        return self[1]

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


Seconds = Annotated[timedelta, BeforeValidator(_seconds)]
Ids = Annotated[frozenset[int], NoDecode, BeforeValidator(_ids)]
Names = Annotated[frozenset[str], NoDecode, BeforeValidator(_names)]
Amounts = Annotated[tuple[int, ...], NoDecode, BeforeValidator(_amounts)]
BindAddress = Annotated[Bind, NoDecode, BeforeValidator(_bind)]
