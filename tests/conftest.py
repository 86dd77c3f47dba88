"""What every test has: the guard against HTTP under a connection, and no unexpected error."""

from collections.abc import Iterator

import pytest
import structlog
from structlog.testing import LogCapture

from bot import holding


@pytest.fixture(autouse=True)
def _guard_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holding, "strict", True)


@pytest.fixture
def logged() -> LogCapture:
    """What was logged in this test: `logged.entries`, each a dict with `event` and `log_level`."""
    return LogCapture()


@pytest.fixture
def expected_errors() -> list[str]:
    """Events that this test is allowed to log as errors; append their names."""
    return []


@pytest.fixture(autouse=True)
def _no_unexpected_error(logged: LogCapture, expected_errors: list[str]) -> Iterator[None]:
    """Fail a test that logged an error which it did not announce."""
    # Loggers made at import are lazy proxies: nothing is cached, so each test sees its own log.
    structlog.configure(processors=[logged], cache_logger_on_first_use=False)
    yield
    structlog.reset_defaults()
    errors = [
        entry
        for entry in logged.entries
        if entry["log_level"] in {"error", "critical"} and entry["event"] not in expected_errors
    ]
    assert errors == []
