"""Whose phone it is: a sign-in that expired, a role that ended, another person, signing out. Nothing is lost, and
nobody sees or sends what is another's."""

import uuid
from pathlib import Path

from playwright.sync_api import BrowserContext, expect
from sqlalchemy import delete

from meetingcheck.accounts.models import UserSession
from meetingcheck.duties.models import Obligation
from meetingcheck.lib.db import write_transaction
from meetingcheck.meetings.links.actions import make_report_link
from meetingcheck.orgs.actions import give_role
from meetingcheck.orgs.models import Role
from tests.engines.browser import axe_violations, beyond_width
from tests.pages.phone import (
    NOTHING,
    SENT,
    SLOW_MS,
    Cell,
    arrived,
    end_role,
    fill,
    left_after_sending,
    on_phone,
    one_whole_report,
    open_form,
    photograph,
    press_send,
    ready_for_no_network,
    said,
)
from tests.world import LONG_AGO


def test_after_an_expired_sign_in_everything_is_still_there(
    phone: BrowserContext, cell: Cell, files: tuple[Path, Path]
) -> None:
    page = open_form(phone, cell)
    fill(page)
    with cell.site.world.app.app_context(), write_transaction() as session:
        session.execute(delete(UserSession).where(UserSession.user_id == cell.user_id))
    photograph(page, files)
    said(page, "Đồng chí cần đăng nhập lại để gửi. Những gì đã nhập và ảnh vẫn còn trong máy.")
    kept = on_phone(page)["photos"]
    page.locator("[data-phone-trouble]").get_by_role("link", name="Đăng nhập").click()
    page.fill("#login", cell.login)
    page.fill("#password", "một mật khẩu dài")
    page.click("main button.btn")
    expect(page.locator("#present")).to_have_value("21")
    arrived(page, 2)
    press_send(page)
    expect(page.get_by_role("status").first).to_contain_text(SENT, timeout=SLOW_MS)
    one_whole_report(cell, kept)


def test_a_role_that_ended_long_ago_is_told_and_the_photos_stay(
    phone: BrowserContext, cell: Cell, files: tuple[Path, Path]
) -> None:
    page = open_form(phone, cell)
    fill(page)
    end_role(cell, 40)
    photograph(page, files)
    said(page, "Hệ thống không nhận ảnh cho báo cáo này nữa")
    assert len(on_phone(page)["blobs"]) == 2


def test_what_was_begun_before_a_role_ended_is_kept_until_somebody_confirms_it(
    phone: BrowserContext, cell: Cell, files: tuple[Path, Path]
) -> None:
    page = open_form(phone, cell)
    ready_for_no_network(page)
    phone.set_offline(True)
    fill(page)
    photograph(page, files)
    page.close()
    end_role(cell, 0)
    phone.set_offline(False)
    page = open_form(phone, cell)
    said(page, "Có thể nhiệm vụ của đồng chí ở chi bộ này đã hết.")
    expect(page.locator("#present")).to_have_value("21")
    press_send(page)
    page.wait_for_url("**/late-work/*")
    expect(page.get_by_text("chờ xác nhận").first).to_be_visible()
    assert left_after_sending(page)["photos"] == []
    assert cell.reports() == [], "it does not count as a report"


def test_a_phone_asks_once_whether_it_is_the_right_cell(phone: BrowserContext, cell: Cell) -> None:
    page = open_form(phone, cell)
    expect(page.get_by_text("Đồng chí sắp báo cáo cho:")).to_contain_text("Chi bộ Máy")
    page.get_by_role("button", name="Không phải").click()
    expect(page.get_by_text("Đồng chí đừng gửi ở trang này.")).to_be_visible()
    assert axe_violations(page) == []
    assert beyond_width(page, 320) == []
    page.get_by_role("button", name="Đúng chi bộ của tôi").click()
    expect(page.get_by_text("Đồng chí sắp báo cáo cho:")).to_be_hidden()
    page.reload()
    expect(page.locator("#overview-camera")).to_be_attached()
    expect(page.get_by_text("Đồng chí sắp báo cáo cho:")).to_be_hidden()


def test_signing_out_asks_before_it_takes_away_what_was_not_sent(
    phone: BrowserContext, cell: Cell, files: tuple[Path, Path]
) -> None:
    page = open_form(phone, cell)
    ready_for_no_network(page)
    phone.set_offline(True)
    fill(page)
    photograph(page, files)
    phone.set_offline(False)
    page.route("**/api/v1/uploads", lambda route: route.abort())
    page.goto(f"{cell.site.address}/")
    expect(page.locator("[data-unsent]")).to_contain_text("Còn 2 ảnh trong máy chưa gửi")
    asked: list[str] = []
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    with page.expect_event("dialog"):
        page.get_by_role("button", name="Đăng xuất").click()
    expect(page.locator("[data-unsent]")).to_be_visible()
    assert "chưa gửi" in asked[0]
    assert len(on_phone(page)["photos"]) == 2
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Đăng xuất").click()
    page.wait_for_url("**/sign-in")
    assert on_phone(page) == NOTHING
    assert page.evaluate("caches.keys()") == []
    assert page.evaluate("navigator.serviceWorker.getRegistrations().then(all => all.length)") == 0


