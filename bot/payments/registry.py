"""The table of the ways to pay, and those that this configuration has, opened together."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from bot.payments.cryptopay import open_cryptopay
from bot.payments.errors import ProviderOffError
from bot.payments.provider import Provider, ProviderName
from bot.payments.yookassa import open_yookassa
from bot.settings import Settings


@dataclass(frozen=True, slots=True)
class Row:
    """A way to pay: when it is on, and how it is opened if it is called over HTTP."""

    name: ProviderName
    is_on: Callable[[Settings], bool]
    open: Callable[[Settings], AbstractAsyncContextManager[Provider]] | None = None


PROVIDERS = (
    Row(ProviderName.STARS, lambda _: True),
    Row(ProviderName.TELEGRAM_PAYMENTS, lambda s: s.provider_token is not None),
    Row(ProviderName.YOOKASSA, lambda s: s.yookassa_shop_id is not None, open_yookassa),
    Row(ProviderName.CRYPTOPAY, lambda s: s.crypto_pay_token is not None, open_cryptopay),
    Row(ProviderName.BALANCE, lambda _: True),
)
"""In the order in which people are offered them."""


@dataclass(frozen=True, slots=True)
class Payments:
    """The ways to pay of this configuration; made by `open_payments`."""

    enabled: tuple[ProviderName, ...]
    _opened: Mapping[ProviderName, Provider] = field(repr=False)

    def provider(self, name: ProviderName) -> Provider:
        """Return a provider that is called over HTTP.

        Raises ProviderOffError if it isn't configured; Stars, Telegram Payments and the balance
        have no provider here, they are paid inside Telegram and inside the shop.
        """
        try:
            return self._opened[name]
        except KeyError:
            raise ProviderOffError(f"{name} is off") from None


@asynccontextmanager
async def open_payments(settings: Settings) -> AsyncIterator[Payments]:
    """Yield the configured ways to pay; their HTTP clients are closed on the way out."""
    on = [row for row in PROVIDERS if row.is_on(settings)]
    async with AsyncExitStack() as stack:
        opened = {
            row.name: await stack.enter_async_context(row.open(settings))
            for row in on
            if row.open is not None
        }
        yield Payments(tuple(row.name for row in on), opened)
