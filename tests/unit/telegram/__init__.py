"""What the bot says to Telegram, and what it hears."""
