"""How often the secretary has to tap, from the link in a message to "Đã gửi xong"; every tap is counted.

What counts as a tap: opening the link, each button and choice, opening the camera for each photo, and putting the
finger into a field. What is typed does not count, nor the keyboard's own key that goes on to the next field: that key
is pressed here only where a phone's keyboard would lead to the same field. The two presses inside the camera's own
program (release, keep) are the same for everybody and not ours to save; they are printed beside the count.
"""

import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from meetingcheck.accounts.rules import enrolment_path
from meetingcheck.duties.actions import make_obligations
from meetingcheck.duties.models import Obligation
from meetingcheck.duties.rules import Month
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.meetings.links.actions import make_report_link
from meetingcheck.meetings.links.rules import report_link_path
from meetingcheck.meetings.queries import find_reported_meeting, find_version, list_meeting_photos, said_in
from meetingcheck.meetings.values import CheckIn
from tests.accounts.ways import sheet_for
from tests.engines.browser import beyond_width, open_context
from tests.pages.phone import Cell
from tests.pages.site import Site
from tests.photos import samples
from tests.world import GOOD_FIELDS, form_of

MOST_TAPS = 15
TAPS_TO_THE_FORM = 3
SMALLEST_TARGET = 48  # pixels high
NARROW = 360
PRESSES_IN_THE_CAMERA = 2
CAMERA = "Chụp ảnh: Ảnh toàn cảnh buổi họp"
PURPOSES = ["minutes_page", "minutes_page", "overview", "overview"]
# Where the keyboard's key leads, one after the other: the fields of the form in which one can type, if they are shown.
# From a field of several lines that key only begins a new line.
FIELDS_AFTER = """() => {
  const oneLine = one => one.matches('input:not([type]), input[type=text], input[type=tel]');
  const shown = one => one.getClientRects().length > 0 && !one.disabled && one.tabIndex >= 0;
  const here = document.activeElement;
  if (!oneLine(here)) return [];
  const fields = [...here.form.elements].filter(one => (oneLine(one) || one.matches('textarea, select')) && shown(one));
  return fields.slice(fields.indexOf(here) + 1).map(one => one.id);
}"""


def listen_for_choosers(page: Page) -> None:
    """The browser asks us for files from now on. Waiting for one chooser alone would begin to listen too late at times:
    a quick press then opens a chooser of the browser's own, which nobody sees."""
    page.on("filechooser", lambda chooser: None)


class Thumb:
    """Uses a page as one thumb does, and counts."""

    def __init__(self, page: Page) -> None:
        self.page, self.taps, self.photos = page, 0, 0
        listen_for_choosers(page)

    def open(self, address: str) -> None:
        """Taps a link in a message, or the one that the camera offers for a QR."""
        self.taps += 1
        self.page.goto(address)
        assert beyond_width(self.page, NARROW) == []

    def tap(self, target: Locator) -> None:
        target.scroll_into_view_if_needed()
        box = target.bounding_box()
        assert box is not None
        assert box["height"] >= SMALLEST_TARGET, target
        assert self.page.evaluate("scrollX + document.documentElement.scrollLeft") == 0
        self.taps += 1
        target.tap()

    def photograph(self, what: str, photo: Path) -> None:
        with self.page.expect_file_chooser() as camera:
            self.tap(self.page.get_by_label(f"Chụp ảnh: {what}"))
        camera.value.set_files(photo)
        self.photos += 1
        expect(self.page.locator(".tile img")).to_have_count(self.photos)

    def type_into(self, label: str, text: str) -> None:
        """Fills one field; a finger is needed only where the keyboard does not come to it."""
        field = self.page.get_by_role("textbox", name=label, exact=True)
        if field.get_attribute("id") not in self.page.evaluate(FIELDS_AFTER):
            self.tap(field)
        field.fill(text)

    def tell(self, what: str) -> None:
        inside = self.photos * PRESSES_IN_THE_CAMERA
        sys.stdout.write(f"{what}: {self.taps} taps, and {inside} inside the camera's own program\n")


@pytest.fixture
def four_photos(tmp_path: Path) -> list[Path]:
    """Two of the room, two of the pages."""
    names = [tmp_path / f"IMG_{number}.jpg" for number in range(4)]
    for number, name in enumerate(names):
        name.write_bytes(samples.jpeg(samples.noise(300 + number, 200)))
    return names


def report_address(cell: Cell) -> str:
    """The link that the committee sends to the secretary."""
    world = cell.site.world
    with world.app.app_context(), write_transaction() as session:
        period = session.get_one(Obligation, world.obligation(cell.unit_id).id)
        token, _ = make_report_link(session, period, cell.user_id, None, world.clock())
    return cell.site.address + report_link_path(token)


