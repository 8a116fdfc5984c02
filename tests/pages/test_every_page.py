"""Every page, in both languages: axe-core finds nothing, 320 pixels are enough, the English one speaks English."""

import re
import uuid
from collections.abc import Callable
from functools import cache

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect
from sqlalchemy import select, update

from meetingcheck.accounts.api_tokens.actions import issue_token
from meetingcheck.duties.exceptions.actions import Wish, ask_exception
from meetingcheck.duties.models import PeriodException
from meetingcheck.duties.queries import lock_obligation
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.services import services_of
from meetingcheck.lib.sheets import Sheet, write_xlsx
from meetingcheck.meetings.late_work.models import LatePhoto
from meetingcheck.meetings.models import Document, Meeting, MeetingVersion, ScanState, VersionDocument
from meetingcheck.meetings.queries import find_reported_meeting
from meetingcheck.orgs.importing.actions import begin_run
from meetingcheck.photos.models import Photo, PhotoState
from meetingcheck.photos.rules import Size, rendition_key
from tests.engines.browser import axe_violations, beyond_width, open_context
from tests.office.test_withdrawn import take_back
from tests.orgs.test_matrix import hold_work, spare_document, spare_photo
from tests.pages.site import Site
from tests.photos import samples

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


def photo_of(site: Site) -> uuid.UUID:
    with site.world.app.app_context(), read_transaction() as session:
        return session.scalars(select(Photo.id).where(Photo.unit_id == site.world.cells[1]).order_by(Photo.id)).all()[0]


def with_token(site: Site) -> str:
    """The devices of somebody for whom a program acts."""
    with site.world.app.app_context(), write_transaction() as session:
        issue_token(session, site.world.users["reporter1"], "Excel", site.world.clock())
    return "/devices"


def withdrawn(site: Site) -> str:
    """A photo and a document that a cell took back."""
    world = site.world
    take_back(world, world.cells[1], state=PhotoState.RECEIVED)
    report = uuid.UUID(meeting(site).rpartition("/")[2])
    spare_document(world, report, published_at=world.clock(), withdrawn_at=world.clock())
    return "/office/withdrawn"


def with_documents(site: Site) -> str:
    """The report once it has documents in every state of being scanned."""
    world, report = site.world, uuid.UUID(meeting(site).rpartition("/")[2])
    found = [spare_document(world, report, published_at=world.clock()) for _ in ScanState]
    with world.app.app_context(), write_transaction() as session:
        sent = session.get_one(Meeting, report)
        version = session.scalars(
            select(MeetingVersion.id).where(MeetingVersion.meeting_id == report, MeetingVersion.number == sent.version)
        ).one()
        for document_id, state in zip(found, ScanState, strict=True):
            session.execute(update(Document).where(Document.id == document_id).values(scan=state))
            session.add(VersionDocument(version_id=version, document_id=document_id))
        session.execute(update(Document).where(Document.id.in_(found)).values(unit_id=world.cells[1]))
    return f"/meetings/{report}"


def infected(site: Site) -> uuid.UUID:
    """A document in which the scanner found something."""
    world = site.world
    found = spare_document(world, uuid.UUID(meeting(site).rpartition("/")[2]), published_at=world.clock())
    with world.app.app_context(), write_transaction() as session:
        session.execute(update(Document).where(Document.id == found).values(scan=ScanState.INFECTED))
    return found


def asked(site: Site) -> uuid.UUID:
    """What the first cell asked about September, waiting for an answer."""
    world = site.world
    with world.app.app_context(), write_transaction() as session:
        known = session.scalars(select(PeriodException.id).limit(1)).one_or_none()
        if known is not None:
            return known
        one = lock_obligation(session, world.obligation(world.cells[0], "2026-09").id)
        return ask_exception(session, one, Wish(None, "Storm"), world.users["secretary1"], world.clock()).id


def held(site: Site, login: str, page: str = "") -> str:
    """What somebody handed in late for the first cell, with two photos; a page of it."""
    world = site.world
    work_id = hold_work(world, world.cells[0], world.users[login])
    photos = [spare_photo(world, held_at=world.clock()) for _ in range(2)]
    shown = samples.jpeg(samples.scene(320, 240))
    services_of(world.app).storage.put(rendition_key(photos[1], "0" * 64, Size.SMALL), shown, "image/jpeg")
    with world.app.app_context(), write_transaction() as session:
        for position, photo_id in enumerate(photos):
            session.add(LatePhoto(photo_id=photo_id, late_work_id=work_id, position=position))
        session.execute(update(Photo).where(Photo.id == photos[0]).values(state=PhotoState.RECEIVED))
    return f"/late-work/{work_id}{page}"


