"""Faults are tried on a real database of the test's own."""

import pytest

from tests.integration.conftest import (
    autojump_clock,
    cluster,
    database,
    dsn,
    make_settings,
    migrated,
)

__all__ = ["autojump_clock", "cluster", "database", "dsn", "make_settings", "migrated"]


@pytest.fixture(params=[pytest.param(12, id="short"), pytest.param(None, marks=pytest.mark.long)])
def at_most(request: pytest.FixtureRequest) -> int | None:
    """How many cuts are tried of an operation with many steps: a choice, or all with `--long`."""
    limit: int | None = request.param
    return limit
