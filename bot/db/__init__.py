"""The asyncio island: the only package that imports asyncio, trio_asyncio and asyncpg."""

from bot.db.lane import Lane, Row, Transaction
from bot.db.pool import Database, open_database

__all__ = ["Database", "Lane", "Row", "Transaction", "open_database"]
