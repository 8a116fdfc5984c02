"""The check-in on a phone: nothing that was typed or photographed is lost, whatever ends in between."""

import hashlib
import os
import random
import re
import uuid
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect
from sqlalchemy import select

from meetingcheck.lib.db import read_transaction
from meetingcheck.meetings.models import ExtraKind, MeetingPhoto, MeetingState
from meetingcheck.photos.models import Photo, Purpose
from tests.engines.browser import axe_violations, beyond_width, wait_for
from tests.engines.proxy import CuttingProxy
from tests.pages.phone import (
    NOTHING,
    SENT,
    SLOW_MS,
    Cell,
    Gate,
    arrived,
    fill,
    left_after_sending,
    on_phone,
    one_whole_report,
    open_form,
    photograph,
    press_send,
    ready_for_no_network,
    said,
    send_report,
    signed_in_phone,
    wish_kept,
)
from tests.photos import samples
from tests.soak import SOAK

KEPT = "Đã lưu trong máy. Còn 2 ảnh chưa gửi. Khi có mạng, đồng chí mở lại trang này để gửi tiếp."
SEED = int(os.environ.get("MEETINGCHECK_SEED", "0"))
AT_ONCE = 30  # photos that somebody chooses in one go
IN_APP = (
    "Mozilla/5.0 (Linux; Android 12) AppleWebKit/537.36 Chrome/110 Mobile Safari/537.36 Zalo android/12",
    "Mozilla/5.0 (Linux; Android 12; SM-A047F; wv) AppleWebKit/537.36 Version/4.0 Chrome/110 Mobile Safari/537.36",
)


def test_a_tab_killed_in_the_middle_of_a_photo_goes_on_where_it_stopped(
    phone: BrowserContext, cell: Cell, files: tuple[Path, Path]
) -> None:
    page = open_form(phone, cell)
    Gate(page, parts=3)
    fill(page)
    photograph(page, files)
    expect(page.locator(".tile em", has_text="đang gửi")).to_have_count(1)
    wait_for(page, "document.querySelector('.tile em').textContent !== 'đang gửi 0%'")
    kept = on_phone(page)["photos"]
    assert [one["state"] for one in kept] == ["ready", "ready"]
    page.close()

    page, offsets = phone.new_page(), list[int]()
    page.on(
        "request",
        lambda asked: offsets.append(int(asked.headers["upload-offset"])) if asked.method == "PATCH" else None,
    )
    page.goto(cell.address)
    expect(page.locator("#present")).to_have_value("21")
    arrived(page, 2)
    assert offsets[0] > 0, "what had arrived is not sent again"
    assert offsets.count(0) == 1, "but the second photo begins at its beginning"
    assert on_phone(page)["blobs"] == [], "the phone needs the bytes no longer"
    press_send(page)
    expect(page.get_by_role("status").first).to_contain_text(SENT, timeout=SLOW_MS)
    page_photo, room = one_whole_report(cell, kept)
    assert page_photo.claimed_at is None
    assert room.claimed_at is not None
    assert room.claimed_at.isoformat() == "2026-11-03T12:45:00+00:00", "the camera's time, read before shrinking"
    assert (room.width, room.height) == (2048, 1024)
    assert page_photo.sha256 == hashlib.sha256(files[1].read_bytes()).hexdigest(), "what is small stays as it is"
    assert left_after_sending(page) == NOTHING, "what was sent is not kept"


def test_while_the_store_is_away_the_next_photo_is_on_its_way_all_the_same(
    phone: BrowserContext, cell: Cell, files: tuple[Path, Path]
) -> None:
    page = open_form(phone, cell)
    fill(page)
    another, store = files[0].with_name("IMG_0003.jpg"), cell.site.store
    another.write_bytes(samples.jpeg(samples.noise(400, 300)))
    store.kill()
    try:
        photograph(page, files)
        expect(page.locator(".tile em", has_text="hệ thống đang lưu")).to_have_count(2, timeout=SLOW_MS)
        kept = on_phone(page)["photos"]
        assert [one["state"] for one in kept] == ["ready", "ready"], "the phone keeps them until they are stored"
        assert len(on_phone(page)["blobs"]) == 2
        page.set_input_files("#overview-camera", another)
        expect(page.locator(".tile em", has_text="hệ thống đang lưu")).to_have_count(3, timeout=SLOW_MS)
        with page.expect_response(lambda answer: answer.request.method == "DELETE"):
            page.get_by_role("button", name="Bỏ ảnh này: IMG_0003.jpg").click()
        press_send(page)
        said(page, "Đang gửi")
    finally:
        store.start()
    cell.site.world.work()
    expect(page.get_by_role("status").first).to_contain_text(SENT, timeout=SLOW_MS)
    one_whole_report(cell, kept)
    assert left_after_sending(page) == NOTHING


