"""Processes of a benchmark: what they use, as Linux's /proc counts it."""

import os
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds since the start, and memory in MB: now and at its most."""

    cpu: float
    rss: float
    peak: float


def usage(pid: int) -> Usage:
    """Return what a process has used (proc(5))."""
    # The name in parentheses may hold anything, also parentheses.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    status = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
    )
    return Usage(
        cpu=(int(fields[11]) + int(fields[12])) / _TICKS,
        rss=int(status["VmRSS"].split()[0]) / 1024,
        peak=int(status["VmHWM"].split()[0]) / 1024,
    )
