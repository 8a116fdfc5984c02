"""A form's page that the phone has kept: it opens at once and without a network, and only for whom it was kept."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from meetingcheck.lib.db import write_transaction
from meetingcheck.meetings.models import MeetingState
from meetingcheck.orgs.actions import give_role
from meetingcheck.orgs.models import Role
from tests.engines.browser import axe_violations, beyond_width, open_context, wait_for
from tests.engines.proxy import StallingProxy
from tests.pages.phone import (
    SENT,
    SLOW_MS,
    Cell,
    arrived,
    end_role,
    fill,
    on_phone,
    open_form,
    photograph,
    press_send,
    ready_for_no_network,
    said,
    wish_kept,
)
from tests.photos import samples
from tests.world import LONG_AGO, PASSWORD, form_of

WORKERS = "navigator.serviceWorker.getRegistrations().then(all => all.map(one => new URL(one.scope).pathname).sort())"


def open_once(phone: BrowserContext, address: str) -> None:
    """Visit a form with a network, as long as the phone needs to keep it."""
    page = phone.new_page()
    page.goto(address)
    expect(page.locator("#overview-camera")).to_be_attached()
    ready_for_no_network(page)
    page.close()


def taken_without_a_network(phone: BrowserContext, cell: Cell, files: tuple[Path, Path]) -> Page:
    """A form that was opened once before, filled in with its photos while there is no network."""
    open_once(phone, cell.address)
    phone.set_offline(True)
    page = open_form(phone, cell)
    fill(page)
    photograph(page, files)
    return page


@contextmanager
def slow_server(phone: BrowserContext, cell: Cell) -> Iterator[tuple[StallingProxy, str]]:
    """The form's address at a server from which nothing comes until it is released; it was visited once before."""
    with StallingProxy(cell.site.address) as line:
        address = line.url.replace("127.0.0.1", "localhost") + cell.path
        open_once(phone, address)
        line.stall()
        yield line, address


def test_a_second_visit_is_usable_before_the_server_has_said_anything(
    phone: BrowserContext, cell: Cell, files: tuple[Path, Path]
) -> None:
    with slow_server(phone, cell) as (line, address):
        page = phone.new_page()
        page.goto(address)
        fill(page)
        photograph(page, files)
        press_send(page)
        said(page, "Đang gửi. Còn 2 ảnh.")
        line.release()
        expect(page.get_by_role("status").first).to_contain_text(SENT, timeout=SLOW_MS)
    assert len(cell.reports()) == 1


def save_elsewhere(cell: Cell, fields: dict[str, str]) -> None:
    """The same person keeps a draft from another device."""
    client = cell.site.world.sign_in(cell.login)
    form = form_of(client.get(cell.path), fields)
    saved = client.post(cell.path, data={**form, "then": "save"}, content_type="multipart/form-data")
    assert saved.status_code == 303


def test_what_changed_at_the_server_is_shown_where_nobody_has_begun(phone: BrowserContext, cell: Cell) -> None:
    open_once(phone, cell.address)
    save_elsewhere(cell, {"total": "37"})
    page = open_form(phone, cell)
    expect(page.locator("#total")).to_have_value("37")


def test_under_somebodys_hands_nothing_is_exchanged(phone: BrowserContext, cell: Cell) -> None:
    with slow_server(phone, cell) as (line, address):
        page = phone.new_page()
        page.goto(address)
        page.fill("#total", "23")
        expect(page.locator("[data-phone-saved]")).to_be_visible()
        page.evaluate("document.getElementById('total').mark = 'the same one'")
        save_elsewhere(cell, {"total": "37"})
        line.release()
        wait_for(page, "document.querySelector('[name=csrf_token]').value !== ''")
        expect(page.locator("#total")).to_have_value("23")
        assert page.evaluate("document.getElementById('total').mark") == "the same one"


