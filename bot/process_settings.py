"""What the settings of every Warren process share: where they come from, and how they are wrong.

A process (the bot, the agent on a VPN host) has a class of its own. `read` reports every wrong
setting at once, in words, and never repeats a value: it may be a secret.
"""

from datetime import timedelta
from typing import Any, Literal, Self, TypeVar

from pydantic import (
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict


class InvalidSettingsError(ValueError):
    """The configuration can't be used; the text names every wrong setting and what to do."""


class ProcessSettings(BaseSettings):
    """Read from the environment and from `.env` in the working directory."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True
    )

    log_format: Literal["console", "json"] = Field(
        "console", description="console for people, json for machines."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least important event that is logged."
    )

    @field_validator("*", mode="before")
    @classmethod
    def _empty_is_unset(cls, value: Any, info: ValidationInfo) -> Any:
        """`NAME=` in the environment means the default, as every service manager has it."""
        if value == "" and info.field_name is not None:
            field = cls.model_fields[info.field_name]
            if not field.is_required():
                return field.get_default()
        return value

    @field_validator("log_level", "log_format", mode="before")
    @classmethod
    def _log_ignores_case(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if problems := self.misfits():
            raise ValueError("\n".join(problems))
        return self

    def misfits(self) -> list[str]:
        """Return what is wrong with settings that are right each by itself, a line each."""
        return [
            f"{name.upper()}: must be more than 0 seconds"
            for name, value in self
            if isinstance(value, timedelta) and value <= timedelta(0)
        ]

    def secrets(self) -> list[str]:
        """Return every secret in use: what no log may show."""
        return [
            value.get_secret_value()
            for _, value in self
            if isinstance(value, SecretStr) and value.get_secret_value()
        ]


AnySettings = TypeVar("AnySettings", bound=ProcessSettings)


def read(kind: type[AnySettings], **overrides: Any) -> AnySettings:
    """Read the settings; raises InvalidSettingsError naming all that is wrong, no value shown."""
    try:
        return kind(**overrides)
    except ValidationError as error:
        problems = _explain(kind, error)
        wrong = {str(problem["loc"][0]) for problem in error.errors() if problem["loc"]}
    # pydantic checks how settings fit together only when each is right by itself. Checking once
    # more with placeholders for the wrong ones lets one report name everything.
    try:
        kind(**overrides | {name: _placeholder(kind, name) for name in wrong})
    except ValidationError as error:
        problems += [line for line in _explain(kind, error) if line not in problems]
    raise InvalidSettingsError(
        "\n".join(["The configuration can't be used:", *(f"  {line}" for line in problems)])
    )


def _placeholder(kind: type[ProcessSettings], name: str) -> Any:
    field = kind.model_fields[name]
    return SecretStr("1:" + "x" * 35) if field.is_required() else field.get_default()


def _explain(kind: type[ProcessSettings], error: ValidationError) -> list[str]:
    lines: list[str] = []
    for problem in error.errors(include_url=False, include_input=False):
        name = str(problem["loc"][0]).upper() if problem["loc"] else ""
        if problem["type"] == "missing":
            lines.append(f"{name}: missing. {kind.model_fields[name.lower()].description}")
            continue
        text = problem["msg"].removeprefix("Value error, ")
        lines.extend(f"{name}: {line}" if name else line for line in text.splitlines())
    return lines
