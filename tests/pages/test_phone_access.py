"""The check-in for people who see little, use no pointer, or have colours and letters of their own, in every state."""

import re
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import delete

from meetingcheck.accounts.actions import NewUser, add_user
from meetingcheck.accounts.models import UserSession
from meetingcheck.duties.queries import lock_obligation
from meetingcheck.lib.db import write_transaction
from meetingcheck.meetings.changes.actions import move_report
from meetingcheck.meetings.models import MeetingState
from meetingcheck.orgs.actions import give_role
from meetingcheck.orgs.models import Role
from tests.accounts.ways import ZALO
from tests.engines.browser import axe_violations, beyond_width
from tests.meetings.test_corrections import send, whole_form
from tests.pages.phone import (
    NOTHING,
    SLOW_MS,
    Cell,
    Gate,
    arrived,
    end_role,
    fill,
    left_after_sending,
    new_cell,
    open_form,
    photograph,
    press_send,
    ready_for_no_network,
    said,
    signed_in_phone,
)
from tests.pages.test_secretary_taps import listen_for_choosers
from tests.photos import samples
from tests.world import LONG_AGO, PASSWORD_HASH

PHONE_WIDTH, NARROW = 360, 320
PHONE_AT_200 = PHONE_WIDTH // 2  # what zooming to 200% leaves
DESKTOP_AT_200 = {"width": 640, "height": 450}  # what zooming to 200% leaves of 1280 by 900
MOST_STOPS = 40  # of Tab, from one field to another
TYPED = {
    "held_on": "03/11/2026",
    "begins_at": "19:30",
    "ends_at": "21:15",
    "total": "23",
    "present": "21",
    "absent_without_reason": "0",
}
LETTERS_AT_200 = "225%"  # the page itself begins at 112.5%
# Words that do not fit into the box that they stand in, and that the box hides.
CUT_OFF = """() => {
  const hides = one => getComputedStyle(one).overflowX !== 'visible' || one.matches('input');
  const shown = one => one.getClientRects().length > 0 && !one.closest('.visually-hidden, .skip');
  const worded = one => one.matches('input') ? one.type !== 'file' && one.value : one.textContent.trim();
  const over = one => one.scrollWidth > one.clientWidth + 1
    || (!one.matches('input') && one.scrollHeight > one.clientHeight + 1);
  return [...document.body.querySelectorAll('*:not(svg, svg *)')]
    .filter(one => shown(one) && hides(one) && worded(one) && over(one))
    .map(one => one.outerHTML.slice(0, 120));
}"""
FOCUSED = """() => {
  const one = document.activeElement;
  const face = one.closest('.file-face');
  const style = getComputedStyle(face ? face.querySelector('.btn') : one);
  const box = (face || one).getBoundingClientRect();
  return {
    name: one.id || one.name || one.textContent.trim().slice(0, 40),
    outlined: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
    inView: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
  };
}"""
# Marks what has the focus; whether it stands behind what had it before.
BEHIND_THE_LAST = """() => {
  const last = document.querySelector('[data-had-focus]');
  const here = document.activeElement;
  const behind = !last || Boolean(last.compareDocumentPosition(here) & Node.DOCUMENT_POSITION_FOLLOWING);
  if (last) last.removeAttribute('data-had-focus');
  here.setAttribute('data-had-focus', '');
  return behind;
}"""


def assert_fine(page: Page, state: str) -> None:
    """Nothing for axe, nothing beyond the edge or cut off: narrow, zoomed, with large letters, in one's own colours."""
    assert axe_violations(page) == [], state
    assert beyond_width(page, NARROW) == [], state
    assert beyond_width(page, PHONE_AT_200) == [], f"{state}, a phone at 200%"
    before = page.viewport_size
    assert before is not None
    page.set_viewport_size({"width": DESKTOP_AT_200["width"], "height": DESKTOP_AT_200["height"]})
    page.emulate_media(forced_colors="active", reduced_motion="reduce")
    assert axe_violations(page) == [], f"{state}, a desktop at 200%, own colours"
    assert beyond_width(page, DESKTOP_AT_200["width"]) == [], f"{state}, a desktop at 200%"
    assert page.evaluate("document.getAnimations().length") == 0, f"{state}: nothing moves by itself"
    page.emulate_media(forced_colors="none", reduced_motion="no-preference")
    page.set_viewport_size(before)
    page.evaluate(f"document.documentElement.style.setProperty('font-size', '{LETTERS_AT_200}')")
    assert beyond_width(page, PHONE_WIDTH) == [], f"{state}, letters at 200%"
    assert page.evaluate(CUT_OFF) == [], f"{state}, letters at 200%"
    skip = page.locator(".skip").bounding_box()
    assert skip is not None
    assert skip["y"] + skip["height"] <= 0, f"{state}: the hidden link shows without the focus"
    page.evaluate("document.documentElement.style.removeProperty('font-size')")