def test_who_signs_in_next_on_the_phone_sees_nothing_of_the_one_before(phone: BrowserContext, cell: Cell) -> None:
    page = open_form(phone, cell)
    page.fill("#minutes_text", "Chi bộ bàn việc riêng.")
    expect(page.locator("[data-phone-saved]")).to_be_visible()
    ready_for_no_network(page)
    world = cell.site.world
    with world.app.app_context(), write_transaction() as session:
        give_role(session, world.users["reporter1"], cell.unit_id, Role.REPORTER, LONG_AGO, None, world.clock())
    phone.clear_cookies()
    shown: list[str] = []
    page.expose_function("seen", lambda text: shown.append(text))
    page.add_init_script(
        "new MutationObserver(() => seen((document.getElementById('main') || {}).innerText + [...document"
        ".querySelectorAll('textarea')].map(one => one.value))).observe(document, {subtree: true, childList: true})"
    )
    page.goto(f"{cell.site.address}/sign-in?next={cell.path}")
    page.fill("#login", "reporter1")
    page.fill("#password", PASSWORD)
    page.click("main button.btn")
    page.wait_for_url(f"**{cell.path}")
    expect(page.locator("#overview-camera")).to_be_attached()
    expect(page.locator("#minutes_text")).to_have_value("")
    assert shown
    assert not [text for text in shown if "việc riêng" in text]


def test_nobody_sends_in_the_name_of_who_signed_in_meanwhile(phone: BrowserContext, cell: Cell) -> None:
    page = open_form(phone, cell)
    ready_for_no_network(page)
    phone.set_offline(True)
    page.fill("#minutes_text", "Chi bộ bàn việc riêng.")
    expect(page.locator("[data-phone-saved]")).to_be_visible()
    page.close()
    phone.set_offline(False)
    phone.clear_cookies()
    page = phone.new_page()
    page.goto(f"{cell.site.address}/sign-in?next={cell.path}")
    page.fill("#login", "secretary1")  # of another cell
    page.fill("#password", PASSWORD)
    page.click("main button.btn")
    for _ in range(2):
        expect(page.get_by_role("heading", level=1)).to_have_text("Không tìm thấy trang này.")
        expect(page.get_by_text("việc riêng")).to_have_count(0)
        page.goto(cell.address)  # and the plain address, which opens from the phone
        page.wait_for_url("**?whole=1")
    assert cell.reports() == []


def test_a_correction_and_an_extra_meeting_open_without_a_network_too(
    phone: BrowserContext, cell: Cell, files: tuple[Path, Path]
) -> None:
    page = open_form(phone, cell)
    fill(page)
    photograph(page, files)
    press_send(page)
    expect(page.get_by_role("status").first).to_contain_text(SENT, timeout=SLOW_MS)
    [report] = cell.reports()
    correction, extra = f"/meetings/{report.id}/correct", f"/cells/{cell.unit_id}/extra"
    for path in (correction, extra):
        page.goto(cell.site.address + path)
        expect(page.locator("#overview-camera")).to_be_attached()
        wait_for(page, f"navigator.serviceWorker.getRegistration('{path}').then(one => Boolean(one && one.active))")
    assert page.evaluate(WORKERS) == sorted([correction, extra, "/obligations/"])
    phone.set_offline(True)
    page.goto(cell.site.address + correction)
    expect(page.get_by_role("heading", level=1)).to_have_text("Sửa, bổ sung báo cáo")
    page.fill("#present", "20")
    page.fill("#absent_without_reason", "1")
    expect(page.locator("[data-phone-saved]")).to_be_visible()
    page.close()
    page = phone.new_page()
    page.goto(cell.site.address + extra)
    page.check("input[name=extra_kind][value=congress]")
    expect(page.locator("[data-phone-saved]")).to_be_visible()
    phone.set_offline(False)
    page.goto(cell.site.address + correction)
    expect(page.locator("#present")).to_have_value("20")
    page.get_by_role("button", name="Gửi bản sửa").click()
    expect(page.get_by_role("status").first).to_contain_text("Đã gửi xong")
    assert [one.version for one in cell.reports()] == [2]
    page.goto(cell.site.address + extra)
    expect(page.locator("input[name=extra_kind][value=congress]")).to_be_checked()


def test_the_installed_app_opens_without_a_network_with_what_the_phone_has(
    phone: BrowserContext, cell: Cell, files: tuple[Path, Path]
) -> None:
    start = f"{cell.site.address}/obligations/"
    page = phone.new_page()
    page.goto(start)
    assert page.url.endswith(f"/cells/{cell.unit_id}/home")
    open_once(phone, cell.address)
    phone.set_offline(True)
    page.goto(start)
    link = page.get_by_role("link", name="Báo cáo sinh hoạt tháng 11/2026")
    expect(link).to_be_visible()
    assert axe_violations(page) == []
    assert beyond_width(page, 320) == []
    link.click()
    photograph(page, files)
    page.goto(start)
    expect(page.get_by_text("Còn 2 ảnh trong máy chưa gửi.")).to_be_visible()


