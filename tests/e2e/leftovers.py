"""What a test left running: processes and listening sockets, read from Linux's /proc.

A server that daemonized (the embedded PostgreSQL) is nobody's child any more, so this process
becomes the parent of such orphans (PR_SET_CHILD_SUBREAPER, prctl(2)): whatever a test started,
directly or not, ends up among the children of the process that runs the tests.
"""

import ctypes
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc/self")
AVAILABLE = (PROC / "task").exists()

_PR_SET_CHILD_SUBREAPER = 36
_LISTEN = "0A"  # include/net/tcp_states.h


def adopt_orphans() -> None:
    """Become the parent of every process below this one whose own parent ends."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "PR_SET_CHILD_SUBREAPER")


def children() -> dict[int, str]:
    """Return the children that run, with their command lines; ended ones are collected."""
    found = {}
    for task in (PROC / "task").iterdir():
        try:
            pids = (task / "children").read_text().split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # a thread that ended meanwhile; its children are another's now
        for pid in map(int, pids):
            with suppress(FileNotFoundError, ProcessLookupError):
                if _state(pid) == "Z":
                    with suppress(ChildProcessError):
                        os.waitpid(pid, os.WNOHANG)
                    continue
                words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                found[pid] = b" ".join(words).decode(errors="replace").strip()
    return found


def children_besides(
    known: set[int], *, but: str | None = None, seconds: float = 3
) -> dict[int, str]:
    """Return the children that are not `known`, once they had a moment to finish their end.

    A PostgreSQL that was waited for is gone when its pid file is; its process ends just after.
    `but` is in the command line of those that may stay.
    """
    give_up_at = time.monotonic() + seconds
    while True:
        left = {
            pid: words
            for pid, words in children().items()
            if pid not in known and (but is None or but not in words)
        }
        if not left or time.monotonic() > give_up_at:
            return left
        time.sleep(0.05)


def listening() -> set[str]:
    """Return the addresses on which this process listens."""
    inodes = set()
    for link in (PROC / "fd").iterdir():
        with suppress(FileNotFoundError):
            inodes.add(str(link.readlink()))
    return {address for address, inode in _listeners() if f"socket:[{inode}]" in inodes}


def _listeners() -> Iterator[tuple[str, str]]:
    for table in ("tcp", "tcp6"):
        for line in (PROC / "net" / table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == _LISTEN:
                yield fields[1], fields[9]


def _state(pid: int) -> str:
    # The name in parentheses may hold anything, also parentheses (proc(5)).
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
