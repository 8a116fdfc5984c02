"""Getting in with a real browser: fragments, passkeys, phones with and without script."""

import json

from playwright.sync_api import Browser, BrowserContext, Page, expect

from meetingcheck.accounts.actions import forget_second_factors
from meetingcheck.accounts.rules import enrolment_path, link_path
from meetingcheck.lib.db import write_transaction
from tests.accounts.ways import NEW_PASSWORD, PIN, ZALO, link_for, sheet_for
from tests.engines.browser import axe_violations, beyond_width, open_context
from tests.pages.site import Site
from tests.world import PASSWORD


def heard(page: Page) -> list[str]:
    """Everything that the browser sends from now on: addresses, headers and bodies of posts."""
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.method} {request.url} {json.dumps(request.headers)}"))
    return sent


def history_of(context: BrowserContext, page: Page) -> str:
    """The addresses that the browser keeps. (What somebody typed into its bar is the browser's own affair.)"""
    kept = context.new_cdp_session(page).send("Page.getNavigationHistory")
    return " ".join(entry["url"] for entry in kept["entries"])


def test_a_token_leaves_the_address_and_the_history_and_is_only_posted(browser: Browser, site: Site) -> None:
    token = link_for(site.world, "reporter1")
    with open_context(browser) as context:
        page = context.new_page()
        sent = heard(page)
        page.goto(site.address + link_path(token))
        expect(page.get_by_label("Mật khẩu mới")).to_be_visible()
        expect(page.get_by_label("Phần cuối của đường dẫn")).to_be_hidden()
        assert page.url == f"{site.address}/one-time"
        assert token not in history_of(context, page)
        page.fill("#password", "ngắn")
        page.get_by_role("button", name="Đặt mật khẩu và vào").click()
        expect(page.get_by_text("Mật khẩu cần ít nhất 8 ký tự.")).to_be_visible()
        assert axe_violations(page) == []
        page.fill("#password", NEW_PASSWORD)
        page.get_by_role("button", name="Đặt mật khẩu và vào").click()
        page.wait_for_url("**/cells/**")
        assert token not in history_of(context, page)
        assert not [line for line in sent if token in line]
        assert not [line for line in sent if '"referer"' in line.lower() and "one-time" in line.split('"referer"')[1]]


def test_without_script_one_types_the_token(browser: Browser, site: Site) -> None:
    token = link_for(site.world, "reporter1")
    with open_context(browser, javascript=False) as phone:
        page = phone.new_page()
        page.goto(f"{site.address}/one-time")
        page.get_by_label("Phần cuối của đường dẫn").fill(token)
        page.get_by_label("Mật khẩu mới").fill(PASSWORD)
        page.get_by_role("button", name="Đặt mật khẩu và vào").click()
        page.wait_for_url("**/cells/**")


def test_a_phone_is_pinned_by_its_sheet_and_opened_by_its_pin(browser: Browser, site: Site) -> None:
    token, _ = sheet_for(site.world, "secretary1")
    with open_context(browser) as phone:
        page = phone.new_page()
        page.goto(site.address + enrolment_path(token))
        expect(page.get_by_label("Mã in dưới hình QR")).to_be_hidden()
        assert page.url == f"{site.address}/enrol"
        assert axe_violations(page) == []
        page.get_by_role("button", name="Đăng ký máy này").click()
        page.wait_for_url(f"**/cells/{site.world.cells[0]}/home")
        page.get_by_role("link", name="Gửi báo cáo tháng 11/2026").first.click()
        page.wait_for_url("**/check-in")
        page.goto(f"{site.address}/devices")
        page.get_by_role("link", name="Đặt mã PIN cho máy này").click()
        page.get_by_label("Mã PIN, 6 chữ số").fill("123456")
        page.get_by_label("Nhập lại mã PIN").fill("123456")
        page.get_by_role("button", name="Đặt mã PIN").click()
        expect(page.get_by_text("dễ đoán")).to_be_visible()
        assert axe_violations(page) == []
        assert beyond_width(page, 320) == []
        page.get_by_label("Mã PIN, 6 chữ số").fill(PIN)
        page.get_by_label("Nhập lại mã PIN").fill(PIN)
        page.get_by_role("button", name="Đặt mã PIN").click()
        expect(page.get_by_text("Đã đặt mã PIN cho máy này.")).to_be_visible()
        page.get_by_role("button", name="Đăng xuất (").click()
        expect(page.get_by_role("heading", name="Chào đồng chí Nguyễn Văn An")).to_be_visible()
        assert axe_violations(page) == []
        assert beyond_width(page, 320) == []
        page.get_by_label("Mã PIN của máy này").fill(PIN)
        page.get_by_role("button", name="Mở").click()
        page.wait_for_url(f"**/cells/{site.world.cells[0]}/home")


def test_without_script_one_types_the_code_under_the_qr(browser: Browser, site: Site) -> None:
    _, code = sheet_for(site.world, "secretary2", 1)
    with open_context(browser, javascript=False) as phone:
        page = phone.new_page()
        page.goto(f"{site.address}/enrol")
        page.get_by_label("Mã in dưới hình QR").fill(code.lower())
        page.get_by_role("button", name="Đăng ký máy này").click()
        page.wait_for_url(f"**/cells/{site.world.cells[1]}/home")