def report_last_month(cell: Cell) -> None:
    world = cell.site.world
    with world.app.app_context(), write_transaction() as session:
        make_obligations(session, [Month(2026, 10)], world.clock())
    client = world.sign_in(cell.login)
    path = f"/obligations/{world.obligation(cell.unit_id, '2026-10').id}/check-in"
    photo = samples.jpeg(samples.noise(90, 60))
    form = form_of(client.get(path), {**GOOD_FIELDS, "held_on": "03/10/2026"}, [photo])
    assert client.post(path, data=form, content_type="multipart/form-data").status_code == 303


def open_form(thumb: Thumb, cell: Cell) -> None:
    """From the message to the form; a phone asks once whether the cell is the right one."""
    thumb.open(report_address(cell))
    thumb.tap(thumb.page.get_by_role("button", name="Mở báo cáo"))
    expect(thumb.page.get_by_label(CAMERA)).to_be_attached()
    own_cell = thumb.page.get_by_role("button", name="Đúng chi bộ của tôi", exact=True)
    if own_cell.is_visible():
        thumb.tap(own_cell)


def take_photos(thumb: Thumb, photos: list[Path]) -> None:
    for photo in photos[:2]:
        thumb.photograph("Ảnh toàn cảnh buổi họp", photo)
    for photo in photos[2:]:
        thumb.photograph("Ảnh các trang biên bản", photo)


def send(thumb: Thumb) -> None:
    page = thumb.page
    thumb.tap(page.get_by_role("group", name="Buổi họp có ra nghị quyết").get_by_text("Không", exact=True))
    assert beyond_width(page, NARROW) == []
    thumb.tap(page.get_by_role("button", name="Gửi báo cáo", exact=True))
    expect(page.get_by_role("status").first).to_contain_text("Đã gửi xong. Hệ thống đã lưu đủ báo cáo và 4 ảnh")
    assert beyond_width(page, NARROW) == []


def reported(cell: Cell) -> tuple[CheckIn, list[str]]:
    """What the report of this month says, and the purposes of its photos."""
    period = cell.site.world.obligation(cell.unit_id).id
    with cell.site.world.app.app_context(), read_transaction() as session:
        report = find_reported_meeting(session, period)
        assert report is not None
        version = find_version(session, report)
        assert version is not None
        return said_in(version), sorted(photo.purpose for photo in list_meeting_photos(session, report.id))


def test_the_first_month_takes_at_most_fifteen_taps(browser: Browser, cell: Cell, four_photos: list[Path]) -> None:
    with open_context(browser) as phone:
        thumb = Thumb(phone.new_page())
        open_form(thumb, cell)
        take_photos(thumb, four_photos)
        thumb.type_into("Ngày họp", "03/11/2026")
        thumb.type_into("Từ", "19:30")
        thumb.type_into("Đến", "21:15")
        thumb.type_into("Tổng số", "23")
        thumb.type_into("Có mặt", "21")
        thumb.type_into("Vắng không lý do", "0")
        send(thumb)
    thumb.tell("first month")
    assert thumb.taps <= MOST_TAPS
    said, purposes = reported(cell)
    assert (said.total, said.present, said.absent_without_reason, said.resolution_made) == (23, 21, 0, False)
    assert purposes == PURPOSES


def test_a_later_month_is_prefilled_and_takes_no_more(browser: Browser, cell: Cell, four_photos: list[Path]) -> None:
    report_last_month(cell)
    with open_context(browser) as phone:
        thumb = Thumb(phone.new_page())
        open_form(thumb, cell)
        take_photos(thumb, four_photos)
        thumb.type_into("Ngày họp", "03/11/2026")
        for label, prefilled in (("Từ", "19:30"), ("Đến", "21:15"), ("Tổng số", "23")):
            expect(thumb.page.get_by_role("textbox", name=label, exact=True)).to_have_value(prefilled)
        thumb.type_into("Có mặt", "22")
        thumb.type_into("Vắng không lý do", "0")
        send(thumb)
    thumb.tell("later month")
    assert thumb.taps <= MOST_TAPS
    said, purposes = reported(cell)
    assert (said.total, said.present) == (23, 22)
    assert purposes == PURPOSES


def test_from_the_printed_sheet_three_taps_lead_to_the_form(browser: Browser, site: Site) -> None:
    token, _ = sheet_for(site.world, "secretary1")
    with open_context(browser) as phone:
        thumb = Thumb(phone.new_page())
        thumb.open(site.address + enrolment_path(token))
        thumb.tap(thumb.page.get_by_role("button", name="Đăng ký máy này"))
        thumb.tap(thumb.page.get_by_role("link", name="Gửi báo cáo tháng 11/2026"))
        expect(thumb.page.get_by_label(CAMERA)).to_be_attached()
        assert beyond_width(thumb.page, NARROW) == []
    thumb.tell("from the sheet to the form")
    assert thumb.taps <= TAPS_TO_THE_FORM
