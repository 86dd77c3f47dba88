"""A real Chromium for tests that look at pages as people do.

Playwright runs on asyncio, whose loops trio-asyncio makes its own in this process. So what is
done in the browser is done in a process of its own: a function, by its name, of a module that is
light to import.

    answers = await in_browser(steps.talk, "http://127.0.0.1:8081/")
"""

import importlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trio
from playwright.sync_api import Page, sync_playwright

CHROMIUM = shutil.which("chromium")
_ROOT = Path(__file__).parent.parent
_SECONDS = 120

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")


async def in_browser(
    steps: Callable[[Page], Any], address: str, *, width: int = 1200, height: int = 860
) -> Any:
    """Let `steps` act on the page at `address`; return what it returns, by way of JSON.

    Fails with what the other process printed if `steps` raised, or if the page logged an error.
    Cancelled: the browser is ended.
    """
    name = [steps.__module__, steps.__qualname__]
    with trio.fail_after(_SECONDS):
        done = await trio.run_process(
            [sys.executable, "-m", "tests.browser", *name, address, str(width), str(height)],
            cwd=_ROOT,
            capture_stdout=True,
            stderr=subprocess.STDOUT,
            check=False,
        )
    printed = done.stdout.decode()
    assert done.returncode == 0, printed
    return json.loads(printed.splitlines()[-1])


def _run(module: str, name: str, address: str, width: str, height: str) -> None:
    steps = getattr(importlib.import_module(module), name)
    errors: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": int(width), "height": int(height)})
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        page.goto(address)
        result = steps(page)
        browser.close()
    assert errors == [], errors
    print(json.dumps(result))


if __name__ == "__main__":
    _run(*sys.argv[1:])