def test_inside_a_chat_app_the_way_out_is_offered(browser: Browser, site: Site) -> None:
    token, _ = sheet_for(site.world, "secretary1")
    with open_context(browser, user_agent=ZALO) as chat:
        page = chat.new_page()
        page.goto(site.address + enrolment_path(token))
        link = page.get_by_role("link", name="Mở bằng Chrome")
        expect(link).to_be_visible()
        host = site.address.removeprefix("http://")
        intent = f"intent://{host}/enrol#{token}#Intent;scheme=http;package=com.android.chrome;end"
        assert link.get_attribute("href") == intent
        assert axe_violations(page) == []
        assert page.get_by_role("button", name="Đăng ký máy này").count() == 0


def test_a_passkey_is_made_and_used(browser: Browser, site: Site) -> None:
    world = site.world
    with world.app.app_context(), write_transaction() as session:
        forget_second_factors(session, world.users["other_reviewer"], None, world.clock())
    with open_context(browser) as context:
        page = context.new_page()
        client = context.new_cdp_session(page)
        client.send("WebAuthn.enable")
        options = {"protocol": "ctap2", "transport": "internal", "hasUserVerification": True, "isUserVerified": True}
        client.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        give_password(page, site)
        page.wait_for_url("**/second-factor/new")
        assert axe_violations(page) == []
        assert beyond_width(page, 320) == []
        expect(page.get_by_role("img", name="Mã QR")).to_have_js_property("complete", True)
        assert page.get_by_role("img", name="Mã QR").evaluate("image => image.naturalWidth > 100")
        page.get_by_role("button", name="Tạo khóa truy cập").click()
        page.wait_for_url("**/board*")

        page.goto(f"{site.address}/account")
        page.get_by_role("button", name="Xóa khóa").click()
        expect(page.get_by_text("cách xác nhận thứ hai duy nhất")).to_be_visible()
        page.get_by_role("button", name="Đăng xuất (").click()
        page.wait_for_url("**/sign-in*")
        world.clock.advance(seconds=1)
        give_password(page, site)
        page.wait_for_url("**/second-factor")
        assert axe_violations(page) == []
        cookie = next(one["value"] for one in context.cookies() if one["name"] == "session")
        with page.expect_request("**/second-factor/passkey") as asked:
            page.get_by_role("button", name="Dùng khóa truy cập").click()
        answer = asked.value.post_data
        page.wait_for_url("**/board*")
        assert use_again(site, cookie, str(answer)) == 422

        world.clock.advance(minutes=10)
        page.goto(f"{site.address}/account/password")
        page.get_by_role("button", name="Dùng khóa truy cập").click()
        page.wait_for_url("**/account/password")


def use_again(site: Site, cookie: str, answer: str) -> int:
    """What somebody gets who has a copy of the cookie and of the answer that was given in that browser."""
    copy = site.world.app.test_client()
    copy.set_cookie("session", cookie)
    form = "application/x-www-form-urlencoded"
    return copy.post("/second-factor/passkey", data=answer, content_type=form, base_url=site.address).status_code


def give_password(page: Page, site: Site) -> None:
    page.goto(f"{site.address}/sign-in")
    page.fill("#login", "other_reviewer")
    page.fill("#password", PASSWORD)
    page.click("main button.btn")


def test_a_passkey_that_the_person_does_not_give_is_said_in_words(browser: Browser, site: Site) -> None:
    world = site.world
    with world.app.app_context(), write_transaction() as session:
        forget_second_factors(session, world.users["other_reviewer"], None, world.clock())
    with open_context(browser) as context:
        page = context.new_page()
        client = context.new_cdp_session(page)
        client.send("WebAuthn.enable")
        options = {"protocol": "ctap2", "transport": "internal", "hasUserVerification": True, "isUserVerified": False}
        client.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        give_password(page, site)
        page.evaluate("() => { navigator.credentials.create = () => Promise.reject(new DOMException('no')); }")
        page.get_by_role("button", name="Tạo khóa truy cập").click()
        expect(page.get_by_text("Máy chưa xác nhận được khóa truy cập")).to_be_visible()
        assert page.url.endswith("/second-factor/new")


def test_an_authenticator_app_is_set_up_without_script(browser: Browser, site: Site) -> None:
    world = site.world
    with world.app.app_context(), write_transaction() as session:
        forget_second_factors(session, world.users["other_reviewer"], None, world.clock())
    with open_context(browser, javascript=False) as context:
        page = context.new_page()
        give_password(page, site)
        secret = page.locator(".spelled").inner_text().replace(" ", "")
        page.fill("#code", "000 000")
        page.get_by_role("button", name="Xác nhận bằng mã").click()
        expect(page.get_by_text("Mã chưa đúng")).to_be_visible()
        page.fill("#code", world.code(secret))
        page.get_by_role("button", name="Xác nhận bằng mã").click()
        page.wait_for_url("**/board*")
