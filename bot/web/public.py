"""The public Quart application: what is not the webhook comes here."""

from quart import Response
from quart_trio import QuartTrio


def make_public_app() -> QuartTrio:
    """Return the application; for now it knows no address, and says so."""
    app = QuartTrio(__name__)
    app.config.update(RESPONSE_TIMEOUT=30, BODY_TIMEOUT=10, MAX_CONTENT_LENGTH=1024 * 1024)

    @app.errorhandler(404)
    async def not_found(_error: Exception) -> Response:
        return Response('{"detail": "Not Found"}', 404, mimetype="application/json")

    return app
