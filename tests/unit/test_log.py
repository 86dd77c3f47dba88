"""No secret and no person's data in a log: in fields, in tracebacks, from other libraries."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from dataclasses import dataclass
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from bot.log import configure, make_redactor
from bot.settings import load
from bot.telegram.methods import SendMessage
from bot.telegram.types import Update, User

TOKEN = "123456789:" + "AbC-dEf_" * 4 + "xyz"
DSN = "postgresql://warren:s3cret-pass@db.example.org:5432/warren"
VPN_KEY = "an-odd key/with+signs=="
SETTINGS = {
    "bot_token": TOKEN,
    "mode": "polling",
    "database_url": DSN,
    "vpn_api_key": VPN_KEY,
    "crypto_pay_token": "777:AAcrypto",
}
DERIVED = load(_env_file=None, **SETTINGS).webhook_secret_token
SECRETS = [TOKEN, DSN, VPN_KEY, "777:AAcrypto", DERIVED]

Written = Callable[[], str]


@pytest.fixture(params=["console", "json"])
def log_format(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def written(log_format: str, _no_unexpected_error: None) -> Iterator[Written]:
    """Configure logging as a process does; returns what was written since the last call."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    stream = io.StringIO()
    with redirect_stderr(stream):
        configure(load(_env_file=None, log_format=log_format, **SETTINGS))

    def take() -> str:
        text = stream.getvalue()
        stream.seek(0)
        stream.truncate()
        return text

    yield take
    root.handlers[:], root.level = before


def leaked(text: str, *words: str) -> list[str]:
    return [word for word in (*SECRETS, "s3cret-pass", *words) if word in text]


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_hidden_wherever_it_stands(written: Written, secret: str) -> None:
    log = structlog.get_logger("bot.test")
    log.info(
        f"event.{secret}",  # noqa: G004 - an event is no place for it, and yet
        plain=secret,
        inside=f"before {secret} after",
        nested={"list": [secret, {"deep": (secret, b"\0" + secret.encode())}]},
        known={secret: 1},
        **{f"a{secret}": 1},
    )
    text = written()
    assert leaked(text) == []
    assert "[redacted]" in text


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("https://api.telegram.org/bot987654321:" + "Z" * 35 + "/getMe", "Z" * 35),
        ("/bot987654321%3A" + "Z" * 35, "Z" * 35),
        ("postgres://u:other-password@host/db", "other-password"),
        ("postgres://u:pa/ss@wo@host/db", "pa/ss@wo"),
        ("Authorization: Bearer abc.DEF-123", "abc.DEF-123"),
        ("{'authorization': 'bearer abc.DEF-123'}", "abc.DEF-123"),
        ("vless://0f0f0f0f-1111-2222-3333-444455556666@host:443?x=y", "444455556666"),
        ("https://bot.example.org/sub/pCk2Zz_1-9aa", "pCk2Zz_1-9aa"),
    ],
)
def test_what_looks_like_a_secret_is_hidden_too(written: Written, text: str, secret: str) -> None:
    structlog.get_logger().warning("peer.failed", error=text, words=[text])
    shown = written()
    assert secret not in shown
    assert "peer.failed" in shown


def test_what_is_no_secret_is_shown(written: Written) -> None:
    structlog.get_logger().info(
        "update.done",
        update_id=870000001,
        user_id=1001,
        url="https://bot.example.org/telegram/webhook",
        took=0.25,
        at="2026-11-24T12:00:00Z",
        nothing=None,
    )
    shown = written()
    for word in ("update.done", "870000001", "1001", "https://bot.example.org/", "0.25", "12:00"):
        assert word in shown
    assert "[redacted]" not in shown


@dataclass
class Person:
    first_name: str
    id: int = 7


def anna() -> dict[str, Any]:
    return {"id": 7, "is_bot": False, "first_name": "Анна", "username": "anna_p"}


@pytest.mark.parametrize(
    "value",
    [
        anna(),
        [anna()],
        User.model_validate(anna()),
        Person("Анна"),
        SendMessage(chat_id=7, text="Анна, anna_p"),
        json.dumps(anna(), ensure_ascii=False),
        "User(first_name='Анна', username=\"anna_p\")",
    ],
    ids=lambda value: type(value).__name__,
)
def test_personal_data_is_hidden_by_its_name(written: Written, value: Any) -> None:
    structlog.get_logger().info("person.seen", who=value, user_id=7)
    shown = written()
    assert leaked(shown, "Анна", "anna_p") == []
    assert "7" in shown