def test_the_page_opens_without_a_network_takes_photos_and_sends_later(
    phone: BrowserContext, cell: Cell, files: tuple[Path, Path]
) -> None:
    page = open_form(phone, cell)
    ready_for_no_network(page)
    page.close()
    phone.set_offline(True)
    page = open_form(phone, cell)
    expect(page.get_by_role("heading", level=1)).to_have_text("Báo cáo sinh hoạt tháng 11/2026")
    fill(page)
    photograph(page, files)
    expect(page.locator(".tile em", has_text="chờ mạng")).to_have_count(2)
    press_send(page)
    said(page, KEPT)
    wish_kept(page)
    page.close()

    page = open_form(phone, cell)
    expect(page.locator("#ends_at")).to_have_value("21:15")
    expect(page.locator("input[name=resolution_made][value=no]")).to_be_checked()
    expect(page.locator(".tile img")).to_have_count(2)
    kept = on_phone(page)["photos"]
    phone.set_offline(False)  # what was asked for is done without asking again
    expect(page.get_by_role("status").first).to_contain_text(SENT, timeout=SLOW_MS)
    one_whole_report(cell, kept)


def test_opened_again_with_a_network_it_sends_what_was_taken_without(
    phone: BrowserContext, cell: Cell, files: tuple[Path, Path]
) -> None:
    page = open_form(phone, cell)
    ready_for_no_network(page)
    phone.set_offline(True)
    page.reload()
    fill(page)
    photograph(page, files)
    page.close()
    phone.set_offline(False)
    page = open_form(phone, cell)
    expect(page.locator("#total")).to_have_value("23")
    arrived(page, 2)
    press_send(page)
    expect(page.get_by_role("status").first).to_contain_text(SENT, timeout=SLOW_MS)
    assert len(cell.reports()) == 1


def test_over_a_line_that_breaks_again_and_again_the_report_arrives_once(
    phone: BrowserContext, cell: Cell, files: tuple[Path, Path]
) -> None:
    with CuttingProxy(cell.site.address, seed=5, between=(3_000, 60_000), most_cuts=6) as line:
        page = phone.new_page()
        page.goto(line.url.replace("127.0.0.1", "localhost") + cell.path)
        fill(page)
        photograph(page, files)
        kept = on_phone(page)["photos"]
        expect(page.locator(".tile em", has_text="đã nhận")).to_have_count(2, timeout=60_000)
        assert line.cuts > 1, "the line broke"
        press_send(page)
        expect(page.get_by_role("status").first).to_contain_text(SENT, timeout=60_000)
    one_whole_report(cell, kept)


@pytest.mark.parametrize("round_", range(20 if SOAK else 1))
def test_killed_at_random_moments_five_photos_end_in_one_whole_report(
    phone: BrowserContext, cell: Cell, tmp_path: Path, round_: int
) -> None:
    chance = random.Random(SEED + round_)
    for number in range(5):
        (tmp_path / f"{number}.jpg").write_bytes(samples.jpeg(samples.noise(700 + number, 500)))
    page = open_form(phone, cell)
    page.fill("#minutes_text", "Chi bộ thống nhất kết luận.")
    fill(page)
    page.set_input_files("#overview", [tmp_path / f"{number}.jpg" for number in range(5)])
    expect(page.locator(".tile")).to_have_count(5)
    for _ in range(6):
        Gate(page, parts=chance.randint(0, 9))
        stopped = page.locator(".tile em", has_text=re.compile("đang gửi|đã nhận"))
        expect(stopped.first).to_be_visible()
        if chance.random() < 0.5:
            page.close()
            page = phone.new_page()
        page.unroute_all()
        page.goto(cell.address)
        expect(page.locator("#overview-camera")).to_be_attached()
    expect(page.locator(".tile em", has_text=re.compile("chờ|đang gửi"))).to_have_count(0, timeout=30_000)
    press_send(page)
    expect(page.get_by_role("status").first).to_contain_text("Hệ thống đã lưu đủ báo cáo và 5 ảnh", timeout=SLOW_MS)
    [report] = cell.reports()
    assert report.state == MeetingState.SUBMITTED
    stored = cell.stored()
    assert len({photo.sha256 for photo, _ in stored}) == 5
    assert all(photo.sha256 == hashlib.sha256(data).hexdigest() for photo, data in stored)


