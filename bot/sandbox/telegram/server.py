"""The stand-in's HTTP side: the Bot API, the page, and the ways for people and tests to act.

Under /sandbox/, in JSON:
    GET  people                              everybody, with the state of their chats
    POST text   {person, text}               write → {update_id}
    POST press  {person, message_id, data}   press a button → the bot's answer, or null
    POST block  {person, blocked}            block the bot, or come back
    POST batch  {texts: [{person, text}]}    many at once; unknown people are made up
    POST faults {method, status, count}      the next `count` calls of a method fail
    GET  chat/<person>                       the messages of a chat
    GET  changes?since=N                     answers when the world is newer than N
    GET  queue                               {pending, in_flight, calls}
"""

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import hypercorn.trio
import trio
from hypercorn.config import Config
from quart import Response, request, send_from_directory
from quart_trio import QuartTrio

from bot.sandbox.telegram.deliveries import Deliveries
from bot.sandbox.telegram.methods import Methods, RefusalError
from bot.sandbox.telegram.world import SandboxConfig, World

_PAGE = Path(__file__).parent / "page"
_ANSWER_SECONDS = 10
_WATCH_SECONDS = 25


async def serve_telegram(
    config: SandboxConfig, *, task_status: trio.TaskStatus[str] = trio.TASK_STATUS_IGNORED
) -> None:
    """Be a Telegram until cancelled; reports the address of its page once it listens."""
    world = World(config)
    try:
        async with trio.open_nursery() as nursery:
            stand_in = _StandIn(world)
            nursery.start_soon(stand_in.deliveries.run, nursery, name="deliveries")
            settings = Config()
            settings.bind = [f"{config.host}:{config.port}"]
            settings.accesslog = settings.errorlog = None
            settings.graceful_timeout = 1
            binds = await nursery.start(hypercorn.trio.serve, stand_in.app, settings)
            task_status.started(binds[0])
            await trio.sleep_forever()
    finally:
        world.close()


class _StandIn:
    def __init__(self, world: World) -> None:
        self.world = world
        self.methods = Methods(world)
        self.deliveries = Deliveries(world, self._carry_out)
        self.methods.waiting = lambda: (self.deliveries.in_flight, self.deliveries.last_error)
        self.calls: Counter[str] = Counter()
        self.faults: dict[str, list[int]] = {}
        self.app = QuartTrio(__name__)
        self.app.config.update(RESPONSE_TIMEOUT=120, BODY_TIMEOUT=30)
        self._route()

    async def _carry_out(self, name: str, parameters: dict[str, Any]) -> None:
        """Carry out what a webhook's response asked for; nobody hears how it went."""
        self.calls[name] += 1
        try:
            await self.methods.call(name, parameters)
        except RefusalError as refusal:
            self.calls[f"{name} refused: {refusal.description}"] += 1

    def _route(self) -> None:
        app = self.app
        app.add_url_rule("/bot<token>/<method>", "api", self._api, methods=["GET", "POST"])
        app.add_url_rule("/", "page", self._page)
        app.add_url_rule("/page/<path:name>", "file", self._page)
        for name in ("text", "press", "block", "batch", "faults"):
            view = getattr(self, f"_{name}")
            app.add_url_rule(f"/sandbox/{name}", name, view, methods=["POST"])
        for rule in ("people", "changes", "queue"):
            app.add_url_rule(f"/sandbox/{rule}", rule, getattr(self, f"_{rule}"))
        app.add_url_rule("/sandbox/chat/<int:person>", "chat", self._chat)

    # ---- the Bot API ----

    async def _api(self, token: str, method: str) -> Response:
        self.calls[method] += 1
        try:
            self._admit(token, method)
            return _json({"ok": True, "result": await self.methods.call(method, await _given())})
        except RefusalError as refusal:
            answer = {"ok": False, "error_code": refusal.code, "description": refusal.description}
            if refusal.parameters:
                answer["parameters"] = refusal.parameters
            return _json(answer, refusal.code)

    def _admit(self, token: str, method: str) -> None:
        """Refuse a wrong token, and what a test told to fail."""
        if token != self.world.config.token:
            raise RefusalError(401, "Unauthorized")
        for name in (method, "*"):
            if self.faults.get(name):
                status = self.faults[name].pop()
                extra = {"retry_after": 1} if status == 429 else {}
                raise RefusalError(status, f"told to fail with {status}", **extra)

    # ---- people and tests ----

    async def _page(self, name: str = "index.html") -> Response:
        return await send_from_directory(_PAGE, name)

    async def _people(self) -> Response:
        world = self.world
        people = [
            asdict(person)
            | {
                "blocked": person.id in world.blocked,
                "last": next(reversed(world.chats.get(person.id, [])), None),
                "typing": world.actions.get(person.id, 0),
                "commands": world.commands.get(person.language_code or "")
                or world.commands.get("", []),
            }
            for person in world.people.values()
        ]
        info = self.methods.get_webhook_info({})
        info.pop("allowed_updates", None)
        return _json(
            {"version": world.version, "bot": world.config.bot, "people": people, "webhook": info}
        )

    async def _text(self) -> Response:
        given = await request.get_json()
        person = self.world.person(int(given["person"]))
        if person.id in self.world.blocked:
            self.world.block(person, blocked=False)
        return _json({"update_id": self.world.say(person, str(given["text"]))})

    async def _press(self) -> Response:
        given = await request.get_json()
        person = self.world.person(int(given["person"]))
        query_id = self.world.press(person, int(given["message_id"]), str(given["data"]))
        with trio.move_on_after(_ANSWER_SECONDS):
            await self.world.queries[query_id].wait()
        self.world.queries.pop(query_id)
        return _json(self.world.answers.pop(query_id, None))

    async def _block(self) -> Response:
        given = await request.get_json()
        self.world.block(self.world.person(int(given["person"])), blocked=bool(given["blocked"]))
        return _json(True)

    async def _batch(self) -> Response:
        texts = (await request.get_json())["texts"]
        ids = [self.world.say(self.world.person(int(t["person"])), t["text"]) for t in texts]
        return _json({"update_ids": ids})

    async def _faults(self) -> Response:
        given = await request.get_json()
        self.faults[given["method"]] = [int(given["status"])] * int(given["count"])
        return _json(True)

    async def _chat(self, person: int) -> Response:
        return _json(self.world.chats.get(person, []))

    async def _changes(self) -> Response:
        since = int(request.args.get("since", -1))
        with trio.move_on_after(_WATCH_SECONDS):
            while self.world.version <= since:
                await self.world.changed.wait()
        return _json({"version": self.world.version})

    async def _queue(self) -> Response:
        return _json(
            {
                "pending": len(self.world.pending),
                "in_flight": self.deliveries.in_flight,
                "calls": dict(self.calls),
            }
        )


async def _given() -> dict[str, Any]:
    """Return the parameters of a request, however they were sent."""
    given: dict[str, Any] = dict(request.args)
    if request.is_json:
        given |= await request.get_json() or {}
    else:
        given |= dict(await request.form)
    return given


def _json(body: Any, status: int = 200) -> Response:
    return Response(json.dumps(body, ensure_ascii=False), status, mimetype="application/json")
