"""The rules of the business, on the database alone: no Telegram, no HTTP."""
