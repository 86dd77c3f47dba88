"""A Crypto Pay of our own: its API, its signed webhooks, and a page to pay an invoice on."""

from bot.sandbox.cryptopay.invoices import CryptoPayConfig
from bot.sandbox.cryptopay.server import serve_cryptopay

__all__ = ["CryptoPayConfig", "serve_cryptopay"]
