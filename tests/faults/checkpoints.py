"""Cancel an operation at each of its checkpoints, one after the other, and look at what is left.

    experiment = Experiment(prepare=…, operation=…, sound=…, complete=…, outcome=…)
    survey = await cut_everywhere(experiment, at_most=40)

The operation runs once undisturbed, to count its steps and to see what it brings about. Then it
runs again from the same state, once for each step k, and is cancelled while it waits in its k-th
step: that is everywhere a cancellation can come from, for between two steps nothing else runs.
Afterwards `sound` must hold; then `complete` does what life does next (the update is delivered
again, the worker ticks again), and the outcome must be that of the undisturbed run.

A step ends where the operation, or a task that it started, hands control back to Trio. Under a
shield the cancellation is on its way from then on and acts at the first checkpoint behind it.
"""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import trio

T = TypeVar("T")

# For what never comes; a step takes milliseconds.
_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Experiment(Generic[T]):
    """An operation, and all that is to be known about it. Every part is given what `prepare` made.

    `outcome` returns what the operation brought about, as something that can be compared; a
    part of the outcome that `complete` brings about twice is a failure.
    """

    prepare: Callable[[], Awaitable[T]]
    operation: Callable[[T], Awaitable[object]]
    sound: Callable[[T], Awaitable[object]]
    complete: Callable[[T], Awaitable[object]]
    outcome: Callable[[T], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Survey:
    """What was tried: the steps of the undisturbed run, where it was cut, and how often it bled.

    `unharmed` counts the cuts that came too late to stop anything, as while COMMIT is under way.
    `outcome` is what it brought about each time.
    """

    steps: int
    cuts: int
    unharmed: int
    outcome: Any


class _Scissors(trio.abc.Instrument):
    """Counts the steps of a task and of its descendants; cancels `scope` in the `at`-th."""

    def __init__(self, root: trio.lowlevel.Task, scope: trio.CancelScope, at: int | None) -> None:
        self.steps = 0
        self._root = root
        self._scope = scope
        self._at = at

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        if self._belongs(task):
            self.steps += 1
            if self.steps == self._at:
                self._scope.cancel(reason=f"cut at step {self._at}")

    def _belongs(self, task: trio.lowlevel.Task | None) -> bool:
        while task is not None:
            if task is self._root:
                return True
            task = task.parent_nursery.parent_task if task.parent_nursery else None
        return False


async def run_cut(operation: Callable[[], Awaitable[object]], at: int | None) -> tuple[int, bool]:
    """Run an operation, cancelled in its `at`-th step; 0 is before it begins, None never.

    Returns how many steps it made, and whether it ended by the cancellation.
    """
    steps, was_cut = 0, False

    async def child() -> None:
        nonlocal steps, was_cut
        with trio.CancelScope() as scope:
            if at == 0:
                scope.cancel(reason="cut before it begins")
            scissors = _Scissors(trio.lowlevel.current_task(), scope, at)
            trio.lowlevel.add_instrument(scissors)
            try:
                await operation()
            finally:
                trio.lowlevel.remove_instrument(scissors)
        steps, was_cut = scissors.steps, scope.cancelled_caught

    # A task of its own: servers of the test that live in the caller's nursery are not counted.
    with trio.fail_after(_SECONDS):
        async with trio.open_nursery() as nursery:  # noqa: ASYNC112 - the task is the point
            nursery.start_soon(child)
    return steps, was_cut


async def cut_everywhere(experiment: Experiment[Any], *, at_most: int | None = None) -> Survey:
    """Try every cut, or `at_most` of them: the first, the last, and a repeatable choice between.

    An error tells in a note where the operation was cut.
    """
    world = await experiment.prepare()
    steps, _ = await run_cut(lambda: experiment.operation(world), None)
    await experiment.sound(world)
    await experiment.complete(world)
    expected = await experiment.outcome(world)
    await experiment.complete(world)
    assert await experiment.outcome(world) == expected, "once more is no more, also undisturbed"
    points = chosen(steps, at_most)
    unharmed = 0
    for at in points:
        try:
            unharmed += not await _try(experiment, at, expected)
        except BaseException as error:
            error.add_note(f"cut in step {at} of {steps}")
            raise
    return Survey(steps, len(points), unharmed, expected)


async def _try(experiment: Experiment[Any], at: int, expected: object) -> bool:
    world = await experiment.prepare()
    _, was_cut = await run_cut(lambda: experiment.operation(world), at)
    await experiment.sound(world)
    await experiment.complete(world)
    await experiment.sound(world)
    outcome = await experiment.outcome(world)
    assert outcome == expected, f"{outcome!r} instead of {expected!r}"
    return was_cut


def chosen(steps: int, at_most: int | None) -> list[int]:
    """Return the steps to cut at, in order; the choice is the same each time."""
    every = list(range(steps + 1))
    if at_most is None or len(every) <= at_most:
        return every
    ends = every[:3] + every[-3:]
    between = random.Random(steps).sample(every[3:-3], at_most - len(ends))
    return sorted(ends + between)
