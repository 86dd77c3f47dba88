"""What people do on the chat page; each runs in the browser's process (tests/browser.py)."""

from typing import Any

from playwright.sync_api import Page

ANNA, JOHN = 1001, 1002


def talk_in_two_languages(page: Page) -> list[str]:
    """Press START as Anna and as John; return what the bot answered each of them."""
    answers = []
    for person in (ANNA, JOHN):
        page.get_by_test_id(f"person-{person}").click()
        page.get_by_test_id("start").click()
        answer = page.locator(".message:not(.mine)").first
        answers.append(answer.locator(".text").inner_text())
        assert answer.locator(".row button").count() > 0
        assert page.get_by_test_id("input").is_visible()
    return answers


def buy_with_stars(page: Page) -> dict[str, Any]:
    """Buy a month as Anna; return the key, the devices offered, and the side of the QR code."""
    page.get_by_test_id(f"person-{ANNA}").click()
    page.get_by_test_id("start").click()
    _tap(page, "Купить доступ")
    _tap(page, "Месяц")
    _tap(page, "Звёздами Telegram")
    page.get_by_test_id("pay").click()
    page.get_by_test_id("pay-confirm").click()
    page.get_by_test_id("pay-done").wait_for()
    page.keyboard.press("Escape")
    key = page.locator(".message code", has_text="vless://").inner_text()
    last = page.locator(".message:not(.mine)").last
    platforms = [last.locator(".row button").nth(number).inner_text() for number in range(5)]
    _tap(page, "QR-код")
    photo = page.get_by_test_id("photo")
    photo.wait_for()
    side = photo.evaluate("image => image.decode().then(() => image.naturalWidth)")
    _tap(page, "Назад")
    page.locator(".message code", has_text="vless://").wait_for()
    return {"key": key, "platforms": platforms, "qr_side": side}


def _tap(page: Page, words: str) -> None:
    """Press the first button with these words under the bot's last message."""
    message = page.locator(".message:not(.mine)").last
    message.locator(".row button", has_text=words).first.click()
