"""The page can be put on the home screen, and offers it once somebody has sent something from a phone."""

import json
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, expect

from tests.engines.browser import axe_violations
from tests.pages.phone import SENT, Cell, open_form, send_report, signed_in_phone

IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 15_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/15.6 "
    "Mobile/15E148 Safari/604.1"
)
OFFER = "Đưa trang này ra màn hình chính?"
# What Chrome sends when it finds that a page can be installed; a test's Chrome never finds so.
ASKS = """() => {
  const asked = new Event('beforeinstallprompt', {cancelable: true});
  asked.prompt = () => { window.asked = true; };
  dispatchEvent(asked);
}"""


def test_it_can_be_installed(phone: BrowserContext, cell: Cell) -> None:
    page = open_form(phone, cell)
    address = page.locator("link[rel=manifest]").get_attribute("href")
    answer = page.request.get(cell.site.address + (address or ""))
    said_there = json.loads(answer.text())
    assert said_there["display"] == "standalone"
    assert page.request.get(cell.site.address + said_there["icons"][0]["src"]).ok
    session = phone.new_cdp_session(page)
    assert session.send("Page.getAppManifest")["errors"] == []
    hindered = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert [one["errorId"] for one in hindered if one["errorId"] != "in-incognito"] == [], "a test's window is private"


def test_after_sending_the_phones_own_question_is_one_press_away(
    phone: BrowserContext, cell: Cell, files: tuple[Path, Path]
) -> None:
    page = send_report(phone, cell, files)
    offer = page.get_by_role("heading", name=OFFER)
    expect(offer).to_be_hidden()
    page.evaluate(ASKS)
    expect(offer).to_be_visible()
    assert axe_violations(page) == []
    page.get_by_role("button", name="Đưa ra màn hình chính").click()
    expect(offer).to_be_hidden()
    assert page.evaluate("window.asked")
    page.reload()
    page.evaluate(ASKS)
    expect(offer).to_be_hidden()


def test_an_iphone_is_told_how_until_somebody_says_later(
    browser: Browser, cell: Cell, files: tuple[Path, Path]
) -> None:
    with signed_in_phone(browser, cell, user_agent=IPHONE) as context:
        page = send_report(context, cell, files)
        expect(page.get_by_text("chọn Thêm vào MH chính")).to_be_visible()
        page.get_by_role("button", name="Để sau").click()
        expect(page.get_by_text("chọn Thêm vào MH chính")).to_be_hidden()
        page.reload()
        expect(page.get_by_role("status").first).to_contain_text(SENT)
        expect(page.get_by_text("chọn Thêm vào MH chính")).to_be_hidden()