def test_signing_out_without_a_network_takes_nothing_away(
    phone: BrowserContext, cell: Cell, files: tuple[Path, Path]
) -> None:
    page = open_form(phone, cell)
    ready_for_no_network(page)
    phone.set_offline(True)
    fill(page)
    photograph(page, files)
    phone.set_offline(False)
    page.goto(f"{cell.site.address}/")
    expect(page.locator("[data-unsent]")).to_contain_text("Còn 2 ảnh trong máy chưa gửi")
    phone.set_offline(True)
    heard: list[str] = []
    page.on("dialog", lambda dialog: (heard.append(dialog.message), dialog.accept()))
    page.get_by_role("button", name="Đăng xuất").click()
    for _ in range(100):
        if len(heard) == 2:
            break
        page.wait_for_timeout(50)
    assert "không có mạng nên chưa làm được việc này" in heard[1]
    assert len(on_phone(page)["photos"]) == 2
    phone.set_offline(False)
    page.goto(cell.address)
    arrived(page, 2)


def test_another_person_on_the_same_phone_sees_nothing(
    phone: BrowserContext, cell: Cell, files: tuple[Path, Path]
) -> None:
    page = open_form(phone, cell)
    ready_for_no_network(page)
    phone.set_offline(True)
    fill(page)
    photograph(page, files)
    page.goto("about:blank")  # with a network it would send at once what is still its owner's
    phone.set_offline(False)
    world = cell.site.world
    with world.app.app_context(), write_transaction() as session:
        give_role(session, world.users["reporter1"], cell.unit_id, Role.REPORTER, LONG_AGO, None, world.clock())
    phone.clear_cookies()
    cell.site.sign_in(page, "reporter1")
    page.goto(cell.address)
    expect(page.locator("#overview-camera")).to_be_attached()
    expect(page.locator("#present")).to_have_value("")
    expect(page.locator(".tile")).to_have_count(0)
    phone.set_offline(True)
    page.reload()
    expect(page.locator("#overview-camera")).to_be_attached()
    expect(page.locator("#present")).to_have_value("")
    expect(page.locator(".tile")).to_have_count(0)
    assert len(on_phone(page)["photos"]) == 2, "they wait for whom they belong to"
    phone.set_offline(False)
    expect(page.locator("#present")).to_have_value("")
    assert cell.reports() == [], "and go nowhere under another's name"


def test_the_next_person_is_known_before_any_script_of_theirs_has_run(
    phone: BrowserContext, cell: Cell, files: tuple[Path, Path]
) -> None:
    page = open_form(phone, cell)
    ready_for_no_network(page)
    fill(page)
    page.goto("about:blank")
    phone.clear_cookies()
    cell.site.sign_in_without_a_page(phone, "reporter1")
    phone.set_offline(True)
    page.goto(cell.address)
    expect(page.locator("[data-shell-unknown]")).to_be_visible()
    expect(page.locator("#present")).to_have_count(0)


def test_who_came_by_a_report_link_is_kept_apart_and_loses_nothing_either(
    phone: BrowserContext, cell: Cell, files: tuple[Path, Path]
) -> None:
    page = open_form(phone, cell)
    page.fill("#total", "40")
    expect(page.locator("[data-phone-saved]")).to_be_visible()
    world = cell.site.world
    with world.app.app_context(), write_transaction() as session:
        period = session.get_one(Obligation, uuid.UUID(cell.path.split("/")[2]))
        token, _ = make_report_link(session, period, cell.user_id, None, world.clock())
    phone.clear_cookies()
    page.goto(f"{cell.site.address}/report#{token}")
    page.click("main button.btn")
    expect(page.locator("#overview-camera")).to_be_attached()
    expect(page.locator("#total")).to_have_value("", timeout=2_000)
    fill(page)
    photograph(page, files)
    arrived(page, 2)
    page.reload()
    expect(page.locator("#present")).to_have_value("21")
    press_send(page)
    expect(page.get_by_role("status").first).to_contain_text(SENT, timeout=SLOW_MS)
    left = left_after_sending(page)
    assert [one["account"] for one in left["forms"]] == [str(cell.user_id)], "what was typed signed in waits for that"
    assert left["photos"] == []
    assert len(cell.reports()) == 1


def test_what_waits_can_be_taken_off_the_phone_at_home(
    phone: BrowserContext, cell: Cell, files: tuple[Path, Path]
) -> None:
    page = open_form(phone, cell)
    page.route("**/api/v1/uploads", lambda route: route.abort())
    photograph(page, files)
    page.goto(f"{cell.site.address}/")
    expect(page.locator("[data-unsent] a")).to_have_attribute("href", cell.path)
    assert axe_violations(page) == []
    assert beyond_width(page, 320) == []
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Xóa khỏi máy").click()
    expect(page.locator("[data-unsent]")).to_be_hidden()
    assert on_phone(page)["blobs"] == []
