"""What a reviewer does in a browser: photos larger and turned, by touch and by keys, and the answers."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import update

from meetingcheck.lib.db import write_transaction
from meetingcheck.photos.models import Photo, PhotoState
from tests.engines.browser import axe_violations, beyond_width, open_context, wait_for
from tests.pages.site import Site
from tests.pages.test_every_page import meeting, speak

SMALL = """() => [...document.querySelectorAll(".viewer button, main .btn, main summary, main select")]
    .filter(one => one.offsetParent !== null)
    .map(one => [one.outerHTML.slice(0, 80), one.getBoundingClientRect().height])
    .filter(([, height]) => height < 48)"""


@pytest.fixture
def report(browser: Browser, lived_in: Site) -> Iterator[Page]:
    """The page of a report with two photos, open on a reviewer's phone."""
    with open_context(browser) as context:
        page = context.new_page()
        lived_in.sign_in(page, "reviewer")
        speak(page, "vi")
        page.goto(lived_in.address + meeting(lived_in))
        yield page


def test_on_a_phone_the_first_cell_is_seen_without_looking_for_it(browser: Browser, lived_in: Site) -> None:
    with open_context(browser) as context:
        page = context.new_page()
        lived_in.sign_in(page, "reviewer")
        speak(page, "vi")
        page.goto(f"{lived_in.address}/units/{lived_in.world.committee}/board?month=2026-10")
        box = page.locator("table.board tbody td.miss.now").first.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 700
        assert page.evaluate(SMALL.replace("main .btn", "main .btn, main .count")) == []
        expect(page.locator("#q")).to_be_hidden()
        page.get_by_text("Lọc, tải bảng").click()
        expect(page.locator("#q")).to_be_visible()
        assert axe_violations(page) == []


def test_on_a_wide_screen_the_filters_need_no_unfolding(browser: Browser, lived_in: Site) -> None:
    with open_context(browser, phone=False) as context:
        page = context.new_page()
        lived_in.sign_in(page, "reviewer")
        page.goto(f"{lived_in.address}/units/{lived_in.world.committee}/board")
        if page.evaluate("CSS.supports('selector(::details-content)')"):
            page.locator("#q").fill("mau 2")
            page.locator("#q").press("Enter")
            expect(page.locator("table.board tbody tr")).to_have_count(1)
            assert axe_violations(page) == []
        else:
            expect(page.locator(".fold summary")).to_be_visible()


