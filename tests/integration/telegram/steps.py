"""What people do on the chat page; each runs in the browser's process (tests/browser.py)."""

import re

from playwright.sync_api import Page, expect


def fits(page: Page) -> bool:
    """Say whether nothing is wider than the window."""
    return bool(
        page.evaluate(
            "['html', '#chat', '#sheet .body'].every((what) => {"
            "  const box = document.querySelector(what);"
            "  return !box || box.scrollWidth <= box.clientWidth })"
        )
    )


def pay_in_stars(page: Page) -> None:
    page.get_by_test_id("pay").click()
    page.get_by_test_id("pay-confirm").click()
    expect(page.get_by_test_id("pay-error")).to_have_text("Продано")
    assert fits(page)
    page.get_by_test_id("pay-confirm").click()
    page.get_by_test_id("pay-done").wait_for()
    page.locator("#sheet .main").click()
    expect(page.get_by_test_id("service")).to_contain_text("Вы заплатили")
    expect(page.get_by_test_id("purse")).to_have_text(re.compile(r"4\s850"))
    assert page.get_by_test_id("pay").count() == 0
    page.get_by_test_id("receipt").click()
    expect(page.get_by_test_id("receipt-lines")).to_contain_text("150")
    assert fits(page)


def fill_an_empty_purse(page: Page) -> None:
    page.get_by_test_id("pay").click()
    expect(page.get_by_test_id("pay-short")).to_have_text("You need 150 more.")
    page.get_by_test_id("fill").click()
    page.get_by_test_id("pay-confirm").wait_for()


def pay_by_card_and_subscribe(page: Page) -> None:
    page.get_by_test_id("pay").click()
    page.get_by_test_id("test-card").click()
    expect(page.get_by_test_id("pay-confirm")).to_contain_text("$49.50")
    page.get_by_test_id("pay-confirm").click()
    page.get_by_test_id("pay-done").wait_for()
    page.locator("#sheet .main").click()
    page.get_by_text("Subscribe", exact=True).click()
    page.get_by_test_id("pay-confirm").click()
    page.get_by_test_id("pay-done").wait_for()
    page.locator("#sheet .main").click()
    page.get_by_test_id("purse").click()
    subscription = page.get_by_test_id("subscription")
    expect(subscription).to_contain_text("Monthly")
    subscription.get_by_text("Cancel", exact=True).click()
    expect(subscription).to_contain_text("ends")


def look_at_a_photo(page: Page) -> list[int]:
    photo = page.get_by_test_id("photo")
    expect(photo).to_be_visible()
    expect(page.locator(".message .text").last).to_have_text("<img src=x onerror=1>")
    assert fits(page)
    size: list[int] = photo.evaluate("(image) => [image.naturalWidth, image.naturalHeight]")
    return size


def reply_to_the_bot(page: Page) -> None:
    page.get_by_test_id("reply").last.click(force=True)
    expect(page.get_by_test_id("replying")).to_contain_text("How is it?")
    assert fits(page)
    page.get_by_test_id("input").fill("Fine")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("quote")).to_have_text("How is it?")
    expect(page.get_by_test_id("replying")).to_be_hidden()
    assert fits(page)
