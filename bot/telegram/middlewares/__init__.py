"""What stands between the transport and a handler: one module for each step of the way.

`bot.telegram.dispatcher` puts them in order; each has its own state and can be read alone.
"""
