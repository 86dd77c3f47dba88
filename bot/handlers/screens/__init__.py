"""What people see: functions from data to a message, with no way to reach anything.

One module a conversation, named like the handlers that show its screens.
"""

from bot.handlers.screens.screen import (
    AnyScreen,
    PhotoScreen,
    Screen,
    back,
    button,
    copying,
    link,
    rows,
)

__all__ = ["AnyScreen", "PhotoScreen", "Screen", "back", "button", "copying", "link", "rows"]
