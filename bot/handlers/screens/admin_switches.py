"""What administrators turn on and off."""

from bot.handlers.screens.screen import Screen, back, button, rows
from bot.shop.switches import Switch, Switches
from bot.telegram.types import InlineKeyboardButton
from bot.texts import Texts


def switches(texts: Texts, state: Switches) -> Screen:
    """Every switch, what it does, and the button that turns it."""

    def turn(switch: Switch) -> InlineKeyboardButton:
        on = state.is_on(switch)
        name = switch.replace("_", "-")
        label = texts(f"admin-{name}-off" if on else f"admin-{name}-on")
        return button(label, f"a-switch:{int(not on)}:{switch}")

    paragraphs = [texts("admin-switches")]
    for switch in Switch:
        name = switch.replace("_", "-")
        light = "🔴" if state.is_on(switch) else "🟢"
        paragraphs.append(f"{light} {texts(f'admin-about-{name}')}")
    return Screen(
        "\n\n".join(paragraphs), rows(*(turn(each) for each in Switch), back(texts, "a-desk"))
    )
