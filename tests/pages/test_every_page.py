"""Every page, in both languages: axe-core finds nothing, 320 pixels are enough, the English one speaks English."""

import re
import uuid
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page

from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.sheets import Sheet, write_xlsx
from meetingcheck.meetings.queries import find_reported_meeting
from meetingcheck.orgs.importing.actions import begin_run
from tests.engines.browser import axe_violations, beyond_width, open_context
from tests.pages.conftest import Site

VIETNAMESE = re.compile(r"[ăâđêôơưĂÂĐÊÔƠƯ]|[\u1ea0-\u1ef9]")


def check_in(site: Site) -> str:
    return f"/obligations/{site.world.obligation(site.world.cells[0]).id}/check-in"


def meeting(site: Site) -> str:
    world = site.world
    obligation = world.obligation(world.cells[1])
    with world.app.app_context(), read_transaction() as session:
        found = find_reported_meeting(session, obligation.id)
    assert found is not None
    return f"/meetings/{found.id}"


LIST = write_xlsx(
    [
        Sheet(
            "x",
            [
                ["STT", "Mã đơn vị", "Tên đơn vị", "Họ tên", "Số điện thoại", "Nhiệm vụ"],
                [1, "C1", "Chi bé Th«n MÉu", "Mai Van A", 912345678, "secretary"],
                [2, "C2", "Chi bé xã Mẫu", "Mai Van A", 912345679, "king"],
                [3, "C1", "", "Mai Van B", "123", "reader"],
            ],
        )
    ]
)


def uploaded(site: Site, data: bytes = LIST) -> uuid.UUID:
    """A list that was sent by the administrator and read."""
    world = site.world
    with world.app.app_context(), write_transaction() as session:
        run = begin_run(session, world.root, "list.xlsx", data, world.users["administrator"], world.clock())
    world.work("bulk")
    return run.id


PAGES: dict[str, tuple[str | None, Callable[[Site], str]]] = {
    "sign-in": (None, lambda site: "/sign-in"),
    "not-found": (None, lambda site: "/nowhere"),
    "one-time-link": (None, lambda site: "/one-time"),
    "enrol": (None, lambda site: "/enrol"),
    "account": ("administrator", lambda site: "/account"),
    "account-password": ("stranger", lambda site: "/account/password"),
    "account-login": ("stranger", lambda site: "/account/login"),
    "devices": ("secretary1", lambda site: "/devices"),
    "confirm": ("reviewer", lambda site: "/sign-in/confirm"),
    "second-factor-new": ("stranger", lambda site: "/second-factor/new"),
    "start": ("stranger", lambda site: "/"),
    "home": ("secretary1", lambda site: f"/cells/{site.world.cells[0]}/home"),
    "home-with-reports": ("secretary2", lambda site: f"/cells/{site.world.cells[1]}/home"),
    "check-in": ("secretary1", check_in),
    "meeting": ("secretary2", meeting),
    "messages": ("secretary1", lambda site: "/messages"),
    "messages-empty": ("leader", lambda site: "/messages"),
    "board": ("reviewer", lambda site: f"/units/{site.world.committee}/board"),
    "board-empty-month": ("reviewer", lambda site: f"/units/{site.world.committee}/board?month=2025-01"),
    "cell": ("reviewer", lambda site: f"/units/{site.world.cells[1]}"),
    "office": ("administrator", lambda site: "/office"),
    "first-day": ("administrator", lambda site: "/office/first-day"),
    "rights": ("administrator", lambda site: "/office/rights"),
    "kinds": ("administrator", lambda site: "/office/kinds"),
    "office-unit": ("administrator", lambda site: f"/office/units/{site.world.committee}"),
    "office-cell": ("administrator", lambda site: f"/office/units/{site.world.cells[0]}"),
    "policies": ("administrator", lambda site: f"/office/units/{site.world.committee}/policies"),
    "people": ("administrator", lambda site: "/office/people"),
    "people-none": ("administrator", lambda site: "/office/people?q=zzzz"),
    "person": ("administrator", lambda site: f"/office/people/{site.world.users['reviewer']}"),
    "import": ("administrator", lambda site: f"/units/{site.world.root}/import"),
    "import-preview": ("administrator", lambda site: f"/imports/{uploaded(site)}"),
    "import-refused": ("administrator", lambda site: f"/imports/{uploaded(site, b'%PDF-1.7')}"),
    "reporters": ("secretary1", lambda site: f"/cells/{site.world.cells[0]}/reporters"),
}


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("name", PAGES)
def test_each_page_is_accessible_narrow_and_complete(
    browser: Browser, lived_in: Site, name: str, language: str
) -> None:
    login, path = PAGES[name]
    with open_context(browser) as context:
        page = context.new_page()
        problems: list[str] = []
        page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
        if login:
            lived_in.sign_in(page, login)
        else:
            page.goto(f"{lived_in.address}/sign-in")
        speak(page, language)
        page.goto(lived_in.address + path(lived_in))
        assert axe_violations(page) == []
        assert beyond_width(page, 320) == []
        assert page.locator("h1").count() == 1
        assert page.title()
        assert page.evaluate("document.documentElement.lang") == language
        if language == "en":
            assert not VIETNAMESE.search(english_text(page.evaluate("document.body.innerText")))
        assert [problem for problem in problems if "404" not in problem] == [], (
            "nothing is refused by the page's policy"
        )


