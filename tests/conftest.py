"""What every test has: the guard against HTTP under a connection, and no unexpected error."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import partial

import hypothesis
import pytest
import structlog
from structlog.testing import LogCapture

from bot import holding

# How long an example takes, or the making of one, is told by the neighbours on the machine, not by
# the code: neither is a reason to fail.
hypothesis.settings.register_profile(
    "warren", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("warren")

_FOLDER = pytest.StashKey[str]()
_FIGURE = "figure"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the long forms of tests, alone")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take the long forms, or all but them: no other choice of tests lets one in by accident."""
    is_wanted = [
        (item.get_closest_marker("long") is not None) == config.option.long for item in items
    ]
    config.hook.pytest_deselected(
        items=[item for item, wanted in zip(items, is_wanted, strict=True) if not wanted]
    )
    items[:] = [item for item, wanted in zip(items, is_wanted, strict=True) if wanted]


def pytest_configure(config: pytest.Config) -> None:
    """Give each run a folder of its own.

    Under pytest's shared one a second run closes the way to the first one's PostgreSQL: it sets
    the mode of the common parent back to 0700, and a server of root's runs as somebody else.
    """
    if config.option.basetemp is None:
        folder = tempfile.mkdtemp(prefix="warren-tests-")
        config.option.basetemp = config.stash[_FOLDER] = folder


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing behind."""
    if (folder := config.stash.get(_FOLDER, None)) is not None:
        shutil.rmtree(folder, ignore_errors=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what was measured (`figure`), whichever worker measured it."""
    figures = [
        (report.nodeid, words)
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport) and report.when == "call"
        for name, words in report.user_properties
        if name == _FIGURE
    ]
    if figures:
        terminalreporter.section("figures")
        for nodeid, words in sorted(figures):
            terminalreporter.write_line(f"{nodeid.partition('::')[0]}: {words}")


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Call it with a measured figure, in words: it is shown at the end of the run."""
    return partial(record_property, _FIGURE)


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
