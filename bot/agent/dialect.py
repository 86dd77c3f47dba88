"""Xray and V2Ray: one API under different names, and the errors that only their texts tell apart.

Read in the cores' sources (app/proxyman/command and app/stats/command of XTLS/Xray-core and
v2fly/v2ray-core) and tried against V2Ray 4.34.
"""

import re
from dataclasses import dataclass

import grpc

from bot.agent.errors import (
    CoreAwayError,
    CoreError,
    CoreRefusedError,
    CoreTooSlowError,
    NotServedError,
    UserExistsError,
    UserNotFoundError,
)


@dataclass(frozen=True, slots=True)
class Dialect:
    """The names under which one core knows the API."""

    name: str
    root: str

    def handler(self, method: str) -> str:
        """Return the path of a HandlerService method."""
        return f"/{self.root}.app.proxyman.command.HandlerService/{method}"

    def stats(self, method: str) -> str:
        """Return the path of a StatsService method."""
        return f"/{self.root}.app.stats.command.StatsService/{method}"

    def operation(self, message: str) -> str:
        """Return the type of an operation on an inbound, for a TypedMessage."""
        return f"{self.root}.app.proxyman.command.{message}"

    @property
    def vless_account(self) -> str:
        """The type of a VLESS account, for a TypedMessage."""
        return f"{self.root}.proxy.vless.Account"


# In this order: Xray also answers under V2Ray's HandlerService name, but not to V2Ray's types.
XRAY = Dialect("xray", "xray")
V2RAY = Dialect("v2ray", "v2ray.core")

# proxy/vless/validator.go of both cores; all that is not foreseen comes as UNKNOWN with a text.
_EXISTS = re.compile(r"\bUser \S* already exists\.")
_NOT_FOUND = re.compile(r"\bUser \S* not found\.")


def error_of(code: grpc.StatusCode, details: str) -> CoreError:
    """Return what a failed call means."""
    match code:
        case grpc.StatusCode.UNAVAILABLE:
            return CoreAwayError(f"the core's API does not answer: {details}")
        case grpc.StatusCode.DEADLINE_EXCEEDED:
            return CoreTooSlowError("the core did not answer in time")
        case grpc.StatusCode.UNIMPLEMENTED:
            return NotServedError(details)
        case grpc.StatusCode.UNKNOWN if _EXISTS.search(details):
            return UserExistsError(details)
        case grpc.StatusCode.UNKNOWN if _NOT_FOUND.search(details):
            return UserNotFoundError(details)
        case _:
            return CoreRefusedError(f"the core refused: {code.name}: {details}")