def test_empty_sending_waiting_and_failed(
    phone: BrowserContext, cell: Cell, files: tuple[Path, Path], tmp_path: Path
) -> None:
    page = open_form(phone, cell)
    expect(page.locator("#overview-camera")).to_be_attached()
    assert_fine(page, "empty")
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert_fine(page, "empty, all opened")
    ready_for_no_network(page)
    Gate(page, parts=1)
    fill(page)
    photograph(page, files)
    expect(page.locator(".tile em", has_text="đang gửi")).to_have_count(1)
    press_send(page)
    said(page, "Đang gửi. Còn 2 ảnh.")
    assert_fine(page, "sending")
    page.close()
    phone.set_offline(True)
    page = open_form(phone, cell)
    expect(page.locator(".tile em", has_text="chờ mạng")).to_have_count(2)
    press_send(page)
    said(page, "Đã lưu trong máy.")
    assert_fine(page, "waiting, without a network")
    phone.set_offline(False)
    page.close()
    page = open_form(phone, cell)
    broken = tmp_path / "IMG_0003.jpg"
    broken.write_bytes(b"this is no photo")
    page.set_input_files("#overview", broken)
    expect(page.locator(".problem", has_text="IMG_0003.jpg")).to_contain_text("không phải là ảnh")
    press_send(page)
    said(page, "Có ảnh bị lỗi")
    assert_fine(page, "failed")


def test_sign_in_needed(phone: BrowserContext, cell: Cell, files: tuple[Path, Path]) -> None:
    page = open_form(phone, cell)
    with cell.site.world.app.app_context(), write_transaction() as session:
        session.execute(delete(UserSession).where(UserSession.user_id == cell.user_id))
    photograph(page, files)
    said(page, "Đồng chí cần đăng nhập lại để gửi.")
    assert_fine(page, "sign-in needed")


def test_role_ended(phone: BrowserContext, cell: Cell, files: tuple[Path, Path]) -> None:
    page = open_form(phone, cell)
    end_role(cell, 40)
    photograph(page, files)
    said(page, "Hệ thống không nhận ảnh cho báo cáo này nữa")
    assert_fine(page, "role ended")


def test_inside_another_app(browser: Browser, cell: Cell) -> None:
    with signed_in_phone(browser, cell, user_agent=ZALO) as context:
        page = open_form(context, cell)
        expect(page.get_by_role("link", name="Mở bằng Chrome")).to_be_visible()
        assert_fine(page, "inside another app")


def test_problems_correction_and_extra_meeting(phone: BrowserContext, cell: Cell, files: tuple[Path, Path]) -> None:
    page = phone.new_page()
    page.goto(f"{cell.site.address}/cells/{cell.unit_id}/extra")
    page.check("input[name=extra_kind][value=congress]")
    photograph(page, files)
    arrived(page, 2)
    assert_fine(page, "extra meeting")
    press_send(page)
    alert = page.get_by_role("alert").first
    expect(alert).to_contain_text("Chưa gửi được.")
    expect(alert).to_be_in_viewport()
    wrong = page.locator("[aria-invalid=true]").all()
    assert len(wrong) >= 6
    for field in wrong:
        sentence = str(field.get_attribute("aria-describedby")).split()[0]
        expect(page.locator(f"#{sentence}")).to_be_visible()
    assert_fine(page, "problems")
    fill(page)
    press_send(page)
    expect(page.get_by_role("status").first).to_contain_text("Đã gửi xong.")
    assert_fine(page, "sent")
    [report] = cell.reports()
    page.goto(f"{cell.site.address}/meetings/{report.id}/correct")
    expect(page.locator("#overview-camera")).to_be_attached()
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert_fine(page, "correction")
    page.get_by_role("button", name="Gửi bản sửa").click()
    expect(page.get_by_role("alert").first).to_be_in_viewport()
    assert_fine(page, "correction without a change")


