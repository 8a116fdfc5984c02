"""A phone that has no room left, or whose browser ends its connection to what it keeps: nothing is lost in silence, and
what can be sent is sent."""

from pathlib import Path

from playwright.sync_api import BrowserContext, Page, expect

from meetingcheck.meetings.models import MeetingState
from meetingcheck.photos.models import Photo
from tests.pages.phone import (
    SENT,
    SLOW_MS,
    Cell,
    Gate,
    arrived,
    fill,
    on_phone,
    open_form,
    photograph,
    press_send,
    said,
)

DELETED = """new Promise(resolve => {
  const asked = indexedDB.deleteDatabase('meetingcheck');
  asked.onsuccess = resolve;
})"""
NO_ROOM = "Máy đã hết chỗ nên không lưu thêm được"
# What a browser does without room: it takes a write and ends its transaction with an error. Little takes words only.
FULL = """
const put = IDBObjectStore.prototype.put;
IDBObjectStore.prototype.put = function (value, ...rest) {
  const refused = window.room === 'none' || (window.room === 'little' && value instanceof Blob);
  const asked = put.call(this, value, ...rest);
  if (refused) {
    Object.defineProperty(this.transaction, 'error', { value: new DOMException('no room', 'QuotaExceededError') });
    this.transaction.abort();
  }
  return asked;
};
const open = IDBFactory.prototype.open;
window.connections = [];
IDBFactory.prototype.open = function (...how) {
  const asked = open.apply(this, how);
  asked.addEventListener('success', () => window.connections.push(asked.result));
  return asked;
};
const toBlob = HTMLCanvasElement.prototype.toBlob;
HTMLCanvasElement.prototype.toBlob = function (done, ...how) {
  return toBlob.call(this, made => {
    if (window.roomWhenShrunk) window.room = window.roomWhenShrunk;
    done(made);
  }, ...how);
};
"""


def open_watched(phone: BrowserContext, cell: Cell) -> Page:
    phone.add_init_script(FULL)
    return open_form(phone, cell)


def leave_room(page: Page, room: str) -> None:
    page.evaluate("room => { window.room = room; window.roomWhenShrunk = ''; }", room)


def come_back(page: Page) -> None:
    """Somebody returns to the page from another program."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def stored(cell: Cell) -> list[Photo]:
    return [photo for photo, _ in cell.stored()]


def test_what_a_full_phone_cannot_keep_is_said_and_sent_all_the_same(
    phone: BrowserContext, cell: Cell, files: tuple[Path, Path]
) -> None:
    page = open_watched(phone, cell)
    fill(page)
    photograph(page, files)
    arrived(page, 2)
    leave_room(page, "none")
    page.fill("#present", "20")
    said(page, NO_ROOM)
    expect(page.locator("[data-phone-saved]")).to_be_hidden()
    page.set_input_files("#overview-camera", files[1])
    expect(page.get_by_role("alert")).to_contain_text("Máy không giữ được ảnh này")
    press_send(page)
    expect(page.get_by_role("status").first).to_contain_text(SENT, timeout=SLOW_MS)
    expect(page.locator("main")).to_contain_text("20")


def test_with_room_again_the_phone_keeps_what_it_could_not(phone: BrowserContext, cell: Cell) -> None:
    page = open_watched(phone, cell)
    fill(page)
    leave_room(page, "none")
    page.fill("#present", "20")
    said(page, NO_ROOM)
    leave_room(page, "enough")
    come_back(page)
    expect(page.locator("[data-phone-trouble]")).to_be_hidden()
    expect(page.locator("[data-phone-saved]")).to_be_visible()
    assert page.input_value("#present") == "20"
    assert on_phone(page)["forms"][0]["fields"]["present"] == "20"


def test_without_room_for_a_smaller_copy_the_photo_goes_as_it_is(
    phone: BrowserContext, cell: Cell, files: tuple[Path, Path]
) -> None:
    page = open_watched(phone, cell)
    fill(page)
    page.evaluate("window.roomWhenShrunk = 'little'")
    page.set_input_files("#overview-camera", files[0])
    arrived(page, 1)
    [photo] = stored(cell)
    assert photo.size == files[0].stat().st_size


def test_a_photo_for_which_there_is_no_room_any_more_waits_and_says_so(
    phone: BrowserContext, cell: Cell, files: tuple[Path, Path]
) -> None:
    page = open_watched(phone, cell)
    page.fill("#minutes_text", "Chi bộ thống nhất kết luận.")
    fill(page)
    page.evaluate("window.roomWhenShrunk = 'none'")
    page.set_input_files("#overview-camera", files[0])
    expect(page.locator(".tile")).to_have_count(1)
    press_send(page)
    said(page, NO_ROOM)
    assert {one.state for one in cell.reports()} <= {MeetingState.DRAFT}
    leave_room(page, "enough")
    come_back(page)
    expect(page.get_by_role("status").first).to_contain_text("đã lưu đủ báo cáo và 1 ảnh", timeout=SLOW_MS)
    [photo] = stored(cell)
    assert photo.size < files[0].stat().st_size


def test_a_full_phone_opens_with_what_it_has(phone: BrowserContext, cell: Cell, files: tuple[Path, Path]) -> None:
    page = open_watched(phone, cell)
    fill(page)
    phone.set_offline(True)
    photograph(page, files)
    page.close()
    phone.add_init_script("window.room = 'none'")
    phone.set_offline(False)
    page = open_form(phone, cell)
    expect(page.locator(".tile img")).to_have_count(2)
    assert page.input_value("#present") == "21"


def test_words_and_photos_are_kept_when_the_browser_has_ended_its_connection(
    phone: BrowserContext, cell: Cell, files: tuple[Path, Path]
) -> None:
    page = open_watched(phone, cell)
    fill(page)
    page.evaluate("window.connections.forEach(one => one.close())")
    page.fill("#present", "20")
    photograph(page, files)
    arrived(page, 2)
    assert on_phone(page)["forms"][0]["fields"]["present"] == "20"
    press_send(page)
    expect(page.get_by_role("status").first).to_contain_text(SENT, timeout=SLOW_MS)


def test_photos_that_the_browser_has_thrown_away_are_said_and_not_left_out_in_silence(
    phone: BrowserContext, cell: Cell, files: tuple[Path, Path]
) -> None:
    page = open_watched(phone, cell)
    gate = Gate(page)
    page.fill("#minutes_text", "Chi bộ thống nhất kết luận.")
    fill(page)
    photograph(page, files)
    press_send(page)
    said(page, "Đang gửi. Còn 2 ảnh")
    page.evaluate(DELETED)
    gate.open()
    said(page, "ảnh chưa gửi không còn trong máy")
    page.fill("#present", "20")
    said(page, "ảnh chưa gửi không còn trong máy")
    assert {one.state for one in cell.reports()} == {MeetingState.DRAFT}
    photograph(page, files)
    press_send(page)
    expect(page.get_by_role("status").first).to_contain_text("Hệ thống đã lưu đủ báo cáo", timeout=SLOW_MS)


def test_a_photo_that_somebody_takes_away_is_not_called_lost(
    phone: BrowserContext, cell: Cell, files: tuple[Path, Path]
) -> None:
    page = open_watched(phone, cell)
    phone.set_offline(True)
    photograph(page, files)
    page.get_by_role("button", name=f"Bỏ ảnh này: {files[0].name}").click()
    expect(page.locator(".tile")).to_have_count(1)
    expect(page.get_by_text("không còn trong máy")).to_have_count(0)
