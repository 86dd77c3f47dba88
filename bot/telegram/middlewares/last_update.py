"""When the last update came: what the watch over a silent webhook looks at."""

import trio


class LastUpdate:
    """The moment of the last update on Trio's clock; at first, that of its own making."""

    __slots__ = ("at",)

    def __init__(self) -> None:
        self.at = trio.current_time()

    def note(self) -> None:
        """Remember that an update has come now, whatever becomes of it."""
        self.at = trio.current_time()
