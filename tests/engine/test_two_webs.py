"""Two web processes on one database: what one knows of sessions, tries, links and codes, the other knows at once."""

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from meetingcheck import create_app
from meetingcheck.accounts.actions import make_enrolment, make_link
from meetingcheck.accounts.models import Device, UserSession
from meetingcheck.accounts.rules import LinkPurpose
from meetingcheck.lib.clock import system_clock
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.migrate import migrate
from meetingcheck.lib.processes import free_port, tied_to_parent
from meetingcheck.lib.settings import NAMES, SECRET_NAMES, read_settings
from meetingcheck.lib.storage import MemoryStorage
from meetingcheck.photos.extension import decoder_of
from tests.accounts.ways import NEW_PASSWORD, PIN
from tests.clock import SetClock
from tests.conftest import DATABASES, SECRET_KEY
from tests.engine.browser import Answer, Browser, NoAnswer, Request
from tests.engine.system import ROOT
from tests.engines.postgres import PostgresCluster
from tests.soak import PATIENCE_S
from tests.world import PASSWORD, World, make_world, token_of


@dataclass(frozen=True)
class Webs:
    """Both processes, and the small world in their database. Each test has people of its own."""

    world: World
    one: str
    other: str

    def browsers(self, number: int) -> list[Browser]:
        """New browsers, each speaking with the process that the one before does not speak with."""
        return [Browser((self.one, self.other)[count % 2]) for count in range(number)]


@pytest.fixture(scope="module", params=DATABASES)
def webs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Webs]:
    variables = {
        "MEETINGCHECK_DATA": str(tmp_path_factory.mktemp("webs")),
        "PUBLIC_URL": "http://localhost",
        "SECRET_KEY": SECRET_KEY,
        # No photo is sent here, so nobody asks for this store.
        "S3_ENDPOINT_URL": "http://127.0.0.1:9",
        "S3_ACCESS_KEY": "nobody",
        "S3_SECRET_KEY": "nothing",
    }
    if request.param == "postgresql":
        cluster: PostgresCluster = request.getfixturevalue("postgres")
        variables["DATABASE_URL"] = cluster.database_from("migrated")
    settings, clock = read_settings(variables), SetClock(system_clock())
    migrate(settings.database_url)
    app = create_app(settings, clock=clock, storage=MemoryStorage(clock))
    with ExitStack() as stack:
        stack.callback(decoder_of(app).close)
        yield Webs(make_world(app, clock), *(stack.enter_context(web_process(variables)) for _ in range(2)))


