"""The bot as a person meets it: a real Chromium on the chat page, a real bot behind it."""

from pathlib import Path

import pytest

from tests.browser import in_browser, needs_chromium
from tests.e2e import steps
from tests.e2e.conftest import TestDatabase
from tests.e2e.harness import bot_process, settings_for, stand_in

CYRILLIC = {chr(code) for code in range(0x430, 0x450)}


@needs_chromium
@pytest.mark.browser
async def test_the_bot_answers_start_in_a_browser_in_each_persons_language(
    database: TestDatabase, tmp_path: Path
) -> None:
    async with stand_in(tmp_path) as telegram:
        settings = settings_for(telegram.address, database.dsn)
        async with bot_process("run", tmp_path, settings) as bot:
            await bot.until_ready()
            to_anna, to_john = await in_browser(steps.talk_in_two_languages, telegram.address)
            assert (await bot.stop()).code == 0
    assert any(letter in CYRILLIC for letter in to_anna.lower())
    assert not any(letter in CYRILLIC for letter in to_john.lower())
