"""The live tree of nurseries and tasks: what exists, what each waits in, how long it may.

A task that waits has a stack whose inner end is always the same few functions of Trio. What a
reader wants is on either side of where the program's own frames end: `at`, the places of ours,
and `waits_in`, what the innermost of them has called.

`trio.lowlevel` shows the tree; a task's deadline is only in a private attribute, read in one
place (`_deadline`), which may find nothing in a later Trio.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import trio
from trio.lowlevel import Task

_MOST_TASKS = 500
_MOST_PLACES = 4
_OURS = Path(__file__).parent
_TRIO = "trio"


@dataclass(frozen=True, slots=True)
class TaskNode:
    """A task at one moment; `nurseries` are those that it has open, outermost first.

    `at` are places in the code, the innermost first; `waits_in` is None for a task that runs.
    `deadline_seconds` is None without a deadline, and 0 when the task is being cancelled.
    """

    name: str
    at: tuple[str, ...]
    waits_in: str | None
    deadline_seconds: float | None
    nurseries: tuple[tuple["TaskNode", ...], ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "name": self.name,
            "at": list(self.at),
            "waits_in": self.waits_in,
            "deadline_seconds": self.deadline_seconds,
            "nurseries": [[task.to_json() for task in nursery] for nursery in self.nurseries],
        }

    def to_text(self, indent: str = "") -> str:
        """Return it as lines, children indented below their parent."""
        where = " <- ".join((self.waits_in or "running", *self.at))
        lines = f"{indent}{self.name}: {where}\n"
        for nursery in self.nurseries:
            lines += "".join(child.to_text(indent + "  ") for child in nursery)
        return lines


def snapshot() -> TaskNode | None:
    """Return the tree from Trio's root task down; of a very large one, the first part."""
    root = trio.lowlevel.current_root_task()
    return None if root is None else tree(root, now=trio.current_time())


def tree(root: Task, *, now: float | None) -> TaskNode:
    """Return the tree below `root`; without `now`, Trio's clock, no deadlines are told.

    A thread outside the loop may call it when the loop stands still, and only then.
    """
    return _node(root, now, iter(range(_MOST_TASKS)))


def _node(task: Task, now: float | None, budget: Iterator[int]) -> TaskNode:
    at, waits_in = _whereabouts(task)
    return TaskNode(
        name=task.name,
        at=at,
        waits_in=waits_in,
        deadline_seconds=None if now is None else _deadline(task, now),
        nurseries=tuple(
            tuple(
                _node(child, now, budget)
                for child in sorted(nursery.child_tasks, key=lambda child: child.name)
                if next(budget, None) is not None
            )
            for nursery in task.child_nurseries
        ),
    )


def _whereabouts(task: Task) -> tuple[tuple[str, ...], str | None]:
    """Return the task's places, the innermost first, and what it has called there.

    Places of ours; of a task that runs none of our code, those outside of Trio.
    """
    frames = list(task.iter_await_frames())
    chosen = [i for i, (frame, _) in enumerate(frames) if _is_ours(frame)] or [
        i for i, (frame, _) in enumerate(frames) if _package(frame) != _TRIO
    ]
    inner = chosen[-1] + 1 if chosen else 0
    waits_in = None
    if inner < len(frames):
        frame = frames[inner][0]
        waits_in = f"{_package(frame)}.{frame.f_code.co_qualname}"
    return tuple(_place(*frames[i]) for i in reversed(chosen[-_MOST_PLACES:])), waits_in


def _is_ours(frame: FrameType) -> bool:
    return Path(frame.f_code.co_filename).is_relative_to(_OURS)


def _package(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "?")).partition(".")[0]


def _place(frame: FrameType, line: int) -> str:
    path = Path(frame.f_code.co_filename)
    shown = path.relative_to(_OURS.parent) if _is_ours(frame) else path.name
    return f"{frame.f_code.co_qualname} ({shown}:{line})"


def _deadline(task: Task, now: float) -> float | None:
    status = getattr(task, "_cancel_status", None)
    if status is None:
        return None
    left: float = status.effective_deadline() - now
    if left == -math.inf:
        return 0.0
    return round(left, 3) if math.isfinite(left) else None
