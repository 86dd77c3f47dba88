"""What /tasks shows of a task: its own places, what it waits in there, and the time it has left."""

from collections.abc import Awaitable, Callable, Iterator

import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from bot import task_tree
from bot.supervise import Wake
from bot.task_tree import TaskNode


def every(node: TaskNode) -> Iterator[TaskNode]:
    yield node
    for nursery in node.nurseries:
        for task in nursery:
            yield from every(task)


def find(name: str) -> TaskNode:
    root = task_tree.snapshot()
    assert root is not None
    (found,) = (node for node in every(root) if node.name == name)
    return found


async def seen(task: Callable[[], Awaitable[object]]) -> TaskNode:
    """What is shown of a task of this function, once it waits."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(task, name="the task")
        await wait_all_tasks_blocked()
        node = find("the task")
        nursery.cancel_scope.cancel()
    return node


async def test_a_task_is_shown_at_our_place_and_in_what_it_called_there() -> None:
    node = await seen(Wake().wait)
    assert node.at[0].startswith("Wake.wait (bot/supervise.py:")
    assert node.waits_in == "trio.Event.wait"


async def test_the_innermost_place_is_the_first() -> None:
    async def outer() -> None:
        await inner()

    async def inner() -> None:
        await trio.sleep_forever()

    node = await seen(outer)
    assert [place.partition(" ")[0].rpartition(".")[2] for place in node.at] == ["inner", "outer"]
    assert node.waits_in == "trio.sleep_forever"


async def test_a_task_at_the_end_of_its_nursery_waits_for_its_children() -> None:
    async def parent() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever, name="a child")
            nursery.start_soon(trio.sleep_forever, name="another")

    node = await seen(parent)
    assert node.waits_in == "trio.NurseryManager.__aexit__"
    (children,) = node.nurseries
    assert [child.name for child in children] == ["a child", "another"]


async def test_a_task_of_trio_alone_is_shown_by_its_outermost_function() -> None:
    node = await seen(trio.sleep_forever)
    assert (node.at, node.waits_in) == ((), "trio.sleep_forever")


async def test_the_task_that_runs_waits_in_nothing() -> None:
    trio.lowlevel.current_task().name = "this one"
    assert find("this one").waits_in is None


async def test_the_time_left_is_that_of_the_nearest_deadline(mock_clock: MockClock) -> None:
    async def patient() -> None:
        with trio.fail_after(50), trio.move_on_after(20), trio.move_on_after(30):
            await trio.sleep_forever()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(patient, name="patient")
        nursery.start_soon(trio.sleep_forever, name="for ever")
        await wait_all_tasks_blocked()
        mock_clock.jump(5)
        assert find("patient").deadline_seconds == 15
        assert find("for ever").deadline_seconds is None
        nursery.cancel_scope.cancel()


async def test_a_task_that_cleans_up_after_a_cancellation_has_the_time_of_its_shield(
    mock_clock: MockClock,
) -> None:
    async def cleaning_up() -> None:
        try:
            await trio.sleep_forever()
        finally:
            with trio.move_on_after(3, shield=True):
                await trio.sleep_forever()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(cleaning_up, name="cleaning up")
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
        with trio.CancelScope(shield=True):
            await wait_all_tasks_blocked()
            assert find("cleaning up").deadline_seconds == 3
        mock_clock.jump(3)


async def test_a_very_large_tree_is_cut_and_not_waited_for() -> None:
    async with trio.open_nursery() as nursery:
        for number in range(2000):
            nursery.start_soon(trio.sleep_forever, name=f"{number:04}")
        await wait_all_tasks_blocked()
        root = task_tree.snapshot()
        assert root is not None
        assert 400 < sum(1 for _ in every(root)) <= 501
        nursery.cancel_scope.cancel()


async def test_as_text_the_tree_is_lines_with_children_below_their_parent() -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.sleep_forever, name="a child")
        await trio.testing.wait_all_tasks_blocked()
        root = trio.lowlevel.current_root_task()
        assert root is not None
        lines = task_tree.tree(root, now=None).to_text().splitlines()
        nursery.cancel_scope.cancel()
    (line,) = [line for line in lines if "a child" in line]
    parent = lines[lines.index(line) - 1]
    assert line.startswith(parent[: len(parent) - len(parent.lstrip())] + "  a child: trio.")
