"""A request's parameters, however they were sent: as JSON, in a form, in the address."""

import json
from typing import Any

from bot.sandbox.telegram.files import Upload
from bot.sandbox.telegram.refusals import bad


class Parameters:
    """Reads fields as the Bot API does: in a form, numbers, flags and objects are strings."""

    def __init__(self, fields: dict[str, Any], uploads: dict[str, Upload] | None = None) -> None:
        self._fields = fields
        self._uploads = uploads or {}

    def text(self, name: str) -> str:
        """Return a string; empty if it is missing."""
        value = self._fields.get(name)
        return "" if value is None else str(value)

    def number(self, name: str, default: int = 0) -> int:
        """Return an integer; `default` if it is missing or isn't one."""
        try:
            return int(self._fields.get(name, default))
        except (TypeError, ValueError):
            return default

    def flag(self, name: str) -> bool:
        """Return a boolean; False if it is missing."""
        return self.text(name).lower() in {"true", "yes", "1"}

    def object(self, name: str) -> Any:
        """Return what was sent as JSON; None if it is missing."""
        value = self._fields.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError:
            raise bad(f"can't parse {name.replace('_', ' ')} JSON object") from None

    def file(self, name: str) -> Upload | str:
        """Return the file that a field names: its bytes, or the id of one sent before."""
        if name in self._uploads:
            return self._uploads[name]
        value = self.text(name)
        if not value:
            raise bad(f"there is no {name} in the request")
        return self.attached(value)

    def attached(self, value: str) -> Upload | str:
        """Return the part that `attach://part` names, or `value` as it is."""
        if not value.startswith("attach://"):
            return value
        part = self._uploads.get(value.removeprefix("attach://"))
        if part is None:
            raise bad("wrong file identifier/HTTP URL specified")
        return part
