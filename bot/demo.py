"""The bot and a world of its own, in one process: Telegram, two cashiers and a VPN host.

The stand-ins are started first and ended last: the bot stops while its Telegram and its payment
providers are still there, as it would in life. Nothing of the bot knows that it is a demo.
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
from bot.sandbox.cryptopay import CryptoPayConfig, serve_cryptopay
from bot.sandbox.telegram import SandboxConfig, serve_telegram
from bot.sandbox.vpn_host import VpnHostConfig, serve_vpn_host
from bot.sandbox.yookassa import YooKassaConfig, serve_yookassa
from bot.setting_types import Bind
from bot.settings import load

_HOST = "127.0.0.1"
_BOT_ID = 7_000_000_001

# Of a host that doesn't exist: whoever pastes a key of the demo into an app is led nowhere.
_SHARE_LINK = (
    "vless://00000000-0000-4000-8000-000000000000@vpn.example.org:443?type=tcp&security=reality"
    "&sni=www.example.org&fp=chrome&pbk=Bv1u8gW3h9Y2Jm0sQ4kXc7nT5rLdPzOeAaHfGiKjVxo&sid=a1b2c3d4"
    "&flow=xtls-rprx-vision"
)


async def run(data_dir: Path, port: int, *, announce: Callable[[str], None]) -> None:
    """Run until a signal; prints the one address to open and where the state is kept.

    Raises InvalidSettingsError when `port` is taken, and what `bot.app.run` raises.
    """
    if not _is_free(port):
        raise InvalidSettingsError(
            f"Port {port} is taken. End what listens there, or choose another: --port {port + 10}"
        )
    bind = Bind((_HOST, _free_port(8080)))
    config = SandboxConfig(
        data_dir=data_dir / "telegram",
        host=_HOST,
        port=port,
        token=_kept(data_dir / "token", f"{_BOT_ID}:{secrets.token_urlsafe(27)[:35]}"),
    )
    async with trio.open_nursery() as nursery:
        page = await nursery.start(serve_telegram, config, name="Telegram stand-in")
        crypto_pay = _crypto_pay(data_dir, port + 1, bind, page)
        yookassa = _yookassa(data_dir, port + 2, bind, page)
        crypto_pay_url = await nursery.start(
            serve_cryptopay, crypto_pay, name="Crypto Pay stand-in"
        )
        vpn_host = _vpn_host(data_dir, port + 3)
        vpn_host_url = await nursery.start(serve_vpn_host, vpn_host, name="VPN host stand-in")
        yookassa_url = await nursery.start(serve_yookassa, yookassa, name="YooKassa stand-in")
        settings = load(
            _env_file=None,
            bot_token=config.token,
            mode="webhook",
            public_url=f"http://{bind}",
            webhook_secret=None,
            telegram_api_url=page,
            admin_ids=frozenset(person.id for person in config.people if person.is_admin),
            bind=bind,
            ops_bind=Bind((_HOST, _free_port(9090))),
            database_url=None,
            data_dir=data_dir,
            crypto_pay_token=crypto_pay.token,
            crypto_pay_api_url=crypto_pay_url,
            yookassa_shop_id=yookassa.shop_id,
            yookassa_secret_key=yookassa.secret_key,
            yookassa_api_url=yookassa_url,
            vpn_api_url=vpn_host_url,
            vpn_api_key=vpn_host.key,
            vpn_share_link=_SHARE_LINK,
            sample_plans=True,
            log_format="console",
            log_level="warning",
        )
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


def _crypto_pay(data_dir: Path, port: int, bot: Bind, telegram: str) -> CryptoPayConfig:
    """Return a Crypto Pay that tells `bot` of payments and leads people back to `telegram`."""
    return CryptoPayConfig(
        data_dir=data_dir / "cryptopay",
        token=_kept(data_dir / "cryptopay-token", f"100500:AA{secrets.token_urlsafe(24)}"),
        webhook_url=f"http://{bot}/cryptopay/webhook",
        host=_HOST,
        port=_free_port(port),
        telegram_url=telegram,
    )


def _yookassa(data_dir: Path, port: int, bot: Bind, telegram: str) -> YooKassaConfig:
    """Return a YooKassa that tells `bot` of payments and leads people back to `telegram`."""
    return YooKassaConfig(
        data_dir=data_dir / "yookassa",
        shop_id="100500",
        secret_key=_kept(data_dir / "yookassa-key", f"test_{secrets.token_urlsafe(32)}"),
        webhook_url=f"http://{bot}/yookassa/webhook",
        host=_HOST,
        port=_free_port(port),
        telegram_url=telegram,
    )


def _vpn_host(data_dir: Path, port: int) -> VpnHostConfig:
    """Return a VPN host that takes keys as an agent does; no traffic goes through it."""
    return VpnHostConfig(
        key=_kept(data_dir / "vpn-host-key", secrets.token_urlsafe(32)),
        host=_HOST,
        port=_free_port(port),
        data_dir=data_dir / "vpn-host",
    )


def _kept(path: Path, made_up: str) -> str:
    """Return the secret in a file: made up once, then kept, so that a restart changes nothing."""
    if not path.exists():
        path.write_text(made_up)
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
