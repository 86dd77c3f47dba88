"""The client of the Bot API over real connections."""
