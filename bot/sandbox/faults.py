"""What a test or a person tells a stand-in to do wrong, a number of times."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import trio

T = TypeVar("T")


@dataclass(slots=True)
class Fault:
    """`status` is answered `count` times; with `effect` the call is carried out all the same.

    `delay_seconds` comes before the answer: longer than the caller's patience, it is silence.
    A `status` of 0 leaves the answer as it is.
    """

    status: int
    count: int = 1
    effect: bool = False
    delay_seconds: float = 0.0


class Faults:
    """The faults by the call that they are for."""

    def __init__(self) -> None:
        self._faults: dict[str, Fault] = {}

    def set(self, call: str, **given: Any) -> None:
        """Let the next calls fail."""
        self._faults[call] = Fault(**given)

    async def meet(self, call: str, carry_out: Callable[[], T], fail: Callable[[int], T]) -> T:
        """Return what the call comes to, with the fault that it was given, if any."""
        fault = self._faults.get(call)
        if fault is None or fault.count <= 0:
            return carry_out()
        fault.count -= 1
        answer = carry_out() if fault.effect or not fault.status else None
        await trio.sleep(fault.delay_seconds)
        return answer if answer is not None and not fault.status else fail(fault.status)
