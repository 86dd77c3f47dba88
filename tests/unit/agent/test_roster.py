from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.agent.roster import Client, Roster


def client(uuid: UUID | None = None) -> Client:
    return Client(uuid or uuid4(), "Ann", "")


def watch(roster: Roster, start: float, *moments: float) -> list[bool]:
    """Look at a core that started at `start`; each look takes 2 ms."""
    return [
        roster.observe(int(moment - start), moment - 0.001, moment + 0.001) for moment in moments
    ]


@given(
    start=st.floats(0, 1e6),
    waits=st.lists(st.floats(0.002, 5000), min_size=1, max_size=50),
    took=st.floats(0, 3),
)
def test_one_run_of_the_core_is_never_taken_for_two(
    start: float, waits: list[float], took: float
) -> None:
    roster, now = Roster(0), start
    for wait in waits:
        now += wait
        # The core looked at its clock at any moment of the call.
        assert not roster.observe(int(now - start), now - took / 2, now + took / 2)


@given(first=st.floats(0, 1e6), ran=st.floats(2.1, 1e6), looked=st.floats(0, 1))
def test_a_restart_is_seen_at_the_first_look_if_the_core_ran_for_more_than_two_seconds(
    first: float, ran: float, looked: float
) -> None:
    roster = Roster(0)
    second = first + ran
    assert watch(roster, first, first + ran * looked + 0.001) == [False]
    roster.note(client())
    assert watch(roster, second, second + 0.01) == [True]
    assert roster.clients() == []


def test_a_restart_within_a_second_is_seen_once_the_starts_are_known_apart() -> None:
    roster = Roster(0)
    # Looked at often, the whole seconds tell the start to some milliseconds.
    watch(roster, 10.0, *(10.0 + step / 100 for step in range(1, 120)))
    assert watch(roster, 11.3, 11.31) == [True]


def test_what_was_noted_is_there_until_it_is_forgotten() -> None:
    roster, someone = Roster(0), client()
    roster.note(someone)
    assert roster.get(someone.uuid) == someone
    roster.forget(someone.uuid)
    roster.forget(someone.uuid)
    assert (roster.get(someone.uuid), roster.clients()) == (None, [])


@pytest.mark.parametrize(
    ("core_started", "complete"), [(90.0, False), (99.5, False), (102.5, True)]
)
def test_it_is_complete_only_for_a_core_that_started_while_it_was_watching(
    core_started: float, complete: bool
) -> None:
    roster = Roster(100.0)
    assert not roster.complete
    watch(roster, core_started, 103.0)
    assert roster.complete is complete


def test_after_a_restart_that_it_saw_it_is_complete() -> None:
    roster = Roster(100.0)
    watch(roster, 50.0, 101.0)
    assert not roster.complete
    watch(roster, 101.5, 101.6)
    assert roster.complete
