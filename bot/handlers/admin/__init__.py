"""Administration inside the bot, for the people of ADMIN_IDS."""

from bot.handlers.admin import (
    audit_log,
    broadcasts,
    desk,
    payments,
    people,
    plans,
    promos,
    statistics,
    switches,
    vpn,
    workers,
)
from bot.handlers.admin.asking import AdminRouter

router = AdminRouter()
for part in (
    desk,
    statistics,
    people,
    payments,
    plans,
    promos,
    broadcasts,
    switches,
    vpn,
    workers,
    audit_log,
):
    router.include(part.router)
