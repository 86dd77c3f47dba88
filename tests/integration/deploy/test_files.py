"""deploy/ read by the programs that it is for, where they are installed."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[3] / "deploy"
# The exposure that `systemd-analyze security` calls OK ends at 4.9; ours is far below.
MOST_EXPOSURE = 2.0


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(
        shutil.which(program) is None, reason=f"{program} is not installed: not checked by it"
    )


def _program(name: str) -> str:
    found = shutil.which(name)
    assert found is not None
    return found


@pytest.fixture(params=["warren.service", "warren-agent.service"])
def unit(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A unit whose program exists on this machine."""
    text = (DEPLOY / "systemd" / request.param).read_text()
    assert "ExecStart=/opt/warren/.venv/bin/python -m bot" in text
    path = tmp_path / str(request.param)
    path.write_text(text.replace("/opt/warren/.venv/bin/python", sys.executable))
    return path


@needs("systemd-analyze")
def test_systemd_understands_every_directive_of_a_unit(unit: Path) -> None:
    done = subprocess.run(
        [_program("systemd-analyze"), "verify", "--man=no", unit],
        capture_output=True,
        text=True,
        check=False,
    )
    # What it says of units that are not ours is not ours.
    assert [line for line in done.stderr.splitlines() if unit.name in line] == []
    assert done.returncode == 0, done.stderr


@needs("systemd-analyze")
def test_a_unit_exposes_little(unit: Path) -> None:
    done = subprocess.run(
        [_program("systemd-analyze"), "security", "--offline=true", "--no-pager", unit],
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    if found is None and "offline" in done.stderr:
        pytest.skip("this systemd-analyze can't look at a file")
    assert found is not None, done.stderr
    assert float(found[1]) <= MOST_EXPOSURE


@needs("docker-compose")
def test_compose_understands_the_file(tmp_path: Path) -> None:
    for name in ("compose.yaml", "Caddyfile"):
        shutil.copy(DEPLOY / name, tmp_path)
    (tmp_path / ".env").write_text((DEPLOY / "env.example").read_text() + "POSTGRES_PASSWORD=x\n")
    # Version 1 of the program knows the file's format but for its name.
    path = tmp_path / "compose.yaml"
    path.write_text(path.read_text().replace("name: warren\n", ""))
    done = subprocess.run(
        [_program("docker-compose"), "--file", path, "config"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
    )
    assert done.returncode == 0, done.stderr
    assert "DATABASE_URL: postgresql://warren:x@postgres/warren" in done.stdout
