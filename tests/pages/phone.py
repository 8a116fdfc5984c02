"""The check-in page on a phone, as tests use it: whose phone, what somebody does there, what the phone keeps."""

import hashlib
import itertools
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, Route, expect
from sqlalchemy import select, update

from meetingcheck.accounts.actions import NewUser, add_user
from meetingcheck.duties.actions import make_obligations
from meetingcheck.duties.rules import Month
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.services import services_of
from meetingcheck.meetings.models import Meeting, MeetingPhoto, MeetingState
from meetingcheck.orgs.actions import NewUnit, found_unit, give_role
from meetingcheck.orgs.models import Role, RoleAssignment
from meetingcheck.photos.models import Photo
from meetingcheck.photos.rules import original_key
from tests.engines.browser import open_context, wait_for
from tests.pages.site import Site
from tests.world import LONG_AGO, PASSWORD_HASH

SENT = "Đã gửi xong. Hệ thống đã lưu đủ báo cáo và 2 ảnh"
SERIAL = itertools.count(1)
SLOW_MS = 30_000  # a busy machine sends photos slowly
NOTHING: dict[str, Any] = {"forms": [], "photos": [], "blobs": []}
PARTS = "**/api/v1/uploads/*"
KEPT_ON_PHONE = """() => new Promise((resolve, reject) => {
  const opening = indexedDB.open('meetingcheck');
  opening.onerror = () => reject(opening.error);
  opening.onsuccess = () => {
    const work = opening.result.transaction(['forms', 'photos', 'blobs'], 'readonly');
    const asked = ['forms', 'photos'].map(name => work.objectStore(name).getAll());
    const blobs = work.objectStore('blobs').getAllKeys();
    work.oncomplete = () => {
      opening.result.close();
      const photos = asked[1].result.map(({id, state, sha256, size, facts}) => ({id, state, sha256, size, facts}));
      resolve({forms: asked[0].result, photos, blobs: blobs.result});
    };
  };
})"""


@dataclass(frozen=True)
class Cell:
    """A cell that owes a report, its secretary, and where the form is."""

    site: Site
    unit_id: uuid.UUID
    user_id: uuid.UUID
    login: str
    path: str

    @property
    def address(self) -> str:
        return self.site.address + self.path

    def reports(self) -> list[Meeting]:
        with self.site.world.app.app_context(), read_transaction() as session:
            return list(session.scalars(select(Meeting).where(Meeting.unit_id == self.unit_id)))

    def stored(self) -> list[tuple[Photo, bytes]]:
        """The photos of the cell's report in their order, with the bytes that lie in the store."""
        app = self.site.world.app
        with app.app_context():
            with read_transaction() as session:
                [report] = session.scalars(select(Meeting.id).where(Meeting.unit_id == self.unit_id))
                wanted = select(Photo).join(MeetingPhoto, MeetingPhoto.photo_id == Photo.id)
                photos = list(session.scalars(wanted.where(MeetingPhoto.meeting_id == report).order_by(Photo.purpose)))
            storage = services_of(app).storage
            return [(photo, storage.get(original_key(photo.id, photo.sha256))) for photo in photos]


def new_cell(site: Site) -> Cell:
    """A cell of the committee with a secretary of its own, who owes the report of November."""
    world, number = site.world, next(SERIAL)
    with world.app.app_context(), write_transaction() as session:
        now = world.clock()
        unit = found_unit(session, NewUnit(f"Chi bộ Máy {number}", "chi_bo", LONG_AGO, world.committee), None, now).id
        login = f"phone{number}"
        user = add_user(session, NewUser(login, "Vi Văn Sơn", PASSWORD_HASH, None), None, now).id
        give_role(session, user, unit, Role.SECRETARY, LONG_AGO, None, now)
        make_obligations(session, [Month(2026, 11)], now)
    return Cell(site, unit, user, login, f"/obligations/{world.obligation(unit).id}/check-in")


@contextmanager
def signed_in_phone(browser: Browser, cell: Cell, **options: Any) -> Iterator[BrowserContext]:
    with open_context(browser, **options) as context:
        page = context.new_page()
        cell.site.sign_in(page, cell.login)
        page.close()
        yield context


