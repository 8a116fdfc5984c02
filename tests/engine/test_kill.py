"""Sudden death at any moment: nothing acknowledged is lost, nothing is there twice, no photo is shown broken."""

import random
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum

import pytest
from sqlalchemy import select

from meetingcheck.alerts.actions import MISSED, MISSED_OWN, close_periods
from meetingcheck.alerts.jobs import CLOSE, close_all
from meetingcheck.duties.models import MissedEvent
from meetingcheck.lib.clock import system_clock
from meetingcheck.lib.db import write_transaction
from meetingcheck.photos.models import PhotoState
from tests.conftest import DATABASES
from tests.engine.browser import Answer, Browser, NoAnswer
from tests.engine.system import Committee, Installation, Report, fill_in, new_photo
from tests.engines.postgres import PostgresCluster
from tests.engines.smtp import SmtpSink
from tests.soak import SEED, SOAK, chance, note, wait_until

ROUNDS = 200 if SOAK else 4
CLOSING_ROUNDS = 60 if SOAK else 2
CELLS_TO_CLOSE = 300 if SOAK else 40


class Victim(StrEnum):
    WEB = "web"
    PHOTO_WORKER = "worker-photos"
    ALERTS_WORKER = "worker-alerts"
    STORE = "store"
    EVERYTHING = "serve"


class Moment(StrEnum):
    BEFORE = "before the request"
    SENDING = "while the request is sent"
    ANSWERING = "while the request is answered"
    RENDERING = "after the answer"


VICTIMS = [Victim.WEB, Victim.PHOTO_WORKER, Victim.STORE, Victim.EVERYTHING]


