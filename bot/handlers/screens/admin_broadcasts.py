"""Broadcasts as administrators see them: to whom, how it looks, how far it is."""

from collections.abc import Mapping, Sequence

from bot.handlers.screens.admin_desk import question
from bot.handlers.screens.screen import Screen, back, button, rows
from bot.shop.broadcasts import Broadcast, BroadcastId, Segment
from bot.telegram.types import InlineKeyboardButton
from bot.texts import Texts


def broadcasts(texts: Texts, latest: Sequence[Broadcast]) -> Screen:
    """The latest broadcasts, and the way to a new one."""
    listed = [
        button(
            f"{_light(each)} {texts.day(each.created_at)} · {segment(texts, each.segment)} · "
            f"{each.sent}/{each.total}",
            f"a-broadcast:{each.id}",
        )
        for each in latest
    ]
    new = button(texts("admin-broadcast-new"), "a-broadcast-new")
    words = texts("admin-broadcasts" if latest else "admin-broadcasts-none")
    return Screen(words, rows(new, *listed, back(texts, "a-desk")))


def segments(texts: Texts, sizes: Mapping[Segment, int]) -> Screen:
    """To whom a new one goes, with how many people each choice reaches now."""
    choices = [
        button(f"{segment(texts, each)} · {size}", f"a-broadcast-new:{each}")
        for each, size in sizes.items()
    ]
    cancel = button(texts("admin-cancel"), "a-broadcasts")
    return Screen(texts("admin-broadcast-to-whom"), rows(*choices, cancel))


def ask_message(texts: Texts, to: Segment, size: int, *, wrong: bool = False) -> Screen:
    """Ask for the message itself."""
    words = texts("admin-broadcast-message", segment=segment(texts, to), size=size)
    return question(
        texts,
        words,
        cancel="a-broadcasts",
        wrong=texts("admin-broadcast-not-copied") if wrong else None,
    )


def draft(texts: Texts, broadcast_id: BroadcastId, to: Segment, size: int) -> Screen:
    """What is asked below the preview."""
    words = texts("admin-broadcast-sure", segment=segment(texts, to), size=size)
    start = button(texts("admin-broadcast-start"), f"a-broadcast-go:{broadcast_id}")
    drop = button(texts("admin-cancel"), f"a-broadcast-end:{broadcast_id}")
    return Screen(words, rows(start, drop))


def broadcast(texts: Texts, shown: Broadcast) -> Screen:
    """One broadcast and how far it is."""
    lines = [
        texts("admin-broadcast", id=str(shown.id), segment=segment(texts, shown.segment)),
        "",
        texts(f"admin-broadcast-is-{shown.state}"),
        texts("admin-broadcast-sent", sent=shown.sent, total=shown.total),
        _bar(shown.sent + shown.failed, shown.total),
    ]
    if shown.failed:
        lines.append(texts("admin-broadcast-failed", count=shown.failed))
    return Screen("\n".join(lines), rows(*_steps(texts, shown), back(texts, "a-broadcasts")))


def segment(texts: Texts, name: Segment) -> str:
    """Return whom a segment is, in words."""
    return texts(f"admin-segment-{name}")


def _steps(texts: Texts, shown: Broadcast) -> list[InlineKeyboardButton]:
    go = button(texts("admin-broadcast-resume"), f"a-broadcast-go:{shown.id}")
    pause = button(texts("admin-broadcast-pause"), f"a-broadcast-pause:{shown.id}")
    end = button(texts("admin-broadcast-cancel"), f"a-broadcast-end:{shown.id}")
    refresh = button(texts("admin-refresh"), f"a-broadcast:{shown.id}")
    match shown.state:
        case "draft":
            return [button(texts("admin-broadcast-start"), f"a-broadcast-go:{shown.id}"), end]
        case "running":
            return [refresh, pause, end]
        case "paused":
            return [go, end]
        case _:
            return []


def _bar(done: int, total: int) -> str:
    tenths = min(done * 10 // total, 10) if total else 0
    return "▰" * tenths + "▱" * (10 - tenths)


def _light(shown: Broadcast) -> str:
    return {"running": "▶️", "paused": "⏸", "done": "✅", "canceled": "✖️"}.get(shown.state, "📝")
