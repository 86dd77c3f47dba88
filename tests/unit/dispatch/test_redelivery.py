"""Telegram delivers until it gets its 200; whatever happens on the way, one effect each."""

import random
from collections import Counter
from collections.abc import Callable

import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from bot.telegram.context import Context, Reply
from bot.telegram.dispatcher import Dispatcher
from bot.telegram.methods import SendMessage
from bot.telegram.routing import Router
from tests.unit.dispatch.conftest import Cemetery
from tests.unit.dispatch.updates import AwayError, message

Make = Callable[..., Dispatcher]


@given(seed=st.integers(0, 2**32))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_every_update_takes_effect_once_or_is_a_dead_letter(
    seed: int, make_dispatcher: Make, cemetery: Cemetery, expected_errors: list[str]
) -> None:
    expected_errors += ["update.failed", "update.timed_out", "update.dead_letter"]
    cemetery.recorded.clear()
    chance = random.Random(seed)
    effects: Counter[int] = Counter()
    answers: dict[int, set[bytes]] = {}
    in_chat: set[int] = set()

    async def handler(ctx: Context) -> Reply:
        chat_id, update_id = ctx.update.chat_id or 0, ctx.update.update_id
        assert chat_id not in in_chat
        in_chat.add(chat_id)
        try:
            await trio.sleep(chance.choice([0, 1, 5, 100]))  # the last is beyond the deadline
            if chance.random() < 0.2:
                raise chance.choice([ValueError("bug"), AwayError("away")])
            effects[update_id] += 1
        finally:
            in_chat.discard(chat_id)
        return [SendMessage(chat_id=chat_id, text="first"), SendMessage(chat_id=chat_id, text="x")]

    async def deliver(dispatcher: Dispatcher, update_id: int) -> None:
        """Deliver as Telegram does: again until there is an answer, at times once more."""
        await trio.sleep(chance.uniform(0, 30))
        for _ in range(chance.choice([1, 1, 2])):
            settled = False
            while not settled:
                with trio.move_on_after(chance.choice([0, 2, 60])):  # the connection breaks
                    outcome = await dispatcher.feed(message(update_id, user=update_id % 3), raw=b"")
                    settled = outcome.settled
                    if settled:
                        answers.setdefault(update_id, set()).add(outcome.body)
                await trio.sleep(1)

    async def everything() -> Dispatcher:
        router = Router()
        router.message()(handler)
        dispatcher = make_dispatcher(
            router, update_timeout=50, max_concurrent_updates=2, user_rate_burst=1000
        )
        async with trio.open_nursery() as nursery:
            for update_id in range(12):
                nursery.start_soon(deliver, dispatcher, update_id)
        return dispatcher

    dispatcher = trio.run(everything, clock=MockClock(autojump_threshold=0))
    dead = {letter["update_id"] for letter in cemetery.recorded}
    assert {i for i in range(12) if effects[i] == 1} | dead == set(range(12))
    assert all(effects[i] == (0 if i in dead else 1) for i in range(12))
    assert all(len(bodies) == 1 for bodies in answers.values())
    assert len(dispatcher.chat_order) == 0
    assert dispatcher.slots.limiter.borrowed_tokens == 0
