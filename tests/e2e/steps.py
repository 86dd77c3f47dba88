"""What people do on the chat page; each runs in the browser's process (tests/browser.py)."""

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
