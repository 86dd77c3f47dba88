"""The ways for people and tests to act, in JSON under /sandbox/.

    GET  people                              everybody, with the state of their chats
    GET  chat/<person>                       the messages of a chat
    GET  changes?since=N                     answers when the world is newer than N
    GET  queue                               {pending, in_flight, calls}
    GET  file/<file_id>                      the bytes of a file
    POST text   {person, text, reply_to?}    write, or reply to a message → {update_id}
    POST photo  (form) person, caption, file, reply_to?
                                             send a photo → {update_id}
    POST press  {person, message_id, data}   press a button → the bot's answer, or null
    POST block  {person, blocked}            block the bot, or come back
    POST batch  {texts: [{person, text}]}    many at once; unknown people are made up
    POST faults {method, status, count}      the next `count` calls of a method fail

`payments_api` has what is paid.
"""

from dataclasses import asdict
from typing import Any

import trio
from quart import Response, request
from quart_trio import QuartTrio

from bot.sandbox.telegram.answers import as_json, with_json
from bot.sandbox.telegram.bot_api import BotApi
from bot.sandbox.telegram.deliveries import Deliveries
from bot.sandbox.telegram.ledger import StarLedger
from bot.sandbox.telegram.markup import formatted
from bot.sandbox.telegram.methods import Methods, Parameters
from bot.sandbox.telegram.refusals import RefusalError
from bot.sandbox.telegram.till import Till
from bot.sandbox.telegram.world import World

_ANSWER_SECONDS = 10
_WATCH_SECONDS = 25


class PeopleApi:
    """What the page and the tests call; one view an address."""

    def __init__(
        self,
        *,
        world: World,
        ledger: StarLedger,
        till: Till,
        methods: Methods,
        deliveries: Deliveries,
        bot_api: BotApi,
    ) -> None:
        self._world = world
        self._ledger = ledger
        self._till = till
        self._methods = methods
        self._deliveries = deliveries
        self._bot_api = bot_api

    def route(self, app: QuartTrio) -> None:
        """Add the views to an application."""
        for act in (self.text, self.press, self.block, self.batch, self.faults):
            name = act.__name__
            app.add_url_rule(f"/sandbox/{name}", name, with_json(act), methods=["POST"])
        app.add_url_rule("/sandbox/photo", "photo", self.photo, methods=["POST"])
        for view, rule in (
            (self.people, "people"),
            (self.changes, "changes"),
            (self.queue, "queue"),
            (self.chat, "chat/<int:person>"),
            (self.file, "file/<file_id>"),
        ):
            app.add_url_rule(f"/sandbox/{rule}", view.__name__, view)

    # ---- looking ----

    async def people(self) -> Response:
        world = self._world
        people = [
            asdict(person)
            | {
                "blocked": person.id in world.blocked,
                "last": next(reversed(world.chats.get(person.id, [])), None),
                "typing": world.actions.get(person.id, 0),
                "stars": self._ledger.purse(person.id),
                "commands": _in_language(world.commands, person.language_code) or [],
                "description": _in_language(
                    world.descriptions.get("description", {}), person.language_code
                ),
            }
            for person in world.people.values()
        ]
        info = self._methods.updates.get_webhook_info(Parameters({}))
        info.pop("allowed_updates", None)
        return as_json(
            {"version": world.version, "bot": world.config.bot, "people": people, "webhook": info}
        )

    async def chat(self, person: int) -> Response:
        messages = []
        for message in self._world.chats.get(person, []):
            if "invoice" in message and (bill := self._till.of_message(message["message_id"])):
                receipt = self._till.receipt(bill)
                charge = receipt.charge_id if receipt else None
                message = message | {"bill": bill.shown() | {"paid": charge}}  # noqa: PLW2901
            messages.append(message)
        return as_json(messages)

    async def changes(self) -> Response:
        since = int(request.args.get("since", -1))
        with trio.move_on_after(_WATCH_SECONDS):
            while self._world.version <= since:
                await self._world.changed.wait()
        return as_json({"version": self._world.version})

    async def queue(self) -> Response:
        return as_json(
            {
                "pending": len(self._world.pending),
                "in_flight": self._deliveries.in_flight,
                "calls": dict(self._bot_api.calls),
            }
        )

    async def file(self, file_id: str) -> Response:
        content = self._world.store.file(file_id)
        if content is None:
            return as_json(None, 404)
        media_type = self._world.files.media_type(file_id) or "application/octet-stream"
        response = Response(content, mimetype=media_type)
        # What a person opens here came from a bot: it is never taken for a page of ours.
        response.headers["content-security-policy"] = "sandbox; default-src 'none'"
        response.headers["x-content-type-options"] = "nosniff"
        response.headers["cache-control"] = "private, max-age=86400, immutable"
        return response

    # ---- talking ----

    async def text(self, given: dict[str, Any]) -> Response:
        person = self._world.person(int(given["person"]))
        if person.id in self._world.blocked:
            self._world.block(person, blocked=False)
        reply_to = int(given.get("reply_to") or 0)
        return as_json({"update_id": self._world.say(person, str(given["text"]), reply_to)})

    async def photo(self) -> Response:
        form, files = await request.form, await request.files
        person = self._world.person(int(form["person"]))
        file = files["file"]
        try:
            photo = self._world.files.photo((file.filename or "", file.mimetype, file.read()))
        except RefusalError as refusal:
            return as_json({"error": refusal.description}, 400)
        caption, entities = formatted(form.get("caption", ""), None)
        words = {"caption": caption} if caption else {}
        marks = {"caption_entities": entities} if entities else {}
        quoted = self._world.quoted(person.id, int(form.get("reply_to") or 0))
        sent = {"photo": photo} | words | marks | quoted
        return as_json({"update_id": self._world.tell(person, sent)})

    async def press(self, given: dict[str, Any]) -> Response:
        person = self._world.person(int(given["person"]))
        query_id = self._world.press(person, int(given["message_id"]), str(given["data"]))
        try:
            with trio.move_on_after(_ANSWER_SECONDS):
                await self._world.queries[query_id].wait()
        finally:
            self._world.queries.pop(query_id)
            answer = self._world.answers.pop(query_id, None)
        return as_json(answer)

    async def block(self, given: dict[str, Any]) -> Response:
        self._world.block(self._world.person(int(given["person"])), blocked=bool(given["blocked"]))
        return as_json(True)

    async def batch(self, given: dict[str, Any]) -> Response:
        said = [
            self._world.say(self._world.person(int(each["person"])), each["text"])
            for each in given["texts"]
        ]
        return as_json({"update_ids": said})

    async def faults(self, given: dict[str, Any]) -> Response:
        self._bot_api.faults[given["method"]] = [int(given["status"])] * int(given["count"])
        return as_json(True)


def _in_language(texts: dict[str, Any], language: str | None) -> Any:
    """Return the text for a language, or that for all others (setMyCommands, language_code)."""
    return texts.get(language or "") or texts.get("")
