"""Administrators and what is sold: plans, prices, promo codes."""

import pytest

from bot.shop.plans import Plan, all_plans
from bot.shop.promo_codes import PromoKind, promo_codes
from tests.integration.handlers.conftest import Answer, Bot
from tests.integration.shop.conftest import ADMIN, DAY, NOW

ANNA = 1001


async def plan(bot: Bot, plan_id: int) -> Plan:
    [found] = [each for each in await all_plans(bot.shop.lane) if each.id == plan_id]
    return found


async def answer_all(bot: Bot, *answers: str) -> Answer:
    """Say one answer after the other; return what the last one showed."""
    for words in answers[:-1]:
        await bot.say(ADMIN, words)
    return await bot.say(ADMIN, answers[-1])


async def test_a_plan_is_added_in_four_steps_and_sold_only_when_it_is_put_on_sale(bot: Bot) -> None:
    await bot.press(ADMIN, "a-plan-add")
    card = await answer_all(bot, "90", "799,50", "Квартал: <3>", "Quarter: <3>")
    assert "Quarter: &lt;3&gt;" in card.text
    [added] = [each for each in await all_plans(bot.shop.lane) if each.title_en == "Quarter: <3>"]
    assert (added.title_ru, added.duration_days) == ("Квартал: <3>", 90)
    assert (added.price.amount_minor, added.price_stars) == (79_950, 533)
    assert f"buy:plan:{added.id}" not in (await bot.press(ANNA, "buy")).data
    switch = card.starting("a-plan-on:1:")
    assert (await bot.press(ADMIN, switch)).toast == "Done"
    await bot.press(ADMIN, switch)
    assert f"buy:plan:{added.id}" in (await bot.press(ANNA, "buy")).data
    assert await bot.shop.count("audit_log", "action = 'plan.on_sale'") == 1


@pytest.mark.parametrize(
    ("field", "words", "wrong", "becomes"),
    [
        ("price", "1 299,50", "-5", ("price", 129_950)),
        ("price", "300", "1.001", ("price", 30_000)),
        ("stars", "250", "0", ("price_stars", 250)),
        ("days", "45", "4000", ("duration_days", 45)),
        ("devices", "0", "-1", ("device_limit", None)),
        ("devices", "5", "five", ("device_limit", 5)),
        ("traffic", "100", "1e3", ("traffic_limit_bytes", 100 * 1024**3)),
        ("ru", "Тридцать дней", "т" * 49, ("title_ru", "Тридцать дней")),
        ("en", "Thirty days", "", ("title_en", "Thirty days")),
    ],
)
async def test_each_field_of_a_plan_is_changed_alone(
    bot: Bot, field: str, words: str, wrong: str, becomes: tuple[str, object]
) -> None:
    attribute, value = becomes
    before = await plan(bot, bot.shop.basic)
    await bot.press(ADMIN, f"a-plan-set:{bot.shop.basic}:{field}")
    if wrong:
        assert "not possible" in (await bot.say(ADMIN, wrong)).text
    assert await plan(bot, bot.shop.basic) == before
    await bot.say(ADMIN, words)
    after = await plan(bot, bot.shop.basic)
    changed = getattr(after, attribute)
    assert (changed.amount_minor if attribute == "price" else changed) == value
    assert after.active
    others = {name for name in Plan.__slots__ if name != attribute}
    assert {name: getattr(after, name) for name in others} == {
        name: getattr(before, name) for name in others
    }


async def test_a_plan_of_another_currency_gets_a_price_before_anything_else(bot: Bot) -> None:
    await bot.shop.lane.execute("update plans set currency = 'USD' where id = $1", bot.shop.basic)
    assert "counts in RUB" in (await bot.press(ADMIN, f"a-plan:{bot.shop.basic}")).text
    asked = await bot.press(ADMIN, f"a-plan-set:{bot.shop.basic}:en")
    assert "price in RUB" in asked.text
    await bot.say(ADMIN, "500")
    changed = await plan(bot, bot.shop.basic)
    assert (str(changed.price), changed.title_en) == ("500.00 RUB", "Month")


async def test_a_plan_is_moved_to_a_place_and_a_second_tap_leaves_it_there(bot: Bot) -> None:
    card = await bot.press(ADMIN, f"a-plan:{bot.shop.family}")
    up = card.starting("a-plan-to:")
    await bot.press(ADMIN, up)
    await bot.press(ADMIN, up)
    ids = [each.id for each in await all_plans(bot.shop.lane)]
    assert ids == [bot.shop.basic, bot.shop.family, bot.shop.year]
    assert await bot.shop.count("audit_log", "action = 'plan.move'") == 1


async def test_a_promo_code_is_created_in_short_steps_and_works(bot: Bot) -> None:
    await bot.press(ADMIN, "a-promo-add")
    await bot.press(ADMIN, f"a-promo-add:{PromoKind.DAYS}")
    assert "not possible" in (await bot.say(ADMIN, "no spaces, please")).text
    await bot.say(ADMIN, "spring-26")
    assert "not possible" in (await bot.say(ADMIN, "0")).text
    card = await answer_all(bot, "7", "100", "30")
    assert "SPRING-26" in card.text
    assert "7 days" in card.text
    [code] = await promo_codes(bot.shop.lane)
    assert (code.value, code.max_uses, code.per_person) == (7, 100, 1)
    assert code.valid_until == NOW + 30 * DAY
    off = card.starting("a-promo-on:0:")
    await bot.press(ADMIN, off)
    assert "Switched off" in (await bot.press(ADMIN, off)).text
    assert await bot.shop.count("audit_log", "action = 'promo.deactivate'") == 1


async def test_a_code_that_is_there_already_is_asked_for_again(bot: Bot) -> None:
    for _ in range(2):
        await bot.press(ADMIN, f"a-promo-add:{PromoKind.BALANCE}")
        last = await answer_all(bot, "GIFT", "99,90", "0", "0")
    assert "such a code already" in last.text
    [code] = await promo_codes(bot.shop.lane)
    assert (code.value, code.max_uses, code.valid_until) == (9_990, None, None)
    assert "GIFT" in (await bot.press(ADMIN, "a-promos")).buttons[0].text


@pytest.mark.parametrize(
    "data",
    [
        "a-plan:",
        "a-plan:9999",
        "a-plan-on:1:9999",
        "a-plan-to:5:9999",
        "a-plan-to:x:y",
        "a-plan-set:9999:price",
        "a-plan-set:1:id",
        "a-promo:77",
        "a-promo-on:1:x",
        "a-promo-add:all",
    ],
)
async def test_made_up_buttons_are_answered_and_do_nothing(bot: Bot, data: str) -> None:
    rows = await bot.shop.count("audit_log")
    assert (await bot.press(ADMIN, data)).is_answered
    assert await bot.shop.count("audit_log") == rows
