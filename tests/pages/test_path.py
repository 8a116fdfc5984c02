"""The whole path in a browser on a phone without JavaScript, through the real object store."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from sqlalchemy import select

from meetingcheck.lib.db import read_transaction
from meetingcheck.lib.services import services_of
from meetingcheck.photos.models import Photo
from meetingcheck.photos.rules import original_key
from tests.engines.browser import open_context
from tests.pages.site import Site
from tests.photos import samples

# An app's own browser, in which nothing may be kept for later: the form carries the photos itself.
IN_APP = "Mozilla/5.0 (Linux; Android 12) AppleWebKit/537.36 Chrome/110 Mobile Safari/537.36 Zalo android/12"


@pytest.fixture
def photo_files(tmp_path: Path) -> tuple[Path, Path]:
    room, minutes = tmp_path / "IMG_0001.jpg", tmp_path / "biên bản trang 1.jpg"
    room.write_bytes(samples.jpeg(samples.noise(1600, 1200), quality=80))
    minutes.write_bytes(samples.jpeg(samples.stored(samples.scene(900, 1200), 6), exif=samples.camera_exif(6)))
    return room, minutes


def fill(page: Page, photo_files: tuple[Path, Path]) -> None:
    room, minutes = photo_files
    page.set_input_files("#overview", room)
    page.set_input_files("#minutes_pages", minutes)
    page.fill("#held_on", "03/11/2026")
    page.fill("#begins_at", "19h30")
    page.fill("#ends_at", "21h15")
    page.fill("#total", "23")
    page.fill("#present", "21")
    page.fill("#absent_without_reason", "0")
    page.check("input[name=resolution_made][value=yes]")


def test_from_sign_in_to_the_committees_eyes(browser: Browser, site: Site, photo_files: tuple[Path, Path]) -> None:
    with open_context(browser, javascript=False) as phone:
        page = phone.new_page()
        site.sign_in(page, "secretary1")
        page.get_by_role("link", name="Gửi báo cáo tháng 11/2026").click()
        fill(page, photo_files)
        page.get_by_role("button", name="Gửi báo cáo").click()
        expect(page.get_by_role("status")).to_contain_text("Đã gửi xong. Hệ thống đã lưu đủ báo cáo và 2 ảnh")
        expect(page.get_by_text("đang chuẩn bị ảnh để xem").first).to_be_visible()

    world = site.world
    with world.app.app_context():
        with read_transaction() as session:
            photos = list(session.scalars(select(Photo).where(Photo.unit_id == world.cells[0])))
        kept = {services_of(world.app).storage.get(original_key(photo.id, photo.sha256)) for photo in photos}
    assert kept == {file.read_bytes() for file in photo_files}
    world.work("photos")

    with open_context(browser, phone=False) as desk:
        page = desk.new_page()
        site.sign_in(page, "reviewer")
        page.get_by_role("link", name="Chi bộ Thôn Mẫu 1", exact=True).click()
        expect(page.get_by_text("có mặt 21/23")).to_be_visible()
        page.locator(".wall a").first.click()
        expect(page.get_by_text("91,3%")).to_be_visible()
        images = page.locator(".large-photos img")
        expect(images).to_have_count(2)
        for number in range(2):
            image = images.nth(number)
            image.scroll_into_view_if_needed()
            expect(image).to_have_js_property("complete", True)
            assert image.evaluate("image => image.naturalWidth > 0"), "no broken photo"
            drawn = image.evaluate("image => [image.naturalWidth, image.naturalHeight]")
            placed = [int(image.get_attribute(side) or 0) for side in ("width", "height")]
            assert all(abs(a - b) <= 1 for a, b in zip(drawn, placed, strict=True)), "nothing moves when it arrives"
        assert images.nth(1).evaluate("image => image.naturalHeight > image.naturalWidth"), "upright"
        page.go_back()
        page.go_back()
        expect(page.get_by_role("link", name="Chi bộ Thôn Mẫu 1, tháng 11: đã báo cáo")).to_be_visible()


def test_what_was_chosen_is_shown_before_sending(browser: Browser, site: Site, photo_files: tuple[Path, Path]) -> None:
    with open_context(browser, user_agent=IN_APP) as phone:
        page = phone.new_page()
        site.sign_in(page, "secretary2")
        page.get_by_role("link", name="Gửi báo cáo tháng 11/2026").click()
        expect(page.locator(".file-face").first).to_be_visible()
        for file in photo_files:  # a phone's camera gives one photo at a time
            page.set_input_files("#overview", file)
        expect(page.get_by_text("2 ảnh đã chọn, chưa gửi")).to_be_visible()
        expect(page.locator(".tile img")).to_have_count(2)
        page.set_input_files("#overview", [])
        expect(page.locator(".tile img")).to_have_count(2)
        page.get_by_role("button", name="Bỏ ảnh này: IMG_0001.jpg").click()
        expect(page.get_by_text("1 ảnh đã chọn, chưa gửi")).to_be_visible()
        assert page.evaluate("document.querySelector('#overview').files.length") == 1


@pytest.mark.parametrize("agent", [IN_APP, None])
def test_what_was_chosen_before_the_script_came_counts(
    browser: Browser, site: Site, photo_files: tuple[Path, Path], agent: str | None
) -> None:
    with open_context(browser, user_agent=agent) as phone:
        page = phone.new_page()
        site.sign_in(page, "secretary2")
        held, slow = list[Route](), True
        page.route("**/api/v1/uploads", lambda route: route.abort())  # or the cell has begun its report
        page.route("**/static/js/**", lambda route: held.append(route) if slow else route.continue_())
        page.get_by_role("link", name="Gửi báo cáo tháng 11/2026").click(no_wait_after=True)
        page.set_input_files("#overview", photo_files[0])
        slow = False
        for route in held:
            route.continue_()
        expect(page.locator(".tile img")).to_have_count(1)


def test_nothing_typed_is_lost_when_something_is_missing(
    browser: Browser, site: Site, photo_files: tuple[Path, Path]
) -> None:
    with open_context(browser, javascript=False) as phone:
        page = phone.new_page()
        site.sign_in(page, "secretary2")
        page.get_by_role("link", name="Gửi báo cáo tháng 11/2026").click()
        fill(page, photo_files)
        page.fill("#present", "hai mươi mốt")
        page.get_by_role("button", name="Gửi báo cáo").click()
        expect(page.get_by_text("Chưa gửi được")).to_be_visible()
        expect(page.locator("#present")).to_have_value("hai mươi mốt")
        expect(page.locator("#present-problem")).to_contain_text("Chưa hiểu số này")
        expect(page.locator("#total")).to_have_value("23")
        expect(page.get_by_text("Hệ thống đã nhận 1 ảnh.")).to_have_count(2)
