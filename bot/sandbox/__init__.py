"""Local stand-ins for what a demo and the tests can not have; they know nothing of the bot."""
