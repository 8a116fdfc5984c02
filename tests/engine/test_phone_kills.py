"""A check-in of five photos from a phone, with sudden death at any moment: the tab's, the browser's, the server's, the
object store's, the line's. It ends stored once and whole, and nothing that the phone said to have kept is gone."""

import hashlib
import random
import re
import secrets
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Locator, Page, expect
from sqlalchemy import select

from meetingcheck.duties.models import Obligation
from meetingcheck.meetings.models import Meeting, MeetingPhoto, MeetingState, MeetingVersion
from meetingcheck.photos.models import Photo
from meetingcheck.photos.rules import original_key
from tests.conftest import DATABASES
from tests.engine.system import Committee, Installation
from tests.engines.phone_line import Asked, Phase, PhoneLine, Reply, Stop
from tests.engines.phone_profile import PhoneProfile
from tests.engines.postgres import PostgresCluster
from tests.engines.smtp import SmtpSink
from tests.pages.phone import NOTHING, left_after_sending, on_phone
from tests.photos import samples
from tests.soak import SEED, SOAK, chance, note, wait_until
from tests.world import PASSWORD

MIXED_ROUNDS = 20 if SOAK else 1
STRIKES = 5  # in one mixed round
MOST_WRITES = 12  # about as many as a check-in takes
ROUNDS = 15 + MIXED_ROUNDS
BY_ITSELF_S = 60.0  # the phone looks every 7 to 23 s whether what has arrived is stored
MOMENT_WITHIN_S = 90.0  # the phone's pauses grow with each failure
REOPENINGS = 4
UPLOADS = "/api/v1/uploads"
REPORT = re.compile(r"/meetings/[0-9a-f-]{36}")
WORDS = {
    "begins_at": "19:30",
    "ends_at": "21:15",
    "total": "23",
    "present": "21",
    "absent_without_reason": "0",
}


class Kill(StrEnum):
    TAB_CLOSED = "the tab is closed"
    TAB_KILLED = "the tab is killed"
    BROWSER = "the browser is killed"
    WEB = "the web process is killed"
    PHOTO_WORKER = "the photos' worker is killed"
    STORE = "the object store is killed"
    EVERYTHING = "the server is killed and started again"
    NETWORK = "the phone is without a network"
    LINE = "the line is cut"
    ANSWER = "an answer is lost"
    TWICE = "somebody presses again"
    TWO_TABS = "somebody presses in a second tab"


ON_THE_PHONE = (Kill.TAB_CLOSED, Kill.TAB_KILLED, Kill.BROWSER)
CHILDREN = {Kill.WEB: "web", Kill.PHOTO_WORKER: "worker-photos", Kill.STORE: "store"}


class Moment(StrEnum):
    BEFORE = "before the server has it"
    DURING = "while the server works"
    AFTER = "once the server has answered"


def is_announcement(asked: Asked) -> bool:
    return asked.method == "POST" and asked.path == UPLOADS


def is_part(asked: Asked) -> bool:
    return asked.method == "PATCH"


def is_upload(asked: Asked) -> bool:
    return asked.path.startswith(UPLOADS)


def is_form(asked: Asked) -> bool:
    return asked.method == "POST" and "/check-in" in asked.path and asked.headers.get("Sec-Fetch-Mode") == "navigate"


def is_write(asked: Asked) -> bool:
    return asked.method == "PATCH" or (asked.method == "POST" and (is_announcement(asked) or "/check-in" in asked.path))


# --- what is there for all tests


@dataclass
class System:
    """An installation behind a line, a committee whose reporter files for all its cells, and her phone's profile."""

    installation: Installation
    line: PhoneLine
    committee: Committee
    signed_in: Path
    used: int = 0

    def next_obligation(self) -> Obligation:
        self.used += 1
        return self.committee.obligations[self.used - 1]