@contextmanager
def web_process(variables: dict[str, str]) -> Iterator[str]:
    """`meetingcheck web` in a process of its own; its address."""
    foreign = {*NAMES, *(f"{name}_FILE" for name in SECRET_NAMES)}
    port = free_port()
    process = subprocess.Popen(
        tied_to_parent([sys.executable, "-m", "meetingcheck.cli", "web"]),
        env={
            **{name: value for name, value in os.environ.items() if name not in foreign},
            **variables,
            "PYTHONPATH": str(Path(ROOT)),
            "PORT": str(port),
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        address, deadline = f"http://localhost:{port}", time.monotonic() + PATIENCE_S
        while not answers(address):
            assert process.poll() is None, "the process ended"
            assert time.monotonic() < deadline, "the process does not answer"
        yield address
    finally:
        process.kill()
        process.wait()


def answers(address: str) -> bool:
    try:
        return Browser(address).get("/healthz").status == 200
    except NoAnswer:
        time.sleep(0.05)
        return False


def elsewhere(browser: Browser, address: str) -> Browser:
    """The same browser, with the same cookies, as the other process sees it."""
    same = Browser(address)
    same._cookies = browser._cookies
    return same


def form(browser: Browser, path: str, page: str | None = None, **fields: str) -> Request:
    return browser.form(path, {"csrf_token": token_of(browser.get(page or path)), **fields})


def at_once(sent: Sequence[tuple[Browser, Request]]) -> list[Answer]:
    """Send all at the same time."""
    with ThreadPoolExecutor(len(sent)) as pool:
        return list(pool.map(lambda one: one[0].send(one[1]), sent))


def in_rows(webs: Webs, make: Callable[..., str]) -> str:
    with webs.world.app.app_context(), write_transaction() as session:
        return make(session)


def is_in(browser: Browser) -> bool:
    return browser.get("/messages").status == 200


def devices_of(webs: Webs, user_id: uuid.UUID) -> list[Device]:
    with webs.world.app.app_context(), read_transaction() as session:
        return list(session.scalars(select(Device).where(Device.user_id == user_id, Device.revoked_at.is_(None))))


def test_a_session_that_one_ended_is_refused_by_the_other_at_once(webs: Webs) -> None:
    lost, own = Browser(webs.one).sign_in("secretary1"), Browser(webs.other).sign_in("secretary1")
    there = elsewhere(lost, webs.other)
    assert is_in(lost)
    assert is_in(there)
    with webs.world.app.app_context(), read_transaction() as session:
        first = session.scalars(
            select(UserSession.id)
            .where(UserSession.user_id == webs.world.users["secretary1"])
            .order_by(UserSession.created_at)
            .limit(1)
        ).one()
    ended = own.send(form(own, f"/devices/sessions/{first}/end", "/devices"))
    assert ended.status == 303
    assert not is_in(lost)
    assert not is_in(there)
    assert is_in(elsewhere(own, webs.one))


def test_wrong_passwords_count_in_both(webs: Webs) -> None:
    """Ten of many at once are looked at, whichever process they reach; then the right one has to wait as well."""
    tries = [
        (browser, form(browser, "/sign-in", login="secretary2", password="sai rồi")) for browser in webs.browsers(16)
    ]
    statuses = sorted(answer.status for answer in at_once(tries))
    assert statuses == [422] * 10 + [429] * 6
    for browser in webs.browsers(2):
        assert browser.send(form(browser, "/sign-in", login="secretary2", password=PASSWORD)).status == 429
    assert Browser(webs.one).sign_in("leader"), "nobody else waits"


def test_a_one_time_link_works_once_in_both_together(webs: Webs) -> None:
    user_id, now = webs.world.users["stranger"], system_clock()
    token = in_rows(webs, lambda session: make_link(session, user_id, LinkPurpose.RESET, None, now))
    tries = [
        (browser, form(browser, "/one-time", token=token, password=f"{NEW_PASSWORD} {number}"))
        for number, browser in enumerate(webs.browsers(6))
    ]
    statuses = sorted(answer.status for answer in at_once(tries))
    assert statuses == [303] + [422] * 5
    assert sum(is_in(browser) for browser, _ in tries) == 1


def test_a_sheet_pins_one_phone_in_both_together(webs: Webs) -> None:
    user_id, cell, now = webs.world.users["reporter1"], webs.world.cells[0], system_clock()
    token = in_rows(webs, lambda session: make_enrolment(session, user_id, cell, None, now)[0])
    tries = [(browser, form(browser, "/enrol", token=token)) for browser in webs.browsers(6)]
    answered = at_once(tries)
    assert sorted(answer.status for answer in answered) == [303] + [422] * 5
    assert all("Mã này đã dùng" in answer.text for answer in answered if answer.status == 422)
    assert len(devices_of(webs, user_id)) == 1
    assert sum(is_in(browser) for browser, _ in tries) == 1


def test_wrong_pins_count_in_both(webs: Webs) -> None:
    user_id, cell, now = webs.world.users["leader"], webs.world.cells[0], system_clock()
    token = in_rows(webs, lambda session: make_enrolment(session, user_id, cell, None, now)[0])
    phone = Browser(webs.one)
    assert phone.send(form(phone, "/enrol", token=token)).status == 303
    assert phone.send(form(phone, "/devices/pin", pin=PIN, again=PIN)).status == 303
    assert phone.send(form(phone, "/sign-out", "/account")).status == 303
    there = elsewhere(phone, webs.other)
    for browser in (phone, there, phone, there):
        wrong = browser.send(form(browser, "/sign-in/pin", "/sign-in", pin="135790"))
        assert "chưa đúng" in wrong.text
    assert "15 phút" in there.send(form(there, "/sign-in/pin", "/sign-in", pin="135790")).text
    for browser in (phone, there):
        right = browser.send(form(browser, "/sign-in/pin", "/sign-in", pin=PIN))
        assert (right.status, "15 phút" in right.text) == (422, True), "the right one waits as well, in both"
    assert [device.pin_failures for device in devices_of(webs, user_id)] == [5]
