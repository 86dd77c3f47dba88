"""Messages that are sent, changed, passed on and taken back."""

from typing import Any

from bot.sandbox.telegram.methods import checks
from bot.sandbox.telegram.methods.parameters import Parameters
from bot.sandbox.telegram.rates import Rates
from bot.sandbox.telegram.refusals import NOT_MODIFIED, QUERY_TOO_OLD, bad
from bot.sandbox.telegram.world import World

_MEDIA = ("photo", "document")
_CONTENT = ("text", "entities", "caption", "caption_entities", "link_preview_options", *_MEDIA)
_SERVICE = ("successful_payment", "refunded_payment")
_DELETABLE_SECONDS = 48 * 3600


class MessageMethods:
    """The methods of messages."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._rates = Rates(
            overall_per_second=world.config.overall_per_second, chat_burst=world.config.chat_burst
        )

    # ---- sent ----

    def send_message(self, p: Parameters) -> dict[str, Any]:
        """Send a text."""
        return self.send(p, checks.text(p) | checks.markup(p))

    def send_photo(self, p: Parameters) -> dict[str, Any]:
        """Send a photo."""
        content = checks.caption(p) | checks.markup(p)
        return self.send(p, {"photo": self._world.files.photo(p.file("photo"))} | content)

    def send_document(self, p: Parameters) -> dict[str, Any]:
        """Send a file."""
        content = checks.caption(p) | checks.markup(p)
        return self.send(p, {"document": self._world.files.document(p.file("document"))} | content)

    def copy_message(self, p: Parameters) -> dict[str, Any]:
        """Send what another message says."""
        original = self._original(p, "copied")
        copy = {name: original[name] for name in _CONTENT if name in original}
        if p.text("caption"):
            copy = {k: v for k, v in copy.items() if "caption" not in k} | checks.caption(p)
        return {"message_id": self.send(p, copy | checks.markup(p))["message_id"]}

    def forward_message(self, p: Parameters) -> dict[str, Any]:
        """Send another message, and say whose it was."""
        original = self._original(p, "forwarded")
        content = {name: original[name] for name in _CONTENT if name in original}
        origin = {
            "type": "user",
            "sender_user": original["from"],
            "date": original["date"],
        }
        return self.send(p, {"forward_origin": original.get("forward_origin", origin)} | content)

    def send(self, p: Parameters, content: dict[str, Any]) -> dict[str, Any]:
        """Put a message of the bot's into the chat that the request names."""
        chat_id = checks.chat_id(self._world, p)
        self._rates.admit(chat_id)
        content = content | self._quoted(p, chat_id)
        message = self._world.message(chat_id, {"from": self._world.config.bot} | content)
        self._world.actions.pop(chat_id, None)
        self._world.save_message(chat_id, message)
        return message

    def _quoted(self, p: Parameters, chat_id: int) -> dict[str, Any]:
        reply = p.object("reply_parameters")
        if not reply:
            return {}
        quoted = self._world.quoted(chat_id, Parameters(reply).number("message_id"))
        if not quoted and not reply.get("allow_sending_without_reply"):
            raise bad("message to be replied not found")
        return quoted

    def _original(self, p: Parameters, done: str) -> dict[str, Any]:
        chat_id = p.number("from_chat_id")
        if chat_id not in self._world.people:
            raise bad("chat not found")
        original = self._world.find(chat_id, p.number("message_id"))
        if original is None:
            verb = {"copied": "copy", "forwarded": "forward"}[done]
            raise bad(f"message to {verb} not found")
        if not any(name in original for name in _CONTENT):
            raise bad(f"message can't be {done}")
        return original

    # ---- changed ----

    def edit_message_text(self, p: Parameters) -> dict[str, Any]:
        """Put another text in the place of a text."""
        content = checks.text(p) | checks.markup(p)
        message = self._editable(p)
        if "text" not in message:
            raise bad("there is no text in the message to edit")
        return self._changed(message, content, replaced=_CONTENT)

    def edit_message_caption(self, p: Parameters) -> dict[str, Any]:
        """Put other words under a photo or a file."""
        content = checks.caption(p) | checks.markup(p)
        message = self._editable(p)
        if not any(kind in message for kind in _MEDIA):
            raise bad("there is no caption in the message to edit")
        return self._changed(message, content, replaced=("caption", "caption_entities"))

    def edit_message_media(self, p: Parameters) -> dict[str, Any]:
        """Put a photo or a file in the place of another, or of a text."""
        media = p.object("media") or {}
        kind = media.get("type")
        if kind not in _MEDIA:
            raise bad("can't parse input media: type must be non-empty")
        words = checks.caption(Parameters(media)) | checks.markup(p)
        message = self._editable(p)
        if "invoice" in message:
            raise bad("message media can't be edited")
        file = p.attached(str(media.get("media") or ""))
        files = self._world.files
        sent = files.photo(file) if kind == "photo" else files.document(file)
        return self._changed(message, {kind: sent} | words, replaced=_CONTENT)

    def edit_message_reply_markup(self, p: Parameters) -> dict[str, Any]:
        """Put other buttons under a message, or none."""
        message = self._editable(p)
        return self._changed(message, checks.markup(p, invoice="invoice" in message), replaced=())

    def _editable(self, p: Parameters) -> dict[str, Any]:
        chat_id = checks.chat_id(self._world, p)
        if not p.number("message_id"):
            raise bad("message identifier is not specified")
        message = self._world.find(chat_id, p.number("message_id"))
        if message is None:
            raise bad("message to edit not found")
        if message["from"] != self._world.config.bot or "forward_origin" in message:
            raise bad("message can't be edited")
        return message

    def _changed(
        self, message: dict[str, Any], content: dict[str, Any], *, replaced: tuple[str, ...]
    ) -> dict[str, Any]:
        gone = {*replaced, "reply_markup"}
        changed = {k: v for k, v in message.items() if k not in gone} | content
        if changed == message:
            raise bad(NOT_MODIFIED)
        # Other buttons alone don't make a message "edited".
        if any(changed.get(name) != message.get(name) for name in _CONTENT):
            changed["edit_date"] = self._world.now
        self._world.save_message(message["chat"]["id"], changed)
        return changed

    # ---- taken back, and what passes ----

    def delete_message(self, p: Parameters) -> bool:
        """Take a message away; the bot's and, in private, the person's."""
        chat_id = checks.chat_id(self._world, p)
        message = self._world.find(chat_id, p.number("message_id"))
        if message is None:
            raise bad("message to delete not found")
        if self._world.now - message["date"] > _DELETABLE_SECONDS:
            raise bad("message can't be deleted for everyone")
        self._world.drop_message(chat_id, message["message_id"])
        return True

    def send_chat_action(self, p: Parameters) -> bool:
        """Show that the bot is busy, for five seconds."""
        chat_id = checks.chat_id(self._world, p)
        if p.text("action") not in _ACTIONS:
            raise bad("wrong parameter action in request")
        self._world.actions[chat_id] = self._world.config.now() + 5
        self._world.touch()
        return True

    def answer_callback_query(self, p: Parameters) -> bool:
        """Let the pressed button rest, and say a few words."""
        query_id = p.text("callback_query_id")
        waiting = self._world.queries.get(query_id)
        if waiting is None or waiting.is_set():
            raise bad(QUERY_TOO_OLD)
        if len(p.text("text")) > 200:
            raise bad("MESSAGE_TOO_LONG")
        self._world.answers[query_id] = {
            "text": p.text("text") or None,
            "show_alert": p.flag("show_alert"),
        }
        waiting.set()
        return True


_ACTIONS = {
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
}
