"""The chat page in a real Chromium: what a payer sees and does."""

import pytest
import trio

from bot.telegram.methods import AnswerPreCheckoutQuery, CreateInvoiceLink, SendMessage, SendPhoto
from bot.telegram.types import InlineKeyboardButton, InlineKeyboardMarkup, LabeledPrice
from tests.browser import in_browser, needs_chromium
from tests.integration.telegram import steps
from tests.integration.telegram.conftest import ANNA, StandIn, png

pytestmark = [needs_chromium, pytest.mark.browser]

JOHN = 1002
NARROW = {"width": 390, "height": 844}


async def answer(stand_in: StandIn, *refusals: str | None) -> None:
    """Let the bot answer the next pre_checkout_queries: with a yes, or a no and these words."""
    left = list(refusals)
    while left:
        for update in await stand_in.updates(seconds=5):
            if (query := update.pre_checkout_query) is not None:
                words = left.pop(0)
                await stand_in.bot(
                    AnswerPreCheckoutQuery(
                        pre_checkout_query_id=query.id, ok=words is None, error_message=words
                    )
                )


@pytest.mark.parametrize("size", [{}, NARROW], ids=["desktop", "narrow"])
async def test_stars_are_refused_paid_and_receipted(
    stand_in: StandIn, size: dict[str, int]
) -> None:
    await stand_in.started()
    await stand_in.invoice(150)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(answer, stand_in, "Продано", None)
        await in_browser(steps.pay_in_stars, f"{stand_in.page}/#{ANNA}", **size)


async def test_an_empty_purse_is_filled_on_the_way(stand_in: StandIn) -> None:
    await stand_in.started(JOHN)
    await stand_in.post("stars", person=JOHN, amount=-5000)
    await stand_in.invoice(150, chat_id=JOHN)
    await in_browser(steps.fill_an_empty_purse, f"{stand_in.page}/#{JOHN}")
    assert (await stand_in.get(f"wallet/{JOHN}"))["stars"] == 500


async def test_a_card_is_typed_and_an_invoice_link_subscribes(stand_in: StandIn) -> None:
    await stand_in.started(JOHN)
    await stand_in.invoice(
        chat_id=JOHN,
        currency="USD",
        provider_token="1:TEST:x",
        prices=[LabeledPrice(label="Router", amount=4950)],
    )
    link = await stand_in.bot(
        CreateInvoiceLink(
            title="Monthly",
            description="Every month",
            payload="sub",
            currency="XTR",
            prices=[LabeledPrice(label="A month", amount=120)],
            subscription_period=2_592_000,
        )
    )
    button = InlineKeyboardButton(text="Subscribe", url=link)
    keyboard = InlineKeyboardMarkup(inline_keyboard=[[button]])
    await stand_in.bot(SendMessage(chat_id=JOHN, text="Or monthly", reply_markup=keyboard))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(answer, stand_in, None, None)
        await in_browser(steps.pay_by_card_and_subscribe, f"{stand_in.page}/#{JOHN}")
    changes = [update.subscription for update in await stand_in.updates()]
    assert [change.state for change in changes if change is not None] == ["canceled"]


async def test_a_photo_is_seen_and_no_markup_breaks_out_of_its_caption(stand_in: StandIn) -> None:
    await stand_in.started()
    await stand_in.bot(SendPhoto(chat_id=ANNA, photo=png(64, 32), caption="<img src=x onerror=1>"))
    page = f"{stand_in.page}/#{ANNA}"
    assert await in_browser(steps.look_at_a_photo, page, **NARROW) == [64, 32]


@pytest.mark.parametrize("size", [{}, NARROW], ids=["desktop", "narrow"])
async def test_a_person_replies_to_a_message(stand_in: StandIn, size: dict[str, int]) -> None:
    await stand_in.started()
    asked = await stand_in.bot(SendMessage(chat_id=ANNA, text="How is it?"))
    await in_browser(steps.reply_to_the_bot, f"{stand_in.page}/#{ANNA}", **size)
    reply = (await stand_in.update()).message
    assert reply is not None
    assert reply.text == "Fine"
    assert reply.reply_to_message is not None
    assert reply.reply_to_message.message_id == asked.message_id
