"""The guard that fails a test which leaves something behind: it must see what it is for."""

import os
import signal
import socket
import subprocess

import pytest

from tests.e2e import leftovers

pytestmark = pytest.mark.skipif(not leftovers.AVAILABLE, reason="needs Linux's /proc")


def test_a_daemon_whose_parent_has_ended_is_seen() -> None:
    known = set(leftovers.children())
    started = subprocess.run(
        ["/bin/sh", "-c", "setsid sleep 60 >/dev/null 2>&1 & echo $!"],
        capture_output=True,
        text=True,
        check=True,
    )
    daemon = int(started.stdout)
    assert "sleep 60" in leftovers.children_besides(known, seconds=0)[daemon]
    os.kill(daemon, signal.SIGKILL)
    assert leftovers.children_besides(known) == {}


def test_a_socket_that_listens_is_seen() -> None:
    before = leftovers.listening()
    with socket.create_server(("127.0.0.1", 0)):
        assert len(leftovers.listening() - before) == 1
    assert leftovers.listening() == before