def open_form(phone: BrowserContext, cell: Cell) -> Page:
    page = phone.new_page()
    page.goto(cell.address)
    return page


def fill(page: Page) -> None:
    for name, text in (
        ("held_on", "03/11/2026"),
        ("begins_at", "19:30"),
        ("ends_at", "21:15"),
        ("total", "23"),
        ("present", "21"),
        ("absent_without_reason", "0"),
    ):
        page.fill(f"#{name}", text)
    page.check("input[name=resolution_made][value=no]")
    expect(page.locator("[data-phone-saved]")).to_contain_text("Đã lưu trong máy lúc")


def photograph(page: Page, files: tuple[Path, Path]) -> None:
    page.set_input_files("#overview-camera", files[0])
    page.set_input_files("#minutes_pages", files[1])
    expect(page.locator(".tile img")).to_have_count(2, timeout=SLOW_MS)


def press_send(page: Page) -> None:
    page.get_by_role("button", name="Gửi báo cáo").click()


def send_report(phone: BrowserContext, cell: Cell, files: tuple[Path, Path]) -> Page:
    """Fill in, photograph, press; the page that says that it is sent."""
    page = open_form(phone, cell)
    fill(page)
    photograph(page, files)
    press_send(page)
    expect(page.get_by_role("status").first).to_contain_text(SENT, timeout=SLOW_MS)
    return page


def wish_kept(page: Page) -> None:
    """Wait until the phone has kept that it is to be sent."""
    for _ in range(100):
        if any(form["wanted"] for form in on_phone(page)["forms"]):
            return
        page.wait_for_timeout(50)
    raise AssertionError("the phone does not know that it is to be sent")


def arrived(page: Page, count: int) -> None:
    expect(page.locator(".tile em", has_text="đã nhận")).to_have_count(count, timeout=SLOW_MS)


def said(page: Page, words: str) -> None:
    expect(page.locator("[data-phone-trouble]")).to_contain_text(words)


def on_phone(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(KEPT_ON_PHONE)
    return found


def ready_for_no_network(page: Page) -> None:
    """Wait until the worker has what it needs to open this page."""
    state = "navigator.serviceWorker.getRegistration().then(one => Boolean(one && one.active) && one.active.state)"
    wait_for(page, f"{state}.then(now => now === 'activated')")


def left_after_sending(page: Page) -> dict[str, Any]:
    """What the phone still has once the page that says "sent" has had its time to tidy up: it stops waiting when there
    is no photo left."""
    for _ in range(100):
        found = on_phone(page)
        if not found["photos"]:
            break
        page.evaluate("new Promise(resolve => setTimeout(resolve, 50))")
    return found


class Gate:
    """Lets so many parts of photos through, and holds the others until it is opened."""

    def __init__(self, page: Page, parts: int = 0) -> None:
        self._left, self._held, self._opened = parts, list[Route](), False
        page.route(PARTS, self._pass)

    def _pass(self, route: Route) -> None:
        if self._opened or route.request.method != "PATCH" or self._left > 0:
            self._left -= 1
            route.continue_()
        else:
            self._held.append(route)

    def open(self) -> None:
        self._opened = True
        for route in self._held:
            route.continue_()


def one_whole_report(cell: Cell, kept: list[dict[str, Any]]) -> list[Photo]:
    """The cell has one report, sent, and in the store lie the very bytes that the phone had."""
    [report] = cell.reports()
    assert report.state == MeetingState.SUBMITTED
    stored = cell.stored()
    assert [photo.sha256 for photo, data in stored] == [hashlib.sha256(data).hexdigest() for _, data in stored]
    assert sorted(photo.sha256 for photo, _ in stored) == sorted(one["sha256"] for one in kept)
    return [photo for photo, _ in stored]


def end_role(cell: Cell, days_ago: int) -> None:
    with cell.site.world.app.app_context(), write_transaction() as session:
        ended = update(RoleAssignment).where(RoleAssignment.user_id == cell.user_id)
        session.execute(ended.values(to_on=cell.site.world.clock().date() - timedelta(days=days_ago)))
