"""A secretary's own phone opens by a finger or a face, with a real browser and an authenticator that it plays."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, expect
from sqlalchemy import delete

from meetingcheck.accounts.models import Device, Passkey, UserSession
from meetingcheck.accounts.rules import enrolment_path
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.orgs.actions import give_role
from meetingcheck.orgs.models import Role, RoleAssignment
from tests.accounts.ways import sheet_for
from tests.engines.browser import axe_violations, beyond_width, open_context
from tests.pages.site import Site
from tests.world import LONG_AGO, PASSWORD

WAY_IN = "Vào bằng khóa truy cập (vân tay, khuôn mặt hoặc mã máy)"
REFUSED = "Khóa truy cập không khớp."


@dataclass(frozen=True)
class Phone:
    """A pinned phone whose owner has made a passkey, signed out."""

    context: BrowserContext
    page: Page
    devtools: CDPSession
    authenticator: str

    def sees_nobody(self) -> None:
        """From now on the phone does not recognise who holds it."""
        said = {"authenticatorId": self.authenticator, "isUserVerified": False}
        self.devtools.send("WebAuthn.setUserVerified", said)


@pytest.fixture
def phone(browser: Browser, site: Site) -> Iterator[Phone]:
    with site.world.app.app_context(), write_transaction() as session:
        for model in (Passkey, UserSession, Device):
            session.execute(delete(model))
        session.execute(
            delete(RoleAssignment).where(
                RoleAssignment.user_id == site.world.users["secretary1"], RoleAssignment.role == Role.REVIEWER
            )
        )
    token, _ = sheet_for(site.world, "secretary1")
    with open_context(browser) as context:
        page = context.new_page()
        devtools = context.new_cdp_session(page)
        devtools.send("WebAuthn.enable")
        options = {"protocol": "ctap2", "transport": "internal", "hasUserVerification": True, "isUserVerified": True}
        made = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        page.goto(site.address + enrolment_path(token))
        page.get_by_role("button", name="Đăng ký máy này").click()
        page.wait_for_url("**/home")
        page.goto(f"{site.address}/account")
        page.get_by_role("link", name="Thêm cách xác nhận").click()
        page.get_by_role("button", name="Tạo khóa truy cập").click()
        expect(page.get_by_text("Đã thêm cách xác nhận thứ hai.")).to_be_visible()
        site.world.clock.advance(seconds=1)
        page.get_by_role("button", name="Đăng xuất (").click()
        page.wait_for_url("**/sign-in*")
        yield Phone(context, page, devtools, made["authenticatorId"])


def test_one_touch_opens_a_secretarys_phone(phone: Phone, site: Site) -> None:
    page = phone.page
    expect(page.get_by_role("button", name=WAY_IN)).to_be_visible()
    assert axe_violations(page) == []
    assert beyond_width(page, 320) == []
    cookie = next(one["value"] for one in phone.context.cookies() if one["name"] == "session")
    device = next(one["value"] for one in phone.context.cookies() if one["name"] == "device")
    with page.expect_request("**/sign-in/passkey") as asked:
        page.get_by_role("button", name=WAY_IN).click()
    page.wait_for_url(f"**/cells/{site.world.cells[0]}/home")
    with site.world.app.app_context(), read_transaction() as session:
        opened = session.query(UserSession).order_by(UserSession.created_at.desc()).first()
        assert opened is not None
        assert opened.device_id is not None

    copy = site.world.app.test_client()
    copy.set_cookie("session", cookie)
    copy.set_cookie("device", device)
    form = "application/x-www-form-urlencoded"
    answer = str(asked.value.post_data)
    again = copy.post("/sign-in/passkey", data=answer, content_type=form, base_url=site.address)
    assert again.status_code == 422, "an answer counts once"
    assert REFUSED in again.text


def test_a_phone_that_recognises_nobody_does_not_open(phone: Phone) -> None:
    phone.sees_nobody()
    phone.page.get_by_role("button", name=WAY_IN).click()
    expect(phone.page.get_by_text("Máy chưa xác nhận được khóa truy cập")).to_be_visible()


def test_touching_without_being_recognised_is_not_enough(phone: Phone) -> None:
    """What a page asks for can be changed in the browser; the server looks whether the person was recognised."""
    phone.sees_nobody()
    page = phone.page
    page.locator("[data-passkey]").evaluate(
        """form => {
          const options = {...JSON.parse(form.dataset.options), userVerification: 'discouraged'};
          form.dataset.options = JSON.stringify(options);
        }"""
    )
    page.get_by_role("button", name=WAY_IN).click()
    expect(page.get_by_text(REFUSED)).to_be_visible()
    assert page.url.endswith("/sign-in/passkey")


def test_an_answer_to_the_second_question_is_none_to_the_first(phone: Phone, site: Site) -> None:
    page = phone.page
    page.fill("#login", "secretary1")
    page.fill("#password", PASSWORD)
    page.get_by_role("button", name="Đăng nhập").click()
    page.wait_for_url("**/second-factor")
    expect(page.get_by_text("Đồng chí đã đặt thêm cách xác nhận thứ hai")).to_be_visible()
    page.locator("[data-passkey]").evaluate("form => { form.action = '/sign-in/passkey'; }")
    page.get_by_role("button", name="Dùng khóa truy cập").click()
    expect(page.get_by_text(REFUSED)).to_be_visible()


def test_who_needs_a_second_factor_gives_the_password_first(phone: Phone, site: Site) -> None:
    world, page = site.world, phone.page
    secretary = world.users["secretary1"]
    with world.app.app_context(), write_transaction() as session:
        give_role(session, secretary, world.committee, Role.REVIEWER, LONG_AGO, None, world.clock())
    page.get_by_role("button", name=WAY_IN).click()
    page.wait_for_url(lambda address: "/sign-in?next=" in address)
    expect(page.get_by_role("button", name="Đăng nhập")).to_be_visible()
    expect(page.get_by_role("button", name=WAY_IN)).to_have_count(0)


def test_elsewhere_nothing_is_offered(phone: Phone, browser: Browser, site: Site) -> None:
    with open_context(browser) as other:
        page = other.new_page()
        page.goto(f"{site.address}/sign-in")
        expect(page.locator("[data-passkey]")).to_have_count(0)
