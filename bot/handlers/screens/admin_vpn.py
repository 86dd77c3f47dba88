"""VPN hosts as administrators see them, and access that isn't where it should be."""

from collections.abc import Sequence
from datetime import datetime
from html import escape

from bot.handlers.screens.admin_desk import short, sure
from bot.handlers.screens.screen import Screen, back, button, rows
from bot.shop.hosts import Host, HostState
from bot.shop.vpn_jobs import Unprovisioned
from bot.texts import Texts

_LONGEST_ERROR = 120
_MOST_SHOWN = 15


def hosts(texts: Texts, listed: Sequence[Host]) -> Screen:
    """Every host with its load."""
    buttons = [
        button(f"{_light(host)} {short(host.name)} · {_load(host)}", f"a-host:{host.id}")
        for host in listed
    ]
    refresh = button(texts("admin-refresh"), "a-hosts")
    words = texts("admin-hosts" if listed else "admin-hosts-none")
    return Screen(words, rows(*buttons, refresh, back(texts, "a-desk")))


def host(texts: Texts, shown: Host) -> Screen:
    """One host, and the states that it can be put in."""
    lines = [
        f"🖥 <b>{escape(shown.name)}</b>",
        f"<code>{escape(shown.api_url)}</code>",
        "",
        texts("admin-host-load", load=_load(shown), weight=shown.weight),
        texts("admin-host-well" if shown.healthy else "admin-host-away"),
        texts(f"admin-host-is-{shown.state}"),
    ]
    states = [
        button(
            texts(f"admin-host-to-{state}"),
            f"a-host-retire:{shown.id}"
            if state is HostState.RETIRED
            else f"a-host-to:{state}:{shown.id}",
        )
        for state in HostState
        if state is not shown.state
    ]
    return Screen("\n".join(lines), rows(*states, back(texts, "a-hosts")))


def sure_to_retire(texts: Texts, shown: Host) -> Screen:
    """What is asked before a host is retired."""
    return sure(
        texts,
        texts("admin-host-retire-sure", name=escape(shown.name), clients=shown.clients),
        yes=texts("admin-host-retire-yes"),
        do=f"a-host-to:{HostState.RETIRED}:{shown.id}",
        cancel=f"a-host:{shown.id}",
    )


def unprovisioned(texts: Texts, waiting: Sequence[Unprovisioned], now: datetime) -> Screen:
    """Access that was granted and isn't on its host; nothing if all is well."""
    refresh = button(texts("admin-refresh"), "a-unprovisioned")
    if not waiting:
        return Screen(texts("admin-provisioned"), rows(refresh, back(texts, "a-desk")))
    paragraphs = [texts("admin-unprovisioned", count=len(waiting))]
    for each in waiting[:_MOST_SHOWN]:
        line = texts(
            "admin-unprovisioned-one",
            id=f"<code>{each.user_id}</code>",
            host=escape(each.host) or texts("admin-no-host"),
            since=texts.left(now - each.wanted_at),
            attempts=each.attempts,
        )
        error = (
            f"\n<i>{escape(short(each.last_error, _LONGEST_ERROR))}</i>" if each.last_error else ""
        )
        paragraphs.append(("⚠️ " if each.flagged else "⏳ ") + line + error)
    people = [
        button(f"👤 {each.user_id}", f"a-person:{each.user_id}") for each in waiting[:_MOST_SHOWN]
    ]
    by_three = [people[i : i + 3] for i in range(0, len(people), 3)]
    return Screen("\n\n".join(paragraphs), rows(*by_three, refresh, back(texts, "a-desk")))


def _light(shown: Host) -> str:
    match shown.state:
        case HostState.ACTIVE:
            return "🟢" if shown.healthy else "🔴"
        case HostState.MAINTENANCE:
            return "🟡"
        case HostState.RETIRED:
            return "⚫️"


def _load(shown: Host) -> str:
    return f"{shown.clients}/{shown.capacity} ({shown.clients * 100 // shown.capacity}%)"
