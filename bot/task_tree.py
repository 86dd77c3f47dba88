"""The live tree of nurseries and tasks: what exists, what each waits in, how long it may.

`trio.lowlevel` shows the tree; a task's deadline is only in a private attribute, read in one
place (`_deadline`), which may find nothing in a later Trio.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trio
from trio.lowlevel import Task

_MOST_TASKS = 500
_MOST_FRAMES = 4
_ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class TaskNode:
    """A task at one moment; `nurseries` are those that it has open, outermost first."""

    name: str
    waits_in: tuple[str, ...]
    deadline_seconds: float | None
    nurseries: tuple[tuple["TaskNode", ...], ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "name": self.name,
            "waits_in": list(self.waits_in),
            "deadline_seconds": self.deadline_seconds,
            "nurseries": [[task.to_json() for task in nursery] for nursery in self.nurseries],
        }


def snapshot() -> TaskNode | None:
    """Return the tree below Trio's main task; of a very large one, the first part."""
    root = trio.lowlevel.current_root_task()
    if root is None:
        return None
    # Trio's own system tasks are children of the root; ours are below its first nursery's main.
    return _node(root, iter(range(_MOST_TASKS)))


def _node(task: Task, budget: Iterator[int]) -> TaskNode:
    return TaskNode(
        name=task.name,
        waits_in=tuple(_frames(task)),
        deadline_seconds=_deadline(task),
        nurseries=tuple(
            tuple(
                _node(child, budget)
                for child in sorted(nursery.child_tasks, key=lambda child: child.name)
                if next(budget, None) is not None
            )
            for nursery in task.child_nurseries
        ),
    )


def _frames(task: Task) -> list[str]:
    """Return the innermost places of ours in the task's stack, the innermost first."""
    places = []
    for frame, line in task.iter_await_frames():
        path = Path(frame.f_code.co_filename)
        shown = path.relative_to(_ROOT) if path.is_relative_to(_ROOT / "bot") else path.name
        places.append(f"{frame.f_code.co_qualname} ({shown}:{line})")
    return places[::-1][:_MOST_FRAMES]


def _deadline(task: Task) -> float | None:
    status = getattr(task, "_cancel_status", None)
    if status is None:
        return None
    left: float = status.effective_deadline() - trio.current_time()
    return round(left, 3) if math.isfinite(left) else None