def test_whoever_has_only_looked_at_home_can_report_without_a_network(
    phone: BrowserContext, cell: Cell, files: tuple[Path, Path]
) -> None:
    page = phone.new_page()
    page.goto(f"{cell.site.address}/")
    wait_for(page, "navigator.serviceWorker.getRegistration('/obligations/').then(one => Boolean(one && one.active))")
    wait_for(
        page,
        """new Promise(resolve => {
          const opening = indexedDB.open('meetingcheck');
          opening.onsuccess = () => {
            const asked = opening.result.transaction('pages').objectStore('pages').count();
            asked.onsuccess = () => { opening.result.close(); resolve(asked.result === 1); };
          };
        })""",
    )
    phone.set_offline(True)
    page.get_by_role("link", name="Gửi báo cáo tháng 11/2026").click()
    fill(page)
    photograph(page, files)
    press_send(page)
    said(page, "Đã lưu trong máy. Còn 2 ảnh chưa gửi.")
    phone.set_offline(False)  # what was asked for without a network is done with one
    expect(page.get_by_role("status").first).to_contain_text(SENT, timeout=SLOW_MS)
    assert len(cell.reports()) == 1


def report_elsewhere(cell: Cell) -> None:
    """The same person reports the period from another device."""
    client = cell.site.world.sign_in(cell.login)
    room, page = samples.jpeg(samples.noise(300, 200)), samples.jpeg(samples.noise(200, 300))
    form = form_of(client.get(cell.path), overviews=[room], pages=[page])
    assert client.post(cell.path, data=form, content_type="multipart/form-data").status_code == 303


def test_a_period_that_was_reported_elsewhere_leads_to_its_report(phone: BrowserContext, cell: Cell) -> None:
    open_once(phone, cell.address)
    report_elsewhere(cell)
    page = open_form(phone, cell)
    page.wait_for_url("**/meetings/*")


def test_a_period_that_was_reported_elsewhere_takes_nothing_away_from_the_phone(
    phone: BrowserContext, cell: Cell, files: tuple[Path, Path]
) -> None:
    open_once(phone, cell.address)
    phone.set_offline(True)
    page = open_form(phone, cell)
    fill(page)
    page.fill("#present", "20")
    photograph(page, files)
    report_elsewhere(cell)
    phone.set_offline(False)
    said(page, "Kỳ này đã có báo cáo gửi lên. Những gì đồng chí nhập và chụp vẫn còn trong máy")
    expect(page.get_by_role("link", name="Xem báo cáo đã gửi")).to_be_visible()
    assert axe_violations(page) == []
    expect(page.locator("#present")).to_have_value("20")
    assert len(on_phone(page)["photos"]) == 2


@pytest.mark.parametrize("answer", ["a page of the Wi-Fi", "an error"])
def test_what_is_not_our_server_changes_nothing(phone: BrowserContext, cell: Cell, answer: str) -> None:
    open_once(phone, cell.address)
    wifi = "<!doctype html><title>Free Wi-Fi</title><form method=post><input name=phone></form>"

    def reply(route: Route) -> None:
        route.fulfill(status=200 if "Wi-Fi" in answer else 503, content_type="text/html", body=wifi)

    phone.route(lambda url: url.endswith("/check-in"), reply)
    page: Page = open_form(phone, cell)
    page.fill("#total", "23")
    press_send(page)
    said(page, "Đã lưu trong máy, chưa gửi được.")
    phone.unroute_all()
    page.reload()  # and what was to be sent goes to our server, which says what is missing
    expect(page.locator("#problems")).to_be_visible()
    expect(page.locator("#total")).to_have_value("23")


def test_photos_go_in_nobodys_name_but_their_own(
    phone: BrowserContext, cell: Cell, files: tuple[Path, Path], browser: Browser
) -> None:
    page = open_form(phone, cell)
    ready_for_no_network(page)
    phone.set_offline(True)
    photograph(page, files)
    world = cell.site.world
    with world.app.app_context(), write_transaction() as session:
        give_role(session, world.users["reporter1"], cell.unit_id, Role.REPORTER, LONG_AGO, None, world.clock())
    phone.clear_cookies()
    with open_context(browser) as elsewhere:  # a colleague's session comes to this phone while the page stands open
        other = elsewhere.new_page()
        cell.site.sign_in(other, "reporter1")
        phone.add_cookies(elsewhere.cookies())
    phone.set_offline(False)
    said(page, "Đồng chí cần đăng nhập lại để gửi.")
    assert len(on_phone(page)["blobs"]) == 2
    assert cell.reports() == []


