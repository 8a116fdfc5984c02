"""From an empty database to the first report, in a browser without JavaScript: set up, let a secretary in, report."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select
from waitress.server import create_server

from meetingcheck import create_app
from meetingcheck.accounts.models import User
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.jobs import LANES, Worker
from meetingcheck.lib.migrate import migrate
from meetingcheck.lib.processes import free_port
from meetingcheck.lib.settings import read_settings
from meetingcheck.lib.storage import MemoryStorage
from meetingcheck.meetings.models import Meeting, MeetingState
from meetingcheck.orgs.administrators import let_administrator_in
from meetingcheck.photos.extension import decoder_of
from tests.clock import SetClock
from tests.engines.browser import axe_violations, beyond_width, open_context
from tests.engines.smtp import SmtpSink
from tests.photos import samples

FOUNDER, PASSWORD = "quan@mau.example", "một mật khẩu dài của quản trị"
SECRETARY = "0912345678"


@pytest.fixture
def empty(tmp_path: Path, smtp: SmtpSink) -> Iterator[tuple[str, Flask, SetClock]]:
    """A site with a migrated database and nothing in it."""
    port, clock = free_port(), SetClock()
    settings = read_settings(
        {
            "MEETINGCHECK_DATA": str(tmp_path / "var"),
            "PUBLIC_URL": f"http://localhost:{port}",
            "SECRET_KEY": "for a site that browsers visit in tests only",
            "SMTP_HOST": smtp.host,
            "SMTP_PORT": str(smtp.port),
            "MAIL_FROM": "Sinh hoạt chi bộ <khong-tra-loi@mau.example>",
        }
    )
    migrate(settings.database_url)
    app = create_app(settings, clock=clock, storage=MemoryStorage(clock))
    server = create_server(app, host="127.0.0.1", port=port, threads=4)
    threading.Thread(target=server.run, daemon=True).start()
    yield settings.public_url, app, clock
    server.close()
    decoder_of(app).close()


def work(app: Flask) -> None:
    for lane in LANES:
        Worker(app, lane).run_due()


def get_in_as_founder(page: Page, app: Flask, address: str, clock: SetClock) -> None:
    """What `create-admin` prints is a one-time link; without script its last part is typed. Then the second factor."""
    with app.app_context(), write_transaction() as session:
        token = let_administrator_in(session, FOUNDER, "Đỗ Quang Quản", clock())
    page.goto(f"{address}/one-time")
    fill(page, token=token, password=PASSWORD)
    page.click("main form button.btn")
    secret = page.locator(".spelled").inner_text().replace(" ", "")
    fill(page, code=pyotp.TOTP(secret).at(clock()))
    page.locator("form:has(#code) button").click()
    page.goto(address)
    expect(page.get_by_role("heading", level=1)).to_have_text("Việc ngày đầu")


def fill(page: Page, **fields: str) -> None:
    for name, value in fields.items():
        page.fill(f"#{name}", value)


def test_from_an_empty_database_to_the_first_report(
    browser: Browser, empty: tuple[str, Flask, SetClock], smtp: SmtpSink, tmp_path: Path
) -> None:
    address, app, clock = empty
    with open_context(browser, javascript=False, phone=False) as desk:
        page = desk.new_page()
        get_in_as_founder(page, app, address, clock)
        fill(page, root_name="Đảng bộ xã Mẫu")
        page.get_by_role("button", name="Lập tổ chức đảng").click()
        fill(page, supervised_from="11/2026")
        page.get_by_role("button", name="Lưu tháng đầu tiên").click()
        fill(page, document="HD 42-HD/BTCTW")
        page.get_by_role("button", name="Lưu mức quy định").click()
        page.get_by_role("button", name="Gửi thư thử").click()
        work(app)
        page.reload()
        expect(page.get_by_text(f"Thư thử đã gửi đến {FOUNDER}")).to_be_visible()
        add_cell_and_secretary(page)
        work(app)
        code = print_sheet(page, address)
        page.goto(f"{address}/office/first-day")
        expect(page.get_by_text("Xong 6/6 bước.")).to_be_visible()
    assert [message["To"].addresses[0].addr_spec for message in smtp.messages] == [FOUNDER]
    report(browser, address, code, tmp_path)
    with app.app_context(), read_transaction() as session:
        meeting = session.scalars(select(Meeting)).one()
        author = session.scalars(select(User.login).where(User.id == meeting.author_id)).one()
    assert (meeting.state, author) == (MeetingState.SUBMITTED, SECRETARY)


def add_cell_and_secretary(page: Page) -> None:
    page.get_by_role("link", name="Hoặc thêm từng nơi bằng tay").click()
    page.locator("summary", has_text="Thêm tổ chức đảng trực thuộc").click()
    fill(page, child_name="Chi bộ Thôn Mẫu 1", child_founded_on="01/01/1990")
    page.select_option("#child_kind", label="Chi bộ")
    page.get_by_role("button", name="Thêm tổ chức đảng trực thuộc").click()
    page.get_by_role("link", name="Chi bộ Thôn Mẫu 1").click()
    page.locator("summary", has_text="Giao nhiệm vụ").click()
    page.select_option("#role", value="secretary")
    fill(page, role_login="0912 345 678", role_name="Nguyễn Văn An")
    page.get_by_role("button", name="Giao nhiệm vụ").click()


def print_sheet(page: Page, address: str) -> str:
    """The code that is printed under the QR."""
    page.goto(f"{address}/office/people?without_access=1")
    page.get_by_label("In phiếu Nguyễn Văn An").check()
    page.get_by_role("button", name="In phiếu cho những người đã chọn").click()
    expect(page.get_by_role("img", name="Mã QR của đồng chí Nguyễn Văn An")).to_be_visible()
    return page.locator(".code").inner_text()


def report(browser: Browser, address: str, code: str, tmp_path: Path) -> None:
    """The secretary has nothing but the sheet, and a phone without script."""
    photo = tmp_path / "IMG_0001.jpg"
    photo.write_bytes(samples.jpeg(samples.scene(1200, 900)))
    with open_context(browser, javascript=False) as phone:
        page = phone.new_page()
        page.goto(f"{address}/enrol")
        fill(page, token=code)
        page.click("main form button.btn")
        page.goto(address)
        page.get_by_role("link", name="Gửi báo cáo").last.click()
        page.set_input_files("#overview", photo)
        fill(page, held_on="03/11/2026", begins_at="19h30", ends_at="21h15")
        fill(page, total="23", present="23", absent_without_reason="0", minutes_text="Chi bộ thống nhất.")
        page.check("input[name=resolution_made][value=yes]")
        page.get_by_role("button", name="Gửi báo cáo").click()
        expect(page.get_by_role("status")).to_contain_text("Đã gửi xong.")


def test_the_first_page_of_all_is_accessible(browser: Browser, empty: tuple[str, Flask, SetClock]) -> None:
    address, app, clock = empty
    with open_context(browser, javascript=False) as context:
        page = context.new_page()
        get_in_as_founder(page, app, address, clock)
        state = context.storage_state()
    with open_context(browser, storage_state=state) as context:
        page = context.new_page()
        page.goto(f"{address}/office/first-day")
        page.get_by_role("button", name="Lập tổ chức đảng").click()
        expect(page.locator("#root_name-problem")).to_contain_text("Đồng chí hãy ghi tên tổ chức đảng.")
        assert axe_violations(page) == []
        assert beyond_width(page, 320) == []
