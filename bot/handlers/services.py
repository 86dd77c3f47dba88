"""What handlers work with beside the update itself: the shop's terms, the ways to pay, wake-ups."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.payments.provider import ProviderName
from bot.payments.registry import Payments
from bot.settings import Settings
from bot.shop.switches import Switch, Switches
from bot.shop.terms import Terms
from bot.supervise import Supervisor, Wakes
from bot.telegram.client import TelegramClient
from bot.telegram.context import Context, Middleware, Next, Reply
from bot.telegram.methods import GetMe
from bot.telegram.middlewares.rate_limit import RateLimit
from bot.telegram.types import User
from bot.texts import Texts


class Me:
    """The bot itself, as Telegram knows it: asked when somebody needs a link to it."""

    def __init__(self) -> None:
        self._username: str | None = None

    @property
    def address(self) -> str | None:
        """Where the bot is found, or None until Telegram has said so."""
        return f"https://t.me/{self._username}" if self._username else None

    def heard(self, me: User) -> None:
        """Note what Telegram says, whoever asked it."""
        self._username = me.username or ""

    async def username(self, client: TelegramClient) -> str:
        """Return the name in `t.me/<name>`; raises errors of `bot.telegram.errors`."""
        if self._username is None:
            # Bot API: getMe; every bot has a username.
            self.heard(await client(GetMe()))
        return self._username or ""

    async def link(self, client: TelegramClient, payload: str) -> str:
        """Return the deep link that starts the bot with `payload` (1-64 of A-Z a-z 0-9 _ -)."""
        return f"https://t.me/{await self.username(client)}?start={payload}"


def _promo_tries() -> RateLimit:
    return RateLimit(rate=1 / 60, burst=10)


def _support_messages() -> RateLimit:
    return RateLimit(rate=1 / 10, burst=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """One value for every handler: `ctx.services`."""

    settings: Settings
    terms: Terms
    payments: Payments
    wakes: Wakes
    switches: Switches
    supervisor: Supervisor
    texts: Mapping[str, Texts]
    me: Me = field(default_factory=Me)
    promo_tries: RateLimit = field(default_factory=_promo_tries)
    """How often a person may try a promo code: ten at once, and one more a minute."""
    support_messages: RateLimit = field(default_factory=_support_messages)
    """How much a person may write to support: twenty at once, and one more in ten seconds."""

    def is_admin(self, user_id: int) -> bool:
        """Say whether this person administers the bot."""
        return user_id in self.settings.admin_ids

    def sells(self) -> bool:
        """Say whether something new is sold now."""
        return not self.switches.is_on(Switch.SALES_CLOSED)

    def ways_to_pay(self) -> tuple[ProviderName, ...]:
        """Return the ways to pay from outside, in the order of offering; the balance is another."""
        return tuple(name for name in self.payments.enabled if name is not ProviderName.BALANCE)


def make_provide(services: Services) -> Middleware:
    """Return the middleware that sets `ctx.services`."""

    async def provide(ctx: Context, handle: Next) -> Reply:
        ctx.services = services
        return await handle(ctx)

    return provide