def home_with_held_work(site: Site) -> str:
    held(site, "stranger")
    return f"/cells/{site.world.cells[0]}/home"


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
    "help-secretary": (None, lambda site: "/help"),
    "help-committee": ("reviewer", lambda site: "/help/committee"),
    "notice": (None, lambda site: "/help/notice"),
    "practice": ("secretary1", lambda site: "/practice"),
    "not-found": (None, lambda site: "/nowhere"),
    "one-time-link": (None, lambda site: "/one-time"),
    "enrol": (None, lambda site: "/enrol"),
    "account": ("administrator", lambda site: "/account"),
    "account-password": ("stranger", lambda site: "/account/password"),
    "account-login": ("stranger", lambda site: "/account/login"),
    "account-with-calendar": ("secretary1", lambda site: "/account"),
    "devices": ("secretary1", lambda site: "/devices"),
    "devices-with-token": ("reporter1", with_token),
    "mail": (None, lambda site: "/mail"),
    "receipt-check": (None, lambda site: "/receipts"),
    "receipt-search": ("reviewer", lambda site: f"/receipts/search?code={meeting(site).rpartition('/')[2][:8]}"),
    "confirm": ("reviewer", lambda site: "/sign-in/confirm"),
    "second-factor-new": ("stranger", lambda site: "/second-factor/new"),
    "start": ("stranger", lambda site: "/"),
    "home": ("secretary1", lambda site: f"/cells/{site.world.cells[0]}/home"),
    "home-with-held-work": ("secretary1", home_with_held_work),
    "held-work": ("stranger", lambda site: held(site, "stranger")),
    "held-work-to-decide": ("secretary1", lambda site: held(site, "stranger", "/decide")),
    "held-work-to-pass-on": ("reviewer", lambda site: held(site, "stranger", "/decide")),
    "home-with-reports": ("secretary2", lambda site: f"/cells/{site.world.cells[1]}/home"),
    "check-in": ("secretary1", check_in),
    "check-in-without-a-network": (None, lambda site: "/check-in-shell"),
    "check-in-extra": ("secretary1", lambda site: f"/cells/{site.world.cells[0]}/extra"),
    "check-in-told": ("reviewer", lambda site: f"/obligations/{site.world.obligation(site.world.cells[0]).id}/told"),
    "correct": ("secretary2", lambda site: f"{meeting(site)}/correct"),
    "void": ("secretary2", lambda site: f"{meeting(site)}/void"),
    "move": ("reviewer", lambda site: f"{meeting(site)}/move"),
    "move-photo": ("reviewer", lambda site: f"{meeting(site)}/photos/{photo_of(site)}/move"),
    "versions": ("reviewer", lambda site: f"{meeting(site)}/versions/2"),
    "meeting": ("secretary2", meeting),
    "meeting-to-answer": ("reviewer", meeting),
    "meeting-read": ("leader", meeting),
    "messages": ("secretary1", lambda site: "/messages"),
    "messages-empty": ("leader", lambda site: "/messages"),
    "board": ("reviewer", lambda site: f"/units/{site.world.committee}/board"),
    "board-empty-month": ("reviewer", lambda site: f"/units/{site.world.committee}/board?month=2025-01"),
    "board-of-all": ("leader", lambda site: f"/units/{site.world.root}/board?month=2026-10"),
    "board-filtered": ("leader", lambda site: f"/units/{site.world.root}/board?q=mau+2&show=waiting"),
    "board-nothing-found": ("reviewer", lambda site: f"/units/{site.world.committee}/board?q=zzz"),
    "timeline": ("reviewer", lambda site: f"/units/{site.world.committee}/photos?month=2026-11"),
    "timeline-empty": ("reviewer", lambda site: f"/units/{site.world.committee}/photos?month=2025-01"),
    "cell": ("reviewer", lambda site: f"/units/{site.world.cells[1]}"),
    "cell-older": ("reviewer", lambda site: f"/units/{site.world.cells[1]}?until=2026-10"),
    "office": ("administrator", lambda site: "/office"),
    "first-day": ("administrator", lambda site: "/office/first-day"),
    "rights": ("administrator", lambda site: "/office/rights"),
    "kinds": ("administrator", lambda site: "/office/kinds"),
    "office-unit": ("administrator", lambda site: f"/office/units/{site.world.committee}"),
    "office-unit-found": ("administrator", lambda site: f"/office/units/{site.world.root}?q=mau"),
    "office-unit-not-found": ("administrator", lambda site: f"/office/units/{site.world.root}?q=zzzz"),
    "office-cell": ("administrator", lambda site: f"/office/units/{site.world.cells[0]}"),
    "policies": ("administrator", lambda site: f"/office/units/{site.world.committee}/policies"),
    "merger": ("administrator", lambda site: f"/office/units/{site.world.cells[0]}/merger"),
    "series": ("administrator", lambda site: "/office/series"),
    "plan": ("secretary1", lambda site: check_in(site).replace("check-in", "plan")),
    "not-met": ("secretary1", lambda site: check_in(site).replace("check-in", "not-met")),
    "exceptions": ("reviewer", lambda site: f"/units/{site.world.committee}/exceptions"),
    "exception": ("reviewer", lambda site: f"/exceptions/{asked(site)}"),
    "withdrawn": ("administrator", lambda site: withdrawn(site)),
    "withdrawn-no-more": (
        "administrator",
        lambda site: f"/office/withdrawn?before=2020-01-01T00:00:00Z_{uuid.uuid4()}",
    ),
    "meeting-with-documents": ("secretary2", lambda site: with_documents(site)),
    "document-infected": ("reviewer", lambda site: f"/documents/{infected(site)}"),
    "people": ("administrator", lambda site: "/office/people"),
    "people-none": ("administrator", lambda site: "/office/people?q=zzzz"),
    "person": ("administrator", lambda site: f"/office/people/{site.world.users['reviewer']}"),
    "import": ("administrator", lambda site: f"/units/{site.world.root}/import"),
    "import-preview": ("administrator", lambda site: f"/imports/{uploaded(site)}"),
    "import-refused": ("administrator", lambda site: f"/imports/{uploaded(site, b'%PDF-1.7')}"),
    "reporters": ("secretary1", lambda site: f"/cells/{site.world.cells[0]}/reporters"),
}


