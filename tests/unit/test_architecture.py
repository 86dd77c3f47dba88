"""The directions of imports, and the islands: what a reader may rely on without looking."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BOT = ROOT / "bot"

# A package may import the ones of its own row and of the rows below; the rows are read downhill.
LEVELS = [
    {"__main__", "cli"},
    {"demo", "doctor", "maintenance", "agent"},
    {"app", "exits"},
    {"assembly"},
    {"web", "workers", "handlers", "alerts", "cashier"},
    {"shop", "texts"},
    {"db", "telegram", "payments", "vpn"},
    {"http", "supervise", "timetable", "readiness", "task_tree", "sd_notify", "log"},
    {"settings", "holding", "metrics", "error_groups"},
    {"process_settings"},
    {"setting_types", "money"},
]
NEVER = {
    "shop": {"telegram", "web", "vpn", "handlers"},
    "telegram": {"db", "payments"},
    "db": {"telegram", "payments"},
    "payments": {"db", "vpn", "web", "handlers"},
    "handlers": {"web"},
    "vpn": {"db", "telegram", "payments"},
    "web": {"handlers", "workers"},
    # On a VPN host there is no database, no Telegram and no shop.
    "agent": {
        "app",
        "assembly",
        "db",
        "shop",
        "telegram",
        "payments",
        "vpn",
        "handlers",
        "workers",
    },
}


def modules() -> Iterator[Path]:
    yield from sorted(BOT.rglob("*.py"))


def package(path: Path) -> str:
    """The first name under `bot` that a file belongs to."""
    return path.relative_to(BOT).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "bot":
                yield from (f"bot.{alias.name}" for alias in node.names)
            else:
                yield node.module


def ours(path: Path) -> set[str]:
    return {name.split(".")[1] for name in imports(path) if name.startswith("bot.")} - {
        package(path)
    }


def level(name: str) -> int:
    return next(i for i, row in enumerate(LEVELS) if name in row)


@pytest.mark.parametrize("path", list(modules()), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_downhill(path: Path) -> None:
    name = package(path)
    if name in {"__init__", "sandbox"}:
        return
    uphill = {
        other
        for other in ours(path) - {"sandbox"}
        if level(other) < level(name) or other in NEVER.get(name, set())
    }
    assert uphill == set()
    assert "sandbox" not in ours(path) or name == "demo"


def test_the_sandbox_knows_nothing_of_the_bot() -> None:
    offenders = {
        str(path.relative_to(ROOT)): found
        for path in (BOT / "sandbox").rglob("*.py")
        if (found := ours(path))
    }
    assert offenders == {}


def test_only_what_is_paid_inside_telegram_knows_telegram_in_payments() -> None:
    knowing = {path.name for path in (BOT / "payments").rglob("*.py") if "telegram" in ours(path)}
    assert knowing <= {"stars.py", "telegram_payments.py"}


def test_asyncio_stays_on_its_island() -> None:
    offenders = {
        str(path.relative_to(ROOT)): name
        for path in modules()
        if package(path) != "db"
        for name in imports(path)
        if name.split(".")[0] in {"asyncio", "trio_asyncio", "asyncpg"}
    }
    assert offenders == {}


def test_http_clients_are_made_in_one_place() -> None:
    makers = [
        str(path.relative_to(BOT))
        for path in modules()
        if package(path) != "sandbox" and "AsyncClient(" in path.read_text()
    ]
    assert makers == ["http.py"]


NURSERIES = {
    "app.py": "the one nursery",
    "handlers/checkout.py": "an answer that goes ahead of a slow database, ends with the update",
    "telegram/polling.py": "the loop and its batches, end with it",
    "web/webhook.py": "discards a body while refusing",
    "demo.py": "the bot beside its stand-in",
    "agent/service.py": "the one nursery of the agent's process",
    "workers/activation.py": "calls to hosts side by side, end with their batch",
    "workers/notifier.py": "sends side by side, end with their batch",
    "workers/xray_sync.py": "looks at hosts side by side, ends with the tick",
    "workers/health_check.py": "checks side by side, ends with the tick",
}


def test_nurseries_are_opened_only_where_the_design_names_them() -> None:
    found = {
        str(path.relative_to(BOT))
        for path in modules()
        if package(path) != "sandbox" and "open_nursery(" in path.read_text()
    }
    assert found - set(NURSERIES) == set()


def test_nothing_but_a_clock_at_the_edge_reads_the_time_of_day() -> None:
    readers = {
        str(path.relative_to(BOT))
        for path in modules()
        if package(path) != "sandbox" and ("datetime.now(" in path.read_text())
    }
    assert readers <= {"assembly.py"}
