"""Ends a process that stands still: a thread outside the loop that listens for signs of life.

Three signs: the loop's heartbeat, the workers' ticks, the successful health checks. Each alone may
be missing for a reason that a restart doesn't mend (a peer is away, a batch is long); all three at
once mean that the loop itself runs no more. Then nobody inside can say so: the thread writes every
thread's stack and the tree of tasks to stderr and ends the process, and the service manager starts
it again. The signs are plain counters that the thread reads; the loop does nothing for it.
"""

import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NoReturn

import trio
from trio.lowlevel import Task

from bot import task_tree
from bot.supervise import Supervisor, Worker

_HEARTBEAT, _HEALTH = "event_loop_heartbeat", "health_check"

_LONGEST_POLL = 5.0
_REPORT_SECONDS = 5.0
_STDERR = 2


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign of life: `beats` counts up while all is well, at least once in `stale_after` seconds.

    `beats` is called from the watchdog's thread. A sign that is not `internal` also needs peers.
    """

    name: str
    beats: Callable[[], int]
    stale_after: float
    internal: bool = True


def signs_of(supervisor: Supervisor, healthy: Callable[[], int], stale: timedelta) -> list[Sign]:
    """Return the three signs of a process that runs `supervisor`'s table.

    `healthy` counts successful health checks. A sign is stale `stale` after the latest moment at
    which it was due: interval, deadline and pauses of its worker all taken at their longest.
    """
    rows = {worker.name: worker for worker in supervisor.table}
    others = [name for name in rows if name not in {_HEARTBEAT, _HEALTH}] or [_HEARTBEAT]
    margin = stale.total_seconds()

    def after(workers: Iterable[Worker]) -> float:
        return min(worker.longest_silence_seconds for worker in workers) + margin

    return [
        Sign("loop", lambda: supervisor.ticks([_HEARTBEAT]), after([rows[_HEARTBEAT]])),
        Sign("workers", lambda: supervisor.ticks(others), after(rows[name] for name in others)),
        Sign("health", healthy, after([rows[_HEALTH]]), internal=False),
    ]


class Silence:
    """How long each sign has been missing, in seconds, as heard by one who listens now and then."""

    def __init__(self, signs: Sequence[Sign]) -> None:
        self._signs = signs
        self._heard = {sign.name: sign.beats() for sign in signs}
        self.seconds = dict.fromkeys(self._heard, 0.0)

    def listen(self, elapsed: float) -> frozenset[str]:
        """Count `elapsed` seconds more for each sign without a new beat; return the stale ones."""
        for sign in self._signs:
            beats = sign.beats()
            silent = 0.0 if beats != self._heard[sign.name] else self.seconds[sign.name] + elapsed
            self._heard[sign.name], self.seconds[sign.name] = beats, silent
        return frozenset(
            sign.name for sign in self._signs if self.seconds[sign.name] > sign.stale_after
        )


class Watchdog:
    """The thread, and what it heard. `run` is a child of the one nursery."""

    def __init__(self, signs: Sequence[Sign]) -> None:
        self._signs = signs
        self._poll_seconds = min(_LONGEST_POLL, min(sign.stale_after for sign in signs) / 10)
        self._over = threading.Event()
        self.stale: frozenset[str] = frozenset()

    def lively(self) -> bool:
        """True unless a sign that depends on this process alone is stale, or before `run`."""
        return not any(sign.internal and sign.name in self.stale for sign in self._signs)

    async def run(self, exit_code: int) -> None:
        """Let the thread listen until cancelled; it ends the process with `exit_code`."""
        root = trio.lowlevel.current_root_task()
        thread = threading.Thread(
            target=self._listen, args=(root, exit_code), name="watchdog", daemon=True
        )
        thread.start()
        try:
            await trio.sleep_forever()
        finally:
            self._over.set()
            # It wakes at once and has nothing left to do; as a daemon it delays no exit either.
            thread.join(timeout=1)

    def _listen(self, root: Task | None, exit_code: int) -> None:
        silence = Silence(self._signs)
        heard_at = time.monotonic()
        while not self._over.wait(self._poll_seconds):
            now = time.monotonic()
            # When this thread slept longer than it meant to, the whole process was stopped, and
            # the loop has had no chance either.
            self.stale = silence.listen(min(now - heard_at, 2 * self._poll_seconds))
            heard_at = now
            if len(self.stale) == len(self._signs):
                _end(silence.seconds, root, exit_code)


def _end(silent: Mapping[str, float], root: Task | None, exit_code: int) -> NoReturn:
    """Report and end the process: from a thread, past a loop that can't be asked any more."""
    # A stderr that nobody reads may be the very thing that everybody waits for.
    report = threading.Thread(target=_report, args=(silent, root, exit_code), daemon=True)
    report.start()
    report.join(_REPORT_SECONDS)
    os._exit(exit_code)


def _report(silent: Mapping[str, float], root: Task | None, exit_code: int) -> None:
    missing = ", ".join(f"{name} for {seconds:.0f} s" for name, seconds in silent.items())
    _write(f"watchdog: this process stands still; no sign of life from {missing}.\n")
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    for ident, frame in sys._current_frames().items():
        if ident != threading.get_ident():
            stack = "".join(traceback.format_stack(frame))
            _write(f"\nThread {names.get(ident, ident)}:\n{stack}")
    _write("\nTasks:\n")
    try:
        tree = task_tree.tree(root, now=None) if root else None
        _write(tree.to_text() if tree else "none\n")
    except Exception as error:  # noqa: BLE001 - the tree may change under a foreign thread's eyes
        _write(f"could not be read: {error!r}\n")
    _write(f"\nwatchdog: ending with {exit_code}.\n")


def _write(text: str) -> None:
    """Write to stderr itself: Python's own object may be locked by whoever stands still."""
    data = text.encode(errors="replace")
    while data:
        data = data[os.write(_STDERR, data) :]
