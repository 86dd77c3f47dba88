import grpc
import pytest

from bot.agent.dialect import error_of
from bot.agent.errors import (
    CoreAwayError,
    CoreRefusedError,
    CoreTooSlowError,
    NotServedError,
    UserExistsError,
    UserNotFoundError,
)

# What V2Ray 4.34 was heard to say, and Xray's sources say.
HEARD = [
    ("UNKNOWN", "v2ray.com/core/proxy/vless: User 66ad4540-b58c already exists.", UserExistsError),
    ("UNKNOWN", "v2ray.com/core/proxy/vless: User 66ad4540-b58c not found.", UserNotFoundError),
    ("UNKNOWN", "proxy/vless: User nobody@warren.invalid not found.", UserNotFoundError),
    ("UNKNOWN", "failed to get handler: vless > handler not found: vless", CoreRefusedError),
    ("UNKNOWN", "app/proxyman/command: proxy is not a UserManager", CoreRefusedError),
    ("UNAVAILABLE", "failed to connect to all addresses", CoreAwayError),
    ("DEADLINE_EXCEEDED", "Deadline Exceeded", CoreTooSlowError),
    ("UNIMPLEMENTED", "unknown service xray.app.stats.command.StatsService", NotServedError),
    ("RESOURCE_EXHAUSTED", "Received message larger than max", CoreRefusedError),
]


@pytest.mark.parametrize(("code", "text", "meaning"), HEARD)
def test_what_the_cores_say_is_understood(code: str, text: str, meaning: type[Exception]) -> None:
    error = error_of(grpc.StatusCode[code], text)
    assert type(error) is meaning
