"""The payment providers of an end-to-end test: stand-ins that tell the bot of payments."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import trio

from bot.sandbox.cryptopay import CryptoPayConfig, serve_cryptopay
from bot.sandbox.notices import NoticeTerms
from bot.sandbox.yookassa import YooKassaConfig, serve_yookassa

_QUICK = NoticeTerms(first_retry_seconds=0.1, longest_retry_seconds=0.5, attempts=20)
_CRYPTO_PAY_TOKEN = "12345:AAcryptopaytokencryptopaytokencry"
_SHOP_ID, _SECRET_KEY = "100500", "test_secretkeysecretkeysecretkey"


@dataclass(frozen=True, slots=True)
class Cashiers:
    """Where the two providers are, and the settings by which a bot knows them."""

    crypto_pay: str
    yookassa: str

    @property
    def settings(self) -> dict[str, str]:
        return {
            "CRYPTO_PAY_TOKEN": _CRYPTO_PAY_TOKEN,
            "CRYPTO_PAY_API_URL": self.crypto_pay,
            "YOOKASSA_SHOP_ID": _SHOP_ID,
            "YOOKASSA_SECRET_KEY": _SECRET_KEY,
            "YOOKASSA_API_URL": self.yookassa,
        }

    async def pay(self, provider: str, reference: str, **given: Any) -> None:
        """Pay on a provider's page, as a person would."""
        page = self.crypto_pay if provider == "cryptopay" else self.yookassa
        async with httpx.AsyncClient(base_url=page, timeout=10, trust_env=False) as client:
            paid = await client.post("/sandbox/pay", json={"reference": reference} | given)
        assert paid.status_code == 200, paid.text


@asynccontextmanager
async def cashiers(folder: Path, public_url: str) -> AsyncIterator[Cashiers]:
    """Yield both providers; their webhooks go to the bot at `public_url`."""
    crypto_pay = CryptoPayConfig(
        folder / "cryptopay",
        _CRYPTO_PAY_TOKEN,
        webhook_url=f"{public_url}/cryptopay/webhook",
        notices=_QUICK,
    )
    yookassa = YooKassaConfig(
        folder / "yookassa",
        _SHOP_ID,
        _SECRET_KEY,
        webhook_url=f"{public_url}/yookassa/webhook",
        notices=_QUICK,
    )
    async with trio.open_nursery() as nursery:
        yield Cashiers(
            crypto_pay=await nursery.start(serve_cryptopay, crypto_pay),
            yookassa=await nursery.start(serve_yookassa, yookassa),
        )
        nursery.cancel_scope.cancel()
