import pytest

from bot.readiness import Phase, Readiness


async def test_stopping_is_final() -> None:
    readiness = Readiness()
    readiness.enter(Phase.READY)
    readiness.enter(Phase.STOPPING, "shutting down")

    readiness.enter(Phase.READY)

    assert not readiness.ready
    assert readiness.why_not() == "shutting down"


async def test_a_phase_that_is_not_ready_says_why() -> None:
    readiness = Readiness()
    with pytest.raises(ValueError, match="needs a reason"):
        readiness.enter(Phase.STANDBY)
    with pytest.raises(ValueError, match="READY has none"):
        readiness.enter(Phase.READY, "almost")


async def test_a_doubt_is_told_and_leaves_the_door_open() -> None:
    heard: list[tuple[Phase, str | None]] = []
    readiness = Readiness(lambda phase, reason: heard.append((phase, reason)))
    readiness.enter(Phase.READY)
    readiness.doubt("the disk is full")
    readiness.doubt("the disk is full")

    assert (readiness.why_not(), readiness.complaint()) == (None, "the disk is full")

    readiness.doubt(None)
    assert readiness.complaint() is None
    assert heard == [
        (Phase.READY, None),
        (Phase.READY, "the disk is full"),
        (Phase.READY, None),
    ]


async def test_the_phase_is_a_better_reason_than_a_doubt() -> None:
    readiness = Readiness()
    readiness.doubt("the disk is full")
    assert readiness.complaint() == "starting"
