"""A load generator in a process of its own: posts updates on connections that are kept alive.

    python -m tests.bench.load '{"port": 8080, "path": "/telegram/webhook", "secret": "…", …}'

Each connection posts one update at a time. With `rate`, updates are due at fixed moments, and an
update's latency counts from the moment at which it was due, so that a server that stands still
can't hide it by slowing the load down. Prints one line of JSON.
"""

import json
import sys
from dataclasses import dataclass, field
from time import perf_counter

import trio

_PERSON = 1_000_001


@dataclass
class Load:
    """What is to be posted where, as the command line says."""

    port: int
    path: str
    secret: str
    updates: int
    connections: int
    first_update: int = 1
    people: int = 5000
    rate: float | None = None
    seconds: list[float] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    _next: int = 0

    async def run(self) -> None:
        began = perf_counter()
        async with trio.open_nursery() as nursery:
            for _ in range(self.connections):
                nursery.start_soon(self._connection, began)
        self.took = perf_counter() - began

    async def _connection(self, began: float) -> None:
        stream = await trio.open_tcp_stream("127.0.0.1", self.port)
        async with stream:
            while self._next < self.updates:
                number, self._next = self._next, self._next + 1
                due = perf_counter()
                if self.rate:
                    due = began + number / self.rate
                    await trio.sleep(max(0.0, due - perf_counter()))
                await stream.send_all(self._request(number))
                status = await _answer(stream)
                self.seconds.append(perf_counter() - due)
                self.statuses[status] = self.statuses.get(status, 0) + 1

    def _request(self, number: int) -> bytes:
        person = _PERSON + number % self.people
        user = {"id": person, "first_name": "P", "language_code": "en"}
        body = json.dumps(
            {
                "update_id": self.first_update + number,
                "message": {
                    "message_id": number + 1,
                    "date": 1_770_000_000,
                    "chat": {"id": person, "type": "private", "first_name": "P"},
                    "from": user | {"is_bot": False},
                    "text": "/start",
                    "entities": [{"type": "bot_command", "offset": 0, "length": 6}],
                },
            }
        ).encode()
        head = (
            f"POST {self.path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
            f"x-telegram-bot-api-secret-token: {self.secret}\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


async def _answer(stream: trio.SocketStream) -> str:
    """Read one response; its body has a content-length or is chunked."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += await _some(stream)
    head, _, body = received.partition(b"\r\n\r\n")
    fields = head.lower().split(b"\r\n")
    lengths = [int(line[15:]) for line in fields if line.startswith(b"content-length:")]
    while len(body) < lengths[0] if lengths else not body.endswith(b"0\r\n\r\n"):
        body += await _some(stream)
    return head[9:12].decode()


async def _some(stream: trio.SocketStream) -> bytes:
    data = await stream.receive_some()
    if not data:
        raise ConnectionError("the server closed the connection")
    return data


def main() -> None:
    load = Load(**json.loads(sys.argv[1]))
    trio.run(load.run)
    ordered = sorted(load.seconds)
    print(
        json.dumps(
            {
                "per_second": round(load.updates / load.took),
                "p50_ms": round(1000 * ordered[len(ordered) // 2], 1),
                "p99_ms": round(1000 * ordered[len(ordered) * 99 // 100], 1),
                "statuses": load.statuses,
            }
        )
    )


if __name__ == "__main__":
    main()
