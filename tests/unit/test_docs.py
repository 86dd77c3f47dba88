"""What the README states and a program can check."""

from datetime import timedelta
from pathlib import Path

from click.testing import CliRunner

from bot.agent.settings import AgentSettings
from bot.cli import main
from bot.process_settings import ProcessSettings
from bot.settings import Settings
from tests.unit.workers.rows import every_worker

README = (Path(__file__).parents[2] / "README.md").read_text()


def default(value: object) -> str:
    match value:
        case None | "":
            return ""
        case frozenset() if not value:
            return ""
        case tuple() if all(isinstance(part, int) for part in value):
            return f"`{','.join(map(str, value))}`"
        case timedelta():
            return f"`{value.total_seconds():g}`"
        case _:
            return f"`{value}`"


def settings_table(kind: type[ProcessSettings]) -> str:
    rows = ["| setting | default | what it is for |", "|---|---|---|"]
    for name, field in kind.model_fields.items():
        shown = "**required**" if field.is_required() else default(field.get_default())
        rows.append(f"| `{name.upper()}` | {shown} | {field.description} |")
    return "\n".join(rows)


def workers_table() -> str:
    rows = ["| worker | every | at most | connections | what it does |", "|---|---|---|---|---|"]
    for worker in every_worker():
        early = ", and when woken" if worker.wake else ""
        rows.append(
            f"| `{worker.name}` | {worker.interval.total_seconds():g} s{early} "
            f"| {worker.deadline.total_seconds():g} s | {worker.connections} | {worker.purpose} |"
        )
    return "\n".join(rows)


def between(start: str, end: str) -> str:
    return README.partition(start)[2].partition(end)[0].partition("-->")[2].strip()


def test_the_settings_table_is_the_one_of_the_code() -> None:
    assert between("<!-- settings:", "<!-- /settings -->") == settings_table(Settings)


def test_the_table_of_the_agents_settings_is_the_one_of_the_code() -> None:
    table = between("<!-- agent settings:", "<!-- /agent settings -->")
    assert table == settings_table(AgentSettings)


def test_the_table_of_workers_is_the_one_of_the_code() -> None:
    assert between("<!-- workers:", "<!-- /workers -->") == workers_table()


def test_every_command_that_the_readme_names_exists() -> None:
    shown = CliRunner().invoke(main, ["--help"]).output
    for command in ("run", "demo", "doctor", "migrate", "webhook", "agent"):
        assert f"python -m bot {command}" in README
        assert f"  {command} " in shown


def test_every_setting_is_described_for_people() -> None:
    fields = (Settings.model_fields | AgentSettings.model_fields).items()
    assert [name for name, field in fields if not field.description] == []
