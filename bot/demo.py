"""The bot and a Telegram of its own, in one process, with a chat page to talk to it.

The stand-in is started first and ended last: the bot stops while its Telegram is still there,
as it would in life. Nothing of the bot knows that it is a demo.
"""

import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import trio

from bot import app
from bot.log import configure as configure_logging
from bot.process_settings import InvalidSettingsError
from bot.sandbox.telegram import SandboxConfig, serve_telegram
from bot.setting_types import Bind
from bot.settings import Settings, load

_HOST = "127.0.0.1"
_BOT_ID = 7_000_000_001


async def run(data_dir: Path, port: int, *, announce: Callable[[str], None]) -> None:
    """Run until a signal; prints the one address to open and where the state is kept.

    Raises InvalidSettingsError when `port` is taken, and what `bot.app.run` raises.
    """
    if not _is_free(port):
        raise InvalidSettingsError(
            f"Port {port} is taken. End what listens there, or choose another: --port {port + 10}"
        )
    config = SandboxConfig(
        data_dir=data_dir / "telegram", host=_HOST, port=port, token=_token(data_dir / "token")
    )
    async with trio.open_nursery() as nursery:
        page = await nursery.start(serve_telegram, config, name="Telegram stand-in")
        settings = _settings(config, page, data_dir)
        configure_logging(settings)
        await app.run(settings, task_status=_Announcement(page, data_dir, announce))
        nursery.cancel_scope.cancel(reason="the bot has stopped")


@dataclass(frozen=True, slots=True)
class _Announcement:
    """Stands where a nursery would hear that the bot is ready, and tells the person."""

    page: str
    data_dir: Path
    announce: Callable[[str], None]

    def started(self, value: app.Addresses | None = None) -> None:
        """Take the addresses of a bot that is ready."""
        assert value is not None  # noqa: S101 - typing: the bot always says where it listens
        self.announce(
            f"\n  Chat with the bot:  {self.page}\n\n"
            f"  health and tasks    {value.ops}/tasks\n"
            f"  state is kept in    {self.data_dir}\n"
            f"  Ctrl-C ends everything\n"
        )


def _settings(config: SandboxConfig, telegram: str, data_dir: Path) -> Settings:
    bind = Bind((_HOST, _free_port(8080)))
    return load(
        _env_file=None,
        bot_token=config.token,
        mode="webhook",
        public_url=f"http://{bind}",
        webhook_secret=None,
        telegram_api_url=telegram,
        admin_ids=frozenset(person.id for person in config.people if person.is_admin),
        bind=bind,
        ops_bind=Bind((_HOST, _free_port(9090))),
        database_url=None,
        data_dir=data_dir,
        log_format="console",
        log_level="warning",
    )


def _token(path: Path) -> str:
    """Return the token of this demo's bot: made up once, then kept, as @BotFather would."""
    if not path.exists():
        path.write_text(f"{_BOT_ID}:{secrets.token_urlsafe(27)[:35]}")
        path.chmod(0o600)
    return path.read_text().strip()


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError:
            return False
    return True


def _free_port(wanted: int) -> int:
    """Return `wanted` if nobody listens there, else a port that the system chooses."""
    if _is_free(wanted):
        return wanted
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])
