"""Every setting of the agent. VPN_API_KEY is the bot's setting of the same name."""

import ssl
from datetime import timedelta
from enum import StrEnum
from typing import Any

from pydantic import Field, FilePath, SecretStr, field_validator

from bot.process_settings import ProcessSettings
from bot.setting_types import Bind, BindAddress, Seconds


class Flavor(StrEnum):
    """Which core is beside the agent."""

    AUTO = "auto"
    XRAY = "xray"
    V2RAY = "v2ray"


class AgentSettings(ProcessSettings):
    """The whole configuration of an agent's process."""

    vpn_api_key: SecretStr = Field(
        description="The bearer key that the bot shows, 16 characters or more: openssl rand -hex 32"
    )
    agent_bind: BindAddress = Field(
        Bind(("127.0.0.1", 8443)),
        description="Where the agent listens. Beyond this host: with a certificate or in a tunnel.",
    )
    agent_tls_cert: FilePath | None = Field(
        None, description="PEM file of the certificate and its chain. With it: HTTPS only."
    )
    agent_tls_key: FilePath | None = Field(None, description="PEM file of the certificate's key.")
    core_api_address: BindAddress = Field(
        Bind(("127.0.0.1", 10085)), description="The core's API inbound. It has no password."
    )
    core_flavor: Flavor = Field(
        Flavor.AUTO, description="xray or v2ray; auto asks the core which one it is."
    )
    core_inbound_tag: str = Field(
        "vless", min_length=1, description="The tag of the VLESS inbound that clients use."
    )
    core_timeout: Seconds = Field(
        timedelta(seconds=2),
        description="Deadline of a request's calls to the core, in seconds. "
        "Less than half the bot's VPN_HTTP_TIMEOUT.",
    )

    @field_validator("core_flavor", mode="before")
    @classmethod
    def _flavor_ignores_case(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value

    @field_validator("vpn_api_key")
    @classmethod
    def _is_a_key(cls, value: SecretStr) -> SecretStr:
        key = value.get_secret_value()
        if len(key) < 16 or not key.isascii() or not key.isprintable() or " " in key:
            raise ValueError(
                "16 or more printable ASCII characters, no space: openssl rand -hex 32"
            )
        return value

    def misfits(self) -> list[str]:
        """Return what is wrong with settings that are right each by itself, a line each."""
        problems = super().misfits()
        if (self.agent_tls_cert is None) != (self.agent_tls_key is None):
            problems.append("AGENT_TLS_CERT, AGENT_TLS_KEY: set both or neither")
        elif self.agent_tls_cert is not None:
            try:
                context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
                context.load_cert_chain(self.agent_tls_cert, self.agent_tls_key)
            except OSError as error:  # ssl.SSLError is one
                reason = getattr(error, "reason", None) or error.strerror
                problems.append(f"AGENT_TLS_CERT, AGENT_TLS_KEY: can't be used together: {reason}")
        return problems