def test_pressed_while_photos_are_on_their_way_it_sends_when_they_have_arrived(
    phone: BrowserContext, cell: Cell, files: tuple[Path, Path]
) -> None:
    page = open_form(phone, cell)
    gate = Gate(page)
    fill(page)
    photograph(page, files)
    expect(page.locator(".tile em", has_text="đang gửi")).to_have_count(1)
    press_send(page)
    expect(page.locator("input[name=revision]")).to_have_value("1")
    said(page, "Đang gửi. Còn 2 ảnh. Đồng chí đừng đóng trang này.")
    expect(page.locator("[data-phone-trouble]")).to_be_in_viewport()
    [draft] = cell.reports()
    assert draft.draft["present"] == "21", "the words went first"
    gate.open()
    expect(page.get_by_role("status").first).to_contain_text(SENT, timeout=SLOW_MS)
    assert len(cell.reports()) == 1


def test_pressed_again_after_a_correction_it_sends_when_the_photos_have_arrived(
    phone: BrowserContext, cell: Cell, files: tuple[Path, Path]
) -> None:
    page = open_form(phone, cell)
    gate = Gate(page)
    fill(page)
    photograph(page, files)
    press_send(page)
    said(page, "Đang gửi. Còn 2 ảnh")
    page.fill("#present", "20")
    expect(page.locator("[data-phone-trouble]")).to_be_hidden()
    press_send(page)
    said(page, "Đang gửi. Còn 2 ảnh")
    gate.open()
    expect(page.get_by_role("status").first).to_contain_text(SENT, timeout=SLOW_MS)


def test_after_a_pause_the_words_are_kept_at_the_server_too(browser: Browser, cell: Cell) -> None:
    with signed_in_phone(browser, cell) as lost:
        page = lost.new_page()
        page.clock.install()
        page.goto(cell.address)
        page.fill("#present", "19")
        page.clock.run_for(1_000)
        expect(page.locator("[data-phone-saved]")).to_be_visible()
        wait_for(page, "document.querySelector('[name=csrf_token]').value !== ''")
        page.clock.run_for(25_000)
        expect(page.locator("input[name=revision]")).to_have_value("1")
    with signed_in_phone(browser, cell) as new:
        page = open_form(new, cell)
        expect(page.locator("#present")).to_have_value("19")


def test_what_is_missing_is_said_and_nothing_is_lost(
    phone: BrowserContext, cell: Cell, files: tuple[Path, Path]
) -> None:
    page = open_form(phone, cell)
    fill(page)
    page.fill("#present", "hai mươi")
    photograph(page, files)
    press_send(page)
    expect(page.locator("#present-problem")).to_be_visible()
    expect(page.locator("#present")).to_have_value("hai mươi")
    expect(page.get_by_text("Hệ thống đã nhận 1 ảnh.")).to_have_count(2)
    page.fill("#present", "21")
    press_send(page)
    expect(page.get_by_role("status").first).to_contain_text(SENT, timeout=SLOW_MS)
    assert len(cell.reports()) == 1


def test_a_photo_left_out_is_not_sent_and_one_taken_back_is_gone(
    phone: BrowserContext, cell: Cell, files: tuple[Path, Path]
) -> None:
    page = open_form(phone, cell)
    gate = Gate(page)
    fill(page)
    photograph(page, files)
    page.get_by_role("button", name="Bỏ ảnh này: IMG_0002.jpg").click()
    expect(page.locator(".tile")).to_have_count(1)
    gate.open()
    arrived(page, 1)
    page.get_by_role("button", name="Bỏ ảnh này: IMG_0001.jpg").click()
    expect(page.locator("#saved")).to_be_visible()
    expect(page.locator("#present")).to_have_value("21")
    expect(page.locator(".tile")).to_have_count(0)
    assert [photo.withdrawn_at is not None for photo, _ in cell.stored()] == [True]


def test_thirty_photos_chosen_at_once_are_all_kept(phone: BrowserContext, cell: Cell, tmp_path: Path) -> None:
    page = open_form(phone, cell)
    chosen = [tmp_path / f"IMG_{number:02}.jpg" for number in range(AT_ONCE)]
    for path in chosen:
        path.write_bytes(samples.jpeg(samples.noise(60, 40)))
    page.set_input_files("#overview", chosen)
    expect(page.locator(".tile")).to_have_count(AT_ONCE, timeout=SLOW_MS)
    expect(page.get_by_role("alert")).to_have_count(0)


