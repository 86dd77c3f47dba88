"""The public Quart application: what is not the webhook comes here."""

from collections.abc import Iterable
from typing import Protocol

from quart import Response
from quart_trio import QuartTrio


class Routes(Protocol):
    """A part of the public address."""

    def mount(self, app: QuartTrio) -> None:
        """Add its routes."""
        ...


def make_public_app(parts: Iterable[Routes]) -> QuartTrio:
    """Return the application with the routes of `parts`; every other address is 404."""
    app = QuartTrio(__name__)
    app.config.update(RESPONSE_TIMEOUT=30, BODY_TIMEOUT=10, MAX_CONTENT_LENGTH=1024 * 1024)

    for part in parts:
        part.mount(app)

    @app.errorhandler(404)
    async def not_found(_error: Exception) -> Response:
        return Response('{"detail": "Not Found"}', 404, mimetype="application/json")

    return app
