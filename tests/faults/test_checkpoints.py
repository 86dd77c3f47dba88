"""The harness finds what it is for: a world that a cancellation in the right place would spoil."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest
import trio

from tests.faults.checkpoints import Experiment, chosen, cut_everywhere, run_cut


@dataclass
class Account:
    """Two numbers that belong together."""

    paid: int = 0
    granted: int = 0
    log: list[str] = field(default_factory=list)


async def careless(account: Account) -> None:
    if not account.paid:
        account.paid = 1
        await trio.lowlevel.checkpoint()
        account.granted += 1
    await trio.lowlevel.checkpoint()


async def careful(account: Account) -> None:
    if not account.paid:
        with trio.CancelScope(shield=True):
            account.paid = 1
            await trio.lowlevel.checkpoint()
            account.granted += 1
    await trio.lowlevel.checkpoint()


async def forgetful(account: Account) -> None:
    await trio.lowlevel.checkpoint()
    account.granted += 1
    await trio.lowlevel.checkpoint()


def experiment(operation: Callable[[Account], Awaitable[None]]) -> Experiment[Account]:
    async def prepare() -> Account:
        return Account()

    async def sound(account: Account) -> None:
        assert account.paid == account.granted

    async def outcome(account: Account) -> object:
        return account.paid, account.granted

    return Experiment(prepare, operation, sound, operation, outcome)


async def test_a_half_done_thing_is_found_and_the_step_is_named() -> None:
    with pytest.raises(AssertionError) as failed:
        await cut_everywhere(experiment(careless))
    assert failed.value.__notes__ == ["cut in step 0 of 2"]


async def test_a_thing_done_twice_is_found() -> None:
    with pytest.raises(AssertionError):
        await cut_everywhere(experiment(forgetful))


async def test_what_survives_every_cut_passes_and_is_counted() -> None:
    survey = await cut_everywhere(experiment(careful))
    assert (survey.steps, survey.cuts, survey.unharmed) == (2, 3, 0)


async def test_steps_of_child_tasks_count_and_those_of_others_do_not() -> None:
    async def operation() -> None:
        async with trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(trio.lowlevel.checkpoint)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.sleep_forever)
        alone, _ = await run_cut(operation, None)
        nursery.cancel_scope.cancel()
    assert (
        alone == (await run_cut(operation, None))[0] == 3 * 2 + 1
    )  # a checkpoint and an end each; the nursery


async def test_a_cut_in_a_child_ends_the_whole_operation() -> None:
    async def operation() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            nursery.start_soon(trio.sleep_forever)

    assert await run_cut(operation, 2) == (5, True)


@pytest.mark.parametrize("steps", [0, 5, 200])
def test_a_choice_has_the_ends_and_is_the_same_each_time(steps: int) -> None:
    points = chosen(steps, 10)
    assert points == chosen(steps, 10)
    assert points == sorted(set(points))
    assert len(points) == min(10, steps + 1)
    assert {0, steps} <= set(points)
