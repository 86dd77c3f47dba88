"""What this Telegram knows: people, chats, messages, updates that wait; kept in SQLite."""

import json
import sqlite3
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import trio

from bot.sandbox.telegram.markup import commands


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may write to the bot."""

    id: int
    first_name: str
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = None
    is_admin: bool = False

    def user(self) -> dict[str, Any]:
        """Return the person as the Bot API's User."""
        known = {key: value for key, value in asdict(self).items() if value is not None}
        known.pop("is_admin")
        return {"is_bot": False, **known}


PEOPLE = (
    Person(1001, "Анна", "Петрова", "anna_p", "ru"),
    Person(1002, "John", "Smith", "johnsmith", "en"),
    Person(1003, "Lena", None, None, "de"),
    Person(1009, "Олег", "(администратор)", "oleg_admin", "ru", is_admin=True),
)


@dataclass(frozen=True, slots=True)
class SandboxConfig:
    """What the stand-in is told; durations are seconds."""

    data_dir: Path
    token: str = field(repr=False)
    host: str = "127.0.0.1"
    port: int = 0
    bot_username: str = "warren_demo_bot"
    people: tuple[Person, ...] = PEOPLE
    first_retry_seconds: float = 1.0
    longest_retry_seconds: float = 60.0
    delivery_seconds: float = 60.0
    overall_per_second: int = 30
    chat_burst: int = 20

    @property
    def bot(self) -> dict[str, Any]:
        """Return the bot as the Bot API's User."""
        return {
            "id": int(self.token.partition(":")[0]),
            "is_bot": True,
            "first_name": "Warren",
            "username": self.bot_username,
        }


class World:
    """The state, and the ways in which people change it.

    It lives in memory and is written to SQLite document by document; the file is the demo's
    memory, not a bank: a write is not waited for by the disk.
    """

    def __init__(self, config: SandboxConfig) -> None:
        self.config = config
        config.data_dir.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(config.data_dir / "telegram.sqlite", isolation_level=None)
        self._db.executescript(
            "pragma journal_mode = wal; pragma synchronous = off;"
            "create table if not exists documents (key text primary key, body text not null);"
        )
        self.people: dict[int, Person] = {person.id: person for person in config.people}
        self.chats: dict[int, list[dict[str, Any]]] = {}
        self.blocked: set[int] = set()
        self.pending: dict[int, dict[str, Any]] = {}
        self.webhook: dict[str, Any] = {"url": ""}
        self.commands: dict[str, list[dict[str, str]]] = {}
        self.next_update_id = 1
        self.next_message_id = 1
        self.answers: dict[str, dict[str, Any]] = {}
        self.queries: dict[str, trio.Event] = {}
        self.actions: dict[int, float] = {}
        self.version = 0
        self.changed = trio.Event()
        self.arrived = trio.Event()
        self._load()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    # ---- what people do ----

    def say(self, person: Person, text: str) -> int:
        """Let a person write; returns the update's id."""
        message = self.message(person.id, {"from": person.user(), "text": text})
        if found := commands(text):
            message["entities"] = found
        self.save_message(person.id, message)
        return self.enqueue("message", message)

    def press(self, person: Person, message_id: int, data: str) -> str:
        """Let a person press a button; returns the query's id."""
        message = self.find(person.id, message_id)
        query_id = str(time.time_ns())
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
        self._put("blocked", sorted(self.blocked))
        self.enqueue(
            "my_chat_member",
            {
                "chat": self.chat(person),
                "from": person.user(),
                "date": int(time.time()),
                "old_chat_member": self._member(old),
                "new_chat_member": self._member(new),
            },
        )
        self.touch()

    def person(self, person_id: int) -> Person:
        """Return somebody; people unknown so far are made up and kept."""
        if person_id not in self.people:
            self.people[person_id] = Person(person_id, f"Person {person_id}", language_code="en")
            self._put(f"person:{person_id}", asdict(self.people[person_id]))
        return self.people[person_id]

    # ---- what happens to messages and updates ----

    def message(self, chat_id: int, fields: dict[str, Any]) -> dict[str, Any]:
        """Return a new message of a private chat, not kept yet."""
        message_id, self.next_message_id = self.next_message_id, self.next_message_id + 1
        return {
            "message_id": message_id,
            "date": int(time.time()),
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
        self._put(f"message:{message['message_id']:012}", [chat_id, message])
        self.touch()

    def drop_message(self, chat_id: int, message_id: int) -> None:
        """Take a message away."""
        self.chats[chat_id] = [m for m in self.chats[chat_id] if m["message_id"] != message_id]
        self._db.execute("delete from documents where key = ?", [f"message:{message_id:012}"])
        self.touch()

    def find(self, chat_id: int, message_id: int) -> dict[str, Any] | None:
        """Return a message of a chat."""
        chat = self.chats.get(chat_id, [])
        return next((m for m in chat if m["message_id"] == message_id), None)

    def enqueue(self, kind: str, event: dict[str, Any]) -> int:
        """Let an update wait for the bot, unless it didn't ask for this kind."""
        update_id, self.next_update_id = self.next_update_id, self.next_update_id + 1
        self._put("next_update_id", self.next_update_id)
        allowed = self.webhook.get("allowed_updates")
        if not allowed or kind in allowed:
            self.pending[update_id] = {"update_id": update_id, kind: event}
            self._put(f"update:{update_id:012}", self.pending[update_id])
            self.arrive()
        return update_id

    def settle(self, update_ids: Iterable[int]) -> None:
        """Forget updates that the bot has taken."""
        for update_id in update_ids:
            if self.pending.pop(update_id, None) is not None:
                self._db.execute("delete from documents where key = ?", [f"update:{update_id:012}"])

    def set_webhook(self, webhook: dict[str, Any]) -> None:
        """Remember where updates go."""
        self.webhook = webhook
        self._put("webhook", webhook)
        self.arrive()
        self.touch()

    def set_commands(self, language: str, entries: list[dict[str, str]]) -> None:
        """Remember the menu of commands of a language; '' is everybody else's."""
        self.commands[language] = entries
        self._put("commands", self.commands)

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

    def _put(self, key: str, body: Any) -> None:
        self._db.execute(
            "insert or replace into documents values (?, ?)",
            [key, json.dumps(body, ensure_ascii=False)],
        )

    def _load(self) -> None:
        for key, text in self._db.execute("select key, body from documents order by key"):
            kind, _, rest = key.partition(":")
            body = json.loads(text)
            match kind:
                case "message":
                    self.chats.setdefault(body[0], []).append(body[1])
                    self.next_message_id = int(rest) + 1
                case "update":
                    self.pending[int(rest)] = body
                case "person":
                    self.people[int(rest)] = Person(**body)
                case "blocked":
                    self.blocked = set(body)
                case "webhook" | "commands" | "next_update_id":
                    setattr(self, kind, body)
