"""Updates as Telegram sends them, and the error of a peer that is away."""

from typing import Any

from bot.telegram.types import Update

UNIX_TIME = 1_790_000_000


class AwayError(Exception):
    """Stands for the database being away."""


def person(user_id: int) -> dict[str, Any]:
    return {"id": user_id, "is_bot": False, "first_name": f"P{user_id}"}


def chat(user_id: int) -> dict[str, Any]:
    return {"id": user_id, "type": "private", "first_name": f"P{user_id}"}


def message(update_id: int, text: str = "hello", *, user: int = 7, **fields: Any) -> Update:
    body = {
        "message_id": update_id,
        "date": UNIX_TIME,
        "chat": chat(user),
        "from": person(user),
        "text": text,
    }
    return Update.model_validate({"update_id": update_id, "message": body | fields})


def button(update_id: int, data: str, *, user: int = 7) -> Update:
    query = {
        "id": str(update_id),
        "from": person(user),
        "chat_instance": "1",
        "data": data,
        "message": {
            "message_id": 1,
            "date": UNIX_TIME,
            "chat": chat(user),
            "text": "a menu",
        },
    }
    return Update.model_validate({"update_id": update_id, "callback_query": query})


def payment(update_id: int, *, user: int = 7) -> Update:
    paid = {
        "currency": "XTR",
        "total_amount": 100,
        "invoice_payload": "p",
        "telegram_payment_charge_id": "c",
        "provider_payment_charge_id": "",
    }
    return message(update_id, user=user, successful_payment=paid)


def refund(update_id: int, *, user: int = 7) -> Update:
    back = {
        "currency": "XTR",
        "total_amount": 100,
        "invoice_payload": "p",
        "telegram_payment_charge_id": "c",
    }
    return message(update_id, user=user, refunded_payment=back)


def pre_checkout(update_id: int, *, user: int = 7) -> Update:
    query = {
        "id": str(update_id),
        "from": person(user),
        "currency": "XTR",
        "total_amount": 100,
        "invoice_payload": "p",
    }
    return Update.model_validate({"update_id": update_id, "pre_checkout_query": query})


def membership(update_id: int, *, user: int = 7, status: str = "kicked") -> Update:
    bot = {"id": 1, "is_bot": True, "first_name": "Warren", "username": "WarrenBot"}
    new: dict[str, Any] = {"user": bot, "status": status}
    if status == "kicked":
        new["until_date"] = 0
    change = {
        "chat": chat(user),
        "from": person(user),
        "date": UNIX_TIME,
        "old_chat_member": {"user": bot, "status": "member"},
        "new_chat_member": new,
    }
    return Update.model_validate({"update_id": update_id, "my_chat_member": change})


def subscription(update_id: int, *, user: int = 7, state: str = "canceled") -> Update:
    change = {"user": person(user), "invoice_payload": "p", "state": state}
    return Update.model_validate({"update_id": update_id, "subscription": change})


def unheard_of(update_id: int) -> Update:
    return Update.model_validate({"update_id": update_id, "telepathy": {"thought": "hm"}})
