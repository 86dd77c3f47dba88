"""Administration inside the bot, for the people of ADMIN_IDS."""

from bot.handlers.admin import desk, payments, people
from bot.handlers.admin.asking import AdminRouter

router = AdminRouter()
router.include(desk.router)
router.include(people.router)
router.include(payments.router)
