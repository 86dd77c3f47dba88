"""What the bot asks of Telegram: one class a method, named and shaped as in the Bot API."""

from bot.telegram.methods.editing import (
    DeleteMessage,
    EditMessageCaption,
    EditMessageMedia,
    EditMessageReplyMarkup,
    EditMessageText,
    InputMediaPhoto,
)
from bot.telegram.methods.messages import (
    AnswerCallbackQuery,
    CopyMessage,
    ForwardMessage,
    LinkPreviewOptions,
    ReplyParameters,
    SendChatAction,
    SendDocument,
    SendMessage,
    SendPhoto,
)
from bot.telegram.methods.method import (
    InputFile,
    Method,
)
from bot.telegram.methods.payments import (
    AnswerPreCheckoutQuery,
    CreateInvoiceLink,
    EditUserStarSubscription,
    GetMyStarBalance,
    GetStarTransactions,
    RefundStarPayment,
    SendInvoice,
)
from bot.telegram.methods.profile import (
    SetMyCommands,
    SetMyDescription,
    SetMyShortDescription,
)
from bot.telegram.methods.updates import (
    DeleteWebhook,
    GetMe,
    GetWebhookInfo,
    SetWebhook,
)

__all__ = [
    "AnswerCallbackQuery",
    "AnswerPreCheckoutQuery",
    "CopyMessage",
    "CreateInvoiceLink",
    "DeleteMessage",
    "DeleteWebhook",
    "EditMessageCaption",
    "EditMessageMedia",
    "EditMessageReplyMarkup",
    "EditMessageText",
    "EditUserStarSubscription",
    "ForwardMessage",
    "GetMe",
    "GetMyStarBalance",
    "GetStarTransactions",
    "GetWebhookInfo",
    "InputFile",
    "InputMediaPhoto",
    "LinkPreviewOptions",
    "Method",
    "RefundStarPayment",
    "ReplyParameters",
    "SendChatAction",
    "SendDocument",
    "SendInvoice",
    "SendMessage",
    "SendPhoto",
    "SetMyCommands",
    "SetMyDescription",
    "SetMyShortDescription",
    "SetWebhook",
]
