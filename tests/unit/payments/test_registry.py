from typing import Any

import pytest

from bot.payments.errors import ProviderOffError
from bot.payments.provider import ProviderName
from bot.payments.registry import PROVIDERS, open_payments
from bot.settings import Settings
from bot.settings import load as load_settings

SECRETS = {
    "crypto_pay_token": "12345:AAcryptopaytoken",
    "yookassa_secret_key": "test_secretkey",
    "provider_token": "381764678:TEST:100",
}
EVERYTHING = SECRETS | {"yookassa_shop_id": "100500"}


def load(**given: Any) -> Settings:
    known = {"bot_token": "123456789:" + "A" * 35, "mode": "polling"}
    return load_settings(_env_file=None, **known | given)


def test_every_way_to_pay_has_its_row() -> None:
    assert [row.name for row in PROVIDERS] == list(ProviderName)


async def test_stars_and_the_balance_are_always_there_and_nothing_else_by_itself() -> None:
    async with open_payments(load()) as payments:
        assert payments.enabled == (ProviderName.STARS, ProviderName.BALANCE)
        for name in ProviderName:
            with pytest.raises(ProviderOffError):
                payments.provider(name)


async def test_each_setting_turns_its_own_way_on_in_the_order_of_the_table() -> None:
    async with open_payments(load(**EVERYTHING)) as payments:
        assert payments.enabled == tuple(ProviderName)
        for name in (ProviderName.YOOKASSA, ProviderName.CRYPTOPAY):
            assert payments.provider(name).name is name
        assert not any(secret in repr(payments) for secret in SECRETS.values())


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"yookassa_shop_id": "100500"}, "set both or neither"),
        ({"yookassa_secret_key": "k"}, "set both or neither"),
        ({"currency": "XTR"}, "CURRENCY: one of"),
        ({"currency": "BTC"}, "CURRENCY: one of"),
        ({"star_price_minor": 0}, "STAR_PRICE_MINOR"),
        ({"yookassa_api_url": "api.yookassa.ru"}, "YOOKASSA_API_URL: write a full address"),
        ({"yookassa_vat_code": 13}, "YOOKASSA_VAT_CODE"),
        ({"payment_http_timeout": 0}, "PAYMENT_HTTP_TIMEOUT: must be more"),
    ],
)
def test_settings_of_payments_that_can_not_be_used(given: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        load(**given)


def test_assets_and_the_currency_are_read_as_people_write_them() -> None:
    settings = load(crypto_pay_accepted_assets="usdt, ton", currency="usd")
    assert settings.crypto_pay_accepted_assets == {"USDT", "TON"}
    assert settings.currency == "USD"
