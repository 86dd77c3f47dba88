"""The Bot API over HTTP: /bot<token>/<method>, with parameters in any of its four ways."""

from collections import Counter
from typing import Any

from quart import Response, request

from bot.sandbox.telegram.answers import as_json
from bot.sandbox.telegram.files import Upload
from bot.sandbox.telegram.methods import Methods, Parameters
from bot.sandbox.telegram.refusals import RefusalError


class BotApi:
    """Counts the calls, and lets those fail that a test told to fail."""

    def __init__(self, token: str, methods: Methods) -> None:
        self._token = token
        self._methods = methods
        self.calls: Counter[str] = Counter()
        self.faults: dict[str, list[int]] = {}

    async def view(self, token: str, method: str) -> Response:
        """Answer one request of the bot's."""
        self.calls[method] += 1
        try:
            self._admit(token, method)
            result = await self._methods.call(method, await _parameters())
        except RefusalError as refusal:
            answer = {"ok": False, "error_code": refusal.code, "description": refusal.description}
            if refusal.parameters:
                answer["parameters"] = refusal.parameters
            return as_json(answer, refusal.code)
        return as_json({"ok": True, "result": result})

    async def carry_out(self, name: str, fields: dict[str, Any]) -> None:
        """Carry out what a webhook's response asked for; nobody hears how it went."""
        self.calls[name] += 1
        try:
            await self._methods.call(name, Parameters(fields))
        except RefusalError as refusal:
            self.calls[f"{name} refused: {refusal.description}"] += 1

    def _admit(self, token: str, method: str) -> None:
        if token != self._token:
            raise RefusalError(401, "Unauthorized")
        for name in (method, "*"):
            if self.faults.get(name):
                status = self.faults[name].pop()
                extra = {"retry_after": 1} if status == 429 else {}
                raise RefusalError(status, f"told to fail with {status}", **extra)


async def _parameters() -> Parameters:
    fields: dict[str, Any] = dict(request.args)
    if request.is_json:
        return Parameters(fields | (await request.get_json() or {}))
    uploads: dict[str, Upload] = {
        name: (file.filename or name, file.mimetype or "application/octet-stream", file.read())
        for name, file in (await request.files).items()
    }
    return Parameters(fields | dict(await request.form), uploads)
