"""What the stand-in is told: the bot, the people, and how strict its clocks are."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may write to the bot."""

    id: int
    first_name: str
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = None
    is_admin: bool = False

    def user(self) -> dict[str, Any]:
        """Return the person as the Bot API's User."""
        known = {key: value for key, value in asdict(self).items() if value is not None}
        known.pop("is_admin")
        return {"is_bot": False, **known}


PEOPLE = (
    Person(1001, "Анна", "Петрова", "anna_p", "ru"),
    Person(1002, "John", "Smith", "johnsmith", "en"),
    Person(1003, "Lena", None, None, "de"),
    Person(1009, "Олег", "(администратор)", "oleg_admin", "ru", is_admin=True),
)


@dataclass(frozen=True, slots=True)
class SandboxConfig:
    """What the stand-in is told; durations are seconds."""

    data_dir: Path
    token: str = field(repr=False)
    host: str = "127.0.0.1"
    port: int = 0
    bot_username: str = "warren_demo_bot"
    people: tuple[Person, ...] = PEOPLE
    first_retry_seconds: float = 1.0
    longest_retry_seconds: float = 60.0
    delivery_seconds: float = 60.0
    overall_per_second: int = 30
    chat_burst: int = 20
    update_seconds: float = 24 * 3600
    pre_checkout_seconds: float = 10.0
    stars: int = 5000
    """What everybody has in their purse at first."""
    now: Callable[[], float] = time.time

    @property
    def bot(self) -> dict[str, Any]:
        """Return the bot as the Bot API's User."""
        return {
            "id": int(self.token.partition(":")[0]),
            "is_bot": True,
            "first_name": "Warren",
            "username": self.bot_username,
        }
