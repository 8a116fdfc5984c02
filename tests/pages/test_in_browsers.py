"""What only a real browser shows: a form that is sent on by 307, and codes that leave the address."""

from playwright.sync_api import Browser, Page

from tests.engines.browser import open_context
from tests.pages.site import Site
from tests.world import PASSWORD


def address_in(page: Page, after: str) -> str:
    """The address of a receipt's code, as it stands on a page."""
    text = page.locator(".token", has_text=after).first.inner_text()
    return text.strip()


def test_a_form_that_came_too_late_goes_on_after_the_proof(browser: Browser, site: Site) -> None:
    with open_context(browser) as context:
        page = context.new_page()
        site.sign_in(page, "administrator")
        page.goto(f"{site.address}/office/people/{site.world.users['secretary1']}")
        page.fill("#name", "Nguyễn Văn An Mới")
        page.fill("#phone", "0912000111")
        site.world.clock.advance(minutes=11)
        page.click("form[action$='/facts'] button")
        page.fill("#password", PASSWORD)
        page.click("form:has(#password) button")
        page.click("main button.btn")
        assert page.locator("h1").inner_text() == "Nguyễn Văn An Mới"


def test_a_receipts_code_leaves_the_address_before_anything_is_sent(browser: Browser, lived_in: Site) -> None:
    with open_context(browser) as context:
        page = context.new_page()
        lived_in.sign_in(page, "secretary2")
        page.goto(f"{lived_in.address}/cells/{lived_in.world.cells[1]}/home")
        page.locator("a[href^='/meetings/']").first.click()
        address = address_in(page, "/receipts#")
    asked: list[str] = []
    with open_context(browser) as context:
        page = context.new_page()
        page.on("request", lambda request: asked.append(f"{request.url} {request.headers.get('referer', '')}"))
        page.goto(address)
        assert page.url == f"{lived_in.address}/receipts"
        assert page.locator("#token").is_hidden()
        page.click("main button.btn")
        assert "Chi bộ Thôn Mẫu 2" in page.locator("dl").inner_text()
    code = address.partition("#")[2]
    assert code
    assert not [one for one in asked if code in one]