@pytest.fixture(scope="module", params=DATABASES if SOAK else DATABASES[:1])
def system(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, browser: Browser
) -> Iterator[System]:
    url = None
    if request.param == "postgresql":
        cluster: PostgresCluster = request.getfixturevalue("postgres")
        url = cluster.database_from("migrated")
    folder = tmp_path_factory.mktemp(request.param)
    with (
        SmtpSink() as smtp,
        PhoneLine() as line,
        Installation(folder, smtp, url, {"PUBLIC_URL": line.url}) as installation,
    ):
        line.lead_to(installation.url)
        committee = installation.start().found_committee(cells=-(-ROUNDS // 12), months=12)
        sign_in(PhoneProfile(browser.browser_type, folder / "signed-in"), line.url, committee.reporter)
        yield System(installation, line, committee, folder / "signed-in")


def sign_in(profile: PhoneProfile, url: str, login: str) -> None:
    """And close the browser, so that it writes down who is signed in."""
    profile.start()
    page = profile.context.pages[0]
    page.goto(f"{url}/sign-in")
    page.fill("#login", login)
    page.fill("#password", PASSWORD)
    page.click("main button.btn")
    page.wait_for_url(lambda address: "/sign-in" not in address)
    profile.close()


@pytest.fixture
def secretary(system: System, browser: Browser, tmp_path: Path) -> Iterator["Secretary"]:
    """Somebody with a phone on which she is signed in, and a meeting to report."""
    shutil.copytree(system.signed_in, tmp_path / "profile", symlinks=True)
    profile = PhoneProfile(browser.browser_type, tmp_path / "profile")
    secretary = Secretary(system, profile, system.next_obligation(), five_photos(tmp_path))
    profile.start()
    yield secretary
    system.line.behave()
    profile.close()


_large, _small = samples.noise(2400, 1200), samples.noise(900, 1200)


def five_photos(folder: Path) -> list[Path]:
    """A large one, and four that are small enough to stay as they are; none was there before."""
    files = [folder / f"IMG_{number}.jpg" for number in range(5)]
    for number, file in enumerate(files):
        image, quality = (_small, 20) if number else (_large, 90)
        file.write_bytes(samples.jpeg(image, quality=quality, subsampling=2, comment=secrets.token_hex(16).encode()))
    return files


# --- the person at the phone


class Secretary:
    """Opens the page, types, takes photos, presses; and does so again after whatever happened."""

    def __init__(self, system: System, phone: PhoneProfile, obligation: Obligation, files: list[Path]) -> None:
        self.phone, self.obligation, self.files = phone, obligation, files
        self._line = system.line
        self.path = f"/obligations/{obligation.id}/check-in"
        self.words = {**WORDS, "held_on": obligation.period_from.strftime("%d/%m/%Y")}
        self.typed: dict[str, str] = {}
        self.kept = 0
        self.page: Page

    def open(self) -> None:
        """Open the page in a new tab; what she had typed and photographed is there, unless it has been sent."""
        self.page = self.phone.context.new_page()
        self.page.goto(self._line.url + self.path)
        try:
            self._check_kept()
        except (AssertionError, Error):
            if not self.has_sent(1):
                raise

    def _check_kept(self) -> None:
        expect(self.page.locator("#overview-camera")).to_be_attached()
        for name, text in self.typed.items():
            expect(self.page.locator(f"#{name}")).to_have_value(text)
        assert_count_at_least(self.tiles, self.kept)

    @property
    def tiles(self) -> Locator:
        return self.page.locator("[data-photo-picker] .tile")

    def type(self) -> None:
        words = {**self.words, "minutes_text": f"Chi bộ thống nhất kết luận {uuid.uuid4()}."}
        for name, text in words.items():
            self.page.fill(f"#{name}", text)
        self.page.check("input[name=resolution_made][value=no]")
        expect(self.page.locator("[data-phone-saved]")).to_contain_text("Đã lưu trong máy lúc")
        # The line may be about what was typed before.
        wait_until(
            lambda: any(words.items() <= form["fields"].items() for form in on_phone(self.page)["forms"]), "kept"
        )
        self.typed = words

    def has_kept(self, words: dict[str, str]) -> bool:
        return any(words.items() <= form["fields"].items() for form in on_phone(self.page)["forms"])

    def photograph(self, until: int = 5) -> None:
        """Choose those photos that are not on the page yet; return once so many are shown there."""
        shown = {file for file in self.files if self.page.get_by_role("button", name=f": {file.name}").count()}
        for element, files in (("#overview", self.files[:3]), ("#minutes_pages", self.files[3:])):
            wanted = [file for file in files if file not in shown]
            if wanted:
                self.page.set_input_files(element, wanted)
        assert_count_at_least(self.tiles, until)
        self.kept = until

    def press(self) -> None:
        with suppress(Error):  # the page may be giving way to the report's this moment
            self.page.get_by_role("button", name="Gửi báo cáo").click(timeout=5_000)

    def is_sent(self) -> bool:
        """Whether the page says so: the report's own page has come."""
        return REPORT.search(self.page.url) is not None

    def has_sent(self, within_s: float) -> bool:
        with suppress(Error):
            self.page.wait_for_url(REPORT, timeout=1000 * within_s)
        return self.is_sent()

    def has_form(self) -> bool:
        return not self.page.is_closed() and self.page.get_by_role("button", name="Gửi báo cáo").count() > 0

    def suffer(self, kill: Kill) -> None:
        if kill == Kill.TAB_CLOSED:
            self.page.close()
        elif kill == Kill.TAB_KILLED:
            self.phone.kill_tab(self.page)
            self.page.close()
        else:
            self.phone.kill()
            self.phone.start()


def assert_count_at_least(found: Locator, count: int) -> None:
    if count:
        expect(found.nth(count - 1)).to_be_attached()


# --- killing


class Killing:
    """One killing at a random moment while a report is sent, and what it takes to have everything back."""

    def __init__(self, system: System, secretary: Secretary, kill: Kill, choice: random.Random) -> None:
        self._installation, self._line = system.installation, system.line
        self._secretary, self._kill, self._choice = secretary, kill, choice

    def strike(self, which: Callable[[Asked], bool] = is_write) -> None:
        """Press, kill at the moment, bring back. Nothing happens when the report was sent before the moment came."""
        moment = Moment.AFTER if self._kill == Kill.ANSWER else self._choice.choice(list(Moment))
        skip = self._choice.randrange(MOST_WRITES) if which is is_write else 0
        note(f"{self._kill}, {moment}, after {skip} requests")
        stop = self._line.stop(which, Phase.ANSWERED if moment == Moment.AFTER else Phase.ARRIVING, skip)
        self._secretary.press()
        self._installation.hurry()  # a photo may wait for the next try to store it
        deadline = time.monotonic() + MOMENT_WITHIN_S
        while not stop.reached and not self._secretary.has_sent(0.05):
            assert time.monotonic() < deadline, "neither that moment came nor the report's page"
        if stop.reached:
            note(f"at {stop.asked}")
            if moment == Moment.DURING:
                stop.go_on()
                time.sleep(self._choice.uniform(0, 0.1))
            self._happen(stop)
        stop.go_on()

    def _happen(self, stop: Stop) -> None:
        secretary, kill = self._secretary, self._kill
        if kill in ON_THE_PHONE:
            secretary.suffer(kill)
            stop.go_on()
            secretary.open()
        elif kill in CHILDREN:
            killed = self._installation.kill(CHILDREN[kill])
            stop.go_on()
            self._installation.wait_until_back(CHILDREN[kill], killed)
            self._installation.hurry()  # what could not be stored meanwhile waits
        elif kill == Kill.EVERYTHING:
            assert self._installation.process is not None
            self._installation.process.kill()
            stop.go_on()
            self._installation.crash()
            self._installation.start()
        elif kill == Kill.NETWORK:
            secretary.phone.context.set_offline(True)
            stop.go_on()
            time.sleep(self._choice.uniform(0, 2))
            secretary.phone.context.set_offline(False)
        elif kill == Kill.LINE:
            self._line.cut()
            stop.go_on()
            time.sleep(self._choice.uniform(0, 2))
            self._line.mend()
        elif kill == Kill.ANSWER:
            stop.go_on(lost=True)
        elif kill == Kill.TWICE:
            with suppress(Error):  # the page may be about to give way to the report's
                secretary.page.get_by_role("button", name="Gửi báo cáo").dblclick(timeout=5_000)
        else:
            secretary.open()
            if not secretary.is_sent():
                secretary.press()


def check_stored_once(system: System, secretary: Secretary) -> None:
    """One report of the cell and period, with the words and the five photos that the phone had, each once."""
    with system.installation.rows() as session:
        [report] = session.scalars(select(Meeting).where(Meeting.obligation_id == secretary.obligation.id))
        versions = session.scalars(select(MeetingVersion).where(MeetingVersion.meeting_id == report.id)).all()
        photos = session.scalars(
            select(Photo)
            .join(MeetingPhoto, MeetingPhoto.photo_id == Photo.id)
            .where(MeetingPhoto.meeting_id == report.id)
        ).all()
        obligation = session.get_one(Obligation, secretary.obligation.id)
    assert (report.state, report.version) == (MeetingState.SUBMITTED, 1)
    assert obligation.reported_at is not None
    assert [one.minutes_text for one in versions] == [secretary.typed["minutes_text"]]
    stored = [system.installation.storage.get(original_key(one.id, one.sha256)) for one in photos]
    assert [one.sha256 for one in photos] == [hashlib.sha256(data).hexdigest() for data in stored]
    assert len(photos) == len({one.sha256 for one in photos}) == 5
    chosen = [hashlib.sha256(file.read_bytes()).hexdigest() for file in secretary.files]
    assert {one.sha256 for one in photos}.issuperset(chosen[1:])
    # Killed twice while it makes one smaller, the phone sends it as it is.
    [large] = [one for one in photos if one.sha256 not in chosen[1:]]
    assert large.sha256 == chosen[0] or (large.width, large.height) == (2048, 1024)
    assert all(one.published_at is not None and one.withdrawn_at is None for one in photos)


def check_nothing_left(secretary: Secretary, url: str) -> None:
    assert left_after_sending(secretary.page) == NOTHING
    secretary.page.goto(url)
    expect(secretary.page.locator("[data-unsent]")).to_be_hidden()


def finish(system: System, secretary: Secretary, *, by_itself: bool) -> None:
    """Everything is up again: the page goes on by itself, or when it is opened again and the button pressed."""
    if not secretary.has_sent(BY_ITSELF_S if by_itself else 0.1):
        assert not by_itself, "it does not go on by itself"
        for _ in range(REOPENINGS):
            system.installation.hurry()
            secretary.open()
            if not secretary.is_sent():
                secretary.press()
            if secretary.has_sent(BY_ITSELF_S):
                break
    assert secretary.is_sent()
    check_stored_once(system, secretary)
    check_nothing_left(secretary, system.line.url)


def begin(system: System, secretary: Secretary, choice: random.Random, kills: tuple[Kill, ...] = ()) -> None:
    """Type and take the photos; with kills while she does so."""
    secretary.open()
    secretary.type()
    system.line.reply(is_upload, Reply(503))  # the photos do not leave the phone before all are taken
    for kill in kills:
        secretary.photograph(until=choice.randint(0, 5))
        secretary.suffer(kill)
        secretary.open()
    secretary.photograph()
    system.line.behave()


@pytest.mark.parametrize("kill", Kill)
def test_killed_once_at_a_random_moment(
    system: System, secretary: Secretary, kill: Kill, request: pytest.FixtureRequest
) -> None:
    choice = chance(request.node.name)
    note(f"seed {SEED}")
    begin(system, secretary, choice, (kill,) if kill in ON_THE_PHONE else ())
    Killing(system, secretary, kill, choice).strike()
    finish(system, secretary, by_itself=kill not in ON_THE_PHONE)


@pytest.mark.parametrize("which", [is_announcement, is_part, is_form])
def test_the_server_has_it_and_its_answer_is_lost(
    system: System, secretary: Secretary, which: Callable[[Asked], bool], request: pytest.FixtureRequest
) -> None:
    choice = chance(request.node.name)
    begin(system, secretary, choice)
    Killing(system, secretary, Kill.ANSWER, choice).strike(which)
    finish(system, secretary, by_itself=True)


@pytest.mark.parametrize("number", range(MIXED_ROUNDS))
def test_killed_again_and_again(
    system: System, secretary: Secretary, number: int, request: pytest.FixtureRequest
) -> None:
    choice = chance(request.node.name)
    note(f"seed {SEED}, round {number}")
    begin(system, secretary, choice, tuple(choice.choices(ON_THE_PHONE, k=2)))
    for kill in choice.choices(list(Kill), k=STRIKES):
        Killing(system, secretary, kill, choice).strike()
        if not secretary.has_form():
            secretary.open()
        if secretary.is_sent():
            break
    finish(system, secretary, by_itself=False)