def failing() -> None:
    raise OSError(f"no route to {DSN}")


def failing_because_of_another() -> None:
    try:
        failing()
    except OSError as error:
        raise OSError(f"POST https://api.telegram.org/bot{TOKEN}/getMe") from error


def failing_in_a_group() -> None:
    try:
        failing_because_of_another()
    except OSError as error:
        raise ExceptionGroup(f"workers of {TOKEN}", [error]) from None


@pytest.mark.parametrize("fail", [failing, failing_because_of_another, failing_in_a_group])
def test_a_traceback_shows_where_and_no_secret(written: Written, fail: Callable[[], None]) -> None:
    try:
        fail()
    except (OSError, ExceptionGroup):
        structlog.get_logger().exception("app.crashed")
    shown = written()
    assert leaked(shown) == []
    assert "OSError: no route to [redacted]" in shown
    assert "test_log.py" in shown


WISH = "my secret\nwish"


class Strict(BaseModel):
    age: int


def test_what_pydantic_quotes_of_its_input_is_hidden(written: Written) -> None:
    for model, given_data in ((Update, {"update_id": [WISH]}), (Strict, {"age": WISH})):
        try:
            model.model_validate(given_data)
        except ValidationError:
            structlog.get_logger().exception("update.unreadable")
    shown = written()
    assert leaked(shown, "secret", "wish") == []
    assert "update_id" in shown  # which field it was


def test_records_of_other_libraries_are_treated_the_same(written: Written) -> None:
    other = logging.getLogger("some.library")
    other.warning("Request: POST https://api.telegram.org/bot%s/%s", TOKEN, "getMe")
    other.warning("%(first_name)s", {"first_name": f"x {DSN}"})
    other.warning("with more", extra={"key": VPN_KEY})
    try:
        failing()
    except OSError:
        other.exception("failed with %r", VPN_KEY)
        other.error("failed", exc_info=True, stack_info=True)
    shown = written()
    assert leaked(shown) == []
    assert "getMe" in shown
    assert "OSError: no route to" in shown


def test_libraries_that_talk_of_every_request_are_quiet(written: Written) -> None:
    logging.getLogger("httpx").info("HTTP Request: POST something")
    logging.getLogger("hypercorn.error").info("Running on http://127.0.0.1:1")
    assert written() == ""


def test_what_a_task_is_bound_to_is_redacted_with_its_events(written: Written) -> None:
    with structlog.contextvars.bound_contextvars(update_id=5, first_name="Анна", key=VPN_KEY):
        structlog.get_logger().info("handled")
    shown = written()
    assert leaked(shown, "Анна") == []
    assert "update_id" in shown


@pytest.mark.parametrize("log_format", ["json"])
def test_the_machines_form_is_one_object_a_line(written: Written, log_format: str) -> None:
    structlog.get_logger().info("one", pairs={("a", 1): 2}, text="line\nline", made=object())
    logging.getLogger("some.library").error("two\nlines")
    try:
        failing()
    except OSError:
        structlog.get_logger().exception("three")
    lines = [json.loads(line) for line in written().splitlines()]
    assert [line["event"] for line in lines] == ["one", "two\nlines", "three"]
    assert [line["level"] for line in lines] == ["info", "error", "error"]
    assert all(line["timestamp"].endswith("Z") for line in lines)
    assert "OSError: no route" in lines[2]["exception"]


plain = st.text(max_size=20)
structures = st.recursive(
    st.one_of(plain, st.integers(), st.none(), st.just(f"x{TOKEN}y"), st.just(VPN_KEY)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.tuples(inner, inner),
        st.dictionaries(st.one_of(plain, st.integers(), st.just(TOKEN)), inner, max_size=3),
    ),
    max_leaves=10,
)


@given(structures)
def test_no_shape_of_data_carries_a_secret_through(value: Any) -> None:
    redact = make_redactor([TOKEN, VPN_KEY])
    shown = json.dumps(redact(None, "info", {"event": "e", "value": value}), ensure_ascii=False)
    assert TOKEN not in shown
    assert VPN_KEY not in shown
