"""Every setting of the bot: its name, its default, its bounds, and what it is for."""

import hashlib
import re
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, field_validator

from bot.money import EXPONENTS, STARS
from bot.process_settings import ProcessSettings, read
from bot.setting_types import Amounts, Bind, BindAddress, Ids, Names, Seconds

TELEGRAM_API_URL = "https://api.telegram.org"

_TOKEN = re.compile(r"\d{1,20}:[A-Za-z0-9_-]{30,100}")
# In a DSN; an IPv6 address stands in brackets.
_HOST = re.compile(r"(\[[^\]]*\]|[^:\[\]]*)(:\d*)?")
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")


class Mode(StrEnum):
    """The transport of updates."""

    WEBHOOK = "webhook"
    POLLING = "polling"


class Settings(ProcessSettings):
    """The whole configuration of the bot's process."""

    # Telegram
    bot_token: SecretStr = Field(description="The bot's token, from @BotFather.")
    mode: Mode = Field(Mode.WEBHOOK, description="How updates arrive: webhook or polling.")
    public_url: str | None = Field(
        None,
        description="The HTTPS address under which Telegram reaches this server. "
        "Needed in webhook mode.",
    )
    webhook_secret: SecretStr | None = Field(
        None, description="Telegram sends it back with every update. Default: from the token."
    )
    telegram_api_url: str = Field(TELEGRAM_API_URL, description="The Bot API server.")
    telegram_http_timeout: Seconds = Field(
        timedelta(seconds=10), description="Deadline of one call to the Bot API, in seconds."
    )
    telegram_connections: int = Field(
        16, ge=1, le=100, description="Parallel requests to the Bot API."
    )
    admin_ids: Ids = Field(
        frozenset(), description="Telegram ids of administrators, separated by commas."
    )
    support_chat_id: int | None = Field(
        None,
        description="The chat where people's messages to support go and are answered. "
        "Empty: to each administrator.",
    )

    # Servers
    bind: BindAddress = Field(
        Bind(("127.0.0.1", 8080)), description="Where the public server listens."
    )
    ops_bind: BindAddress = Field(
        Bind(("127.0.0.1", 9090)), description="Where health, metrics and tasks are served."
    )

    # Database
    database_url: SecretStr | None = Field(
        None, description="PostgreSQL. Empty: a PostgreSQL of our own in DATA_DIR."
    )
    data_dir: Path = Field(Path(".warren"), description="Where the embedded PostgreSQL lives.")
    db_pool_min_size: int = Field(2, ge=0, description="Connections kept open when idle.")
    db_pool_max_size: int = Field(
        15,
        ge=5,
        le=500,
        description="The whole connection budget: one for the advisory lock, the rest pooled.",
    )
    db_pool_acquire_timeout: Seconds = Field(
        timedelta(seconds=10), description="Longest wait for a connection, in seconds."
    )
    db_pool_command_timeout: Seconds = Field(
        timedelta(seconds=30),
        description="The last resort: a connection whose statement runs longer is ended.",
    )
    db_statement_timeout: Seconds = Field(
        timedelta(seconds=20), description="PostgreSQL's statement_timeout, in seconds."
    )
    db_lock_timeout: Seconds = Field(
        timedelta(seconds=5), description="PostgreSQL's lock_timeout, in seconds."
    )
    advisory_lock_key: int = Field(
        0x57415252454E,  # "WARREN"
        ge=-(2**63),
        le=2**63 - 1,
        description="Key of the leader's advisory lock. One bot, one key.",
    )
    advisory_lock_check_interval: Seconds = Field(
        timedelta(seconds=2), description="How often the leader's connection is tried, in seconds."
    )

    # Updates
    max_concurrent_updates: int = Field(
        20, ge=1, le=100, description="Updates handled at the same time."
    )
    update_timeout: Seconds = Field(
        timedelta(seconds=55), description="Deadline of one update; Telegram itself waits 60 s."
    )
    pre_checkout_timeout: Seconds = Field(
        timedelta(seconds=8),
        description="So long the shop may take to allow a payment, in seconds; after it, no.",
    )
    user_rate_limit: float = Field(
        3.0, gt=0, description="Updates a second that one person may send, over time."
    )
    user_rate_burst: int = Field(
        20, ge=1, description="Updates that one person may send at once before being slowed."
    )
    update_silence: Seconds = Field(
        timedelta(minutes=15),
        description="So long without an update, and the webhook is looked into, in seconds.",
    )
    watchdog_stale: Seconds = Field(
        timedelta(seconds=60),
        description="So long overdue, the signs of life of loop, workers and health all together, "
        "and the process counts as frozen and ends with 75, in seconds.",
    )
    shutdown_grace: Seconds = Field(
        timedelta(seconds=20), description="How long running updates may take to end, in seconds."
    )

    # VPN host
    vpn_api_url: str | None = Field(None, description="The agent beside Xray on the VPN host.")
    vpn_api_key: SecretStr | None = Field(None, description="The agent's bearer key.")
    vpn_http_timeout: Seconds = Field(
        timedelta(seconds=5), description="Deadline of one call to the agent, at least 3 seconds."
    )
    vpn_share_link: SecretStr | None = Field(
        None,
        description="One share link (vless://…) of the VPN host, as its panel or configuration "
        "gives it: the template of everybody's.",
    )
    vpn_connections: int = Field(
        32, ge=1, le=1000, description="Parallel calls to all VPN hosts together."
    )
    vpn_host_calls: int = Field(8, ge=1, le=100, description="Parallel calls to one VPN host.")
    vpn_breaker_failures: int = Field(
        5, ge=1, le=100, description="Failures in a row after which a VPN host is left alone."
    )
    vpn_breaker_pause: Seconds = Field(
        timedelta(seconds=30),
        description="How long it is left alone before it is tried again, in seconds.",
    )

    # The shop
    currency: str = Field(
        "RUB", description="The currency of prices and balances; choose it before the first sale."
    )
    star_price_minor: int = Field(
        150, ge=1, description="Worth of one Star in minor units of CURRENCY, for top-ups."
    )
    trial_days: int = Field(3, ge=0, le=365, description="Days of the free trial. 0: no trial.")
    referral_percent: int = Field(
        10, ge=0, le=100, description="Share of what a friend pays that goes to who brought them."
    )
    purchase_lifetime: Seconds = Field(
        timedelta(hours=1),
        description="How long a purchase waits for its payment, in seconds; later is honoured.",
    )
    renew_before: Seconds = Field(
        timedelta(days=1),
        description="How long before its end access is renewed from the balance, in seconds.",
    )
    topup_amounts: Amounts = Field(
        (100, 300, 500, 1000), description="Top-ups offered as buttons, in whole units."
    )
    topup_max: int = Field(100_000, ge=1, description="The largest top-up, in whole units.")

    time_zone: ZoneInfo = Field(
        ZoneInfo("UTC"),
        description="The zone in which people read times, for example Europe/Moscow.",
    )

    sample_plans: bool = Field(
        False, description="Put three plans on sale where there is none, for a first look."
    )

    # Payments
    provider_token: SecretStr | None = Field(
        None,
        description="Telegram Payments, from @BotFather. Telegram's rules: physical goods only; "
        "digital services are sold in Stars.",
    )
    crypto_pay_token: SecretStr | None = Field(None, description="Crypto Pay, from @CryptoBot.")
    crypto_pay_api_url: str = Field("https://pay.crypt.bot", description="The Crypto Pay API.")
    crypto_pay_accepted_assets: Names = Field(
        frozenset(),
        description="Assets taken by Crypto Pay, separated by commas (USDT,TON). Empty: all.",
    )
    crypto_pay_replay_window: Seconds = Field(
        timedelta(days=4),
        description="Oldest webhook taken from Crypto Pay, in seconds; it retries for three days.",
    )
    yookassa_shop_id: str | None = Field(None, description="YooKassa: the shop's id.")
    yookassa_secret_key: SecretStr | None = Field(None, description="YooKassa: its secret key.")
    yookassa_api_url: str = Field("https://api.yookassa.ru", description="The YooKassa API.")
    yookassa_receipt_email: str | None = Field(
        None,
        description="Where receipts (54-FZ) go, if YooKassa makes them. Empty: no receipts.",
    )
    yookassa_vat_code: int = Field(
        1, ge=1, le=12, description="VAT code of the receipts; 1 is without VAT."
    )
    payment_http_timeout: Seconds = Field(
        timedelta(seconds=10), description="Deadline of one call to a payment provider, in seconds."
    )

    @field_validator("mode", mode="before")
    @classmethod
    def _ignore_case(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value

    @field_validator("bot_token")
    @classmethod
    def _looks_like_a_token(cls, value: SecretStr) -> SecretStr:
        if not _TOKEN.fullmatch(value.get_secret_value()):
            raise ValueError("not a bot token; @BotFather gives one like 123456:ABC-DEF…")
        return value

    @field_validator("webhook_secret")
    @classmethod
    def _fits_the_header(cls, value: SecretStr | None) -> SecretStr | None:
        # Bot API: setWebhook, secret_token.
        if value is not None and not _SECRET.fullmatch(value.get_secret_value()):
            raise ValueError("1 to 256 characters of A-Z, a-z, 0-9, _ and -")
        return value

    @field_validator("currency")
    @classmethod
    def _is_a_currency(cls, value: str) -> str:
        if value.upper() not in EXPONENTS or value.upper() == STARS:
            raise ValueError(f"one of {', '.join(sorted(EXPONENTS.keys() - {STARS}))}")
        return value.upper()

    @field_validator(
        "telegram_api_url", "vpn_api_url", "crypto_pay_api_url", "yookassa_api_url", "public_url"
    )
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("write a full address, for example https://bot.example.org")
        return value.rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _is_a_postgres_dsn(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        # A DSN may leave the host out (sockets, ?host=…): what is more is libpq's to judge.
        if not re.match(r"postgres(ql)?://", value.get_secret_value()):
            raise ValueError("write it as postgresql://user:password@host:5432/name")
        hosts = urlsplit(value.get_secret_value()).netloc.rpartition("@")[2]
        if not all(_HOST.fullmatch(host) for host in hosts.split(",")):
            raise ValueError(
                "no host:port is found in it; in a password write / as %2F, @ as %40, # as %23"
            )
        return value

    @field_validator("vpn_http_timeout")
    @classmethod
    def _vpn_is_given_time(cls, value: timedelta) -> timedelta:
        if value < timedelta(seconds=3):
            raise ValueError("at least 3 seconds")
        return value

    def misfits(self) -> list[str]:
        """Return what is wrong with settings that are right each by itself, a line each."""
        problems = super().misfits()
        if self.mode is Mode.WEBHOOK:
            problems.extend(self._webhook_problems())
        if self.bind == self.ops_bind and self.bind.port:
            problems.append("BIND, OPS_BIND: must be two addresses; OPS_BIND is for you alone")
        if self.db_pool_min_size > self.db_pool_max_size - 1:
            problems.append("DB_POOL_MIN_SIZE: must be less than DB_POOL_MAX_SIZE")
        if not self.db_lock_timeout < self.db_statement_timeout < self.db_pool_command_timeout:
            problems.append(
                "DB_LOCK_TIMEOUT, DB_STATEMENT_TIMEOUT, DB_POOL_COMMAND_TIMEOUT: "
                "each must be shorter than the next"
            )
        if (self.yookassa_shop_id is None) != (self.yookassa_secret_key is None):
            problems.append("YOOKASSA_SHOP_ID, YOOKASSA_SECRET_KEY: set both or neither")
        # Bot API: answerPreCheckoutQuery must be received within 10 seconds.
        if self.pre_checkout_timeout >= timedelta(seconds=10):
            problems.append("PRE_CHECKOUT_TIMEOUT: must be less than the 10 seconds Telegram waits")
        if self.update_timeout >= timedelta(seconds=60):
            problems.append("UPDATE_TIMEOUT: must be less than the 60 seconds Telegram waits")
        return problems

    def secrets(self) -> list[str]:
        """Return every secret in use: what no log may show."""
        return [*super().secrets(), self.webhook_secret_token]

    def _webhook_problems(self) -> list[str]:
        if self.public_url is None:
            return ["PUBLIC_URL: needed in webhook mode (or set MODE=polling)"]
        parts = urlsplit(self.public_url)
        # Bot API: setWebhook wants HTTPS on one of four ports. A Bot API server of one's own
        # (and the demo's stand-in) may call plain HTTP.
        if self.telegram_api_url == TELEGRAM_API_URL:
            if parts.scheme != "https":
                return ["PUBLIC_URL: Telegram calls HTTPS only"]
            if (parts.port or 443) not in {443, 80, 88, 8443}:
                return ["PUBLIC_URL: Telegram calls the ports 443, 80, 88 and 8443 only"]
        return []

    @property
    def webhook_url(self) -> str:
        """The address given to setWebhook."""
        return f"{self.public_url}/telegram/webhook"

    @property
    def webhook_secret_token(self) -> str:
        """The secret of the webhook, set or derived from the token."""
        if self.webhook_secret is not None:
            return self.webhook_secret.get_secret_value()
        token = self.bot_token.get_secret_value().encode()
        return hashlib.sha256(b"warren webhook secret\0" + token).hexdigest()

    @property
    def bot_id(self) -> int:
        """The bot's own Telegram id: the part of the token before the colon."""
        return int(self.bot_token.get_secret_value().partition(":")[0])


def load(**overrides: Any) -> Settings:
    """Read the bot's settings; raises InvalidSettingsError naming all that is wrong."""
    return read(Settings, **overrides)
