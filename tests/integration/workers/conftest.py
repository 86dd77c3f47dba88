"""Workers stand between a shop and its peers: the fixtures of both."""

from tests.integration.shop.conftest import shop

__all__ = ["shop"]
