"""gRPC calls that Trio can wait for and cancel.

grpcio's `future()` does its I/O on grpcio's own thread and calls back: no worker thread waits, so
none is left behind when the waiting task is cancelled, and the call itself is cancelled with it.
The deadline of the Trio scope around a call is the call's deadline too; the core is told of it.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import grpc
import trio
from google.protobuf.message import Message

from bot.agent.dialect import error_of

_OPTIONS = [
    # The list of 100,000 users is one message of some 16 MB; grpcio's bound is 4 MB.
    ("grpc.max_receive_message_length", 256 * 1024 * 1024),
    # A core that was restarted is found again at once, not within two minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 200),
    # Each try is the caller's decision; and a proxy of the environment has no business here.
    ("grpc.enable_retries", 0),
    ("grpc.enable_http_proxy", 0),
]


class Rpc:
    """Calls to one gRPC server; nothing is sent before the first call."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._channel = channel

    async def __call__(self, method: str, request: Message | None = None) -> bytes:
        """Return the reply's bytes; raises a CoreError. Cancelled: so is the call.

        Whether a call that was cancelled, or came too late, took effect is not known.
        """
        await trio.lowlevel.checkpoint()
        seconds_left = trio.current_effective_deadline() - trio.current_time()
        token, over = trio.lowlevel.current_trio_token(), trio.Event()

        def wake(_call: object) -> None:
            with suppress(trio.RunFinishedError):  # called after the process gave up waiting
                token.run_sync_soon(over.set)

        unary: grpc.UnaryUnaryMultiCallable[bytes, bytes] = self._channel.unary_unary(method)
        call = unary.future(
            request.SerializeToString() if request is not None else b"",
            timeout=None if math.isinf(seconds_left) else max(seconds_left, 0.001),
        )
        call.add_done_callback(wake)
        try:
            await over.wait()
        finally:
            call.cancel()  # nothing happens to a call that is over
        if call.code() is grpc.StatusCode.OK:
            return call.result()
        raise error_of(call.code(), call.details() or "")


@contextmanager
def open_rpc(address: str) -> Iterator[Rpc]:
    """Yield the caller of the gRPC server at `address`, which need not be there yet."""
    # The API of the cores has no TLS and no password: it must be reachable by this host alone.
    channel = grpc.insecure_channel(address, options=_OPTIONS)
    try:
        yield Rpc(channel)
    finally:
        channel.close()
