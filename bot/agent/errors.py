"""What goes wrong between the agent and the core; each class is one answer to the bot."""


class CoreError(Exception):
    """The core did not do what was asked; the text says what an operator can do about it."""


class CoreAwayError(CoreError):
    """Nothing answers at CORE_API_ADDRESS: the core is stopped, or starts again."""


class CoreTooSlowError(CoreError):
    """The core did not answer in time; whether it did what was asked is not known."""


class CoreRefusedError(CoreError):
    """The core answered with an error that the next try will meet again: its configuration."""


class NotServedError(CoreError):
    """The core has no such call: another core, or an older one."""


class UserExistsError(CoreError):
    """The inbound has a user of this name already."""


class UserNotFoundError(CoreError):
    """The inbound has no user of this name."""
