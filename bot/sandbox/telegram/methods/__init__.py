"""The Bot API's methods, carried out on the world, with Telegram's refusals in its own words."""

from collections.abc import Callable
from typing import Any

from bot.sandbox.telegram.ledger import StarLedger
from bot.sandbox.telegram.methods import checks
from bot.sandbox.telegram.methods.messages import MessageMethods
from bot.sandbox.telegram.methods.parameters import Parameters
from bot.sandbox.telegram.methods.payments import PaymentMethods
from bot.sandbox.telegram.methods.updates import UpdateMethods
from bot.sandbox.telegram.refusals import RefusalError, bad
from bot.sandbox.telegram.subscriptions import Subscriptions
from bot.sandbox.telegram.till import Till
from bot.sandbox.telegram.world import World

__all__ = ["Methods", "Parameters"]


class Methods:
    """Every method by its name in the Bot API, which is not case-sensitive."""

    def __init__(
        self, world: World, ledger: StarLedger, till: Till, subscriptions: Subscriptions
    ) -> None:
        self._world = world
        self.updates = UpdateMethods(world)
        messages = MessageMethods(world)
        payments = PaymentMethods(messages, till, ledger, subscriptions)
        self._methods: dict[str, Callable[[Parameters], Any]] = {
            "setwebhook": self.updates.set_webhook,
            "deletewebhook": self.updates.delete_webhook,
            "getwebhookinfo": self.updates.get_webhook_info,
            "sendmessage": messages.send_message,
            "sendphoto": messages.send_photo,
            "senddocument": messages.send_document,
            "copymessage": messages.copy_message,
            "forwardmessage": messages.forward_message,
            "editmessagetext": messages.edit_message_text,
            "editmessagecaption": messages.edit_message_caption,
            "editmessagemedia": messages.edit_message_media,
            "editmessagereplymarkup": messages.edit_message_reply_markup,
            "deletemessage": messages.delete_message,
            "sendchataction": messages.send_chat_action,
            "answercallbackquery": messages.answer_callback_query,
            "sendinvoice": payments.send_invoice,
            "createinvoicelink": payments.create_invoice_link,
            "answerprecheckoutquery": payments.answer_pre_checkout_query,
            "refundstarpayment": payments.refund_star_payment,
            "edituserstarsubscription": payments.edit_user_star_subscription,
            "getstartransactions": payments.get_star_transactions,
            "getmystarbalance": payments.get_my_star_balance,
            "getme": lambda _: world.config.bot,
            "getchat": lambda p: world.chat(world.people[checks.chat_id(world, p)]),
            "setmycommands": self._set_my_commands,
            "getmycommands": lambda p: world.commands.get(p.text("language_code"), []),
            "setmydescription": lambda p: self._describe(p, "description", 512),
            "setmyshortdescription": lambda p: self._describe(p, "short_description", 120),
        }

    async def call(self, name: str, parameters: Parameters) -> Any:
        """Return the method's result; raises RefusalError."""
        if name.lower() == "getupdates":
            return await self.updates.get_updates(parameters)
        method = self._methods.get(name.lower())
        if method is None:
            raise RefusalError(404, "Not Found")
        return method(parameters)

    def _set_my_commands(self, p: Parameters) -> bool:
        commands = p.object("commands") or []
        for command in commands:
            name, about = str(command.get("command")), str(command.get("description"))
            # Bot API: BotCommand.
            if not (1 <= len(name) <= 32 and name.isascii() and name.islower()):
                raise bad("BOT_COMMAND_INVALID")
            if not 1 <= len(about) <= 256:
                raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
        self._world.set_commands(p.text("language_code"), commands)
        return True

    def _describe(self, p: Parameters, what: str, most: int) -> bool:
        text = p.text(what)
        if len(text) > most:
            raise bad("wrong string length")
        self._world.describe(what, p.text("language_code"), text)
        return True
