"""The experiments of tests/faults on the real process: short ones here, long ones by --long."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import TestDatabase
from tests.faults.__main__ import EXPERIMENTS


@pytest.mark.slow
@pytest.mark.parametrize("long", [False, pytest.param(True, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", EXPERIMENTS)
async def test_nothing_is_lost_and_nothing_doubled(
    database: TestDatabase, tmp_path: Path, figure: Callable[[str], None], name: str, long: bool
) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    figures = await EXPERIMENTS[name](database, tmp_path, seed, long=long)
    figure(str(figures))
    assert figures.sound
    assert database.traces() == ("0", "0")
