import pytest

from bot import holding
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


def test_a_call_while_holding_a_connection_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holding, "strict", True)
    with (
        holding.holding("updates"),
        pytest.raises(holding.ConnectionHeldError, match=r"POST sendMessage .*'updates'"),
    ):
        holding.require_nothing_held("POST sendMessage")

    holding.require_nothing_held("POST sendMessage")