def test_photos_are_put_in_order_before_they_arrive(
    phone: BrowserContext, cell: Cell, files: tuple[Path, Path], tmp_path: Path
) -> None:
    page = open_form(phone, cell)
    gate = Gate(page, parts=1)
    fill(page)
    sheets = [tmp_path / f"trang {number}.jpg" for number in (1, 2, 3)]
    for number, sheet in enumerate(sheets):
        sheet.write_bytes(samples.jpeg(samples.noise(600 + 10 * number, 800)))
    page.set_input_files("#minutes_pages", [sheets[2], sheets[0], sheets[1]])
    expect(page.locator(".tile em", has_text="đang gửi")).to_have_count(1)  # what arrives first may come last
    page.set_input_files("#overview", files[0])
    expect(page.locator(".tile img")).to_have_count(4)
    page.get_by_text("Sắp xếp ảnh").click()
    down = page.get_by_role("button", name="Xuống sau: trang 3.jpg")
    down.click()
    down.press("Enter")  # at once: each press is a step
    pages = page.locator("[data-purpose=minutes_page] .tile img")
    for number in range(3):
        expect(pages.nth(number)).to_have_attribute("alt", f"trang {number + 1}.jpg")
    assert axe_violations(page) == []
    gate.open()
    press_send(page)
    expect(page.get_by_role("status").first).to_contain_text("Hệ thống đã lưu đủ báo cáo và 4 ảnh", timeout=SLOW_MS)
    with cell.site.world.app.app_context(), read_transaction() as session:
        widths = session.scalars(
            select(Photo.width)
            .join(MeetingPhoto, MeetingPhoto.photo_id == Photo.id)
            .where(Photo.unit_id == cell.unit_id, Photo.purpose == Purpose.MINUTES_PAGE)
            .order_by(MeetingPhoto.position)
        )
        assert list(widths) == [600, 610, 620]


def test_a_new_version_replaces_the_old_one_and_leaves_what_is_kept(
    phone: BrowserContext, cell: Cell, files: tuple[Path, Path]
) -> None:
    page = open_form(phone, cell)
    ready_for_no_network(page)
    before = page.evaluate("caches.keys()")
    phone.set_offline(True)
    fill(page)
    photograph(page, files)
    phone.set_offline(False)
    page.route("**/api/v1/uploads", lambda route: route.abort())
    page.goto(f"{cell.site.address}/")
    page.click("button[value=en]")  # the neutral page in another language is another version
    page.goto(cell.address)
    page.evaluate(
        """async before => {
          for (let names = before; names.length !== 1 || names[0] === before[0]; names = await caches.keys()) {
            await new Promise(resolve => setTimeout(resolve, 50));
          }
        }""",
        before,
    )
    assert len(on_phone(page)["photos"]) == 2
    expect(page.locator("#present")).to_have_value("21")
    phone.set_offline(True)
    page.reload()
    expect(page.get_by_role("button", name="Send the report").last).to_be_visible()
    expect(page.locator(".tile")).to_have_count(2)


def test_only_the_shell_is_cached(phone: BrowserContext, cell: Cell) -> None:
    page = open_form(phone, cell)
    ready_for_no_network(page)
    page.reload()
    kept = page.evaluate(
        """async () => {
          const found = {};
          for (const name of await caches.keys()) {
            const cache = await caches.open(name);
            for (const one of await cache.keys()) found[one.url] = await (await cache.match(one)).text();
          }
          return found;
        }"""
    )
    paths = {address.removeprefix(cell.site.address).partition("?")[0] for address in kept}
    assert {path for path in paths if not path.startswith("/static/")} == {"/check-in-shell"}
    assert "/static/js/phone/queue.js" in paths
    for text in kept.values():
        assert str(cell.user_id) not in text
        assert "Chi bộ Máy" not in text
    assert "csrf_token" not in kept[f"{cell.site.address}/check-in-shell"]