def test_words_outlast_the_page_that_says_that_somebody_else_wrote(phone: BrowserContext, cell: Cell) -> None:
    open_once(phone, cell.address)
    page = open_form(phone, cell)
    page.fill("#total", "23")
    press_send(page)
    expect(page.locator("#problems")).to_be_visible()  # the draft is at the server
    page.goto(cell.address)
    expect(page.locator("#total")).to_have_value("23")
    save_elsewhere(cell, {"total": "37", "minutes_text": "Chi bộ kết luận ở máy bàn."})
    page.fill("#minutes_text", "Chi bộ kết luận ở máy này.")
    expect(page.locator("[data-phone-saved]")).to_be_visible()
    press_send(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("vừa được sửa ở máy khác")
    page.close()
    page = open_form(phone, cell)
    expect(page.locator("#minutes_text")).to_have_value("Chi bộ kết luận ở máy này.")
    press_send(page)
    page.get_by_role("link", name="Mở bản kia để sửa tiếp").click()
    expect(page.locator("#minutes_text")).to_have_value("Chi bộ kết luận ở máy bàn.")


def test_two_tabs_of_one_form_keep_what_each_has_changed(phone: BrowserContext, cell: Cell) -> None:
    open_once(phone, cell.address)
    one, other = open_form(phone, cell), open_form(phone, cell)
    expect(other.locator("#overview-camera")).to_be_attached()
    expect(one.locator("#overview-camera")).to_be_attached()
    other.fill("#total", "40")
    expect(other.locator("[data-phone-saved]")).to_be_visible()
    one.fill("#present", "21")
    expect(one.locator("[data-phone-saved]")).to_be_visible()
    for page in (one, other):
        page.close()
    page = open_form(phone, cell)
    expect(page.locator("#total")).to_have_value("40")
    expect(page.locator("#present")).to_have_value("21")


def test_what_was_to_be_sent_is_sent_when_the_page_is_opened_again(
    phone: BrowserContext, cell: Cell, files: tuple[Path, Path]
) -> None:
    page = taken_without_a_network(phone, cell, files)
    press_send(page)
    said(page, "Đã lưu trong máy. Còn 2 ảnh chưa gửi.")
    wish_kept(page)
    page.close()
    phone.set_offline(False)
    page = open_form(phone, cell)
    expect(page.get_by_role("status").first).to_contain_text(SENT, timeout=SLOW_MS)
    assert len(cell.reports()) == 1


def test_nothing_is_sent_by_a_button_that_does_something_else(
    phone: BrowserContext, cell: Cell, files: tuple[Path, Path]
) -> None:
    page = taken_without_a_network(phone, cell, files)
    page.get_by_role("button", name="Lưu lại, gửi sau").click()
    said(page, "Máy đang không có mạng nên chưa làm được việc này.")
    phone.set_offline(False)
    arrived(page, 2)
    assert [report.state for report in cell.reports()] == [MeetingState.DRAFT]


def test_who_signs_in_after_a_role_ended_is_led_to_what_the_phone_has(
    phone: BrowserContext, cell: Cell, files: tuple[Path, Path]
) -> None:
    page = taken_without_a_network(phone, cell, files)
    page.close()
    end_role(cell, 0)
    phone.clear_cookies()
    phone.set_offline(False)
    page = phone.new_page()
    page.goto(f"{cell.site.address}/sign-in?next={cell.path}")
    page.fill("#login", cell.login)
    page.fill("#password", PASSWORD)
    page.click("main button.btn")
    said(page, "Có thể nhiệm vụ của đồng chí ở chi bộ này đã hết.")
    expect(page.locator("#present")).to_have_value("21")


def test_a_kept_page_makes_room_for_the_language_that_was_chosen_since(phone: BrowserContext, cell: Cell) -> None:
    open_once(phone, cell.address)
    page = phone.new_page()
    page.goto(f"{cell.site.address}/messages")
    page.click("button[value=en]")
    for offline in (False, True):
        phone.set_offline(offline)
        page.goto(cell.address)
        expect(page.get_by_role("button", name="Send the report")).to_be_visible()
        expect(page.locator("html")).to_have_attribute("lang", "en")
        expect(page.locator(".skip")).to_have_text("To the main content")
