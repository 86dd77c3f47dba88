"""What this Telegram knows: people, chats, messages, updates that wait."""

import secrets
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import trio

from bot.sandbox.telegram.config import Person, SandboxConfig
from bot.sandbox.telegram.files import Files
from bot.sandbox.telegram.markup import formatted
from bot.sandbox.telegram.store import Store


class World:
    """The state, and the ways in which people change it; in memory, and written to the store."""

    def __init__(self, config: SandboxConfig, store: Store) -> None:
        self.config = config
        self.store = store
        self.files = Files(store)
        self.people: dict[int, Person] = {person.id: person for person in config.people}
        self.chats: dict[int, list[dict[str, Any]]] = {}
        # Whoever runs a bot has pressed Start before anybody else.
        self.met: set[int] = {person.id for person in config.people if person.is_admin}
        """Who has ever written to the bot: only they may be written to."""
        self.blocked: set[int] = set()
        self.pending: dict[int, dict[str, Any]] = {}
        self.webhook: dict[str, Any] = {"url": ""}
        self.commands: dict[str, list[dict[str, str]]] = {}
        self.descriptions: dict[str, dict[str, str]] = {}
        self.next_update_id = 1
        self.next_message_id = 1
        self.answers: dict[str, dict[str, Any]] = {}
        self.queries: dict[str, trio.Event] = {}
        self.actions: dict[int, float] = {}
        self.version = 0
        self.changed = trio.Event()
        self.arrived = trio.Event()
        self._waiting_since: dict[int, float] = {}
        self._load()

    @property
    def now(self) -> int:
        """The Unix time."""
        return int(self.config.now())

    # ---- what people do ----

    def say(self, person: Person, text: str, reply_to: int = 0) -> int:
        """Let a person write, as a reply to a message or not; returns the update's id."""
        text, entities = formatted(text, None)
        marks = {"entities": entities} if entities else {}
        return self.tell(person, {"text": text} | marks | self.quoted(person.id, reply_to))

    def tell(self, person: Person, fields: dict[str, Any]) -> int:
        """Let a person send a message, or do what leaves a service message; returns its update."""
        if person.id not in self.met:
            self.met.add(person.id)
            self.store.put("met", sorted(self.met))
        message = self.message(person.id, {"from": person.user()} | fields)
        self.save_message(person.id, message)
        return self.enqueue("message", message)

    def press(self, person: Person, message_id: int, data: str) -> str:
        """Let a person press a button; returns the query's id."""
        message = self.find(person.id, message_id)
        query_id = str(secrets.randbits(63))
        self.queries[query_id] = trio.Event()
        self.enqueue(
            "callback_query",
            {
                "id": query_id,
                "from": person.user(),
                "chat_instance": str(person.id),
                "message": message,
                "data": data,
            },
        )
        return query_id

    def block(self, person: Person, *, blocked: bool) -> None:
        """Let a person block the bot, or come back."""
        if (person.id in self.blocked) == blocked:
            return
        (self.blocked.add if blocked else self.blocked.discard)(person.id)
        old, new = ("member", "kicked") if blocked else ("kicked", "member")
        self.store.put("blocked", sorted(self.blocked))
        self.enqueue(
            "my_chat_member",
            {
                "chat": self.chat(person),
                "from": person.user(),
                "date": self.now,
                "old_chat_member": self._member(old),
                "new_chat_member": self._member(new),
            },
        )
        self.touch()

    def person(self, person_id: int) -> Person:
        """Return somebody; people unknown so far are made up and kept."""
        if person_id not in self.people:
            self.people[person_id] = Person(person_id, f"Person {person_id}", language_code="en")
            self.store.put(f"person:{person_id}", asdict(self.people[person_id]))
        return self.people[person_id]

    # ---- what happens to messages and updates ----

    def message(self, chat_id: int, fields: dict[str, Any]) -> dict[str, Any]:
        """Return a new message of a private chat, not kept yet."""
        message_id, self.next_message_id = self.next_message_id, self.next_message_id + 1
        self.store.put("next_message_id", self.next_message_id)
        return {
            "message_id": message_id,
            "date": self.now,
            "chat": self.chat(self.people[chat_id]),
        } | fields

    def save_message(self, chat_id: int, message: dict[str, Any]) -> None:
        """Keep a message, new or changed, and show it."""
        chat = self.chats.setdefault(chat_id, [])
        places = (i for i, old in enumerate(chat) if old["message_id"] == message["message_id"])
        place = next(places, None)
        if place is None:
            chat.append(message)
        else:
            chat[place] = message
        self.store.put(f"message:{message['message_id']}", [chat_id, message])
        self.touch()

    def drop_message(self, chat_id: int, message_id: int) -> None:
        """Take a message away."""
        self.chats[chat_id] = [m for m in self.chats[chat_id] if m["message_id"] != message_id]
        self.store.drop(f"message:{message_id}")
        self.touch()

    def find(self, chat_id: int, message_id: int) -> dict[str, Any] | None:
        """Return a message of a chat."""
        chat = self.chats.get(chat_id, [])
        return next((m for m in chat if m["message_id"] == message_id), None)

    def quoted(self, chat_id: int, message_id: int) -> dict[str, Any]:
        """Return the `reply_to_message` of a reply; nothing if there is no such message.

        Bot API: Message: "will not contain further reply_to_message fields even if it itself is
        a reply".
        """
        message = self.find(chat_id, message_id)
        if message is None:
            return {}
        return {"reply_to_message": {k: v for k, v in message.items() if k != "reply_to_message"}}

    def enqueue(self, kind: str, event: dict[str, Any]) -> int:
        """Let an update wait for the bot, unless it didn't ask for this kind."""
        update_id, self.next_update_id = self.next_update_id, self.next_update_id + 1
        self.store.put("next_update_id", self.next_update_id)
        allowed = self.webhook.get("allowed_updates")
        if kind in allowed if allowed else kind not in NOT_BY_DEFAULT:
            self.pending[update_id] = {"update_id": update_id, kind: event}
            self._waiting_since[update_id] = self.config.now()
            self.store.put(
                f"update:{update_id}",
                [self._waiting_since[update_id], self.pending[update_id]],
            )
            self.arrive()
        return update_id

    def settle(self, update_ids: Iterable[int]) -> None:
        """Forget updates that the bot has taken."""
        for update_id in update_ids:
            if self.pending.pop(update_id, None) is not None:
                del self._waiting_since[update_id]
                self.store.drop(f"update:{update_id}")

    def drop_expired(self) -> None:
        """Forget updates that waited too long (Bot API: "not kept longer than 24 hours")."""
        oldest = self.config.now() - self.config.update_seconds
        # Updates wait in the order in which they came.
        expired = []
        for update_id, since in self._waiting_since.items():
            if since > oldest:
                break
            expired.append(update_id)
        self.settle(expired)

    def set_webhook(self, webhook: dict[str, Any]) -> None:
        """Remember where updates go, and which kinds are asked for."""
        self.webhook = webhook
        self.store.put("webhook", webhook)
        self.arrive()
        self.touch()

    def set_commands(self, language: str, entries: list[dict[str, str]]) -> None:
        """Remember the menu of commands of a language; '' is everybody else's."""
        self.commands[language] = entries
        self.store.put("commands", self.commands)
        self.touch()

    def describe(self, what: str, language: str, text: str) -> None:
        """Remember a description of the bot; what an empty chat shows is `description`."""
        self.descriptions.setdefault(what, {})[language] = text
        self.store.put("descriptions", self.descriptions)
        self.touch()

    def touch(self) -> None:
        """Wake whoever watches the chats."""
        self.version += 1
        self.changed.set()
        self.changed = trio.Event()

    def arrive(self) -> None:
        """Wake whoever waits for updates to deliver."""
        self.arrived.set()
        self.arrived = trio.Event()

    def chat(self, person: Person) -> dict[str, Any]:
        """Return a person's private chat as the Bot API's Chat."""
        names = ("id", "first_name", "last_name", "username")
        user = person.user()
        return {"type": "private"} | {name: user[name] for name in names if name in user}

    def _member(self, status: str) -> dict[str, Any]:
        until = {"until_date": 0} if status == "kicked" else {}
        return {"user": self.config.bot, "status": status} | until

    def _load(self) -> None:
        kept = self.store.documents("message", "update", "person", "file", *_SINGLE)
        for kind, rest, body in kept:
            match kind:
                case "message":
                    self.chats.setdefault(body[0], []).append(body[1])
                case "update":
                    self._waiting_since[int(rest)], self.pending[int(rest)] = body
                case "person":
                    self.people[int(rest)] = Person(**body)
                case "file":
                    self.files.restore(rest, body)
                case "met":
                    self.met |= set(body)
                case "blocked":
                    self.blocked = set(body)
                case _:
                    setattr(self, kind, body)


_SINGLE = (
    "met",
    "blocked",
    "webhook",
    "commands",
    "descriptions",
    "next_update_id",
    "next_message_id",
)
NOT_BY_DEFAULT = {"chat_member", "message_reaction", "message_reaction_count"}
"""Kinds that must be asked for by name (setWebhook, allowed_updates)."""
