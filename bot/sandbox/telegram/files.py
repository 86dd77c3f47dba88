"""Files that were sent: each has an id, and is never asked for its bytes again."""

import secrets
import struct
from typing import Any

from bot.sandbox.telegram.refusals import RefusalError, bad
from bot.sandbox.telegram.store import Store

Upload = tuple[str, str, bytes]
"""Name, media type, content."""

_MAX_PHOTO_BYTES = 10 * 1024**2
_MAX_DOCUMENT_BYTES = 50 * 1024**2


class Files:
    """Photos and documents by file_id; a body is what the Bot API says of the file."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._bodies: dict[str, dict[str, Any]] = {}

    def restore(self, file_id: str, body: dict[str, Any]) -> None:
        """Take back what was known of a file before."""
        self._bodies[file_id] = body

    def media_type(self, file_id: str) -> str | None:
        """Return the media type of a file; None if there is none."""
        body = self._bodies.get(file_id)
        return None if body is None else body["media_type"]

    def photo(self, given: Upload | str) -> list[dict[str, Any]]:
        """Return a photo, uploaded or sent before, as PhotoSizes; raises RefusalError.

        Telegram makes smaller sizes beside the largest; here there is only that one.
        """
        if isinstance(given, str):
            return [self._known(given, "Photo")]
        name, _, content = given
        if len(content) > _MAX_PHOTO_BYTES:
            raise RefusalError(413, "Request Entity Too Large")
        media_type, width, height = dimensions(content)
        # Bot API: sendPhoto, "width and height must not exceed 10000 in total, ratio at most 20".
        if width + height > 10_000 or max(width, height) > 20 * min(width, height):
            raise bad("PHOTO_INVALID_DIMENSIONS")
        size = {"width": width, "height": height, "file_size": len(content)}
        return [self._new("Photo", (name, media_type, content), size)]

    def document(self, given: Upload | str) -> dict[str, Any]:
        """Return a file, uploaded or sent before, as a Document; raises RefusalError."""
        if isinstance(given, str):
            return self._known(given, "Document")
        name, media_type, content = given
        if not content:
            raise bad("file must be non-empty")
        if len(content) > _MAX_DOCUMENT_BYTES:
            raise RefusalError(413, "Request Entity Too Large")
        about = {"file_name": name, "mime_type": media_type, "file_size": len(content)}
        return self._new("Document", given, about)

    def _known(self, file_id: str, kind: str) -> dict[str, Any]:
        body = self._bodies.get(file_id)
        if body is None:
            raise bad("wrong file identifier/HTTP URL specified")
        if body["kind"] != kind:
            raise bad(f"can't use file of type {body['kind']} as {kind}")
        shown: dict[str, Any] = body["shown"]
        return shown

    def _new(self, kind: str, upload: Upload, about: dict[str, Any]) -> dict[str, Any]:
        file_id = f"{'AgAC' if kind == 'Photo' else 'BQAC'}{secrets.token_urlsafe(40)}"
        shown = {"file_id": file_id, "file_unique_id": f"AQAD{secrets.token_urlsafe(9)}"} | about
        body = {"kind": kind, "media_type": upload[1], "shown": shown}
        with self._store.together():
            self._store.put_file(file_id, upload[2])
            self._store.put(f"file:{file_id}", body)
        self._bodies[file_id] = body
        return shown


def dimensions(content: bytes) -> tuple[str, int, int]:
    """Return media type, width and height of a PNG or JPEG; raises RefusalError for others."""
    if content[:8] == b"\x89PNG\r\n\x1a\n" and content[12:16] == b"IHDR" and len(content) >= 24:
        width, height = struct.unpack(">II", content[16:24])
        if width and height:
            return "image/png", width, height
    if content[:3] == b"\xff\xd8\xff" and (size := _jpeg_size(content)):
        return "image/jpeg", *size
    raise bad("IMAGE_PROCESS_FAILED")


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    """Walk the segments of a JPEG to the frame header, which has the size (ITU T.81, B.2.2)."""
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return (width, height) if width and height else None
        at += 2 + length
    return None
