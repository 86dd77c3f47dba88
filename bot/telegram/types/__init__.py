"""What Telegram sends, as far as the bot reads it: names and meanings are the Bot API's.

Unknown fields are ignored, unknown kinds of update parse to an update without a kind, and words
that Telegram may add to (types, statuses) are plain strings: a new release of the Bot API must
not stop the bot.
"""

from bot.telegram.types.base import (
    TelegramObject,
    User,
)
from bot.telegram.types.keyboards import (
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
)
from bot.telegram.types.messages import (
    Chat,
    Document,
    Message,
    MessageEntity,
    MessageId,
    PhotoSize,
)
from bot.telegram.types.payments import (
    BotSubscriptionUpdated,
    Invoice,
    LabeledPrice,
    PreCheckoutQuery,
    RefundedPayment,
    StarAmount,
    StarTransaction,
    StarTransactions,
    SuccessfulPayment,
    TransactionPartner,
)
from bot.telegram.types.updates import (
    ALLOWED_UPDATES,
    BotCommand,
    CallbackQuery,
    ChatMember,
    ChatMemberUpdated,
    ResponseParameters,
    Update,
    WebhookInfo,
)

__all__ = [
    "ALLOWED_UPDATES",
    "BotCommand",
    "BotSubscriptionUpdated",
    "CallbackQuery",
    "Chat",
    "ChatMember",
    "ChatMemberUpdated",
    "CopyTextButton",
    "Document",
    "InlineKeyboardButton",
    "InlineKeyboardMarkup",
    "Invoice",
    "LabeledPrice",
    "Message",
    "MessageEntity",
    "MessageId",
    "PhotoSize",
    "PreCheckoutQuery",
    "RefundedPayment",
    "ResponseParameters",
    "StarAmount",
    "StarTransaction",
    "StarTransactions",
    "SuccessfulPayment",
    "TelegramObject",
    "TransactionPartner",
    "Update",
    "User",
    "WebhookInfo",
]