def viewer(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Xem ảnh")


def transform(page: Page) -> str:
    found = page.locator(".viewer-photo").evaluate("one => one.style.transform")
    assert isinstance(found, str)
    return found


def opened(page: Page, number: int = 0) -> Locator:
    page.locator("a[data-photo]").nth(number).click()
    expect(viewer(page)).to_be_visible()
    wait_for(page, "document.querySelector('.viewer-photo').naturalWidth > 1")
    return viewer(page)


def test_the_viewer_is_accessible_and_its_buttons_fit_a_thumb(report: Page) -> None:
    opened(report)
    assert axe_violations(report) == []
    assert beyond_width(report, 320) == []
    assert report.evaluate(SMALL) == []
    expect(report.get_by_role("button", name="Đóng")).to_be_focused()


def test_photos_are_made_larger_turned_and_passed_by_keys(report: Page) -> None:
    opened(report)
    first = report.locator(".viewer-photo").get_attribute("src")
    expect(report.locator(".viewer-words")).to_contain_text("1/2")
    before = transform(report)
    report.keyboard.press("r")
    assert "rotate(90deg)" in transform(report)
    report.keyboard.press("Equal")
    assert transform(report) != before
    report.keyboard.press("Digit0")
    expect(report.get_by_role("button", name="Thu nhỏ")).to_be_disabled()
    report.keyboard.press("ArrowRight")
    expect(report.locator(".viewer-words")).to_contain_text("2/2")
    assert report.locator(".viewer-photo").get_attribute("src") != first
    report.keyboard.press("ArrowRight")
    expect(report.locator(".viewer-words")).to_contain_text("1/2")
    report.keyboard.press("ArrowLeft")
    expect(report.locator(".viewer-words")).to_contain_text("2/2")


def test_the_buttons_do_the_same(report: Page) -> None:
    opened(report)
    before = transform(report)
    report.get_by_role("button", name="Phóng to").click()
    larger = transform(report)
    assert larger != before
    report.get_by_role("button", name="Thu nhỏ").click()
    assert transform(report) == before
    for angle in (90, 180, 270, 0):
        report.get_by_role("button", name="Xoay phải").click()
        assert f"rotate({angle}deg)" in transform(report)
    report.get_by_role("button", name="Ảnh sau").click()
    expect(report.locator(".viewer-words")).to_contain_text("2/2")


def test_focus_stays_in_the_viewer_and_comes_back(report: Page) -> None:
    opened(report, 1)
    for _ in range(9):
        report.keyboard.press("Tab")
        assert report.evaluate("document.activeElement.closest('.viewer') !== null")
    report.keyboard.press("Escape")
    expect(viewer(report)).to_have_count(0)
    expect(report.locator("a[data-photo]").nth(1)).to_be_focused()
    assert report.locator("main[aria-hidden]").count() == 0


def test_the_phones_way_back_closes_the_photo_only(report: Page) -> None:
    address = report.url
    opened(report)
    report.go_back()
    expect(viewer(report)).to_have_count(0)
    assert report.url == address


def test_two_fingers_make_it_larger(report: Page) -> None:
    opened(report)
    before = transform(report)
    report.evaluate(
        """() => {
          const stage = document.querySelector('.viewer-stage');
          stage.setPointerCapture = () => {};
          const send = (kind, id, x) => stage.dispatchEvent(new PointerEvent(kind,
            {pointerId: id, pointerType: 'touch', clientX: x, clientY: 200, bubbles: true}));
          send('pointerdown', 1, 150); send('pointerdown', 2, 200);
          send('pointermove', 1, 100); send('pointermove', 2, 250);
          send('pointerup', 1, 100); send('pointerup', 2, 250);
        }"""
    )
    assert transform(report) != before
    expect(report.locator(".viewer-words")).to_contain_text("1/2")


def test_without_script_a_photo_opens_by_itself(browser: Browser, lived_in: Site) -> None:
    with open_context(browser, javascript=False) as context:
        page = context.new_page()
        lived_in.sign_in(page, "reviewer")
        page.goto(lived_in.address + meeting(lived_in))
        page.locator("a[data-photo]").first.click()
        page.wait_for_url("**/photos/*/1600")


def test_asking_to_add_without_words_and_then_with_them(report: Page) -> None:
    """Without words it is refused, and what was typed elsewhere stays; afterwards it can be taken back."""
    report.locator("summary", has_text="Đề nghị bổ sung…").click()
    report.fill("#answer_by", "09/11/2026")
    report.get_by_role("button", name="Gửi đề nghị bổ sung").click()
    expect(report.locator("#comment-problem")).to_be_visible()
    report.get_by_role("link", name="Xem chỗ cần sửa").click()
    expect(report.locator("#answer")).to_be_in_viewport()
    assert report.input_value("#answer_by") == "09/11/2026"
    assert axe_violations(report) == []
    assert beyond_width(report, 320) == []
    assert report.evaluate(SMALL) == []
    report.fill("#comment", "Chụp lại trang hai giúp tôi")
    report.get_by_role("button", name="Gửi đề nghị bổ sung").click()
    undo = report.get_by_role("button", name="Hoàn tác")
    expect(undo).to_be_visible()
    assert axe_violations(report) == []
    undo.click()
    expect(report.get_by_text("Đã hoàn tác.")).to_be_visible()
    expect(report.get_by_text("Chụp lại trang hai giúp tôi")).to_have_count(0)


def test_targets_of_the_board_and_the_timeline_fit_a_thumb(browser: Browser, lived_in: Site) -> None:
    with open_context(browser) as context:
        page = context.new_page()
        lived_in.sign_in(page, "leader")
        for place in ("board", "photos"):
            page.goto(f"{lived_in.address}/units/{lived_in.world.root}/{place}")
            assert page.evaluate(SMALL) == []


def test_nothing_jumps_when_the_photos_of_a_month_arrive(browser: Browser, lived_in: Site) -> None:
    with open_context(browser, phone=False) as context:
        page = context.new_page()
        lived_in.sign_in(page, "reviewer")
        address = f"{lived_in.address}/units/{lived_in.world.committee}/photos?month=2026-11"
        context.route("**/photos/*/320", lambda route: route.abort())
        page.goto(address)
        boxes = "[...document.querySelectorAll('.wall a')].map(one => JSON.stringify(one.getBoundingClientRect()))"
        before = page.evaluate(boxes)
        context.unroute("**/photos/*/320")
        page.goto(address)
        wait_for(page, "[...document.querySelectorAll('.wall img')].every(one => one.complete)")
        assert page.evaluate(boxes) == before
        assert before


def test_words_about_a_photo_that_is_being_prepared_are_not_covered(browser: Browser, lived_in: Site) -> None:
    with open_context(browser) as context:
        page = context.new_page()
        lived_in.sign_in(page, "secretary2")
        mark_photos(lived_in, PhotoState.RECEIVED)
        try:
            page.goto(f"{lived_in.address}{meeting(lived_in)}/correct")
        finally:
            mark_photos(lived_in, PhotoState.READY)
        boxes = page.evaluate(
            """() => [...document.querySelectorAll(".tile")].filter(one => one.offsetParent).map(tile => [
                tile.querySelector(".tile-wait").getBoundingClientRect().bottom,
                tile.querySelector("em").getBoundingClientRect().top,
                tile.querySelector("em").getBoundingClientRect().bottom,
                tile.getBoundingClientRect().bottom])"""
        )
        assert boxes
        for words_end, purpose_begins, purpose_ends, tile_ends in boxes:
            assert words_end <= purpose_begins < purpose_ends <= tile_ends


def mark_photos(site: Site, state: PhotoState) -> None:
    with site.world.app.app_context(), write_transaction() as session:
        session.execute(update(Photo).values(state=state))