PEOPLE = (
    *("Nguyễn Văn An", "Trần Thị Bình", "Lê Đức Công", "Phạm Thị Dõi"),
    *("Vũ Minh Đạo", "Đỗ Quang Quản", "Hồ Văn Khác", "Mai Lạ", "Tổ Khác"),
)


def speak(page: Page, language: str) -> None:
    """Switch the language; it is kept for the person, so another test may have switched it before."""
    if page.evaluate("document.documentElement.lang") != language:
        page.click(f"button[value={language}]")


def english_text(text: str) -> str:
    """The page without names and without what people typed, which stay as they are."""
    for kept in (
        *PEOPLE,
        "Chi bộ thống nhất kết luận.",
        "Đảng bộ Mẫu",
        "Chi bộ",
        "Đảng bộ",
        "Thôn Mẫu",
        "xã Mẫu",
        "Tiếng Việt",
    ):
        text = text.replace(kept, "")
    return re.sub(r"Sign out \([^)]*\)", "", text)


def test_a_form_with_sentences_is_accessible_too(browser: Browser, lived_in: Site) -> None:
    with open_context(browser) as context:
        page = context.new_page()
        lived_in.sign_in(page, "secretary1")
        speak(page, "vi")
        page.goto(lived_in.address + check_in(lived_in))
        page.get_by_role("button", name="Gửi báo cáo").click()
        page.wait_for_selector("#problems")
        assert axe_violations(page) == []
        assert beyond_width(page, 320) == []
        assert page.locator("[aria-invalid=true]").count() >= 6


def test_text_twice_as_large_still_fits(browser: Browser, lived_in: Site) -> None:
    """200% zoom of a 640 pixel window leaves 320 pixels; here the letters grow instead."""
    with open_context(browser, viewport={"width": 640, "height": 800}) as context:
        page = context.new_page()
        lived_in.sign_in(page, "secretary1")
        for path in (check_in(lived_in), f"/cells/{lived_in.world.cells[0]}/home"):
            page.goto(lived_in.address + path)
            page.evaluate("document.documentElement.style.setProperty('font-size', '225%')")
            assert beyond_width(page, 640) == []


def test_targets_are_large_enough_for_a_thumb(browser: Browser, lived_in: Site) -> None:
    with open_context(browser) as context:
        page = context.new_page()
        lived_in.sign_in(page, "secretary1")
        for path in (check_in(lived_in), f"/cells/{lived_in.world.cells[0]}/home"):
            page.goto(lived_in.address + path)
            small = page.evaluate(
                """() => [...document.querySelectorAll("button, a.btn, .field input, .choice, .bell")]
                    .map(one => [one.outerHTML.slice(0, 80), one.getBoundingClientRect().height])
                    .filter(([, height]) => height < 48)"""
            )
            assert small == []