@pytest.fixture(scope="module", params=DATABASES)
def installation(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A running installation on each database."""
    url = None
    if request.param == "postgresql":
        cluster: PostgresCluster = request.getfixturevalue("postgres")
        url = cluster.database_from("migrated")
    with SmtpSink() as smtp, Installation(tmp_path_factory.mktemp(request.param), smtp, url) as running:
        yield running.start()


class Killer:
    """Kills one of an installation's processes, once, and brings it back."""

    def __init__(self, installation: Installation, victim: Victim) -> None:
        self._installation = installation
        self._victim = victim
        self._killed = 0

    def strike(self) -> None:
        if self._victim == Victim.EVERYTHING:
            assert self._installation.process is not None
            self._installation.process.kill()
        else:
            self._killed = self._installation.kill(self._victim)

    @contextmanager
    def striking_after(self, seconds: float) -> Iterator[None]:
        """Strike so long after the block has begun; the block lasts at least until then."""
        timer = threading.Timer(seconds, self.strike)
        timer.start()
        try:
            yield
        finally:
            timer.join()

    def strike_when_rendered(self, report: Report, photos: int) -> None:
        """Strike as soon as so many photos of the report are called ready."""

        def rendered() -> bool:
            states = [photo.state for photo in self._installation.photos_of(report)]
            return states.count(PhotoState.READY) >= photos

        wait_until(rendered, f"{photos} photos ready")
        self.strike()

    def bring_back(self) -> None:
        if self._victim == Victim.EVERYTHING:
            self._installation.crash()
            self._installation.start()
        else:
            self._installation.wait_until_back(self._victim, self._killed)


def send_and_strike(
    browser: Browser, report: Report, killer: Killer, moment: Moment, choice: random.Random
) -> Answer | None:
    """Send the report once, with the killing at its moment; the answer, if there was one."""
    with suppress(NoAnswer):
        if moment == Moment.BEFORE:
            killer.strike()
            return browser.send(report.request)
        if moment == Moment.SENDING:
            return browser.send(report.request, choice.randrange(len(report.request.body)), killer.strike)
        if moment == Moment.ANSWERING:
            with killer.striking_after(choice.uniform(0, 0.5)):
                return browser.send(report.request)
        answer = browser.send(report.request)
        if choice.random() < 0.5:
            with killer.striking_after(choice.uniform(0, 1)):
                return answer
        killer.strike_when_rendered(report, choice.randrange(len(report.photos)))
        return answer
    return None


def send_until_acknowledged(browser: Browser, report: Report) -> None:
    """Send the same again, as a phone does, until it is taken. Being busy is an answer, being broken is none."""

    def taken() -> bool:
        try:
            answer = browser.send(report.request)
        except NoAnswer:
            return False
        assert answer.status in {303, 422, 503}, answer.text
        if answer.status == 303:
            assert answer.location == report.page
        return answer.status == 303

    wait_until(taken, "the report taken")


def plan() -> list[tuple[Victim, Moment]]:
    """Each victim and each moment in turn, in random pairs."""
    choice, rounds = chance("plan"), []
    while len(rounds) < ROUNDS:
        rounds += zip(choice.sample(VICTIMS, 4), choice.sample(list(Moment), 4), strict=True)
    return rounds[:ROUNDS]


@dataclass(frozen=True)
class People:
    """Who files the reports of all rounds, and who looks at them."""

    committee: Committee
    reporter: Browser
    reader: Browser


@pytest.fixture(scope="module")
def people(installation: Installation) -> People:
    months = min(ROUNDS, 12)
    committee = installation.found_committee(cells=-(-ROUNDS // months), months=months)
    return People(committee, installation.browser(committee.reporter), installation.browser(committee.reader))


@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_report_outlives_a_killing(
    installation: Installation, people: People, number: int, request: pytest.FixtureRequest
) -> None:
    choice = chance(request.node.name)
    victim, moment = plan()[number]
    note(f"seed {SEED}: kill {victim} {moment}")
    report = fill_in(
        people.reporter,
        people.committee.obligations[number],
        people.committee.reporter_id,
        [new_photo(), new_photo()],
        [new_photo()],
    )
    killer = Killer(installation, victim)
    answer = send_and_strike(people.reporter, report, killer, moment, choice)
    killer.bring_back()
    if answer is not None and answer.status == 303:
        installation.check_sent(report)
        installation.check_images(people.reader, report.page)
    else:
        installation.check_kept(report)
    send_until_acknowledged(people.reporter, report)
    installation.check_sent(report)
    installation.check_images(people.reader, report.page)
    installation.wait_until_rendered(report)
    assert [photo.state for photo in installation.check_kept(report)] == [PhotoState.READY] * 3
    assert len(installation.check_images(people.reader, report.page)) == 3
    unit_page = f"/units/{people.committee.obligations[number].unit_id}"
    assert len(installation.check_images(people.reader, unit_page)) >= 1


class SecondWorker:
    """One more worker of the alerts' lane, beside the one that `serve` keeps."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._process = installation.start_beside("work", "--lane", "alerts")

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def bring_back(self) -> None:
        if self._process.poll() is not None:
            self._process = self._installation.start_beside("work", "--lane", "alerts")


@pytest.fixture(scope="module")
def second(installation: Installation) -> Iterator[SecondWorker]:
    worker = SecondWorker(installation)
    yield worker
    worker.kill()


@pytest.mark.parametrize("number", range(CLOSING_ROUNDS))
def test_each_miss_is_one_event_and_one_message_however_workers_die(
    installation: Installation, second: SecondWorker, number: int, request: pytest.FixtureRequest
) -> None:
    choice = chance(request.node.name)
    committee = installation.found_committee(cells=CELLS_TO_CLOSE)
    first_is_killed, seconds = choice.random() < 0.5, choice.uniform(0, 1)
    note(f"seed {SEED}: kill the {'first' if first_is_killed else 'second'} worker after {seconds:.3f} s")
    killer = Killer(installation, Victim.ALERTS_WORKER)
    keys = installation.enqueue(*[CLOSE] * 4)
    timer = threading.Timer(seconds, killer.strike if first_is_killed else second.kill)
    timer.start()
    timer.join()
    if first_is_killed:
        killer.bring_back()
    second.bring_back()
    installation.wait_hurrying(lambda: installation.all_done(keys), "periods closed")
    missed = {one.id for one in committee.obligations}
    with installation.rows() as session:
        events = session.scalars(select(MissedEvent.obligation_id).where(MissedEvent.obligation_id.in_(missed))).all()
    assert len(events) == len(missed) == len(set(events))
    told = installation.messages_to(committee)
    expected = [(committee.reviewer, MISSED), *((login, MISSED_OWN) for login in committee.secretaries)]
    assert sorted((login, message.kind) for login, message in told) == sorted(expected)
    [to_reviewer] = [message for login, message in told if login == committee.reviewer]
    assert to_reviewer.params["count"] == CELLS_TO_CLOSE
    installation.wait_hurrying(lambda: installation.all_sent(committee), "mails sent")
    mails = {(one.recipients, one.message["Message-ID"]) for one in installation.mails_to(committee)}
    assert sorted(address for addresses, _ in mails for address in addresses) == sorted(committee.addresses)


class Death(Exception):
    """Stands for the end of a process in the middle of a transaction."""


def test_a_closing_that_dies_leaves_all_of_it_to_the_next(installation: Installation) -> None:
    committee = installation.found_committee(cells=3)
    app = installation.app

    def close() -> int:
        with app.app_context():
            return close_all(system_clock())

    with ThreadPoolExecutor(1) as thread:
        with suppress(Death), app.app_context(), write_transaction() as session:
            close_periods(session, system_clock(), limit=500)
            closing = thread.submit(close)
            wait_until(
                lambda: closing.done() or installation.somebody_waits(), "the second one at the first one's lock"
            )
            raise Death
        closing.result()
    told = [message.kind for _, message in installation.messages_to(committee)]
    assert Counter(told) == {MISSED: 1, MISSED_OWN: 3}