Come = Callable[[str | None, str], StorageState]


@pytest.fixture(scope="module")
def come(browser: Browser, lived_in: Site) -> Come:
    """What a browser holds in which somebody signed in, or nobody, and chose the language: done once for each."""

    @cache
    def come(login: str | None, language: str) -> StorageState:
        with open_context(browser) as context:
            page = context.new_page()
            problems = problems_of(page)
            if login:
                lived_in.sign_in(page, login)
            else:
                page.goto(f"{lived_in.address}/sign-in")
            speak(page, language)
            expect(page.locator("html")).to_have_attribute("lang", language)
            assert problems == [], "nothing is refused by the pages' policy"
            return context.storage_state()

    return come


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("name", PAGES)
def test_each_page_is_accessible_narrow_and_complete(
    browser: Browser, lived_in: Site, come: Come, name: str, language: str
) -> None:
    login, path = PAGES[name]
    with open_context(browser, storage_state=come(login, language)) as context:
        page = context.new_page()
        problems = problems_of(page)
        page.goto(lived_in.address + path(lived_in))
        expect(page.locator("html")).to_have_attribute("lang", language)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert axe_violations(page) == []
        assert beyond_width(page, 320) == []
        assert page.locator("h1").count() == 1
        assert page.title()
        if language == "en":
            assert not VIETNAMESE.search(english_text(page.evaluate("document.body.innerText")))
        assert [problem for problem in problems if not re.search("404|410", problem)] == [], (
            "nothing is refused by the page's policy"
        )


def problems_of(page: Page) -> list[str]:
    """The errors that the browser says on its console from now on."""
    problems: list[str] = []
    page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    return problems


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
        "Sinh hoạt thường kỳ",
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
                    .filter(one => one.getAttribute("aria-hidden") !== "true" && one.getClientRects().length > 0)
                    .map(one => [one.outerHTML.slice(0, 80), one.getBoundingClientRect().height])
                    .filter(([, height]) => height < 48)"""
            )
            assert small == []