def test_the_states_of_the_page_are_accessible_and_fit(
    phone: BrowserContext, cell: Cell, files: tuple[Path, Path], tmp_path: Path
) -> None:
    page = open_form(phone, cell)

    def assert_fine(state: str) -> None:
        assert axe_violations(page) == [], state
        assert beyond_width(page, 320) == [], state

    expect(page.locator("#overview-camera")).to_be_attached()
    assert_fine("empty")
    ready_for_no_network(page)
    Gate(page, parts=1)
    photograph(page, files)
    expect(page.locator(".tile em", has_text="đang gửi")).to_have_count(1)
    press_send(page)
    assert_fine("sending")
    page.close()
    phone.set_offline(True)
    page = open_form(phone, cell)
    expect(page.locator(".tile em", has_text="chờ mạng")).to_have_count(2)
    press_send(page)
    said(page, KEPT)
    assert_fine("waiting, without a network")
    page.goto(f"{cell.site.address}/obligations/{uuid.uuid4()}/check-in")
    expect(page.get_by_text("chưa giữ báo cáo nào của trang này")).to_be_visible()
    assert_fine("never opened before")
    phone.set_offline(False)
    page.close()
    page = open_form(phone, cell)
    broken = tmp_path / "IMG_0003.jpg"
    broken.write_bytes(b"this is no photo")
    page.set_input_files("#overview", broken)
    expect(page.locator(".problem", has_text="IMG_0003.jpg")).to_contain_text("không phải là ảnh")
    press_send(page)
    said(page, "Có ảnh bị lỗi")
    assert_fine("failed")
    page.get_by_role("button", name="Bỏ ảnh này: IMG_0003.jpg").click()
    expect(page.locator(".problem", has_text="IMG_0003.jpg")).to_have_count(0)


def test_an_extra_meeting_and_a_correction_go_the_same_way(
    phone: BrowserContext, cell: Cell, files: tuple[Path, Path]
) -> None:
    page = phone.new_page()
    page.goto(f"{cell.site.address}/cells/{cell.unit_id}/extra")
    fill(page)
    page.check("input[name=extra_kind][value=congress]")
    photograph(page, files)
    arrived(page, 2)
    page.reload()
    expect(page.locator("#present")).to_have_value("21")
    expect(page.locator("input[name=extra_kind][value=congress]")).to_be_checked()
    press_send(page)
    expect(page.get_by_role("status").first).to_contain_text(SENT, timeout=SLOW_MS)
    [report] = cell.reports()
    assert (report.state, report.extra_kind) == (MeetingState.SUBMITTED, ExtraKind.CONGRESS)
    page.goto(f"{cell.site.address}/meetings/{report.id}/correct")
    page.fill("#present", "20")
    page.fill("#absent_without_reason", "1")
    files[0].write_bytes(samples.jpeg(samples.noise(300, 200)))
    page.set_input_files("#overview", files[0])
    arrived(page, 1)
    page.get_by_role("button", name="Gửi bản sửa").click()
    expect(page.get_by_role("status").first).to_contain_text("Hệ thống đã lưu đủ báo cáo và 3 ảnh")
    assert [one.version for one in cell.reports()] == [2]
    assert left_after_sending(page) == NOTHING


@pytest.mark.parametrize("agent", IN_APP, ids=["Zalo", "any app"])
def test_inside_another_app_the_plain_form_is_used_and_it_says_so(browser: Browser, cell: Cell, agent: str) -> None:
    with signed_in_phone(browser, cell, user_agent=agent) as context:
        page = open_form(context, cell)
        expect(page.get_by_text("mở trang này trong một ứng dụng khác")).to_be_visible()
        expect(page.get_by_role("link", name="Mở bằng Chrome")).to_be_visible()
        assert page.locator("input[type=file][name=overview]").count() == 1
        assert axe_violations(page) == []
        assert beyond_width(page, 320) == []
        assert page.evaluate("navigator.serviceWorker.getRegistrations().then(all => all.length)") == 0


def test_words_of_a_correction_outlast_a_look_at_the_report(
    phone: BrowserContext, cell: Cell, files: tuple[Path, Path]
) -> None:
    page = send_report(phone, cell, files)
    [report] = cell.reports()
    show, correct = (f"{cell.site.address}/meetings/{report.id}{last}" for last in ("", "/correct"))
    page.goto(correct)
    expect(page.locator("#overview-camera")).to_be_attached()
    page.fill("#present", "20")
    wait_for(page, "document.querySelector('[data-phone-saved]').textContent.includes('Đã lưu trong máy lúc')")
    page.goto(show)
    left_after_sending(page)
    page.goto(correct)
    expect(page.locator("#present")).to_have_value("20")
