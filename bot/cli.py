"""The commands of `python -m bot`: run, demo, migrate, webhook, agent, doctor."""

import faulthandler
import signal
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, Never

import click
import structlog
import trio

from bot import exits, process_settings, settings
from bot.agent.settings import AgentSettings
from bot.error_groups import leaves
from bot.log import configure as configure_logging

log = structlog.get_logger(__name__)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="warren", prog_name="warren")
def main() -> None:
    """Warren: a Telegram bot that sells VPN access and keeps what it sold true.

    Settings come from the environment and from .env in the working directory.
    """


@main.command()
def run() -> None:
    """Run the bot: webhook server (or poller), workers, health and metrics."""
    from bot import app  # noqa: PLC0415 - each command imports what it needs

    # systemd ends a service that gives no sign of life by SIGABRT: its stacks are on stderr then.
    faulthandler.enable()
    configuration = _load()
    configure_logging(configuration)
    _run(app.run, configuration)


@main.command()
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(".warren/demo"),
    show_default=True,
    help="Where the demo keeps its database and its chats.",
)
@click.option("--port", default=8081, show_default=True, help="Port of the chat page.")
def demo(data_dir: Path, port: int) -> None:
    """Run the bot against a Telegram of its own and chat with it in a browser."""
    from bot import demo as demonstration  # noqa: PLC0415 - run must not need the sandbox

    data_dir = data_dir.absolute()
    data_dir.mkdir(parents=True, exist_ok=True)
    _run(partial(demonstration.run, announce=click.echo), data_dir, port)


@main.command()
def migrate() -> None:
    """Bring the database's schema up to this version, then stop."""
    from bot import maintenance  # noqa: PLC0415 - each command imports what it needs

    configuration = _load()
    configure_logging(configuration)
    applied: list[str] = []
    _run(maintenance.migrate_database, configuration, applied)
    click.echo("\n".join(f"applied {name}" for name in applied) or "the schema is up to date")


@main.group()
def webhook() -> None:
    """Look at, set or delete the webhook's registration at Telegram."""


@webhook.command("info")
def webhook_info() -> None:
    """Show what Telegram says of the webhook."""
    _webhook("show_webhook")


@webhook.command("set")
def webhook_set() -> None:
    """Register the webhook of this configuration; updates that wait are kept."""
    _webhook("register_webhook")


@webhook.command("delete")
def webhook_delete() -> None:
    """Take the webhook away; updates that wait are kept."""
    _webhook("remove_webhook")


@main.command()
def agent() -> None:
    """Run the service beside Xray or V2Ray on a VPN host: it lets in whom the bot names."""
    try:
        from bot.agent import service  # noqa: PLC0415 - the bot must not need gRPC
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"grpc", "google"}:
            raise
        click.echo("The agent needs gRPC: pip install 'warren[agent]'", err=True)
        sys.exit(exits.ExitCode.CONFIGURATION)
    faulthandler.enable()  # as for `run`
    configuration = _load_as(AgentSettings)
    configure_logging(configuration)
    _run(service.run, configuration)


@main.command()
def doctor() -> None:
    """Check every setting and every peer; exit 1 when something needs attention."""
    from bot import doctor as doctors  # noqa: PLC0415 - each command imports what it needs

    try:
        configuration = settings.load()
    except process_settings.InvalidSettingsError as error:
        click.echo(f"FAIL  settings     {error}")
        sys.exit(exits.ExitCode.CONFIGURATION)
    configure_logging(configuration.model_copy(update={"log_level": "error"}))
    well: list[bool] = []
    _run(doctors.examine, configuration, click.echo, well)
    sys.exit(0 if all(well) else 1)


def _webhook(action: str) -> None:
    from bot import maintenance  # noqa: PLC0415 - each command imports what it needs

    configuration = _load()
    configure_logging(configuration)
    _run(getattr(maintenance, action), configuration, click.echo)


def _load() -> settings.Settings:
    return _load_as(settings.Settings)


def _load_as(kind: type[process_settings.AnySettings]) -> process_settings.AnySettings:
    try:
        return process_settings.read(kind)
    except process_settings.InvalidSettingsError as error:
        click.echo(str(error), err=True)
        sys.exit(exits.ExitCode.CONFIGURATION)


def _run(main_task: Callable[..., Awaitable[Any]], *args: Any) -> None:
    """Run `main_task` on Trio; end the process with the code that its error stands for."""
    # The main task owns SIGINT; before it listens and after it stopped, Ctrl-C just ends us.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        trio.run(main_task, *args)
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    except Exception as error:  # noqa: BLE001 - the edge of the process: every error ends here
        _end(error)


def _end(error: Exception) -> Never:
    for leaf in leaves(error):
        if exits.expected(leaf) is None:
            log.critical("app.crashed", exc_info=leaf)
        else:
            click.echo(f"{leaf}", err=True)
    code = exits.exit_code(error)
    log.error("app.ended", code=int(code), meaning=code.name.lower())
    sys.exit(code)
