"""What deploy/ says of the program, compared with the program."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.agent.settings import AgentSettings
from bot.exits import ExitCode
from bot.process_settings import ProcessSettings
from bot.settings import Settings, load

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"

# Names that compose.yaml and the Caddyfile have beside the bot's settings.
COMPOSE_ONLY = {"POSTGRES_PASSWORD", "WARREN_UPSTREAM"}
POSTGRES_IMAGE = {"POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD"}
REQUIRED = {"BOT_TOKEN": "123456789:" + "A" * 35, "VPN_API_KEY": "k" * 32}


def names(kind: type[ProcessSettings]) -> set[str]:
    return {name.upper() for name in kind.model_fields}


def assignments(path: Path, *, commented: bool) -> dict[str, str]:
    start = r"^#?" if commented else "^"
    found = re.findall(rf"{start}([A-Z][A-Z_]+)=(.*)$", path.read_text(), re.MULTILINE)
    return dict(found)


def compose() -> dict[str, Any]:
    text = (DEPLOY / "compose.yaml").read_text()
    read: dict[str, Any] = yaml.safe_load(text)
    return read


def seconds(span: str) -> float:
    return float(span.removesuffix("s"))


def unit(name: str) -> dict[str, list[str]]:
    """The directives of a unit, each with its values in order."""
    text = (DEPLOY / "systemd" / name).read_text()
    directives: dict[str, list[str]] = {}
    for key, value in re.findall(r"^([A-Z]\w+)=(.*)$", text, re.MULTILINE):
        directives.setdefault(key, []).append(value)
    return directives


@pytest.mark.parametrize(
    ("path", "kind", "others"),
    [
        ("env.example", Settings, {"POSTGRES_PASSWORD"}),
        ("agent.env.example", AgentSettings, set()),
    ],
)
def test_an_example_names_only_settings_that_there_are_and_all_that_are_required(
    path: str, kind: type[ProcessSettings], others: set[str]
) -> None:
    named = set(assignments(DEPLOY / path, commented=True))
    assert named - others <= names(kind)
    required = {name.upper() for name, field in kind.model_fields.items() if field.is_required()}
    assert required <= set(assignments(DEPLOY / path, commented=False))


def test_the_example_of_the_bot_is_a_configuration_once_it_is_filled_in() -> None:
    given = assignments(DEPLOY / "env.example", commented=True) | REQUIRED
    del given["POSTGRES_PASSWORD"]
    settings = load(_env_file=None, **{name.lower(): value for name, value in given.items()})
    assert settings.public_url == "https://bot.example.org"


def test_the_example_of_the_agent_is_a_configuration_once_it_is_filled_in() -> None:
    given = assignments(DEPLOY / "agent.env.example", commented=True) | {"VPN_API_KEY": "k" * 32}
    AgentSettings(_env_file=None, **{name.lower(): value for name, value in given.items()})  # type: ignore[call-arg]


def test_compose_gives_the_bot_only_settings_that_there_are() -> None:
    services = compose()["services"]
    assert set(services["bot"]["environment"]) <= names(Settings)
    assert set(services["postgres"]["environment"]) <= POSTGRES_IMAGE
    text = (DEPLOY / "compose.yaml").read_text() + (DEPLOY / "Caddyfile").read_text()
    used = set(re.findall(r"\{\$?([A-Z][A-Z_]+)[:}]", text))
    assert used <= names(Settings) | COMPOSE_ONLY
    asked_of_people = set(re.findall(r"\$\{([A-Z_]+):\?", text))
    assert asked_of_people <= set(assignments(DEPLOY / "env.example", commented=False))


def test_compose_lets_nobody_but_the_proxy_listen_to_the_world() -> None:
    services = compose()["services"]
    assert {name for name, service in services.items() if "ports" in service} == {"caddy"}
    assert services["postgres"]["networks"] == ["inside"]
    assert "inside" not in services["caddy"]["networks"]
    assert compose()["networks"]["inside"]["internal"]


def test_whoever_stops_the_bot_waits_longer_than_it_drains() -> None:
    grace = load(
        _env_file=None, bot_token=REQUIRED["BOT_TOKEN"], mode="polling"
    ).shutdown_grace.total_seconds()
    assert seconds(compose()["services"]["bot"]["stop_grace_period"]) > grace + 10
    assert float(unit("warren.service")["TimeoutStopSec"][0]) > grace + 10


@pytest.mark.parametrize("name", ["warren.service", "warren-agent.service"])
def test_a_unit_starts_again_what_a_new_start_can_mend(name: str) -> None:
    directives = unit(name)
    assert directives["Type"] == ["notify"]
    assert directives["Restart"] == ["on-failure"]
    kept = {int(code) for code in directives["RestartPreventExitStatus"][0].split()}
    assert kept == {ExitCode.REFUSED, ExitCode.CONFIGURATION}
    assert float(directives["WatchdogSec"][0]) > 0


def test_the_image_runs_as_nobody_special_and_knows_the_ops_address() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    last_stage = text.rpartition("\nFROM ")[2]
    assert re.search(r"^USER (?!0)\d+:\d+$", last_stage, re.MULTILINE)
    default = Settings.model_fields["ops_bind"].get_default()
    assert f"http://{default}/health/live" in last_stage
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", text, re.MULTILINE)
    allowed = re.findall(
        r"^!(\S+)$", (DEPLOY / "Dockerfile.dockerignore").read_text(), re.MULTILINE
    )
    assert sorted(name for line in copied for name in line.split()) == sorted(allowed)
    assert all((ROOT / name).exists() for name in allowed)