def save_for_later(page: Page) -> None:
    page.get_by_role("button", name="Lưu lại, gửi sau").click()
    expect(page.locator("#saved")).to_be_visible()


def test_a_conflict_shows_both_sides(
    browser: Browser, phone: BrowserContext, cell: Cell, files: tuple[Path, Path]
) -> None:
    page = open_form(phone, cell)
    fill(page)
    save_for_later(page)
    with signed_in_phone(browser, cell) as another:
        meanwhile = open_form(another, cell)
        meanwhile.fill("#present", "19")
        save_for_later(meanwhile)
    photograph(page, files)
    arrived(page, 2)
    page.fill("#present", "20")
    press_send(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Báo cáo này vừa được sửa ở máy khác")
    for side, count in (("Bản kia", "19"), ("Bản của đồng chí", "20")):
        expect(page.locator(f"dt:has-text('{side}') + dd").first).to_have_text(count)
    assert_fine(page, "conflict")


def test_a_report_that_was_moved_away_meanwhile_says_so_with_what_was_typed(
    browser: Browser, phone: BrowserContext, cell: Cell, files: tuple[Path, Path]
) -> None:
    page = open_form(phone, cell)
    fill(page)
    save_for_later(page)
    with signed_in_phone(browser, cell) as another:
        late = open_form(another, cell)
        fill(late)
        photograph(page, files)
        arrived(page, 2)
        press_send(page)
        expect(page.get_by_role("status").first).to_contain_text("Đã gửi xong.")
        [report] = cell.reports()
        world, right_one = cell.site.world, new_cell(cell.site)
        with world.app.app_context(), write_transaction() as session:
            place = lock_obligation(session, world.obligation(right_one.unit_id).id)
            move_report(session, report.id, place, world.users["reviewer"], world.clock(), by_cell=False)
        press_send(late)
        expect(late.get_by_role("heading", level=1)).to_have_text("Báo cáo này đã được chuyển sang chi bộ khác")
        expect(late.locator("dl")).to_contain_text("23")
        assert_fine(late, "moved away")


def test_photos_for_a_period_that_a_colleague_reported_first_are_added_to_that_report(
    phone: BrowserContext, cell: Cell, files: tuple[Path, Path]
) -> None:
    page = open_form(phone, cell)
    fill(page)
    photograph(page, files)
    arrived(page, 2)
    report = report_by_colleague(cell)
    press_send(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Kỳ này đã có báo cáo")
    expect(page.locator("main")).to_contain_text("2 ảnh, tệp của đồng chí đã về hệ thống nhưng chưa nằm trong báo cáo")
    assert_fine(page, "reported by a colleague")
    page.get_by_role("button", name="Thêm vào báo cáo, xem lại rồi gửi").click()
    expect(page).to_have_url(re.compile(f"{report}/correct"))
    expect(page.locator("#photos")).to_contain_text("Hệ thống đã nhận 2 ảnh.")
    page.get_by_role("button", name="Gửi bản sửa").click()
    expect(page.get_by_role("status").first).to_contain_text("Hệ thống đã lưu đủ báo cáo và 3 ảnh", timeout=SLOW_MS)
    assert left_after_sending(page) == NOTHING


def report_by_colleague(cell: Cell) -> str:
    """The address of what the cell's reporter sent meanwhile, with a photo of their own."""
    world = cell.site.world
    login = f"{cell.login}-colleague"
    with world.app.app_context(), write_transaction() as session:
        person = add_user(session, NewUser(login, "Lò Thị Vui", PASSWORD_HASH, None), None, world.clock()).id
        give_role(session, person, cell.unit_id, Role.REPORTER, LONG_AGO, None, world.clock())
    colleague = world.sign_in(login)
    form = whole_form(colleague.get(cell.path), overviews=[samples.jpeg(samples.noise(400, 300))])
    answer = send(colleague, cell.path, form)
    assert answer.status_code == 303
    return answer.location.partition("?")[0]


def test_the_whole_check_in_goes_without_a_pointer(browser: Browser, cell: Cell, files: tuple[Path, Path]) -> None:
    """Tab, Space, Enter and letters; on the way the focus is seen, on the screen, and follows the page."""
    with signed_in_phone(browser, cell, phone=False) as context:
        page = open_form(context, cell)
        expect(page.locator("#overview-camera")).to_be_attached()
        keys = Keyboard(page)
        keys.come_to("overview")
        keys.choose(files[0])
        keys.come_to("minutes_pages")
        keys.choose(files[1])
        for name, text in TYPED.items():
            keys.come_to(name)
            page.keyboard.type(text)
        keys.come_to("resolution_made")
        page.keyboard.press("ArrowDown")
        expect(page.locator("input[name=resolution_made][value=no]")).to_be_checked()
        keys.come_to("then")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status").first).to_contain_text("Đã gửi xong. Hệ thống đã lưu đủ báo cáo và 2 ảnh")
    [report] = cell.reports()
    assert report.state == MeetingState.SUBMITTED


class Keyboard:
    """Goes through a page by Tab alone, and looks at each stop."""

    def __init__(self, page: Page) -> None:
        self.page = page
        listen_for_choosers(page)

    def come_to(self, name: str) -> None:
        for _ in range(MOST_STOPS):
            self.page.keyboard.press("Tab")
            stop = self.page.evaluate(FOCUSED)
            assert stop["outlined"], f"{stop['name']}: nobody sees where the focus is"
            assert stop["inView"], f"{stop['name']}: the focus is beyond the screen"
            assert self.page.evaluate(BEHIND_THE_LAST), f"{stop['name']} stands before the stop that came before it"
            if stop["name"] == name:
                return
        raise AssertionError(f"Tab does not come to {name}")

    def choose(self, photo: Path) -> None:
        with self.page.expect_file_chooser() as chooser:
            self.page.keyboard.press("Enter")
        chooser.value.set_files(photo)
        expect(self.page.get_by_role("img", name=photo.name)).to_be_visible()


def test_the_keys_find_what_is_wrong(browser: Browser, cell: Cell) -> None:
    """After a refusal the first sentence is announced, and Tab goes on from there to the field that it is about."""
    with signed_in_phone(browser, cell, phone=False) as context:
        page = open_form(context, cell)
        expect(page.locator("#overview-camera")).to_be_attached()
        page.get_by_role("button", name="Gửi báo cáo").last.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert").first).to_contain_text("Chưa gửi được.")
        expect(page.locator("#overview-camera")).to_be_attached()
        keys = Keyboard(page)
        keys.come_to("held_on")
        described = page.locator("#held_on").get_attribute("aria-describedby")
        assert str(described).startswith("held_on-problem")


def test_the_focus_stays_on_a_photo_while_it_is_sent(
    phone: BrowserContext, cell: Cell, files: tuple[Path, Path]
) -> None:
    page = open_form(phone, cell)
    gate = Gate(page, parts=1)
    photograph(page, files)
    expect(page.locator(".tile em", has_text="đang gửi")).to_have_count(1)
    away = page.get_by_role("button", name="Bỏ ảnh này: IMG_0001.jpg")
    away.focus()
    gate.open()
    arrived(page, 2)
    expect(away).to_be_focused()


def test_after_a_refusal_the_page_begins_at_what_is_wrong(
    phone: BrowserContext, cell: Cell, files: tuple[Path, Path]
) -> None:
    page = open_form(phone, cell)
    photograph(page, files)
    arrived(page, 2)
    page.get_by_role("button", name="Bỏ ảnh này: IMG_0001.jpg").click()
    page.wait_for_url("**#photos")
    press_send(page)
    alert = page.get_by_role("alert").first
    expect(alert).to_contain_text("Chưa gửi được.")
    expect(alert).to_be_focused()
    expect(alert).to_be_in_viewport()
