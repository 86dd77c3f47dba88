"""The stand-in as a service: the Bot API for the bot, a page and JSON for people and tests.

`people_api` and `payments_api` list what can be done by hand.
"""

from pathlib import Path
from typing import cast
from urllib.parse import quote

import hypercorn.trio
import trio
from hypercorn.config import Config
from quart import Response, redirect, send_from_directory
from quart_trio import QuartTrio

from bot.sandbox.telegram.bot_api import BotApi
from bot.sandbox.telegram.config import SandboxConfig
from bot.sandbox.telegram.deliveries import Deliveries
from bot.sandbox.telegram.ledger import StarLedger
from bot.sandbox.telegram.methods import Methods
from bot.sandbox.telegram.payments_api import PaymentsApi
from bot.sandbox.telegram.people_api import PeopleApi
from bot.sandbox.telegram.store import Store
from bot.sandbox.telegram.subscriptions import Subscriptions
from bot.sandbox.telegram.till import Till
from bot.sandbox.telegram.world import World

_PAGE = Path(__file__).parent / "page"
_MAX_BODY_BYTES = 64 * 1024**2


async def serve_telegram(
    config: SandboxConfig, *, task_status: trio.TaskStatus[str] = trio.TASK_STATUS_IGNORED
) -> None:
    """Be a Telegram until cancelled; reports the address of its page once it listens."""
    store = Store(config.data_dir / "telegram.sqlite")
    try:
        async with trio.open_nursery() as nursery:
            app, deliveries = _assemble(World(config, store))
            nursery.start_soon(deliveries.run, nursery, name="deliveries")
            settings = Config()
            settings.bind = [f"{config.host}:{config.port}"]
            settings.accesslog = settings.errorlog = None
            settings.graceful_timeout = 1
            binds = await nursery.start(hypercorn.trio.serve, app, settings)
            task_status.started(binds[0])
            await trio.sleep_forever()
    finally:
        store.close()


def _assemble(world: World) -> tuple[QuartTrio, Deliveries]:
    ledger = StarLedger(world)
    till = Till(world, ledger)
    subscriptions = Subscriptions(world, ledger, till)
    methods = Methods(world, ledger, till, subscriptions)
    bot_api = BotApi(world.config.token, methods)
    deliveries = Deliveries(world, bot_api.carry_out)
    methods.updates.last_error = lambda: deliveries.last_error
    people = PeopleApi(
        world=world,
        ledger=ledger,
        till=till,
        methods=methods,
        deliveries=deliveries,
        bot_api=bot_api,
    )

    app = QuartTrio(__name__)
    app.config.update(RESPONSE_TIMEOUT=120, BODY_TIMEOUT=30, MAX_CONTENT_LENGTH=_MAX_BODY_BYTES)
    app.add_url_rule("/bot<token>/<method>", "api", bot_api.view, methods=["GET", "POST"])
    app.add_url_rule("/", "page", _page)
    app.add_url_rule("/$<slug>", "link", _link)
    app.add_url_rule("/page/<path:name>", "page_file", _page)
    people.route(app)
    PaymentsApi(world, ledger, till, subscriptions).route(app)
    return app, deliveries


async def _page(name: str = "index.html") -> Response:
    return await send_from_directory(_PAGE, name)


async def _link(slug: str) -> Response:
    """Open an invoice link's payment in the page."""
    return cast("Response", redirect(f"/#pay={quote(slug)}"))
