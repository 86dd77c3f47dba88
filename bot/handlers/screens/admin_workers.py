"""The workers of this process, as `/tasks` shows them."""

from collections.abc import Sequence
from datetime import timedelta
from html import escape

from bot.handlers.screens.admin_desk import short
from bot.handlers.screens.screen import Screen, back, button, rows
from bot.supervise import WorkerStatus
from bot.texts import Texts

_LONGEST_ERROR = 500


def workers(texts: Texts, listed: Sequence[WorkerStatus], clock: float) -> Screen:
    """Every worker; `clock` is the seconds of the clock that their times are of."""
    paragraphs = [texts("admin-workers" if listed else "admin-workers-none")]
    lines = [
        f"{_light(each)} <code>{each.name}</code> — {_last(texts, each, clock)}" for each in listed
    ]
    if lines:
        paragraphs.append("\n".join(lines))
    buttons = [button(each.name, f"a-worker:{each.name}") for each in listed]
    by_two = [buttons[i : i + 2] for i in range(0, len(buttons), 2)]
    refresh = button(texts("admin-refresh"), "a-workers")
    return Screen("\n\n".join(paragraphs), rows(*by_two, refresh, back(texts, "a-desk")))


def worker(texts: Texts, shown: WorkerStatus, clock: float) -> Screen:
    """One worker, and the button that lets it run now."""
    lines = [
        f"{_light(shown)} <b>{shown.name}</b>",
        escape(shown.purpose),
        "",
        texts(
            "admin-worker-times",
            every=_seconds(texts, shown.interval_seconds),
            deadline=_seconds(texts, shown.deadline_seconds),
        ),
        texts("admin-worker-last", last=_last(texts, shown, clock), ticks=shown.ticks),
        texts("admin-worker-next", next=_seconds(texts, max(shown.next_at - clock, 0))),
        texts("admin-worker-connections", held=shown.connections_held, most=shown.connections),
    ]
    if shown.failures_in_a_row:
        error = escape(short(shown.last_error or "—", _LONGEST_ERROR))
        lines += ["", texts("admin-worker-fails", count=shown.failures_in_a_row, error=error)]
    return Screen(
        "\n".join(lines),
        rows(
            button(texts("admin-worker-run"), f"a-worker-run:{shown.name}"),
            [button(texts("admin-refresh"), f"a-worker:{shown.name}"), back(texts, "a-workers")],
        ),
    )


def _last(texts: Texts, shown: WorkerStatus, clock: float) -> str:
    if shown.running_since is not None:
        return texts("admin-worker-runs", since=_seconds(texts, clock - shown.running_since))
    if shown.last_ended is None or shown.last_duration is None:
        return texts("admin-worker-not-yet")
    return texts(
        "admin-worker-ended",
        ago=_seconds(texts, clock - shown.last_ended),
        took=texts("admin-milliseconds", count=round(shown.last_duration * 1000)),
    )


def _seconds(texts: Texts, seconds: float) -> str:
    if seconds < 120:
        return texts("admin-seconds", count=round(seconds))
    return texts.left(timedelta(seconds=seconds))


def _light(shown: WorkerStatus) -> str:
    if shown.degraded:
        return "🔴"
    return "🟡" if shown.failures_in_a_row else "🟢"
