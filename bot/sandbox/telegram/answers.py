"""JSON in, JSON out."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from quart import Response, request


def as_json(body: Any, status: int = 200) -> Response:
    """Return a response with `body` as JSON."""
    return Response(json.dumps(body, ensure_ascii=False), status, mimetype="application/json")


def with_json(
    act: Callable[[dict[str, Any]], Awaitable[Response]],
) -> Callable[[], Awaitable[Response]]:
    """Return a view that gives `act` what was posted."""

    async def view() -> Response:
        return await act(await request.get_json())

    return view
