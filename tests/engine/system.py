"""A whole installation: `meetingcheck serve` with all its processes, people in it, and their browsers.

What is asked of it goes through HTTP, mail and signals, as from outside. What became of it is read from its database
and its object store.
"""

import contextlib
import hashlib
import io
import json
import os
import re
import secrets
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import LiteralString, Self

import psycopg
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from meetingcheck import create_app
from meetingcheck.accounts.actions import NewUser, add_user
from meetingcheck.accounts.models import User
from meetingcheck.duties.actions import make_obligations
from meetingcheck.duties.models import Obligation
from meetingcheck.duties.rules import Month
from meetingcheck.lib.clock import system_clock
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.jobs import Job, JobState, enqueue
from meetingcheck.lib.processes import free_port, tied_to_parent
from meetingcheck.lib.registries import JobKind
from meetingcheck.lib.seaweed import LocalStore
from meetingcheck.lib.settings import NAMES, SECRET_NAMES, Settings, read_settings
from meetingcheck.lib.storage import Storage
from meetingcheck.lib.store import make_storage
from meetingcheck.meetings.models import Meeting, MeetingPhoto, MeetingState, MeetingVersion
from meetingcheck.meetings.rules import meeting_id_of
from meetingcheck.messages.models import Delivery, DeliveryState, Message
from meetingcheck.orgs.actions import NewUnit, found_unit, give_role
from meetingcheck.orgs.models import Role
from meetingcheck.photos.extension import decoder_of
from meetingcheck.photos.models import Photo, PhotoState
from meetingcheck.photos.rules import original_key
from tests.engine.browser import Browser, Request
from tests.engines.processes import processes
from tests.engines.smtp import Delivery as Mail
from tests.engines.smtp import SmtpSink
from tests.photos import samples
from tests.soak import PATIENCE_S, POLL_S, wait_until
from tests.world import CLIENT_ID, GOOD_FIELDS, LONG_AGO, PASSWORD_HASH, make_world, token_of

ROOT = Path(__file__).parents[2]
SECRET_KEY = "only for tests, only for tests, only for tests"
SENDER = "Sinh hoạt chi bộ <khong-tra-loi@mau.example>"
IMAGE = re.compile(r'<img src="(/photos/[^"]+)"')


_picture = samples.noise(1000, 750)


def new_photo() -> bytes:
    """A JPEG of half a megabyte that was never there before."""
    return samples.jpeg(_picture, quality=85, comment=secrets.token_hex(16).encode())


def tiny_photo() -> bytes:
    return samples.jpeg(samples.scene(), comment=secrets.token_hex(16).encode())


@dataclass(frozen=True)
class Report:
    """A check-in as one phone sends it, the first time and every further time."""

    obligation_id: uuid.UUID
    meeting_id: uuid.UUID
    fields: Mapping[str, str]
    photos: tuple[bytes, ...]
    request: Request

    @property
    def page(self) -> str:
        return f"/meetings/{self.meeting_id}"


def fill_in(
    browser: Browser, obligation: Obligation, author_id: uuid.UUID, overviews: Sequence[bytes], pages: Sequence[bytes]
) -> Report:
    """Open the check-in's page and fill it in; nothing is sent yet."""
    path = f"/obligations/{obligation.id}/check-in"
    page = browser.get(path)
    client_id = CLIENT_ID.search(page.text)
    assert client_id, page.text
    fields = {
        **GOOD_FIELDS,
        "held_on": obligation.period_from.strftime("%d/%m/%Y"),
        "minutes_text": f"Chi bộ thống nhất kết luận {secrets.token_hex(4)}.",
    }
    form = {
        "csrf_token": token_of(page),
        "client_id": client_id.group(1),
        **fields,
        "overview": [_file(data) for data in overviews],
        "minutes_pages": [_file(data) for data in pages],
    }
    return Report(
        obligation_id=obligation.id,
        meeting_id=meeting_id_of(obligation.unit_id, author_id, uuid.UUID(client_id.group(1))),
        fields=fields,
        photos=(*overviews, *pages),
        request=browser.form(path, form),
    )


def _file(data: bytes) -> FileStorage:
    return FileStorage(io.BytesIO(data), filename="IMG_1.jpg", content_type="image/jpeg")


# --- people


@dataclass(frozen=True)
class Committee:
    """A committee over cells that owe reports, by the logins of its people.

    The reader sees all cells, the reporter files for all of them, and each cell has its own secretary.
    """

    reviewer: str
    reader: str
    reporter: str
    reporter_id: uuid.UUID
    secretaries: tuple[str, ...]
    obligations: tuple[Obligation, ...]

    @property
    def people(self) -> list[str]:
        """The logins of those who hear of a miss."""
        return [self.reviewer, *self.secretaries]

    @property
    def addresses(self) -> set[str]:
        return {f"{login}@mau.example" for login in self.people}


def _add_person(session: Session, login: str, now: datetime) -> User:
    return add_user(session, NewUser(login, f"Người {login}", PASSWORD_HASH, f"{login}@mau.example"), None, now)


# --- the installation


class Installation:
    """`meetingcheck serve` in a process of its own, on a free port and a data folder of its own; a context manager.

    It can be started and ended any number of times; whatever still runs at the end of the block is killed.
    """

    def __init__(
        self, folder: Path, smtp: SmtpSink, database_url: str | None = None, more: Mapping[str, str] | None = None
    ) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.data = folder / "var"
        self.smtp = smtp
        foreign = {*NAMES, *(f"{name}_FILE" for name in SECRET_NAMES)}
        self.environment = {
            **{name: value for name, value in os.environ.items() if name not in foreign},
            "PYTHONPATH": str(ROOT),
            "MEETINGCHECK_DATA": str(self.data),
            "PORT": str(self.port),
            "PUBLIC_URL": self.url,
            "SECRET_KEY": SECRET_KEY,
            "SMTP_HOST": smtp.host,
            "SMTP_PORT": str(smtp.port),
            "MAIL_FROM": SENDER,
            **({"DATABASE_URL": database_url} if database_url else {}),
            **(more or {}),
        }
        self.process: subprocess.Popen[str] | None = None
        self.lines: list[str] = []
        self.told: list[tuple[str, str]] = []  # about its children, in order: a name and one sentence
        self._sessions: set[int] = set()
        self._reader: threading.Thread | None = None
        self._storage: Storage | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.crash()
        if (self.data / "store").exists():
            LocalStore.prepare(self.data / "store").remove_sockets()
        if "app" in self.__dict__:
            decoder_of(self.app).close()

    # --- its processes

    def start(self) -> Self:
        """Start it and wait until it says that it is ready."""
        self.launch()
        self.wait_for(lambda: self.has_said("Ready: "), "the line Ready")
        return self

    def launch(self) -> None:
        """Start it."""
        self.lines, self.told, self._storage = [], [], None
        self.process = subprocess.Popen(
            tied_to_parent(self.command("serve")),
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._sessions.add(self.process.pid)
        self._reader = threading.Thread(target=self._read, args=(self.process,), daemon=True)
        self._reader.start()

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "meetingcheck.cli", *arguments]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another command of the product beside it."""
        return subprocess.run(
            self.command(*arguments),
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )

    def start_beside(self, *arguments: str) -> subprocess.Popen[str]:
        """Start another command of the product that goes on; returns when it has said its first line."""
        process = subprocess.Popen(
            tied_to_parent(self.command(*arguments)),
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert process.stdout is not None
        process.stdout.readline()
        threading.Thread(target=process.stdout.read, daemon=True).start()
        return process

    def end(self, number: signal.Signals) -> int:
        """Send it a signal and wait until it has ended; its exit code."""
        assert self.process is not None
        os.killpg(self.process.pid, number)
        code = self.process.wait(timeout=PATIENCE_S)
        self._hear_the_end()
        return code

    def crash(self) -> None:
        """Kill it, its children not, and wait until all of them are gone."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self._hear_the_end()
            self.wait_until_gone()
            self.process = None

    def wait_until_gone(self) -> None:
        """Return once none of its processes runs; TimeoutError names those that stay."""
        deadline = time.monotonic() + PATIENCE_S
        while left := self.running():
            if time.monotonic() > deadline:
                raise TimeoutError(f"still running: {left}")
            time.sleep(POLL_S)

    def running(self) -> dict[int, str]:
        """Every process that belongs to it, also children of children and orphans, by number."""
        return {pid: line for pid, (session, line) in processes() if session in self._sessions}

    def pid(self, name: str) -> int:
        """The process that a child runs in since its last start."""
        return self._starts(name)[-1][1]

    def kill(self, name: str) -> int:
        """Kill -9 one child; the number of its process."""
        pid = self.pid(name)
        os.kill(pid, signal.SIGKILL)
        return pid

    @contextlib.contextmanager
    def paused(self, name: str) -> Iterator[None]:
        """One child does nothing while the block runs."""
        pid = self.pid(name)
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def wait_until_back(self, name: str, killed: int) -> None:
        """Return once a killed child runs again and is ready."""
        self.wait_for(lambda: self._is_ready_after(name, killed), f"{name} back")

    def wait_for(self, true: Callable[[], bool], what: str) -> None:
        """Wait for something about a running `serve`; fail at once when it ends."""

        def happened() -> bool:
            if true():
                return True
            assert self.process is not None
            if self.process.poll() is not None:
                raise RuntimeError("\n".join([f"serve ended before: {what}", *self.lines[-30:]]))
            return False

        wait_until(happened, what)

    def has_said(self, beginning: str) -> bool:
        return any(line.startswith(beginning) for line in list(self.lines))

    def _hear_the_end(self) -> None:
        assert self._reader is not None
        self._reader.join(timeout=PATIENCE_S)

    def _starts(self, name: str) -> list[tuple[int, int]]:
        """Places in `told` and process numbers of each start of a child."""
        return [
            (place, int(what.rpartition(" ")[2]))
            for place, (child, what) in enumerate(list(self.told))
            if child == name and what.startswith("started as process")
        ]

    def _is_ready_after(self, name: str, killed: int) -> bool:
        place, pid = self._starts(name)[-1]
        return pid != killed and any(
            child == name and what.startswith("ready after") for child, what in self.told[place:]
        )

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                self.lines.append(line.rstrip("\n"))
                if line.startswith('{"process": '):
                    said = json.loads(line)
                    self.told.append((said["process"], said["what"]))
                    if said["what"].startswith("started as process"):
                        self._sessions.add(int(said["what"].rpartition(" ")[2]))

    # --- what it holds

    @property
    def settings(self) -> Settings:
        return read_settings(self.environment)

    @property
    def storage(self) -> Storage:
        """Its object store, reached with its own keys."""
        if self._storage is None:
            self._storage = make_storage(self.settings)
        return self._storage

    @cached_property
    def app(self) -> Flask:
        """An application on the same database, to seed it and to look into it."""
        return create_app(self.settings)

    @cached_property
    def root(self) -> uuid.UUID:
        """The unit above all, in a world that is made when it is first asked for."""
        return make_world(self.app, system_clock).root

    def found_committee(self, cells: int, months: int = 1) -> Committee:
        """A new committee; its cells owe reports of months whose periods have ended by now."""
        root, now, mark = self.root, system_clock(), secrets.token_hex(4)
        owed = [Month.of(local_day(now)).plus(-2 - number) for number in range(months)]
        with self.app.app_context(), write_transaction() as session:
            unit = found_unit(session, NewUnit(f"Đảng bộ xã {mark}", "dang_bo", LONG_AGO, root), None, now)
            reviewer, reader, reporter = (
                _add_person(session, f"{name}-{mark}", now) for name in ("reviewer", "reader", "reporter")
            )
            give_role(session, reviewer.id, unit.id, Role.REVIEWER, LONG_AGO, None, now)
            give_role(session, reader.id, unit.id, Role.READER, LONG_AGO, None, now)
            cell_ids, secretaries = [], []
            for number in range(cells):
                new = NewUnit(
                    f"Chi bộ {mark} {number}", "chi_bo", LONG_AGO, unit.id, supervised_from=owed[-1].first_day
                )
                cell_ids.append(found_unit(session, new, None, now).id)
                secretaries.append(_add_person(session, f"secretary-{mark}-{number}", now))
                give_role(session, secretaries[-1].id, cell_ids[-1], Role.SECRETARY, LONG_AGO, None, now)
                give_role(session, reporter.id, cell_ids[-1], Role.REPORTER, LONG_AGO, None, now)
            make_obligations(session, owed, now)
            obligations = session.scalars(
                select(Obligation)
                .where(Obligation.unit_id.in_(cell_ids), Obligation.period.in_([month.code for month in owed]))
                .order_by(Obligation.period, Obligation.unit_id)
            ).all()
        assert len(obligations) == cells * months
        return Committee(
            reviewer=reviewer.login,
            reader=reader.login,
            reporter=reporter.login,
            reporter_id=reporter.id,
            secretaries=tuple(one.login for one in secretaries),
            obligations=tuple(obligations),
        )

    def fill_in_new(self, photos: int = 1) -> tuple[Browser, Report]:
        """A cell's report, filled in and not sent, in the browser of who files it."""
        committee = self.found_committee(cells=1)
        browser = self.browser(committee.reporter)
        overviews = [new_photo() for _ in range(photos)]
        return browser, fill_in(browser, committee.obligations[0], committee.reporter_id, overviews, [])

    @contextlib.contextmanager
    def rows(self) -> Iterator[Session]:
        with self.app.app_context(), read_transaction() as session:
            yield session

    @property
    def postgres_url(self) -> str | None:
        """The address of its database as psycopg takes it; None on SQLite."""
        url = self.settings.database_url
        return url.replace("+psycopg", "", 1) if url.startswith("postgresql") else None

    def somebody_waits(self) -> bool:
        """Whether somebody waits for another's transaction. On SQLite nobody can see that: it is taken for granted."""
        return self.postgres_url is None or self.count_connections("wait_event_type = 'Lock'") > 0

    def no_transaction_is_open(self) -> bool:
        """Whether nobody is in a transaction at this moment, reading or writing."""
        if self.postgres_url is not None:
            return self.count_connections("xact_start IS NOT NULL") == 0
        with contextlib.closing(sqlite3.connect(self.data / "meetingcheck.sqlite3", timeout=0)) as connection:
            # The log can be emptied only while nobody reads from it or writes to it.
            busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return busy == 0

    def count_connections(self, which: LiteralString) -> int:
        assert self.postgres_url is not None
        with psycopg.connect(self.postgres_url, autocommit=True) as connection:
            row = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                f"AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND {which}"
            ).fetchone()
        assert row is not None
        return int(row[0])

    def hurry(self) -> None:
        """Make everything due that waits for its next try or for the end of a killed worker's lease."""
        now = system_clock()
        with self.app.app_context(), write_transaction() as session:
            session.execute(update(Job).where(Job.state == JobState.QUEUED, Job.run_at > now).values(run_at=now))
            session.execute(
                update(Job).where(Job.state == JobState.RUNNING).values(lease_until=now - timedelta(seconds=1))
            )

    def wait_hurrying(self, true: Callable[[], bool], what: str) -> None:
        """Wait for background work without waiting out its pauses."""
        hurried = 0.0

        def happened() -> bool:
            nonlocal hurried
            if true():
                return True
            if time.monotonic() - hurried > 1:
                self.hurry()
                hurried = time.monotonic()
            return False

        wait_until(happened, what)

    def enqueue(self, *kinds: JobKind) -> list[str]:
        """Add jobs that are due now; their keys."""
        keys = [f"test:{uuid.uuid4()}" for _ in kinds]
        with self.app.app_context(), write_transaction() as session:
            for kind, key in zip(kinds, keys, strict=True):
                enqueue(session, kind, {}, system_clock(), unique_key=key)
        return keys

    def wait_until_done(self, *kinds: JobKind) -> None:
        """Have jobs of these kinds done by whoever works here."""
        keys = self.enqueue(*kinds)
        self.wait_hurrying(lambda: self.all_done(keys), f"{[kind.name for kind in kinds]} done")

    def all_done(self, keys: Sequence[str]) -> bool:
        with self.rows() as session:
            states = session.scalars(select(Job.state).where(Job.unique_key.in_(keys))).all()
        assert len(states) == len(keys)
        return set(states) == {JobState.DONE}

    def job(self, key: str) -> Job:
        with self.rows() as session:
            return session.scalars(select(Job).where(Job.unique_key == key)).one()

    def messages_to(self, committee: Committee) -> list[tuple[str, Message]]:
        """Login and message, for everything that the people of a committee were told."""
        with self.rows() as session:
            rows = session.execute(
                select(User.login, Message)
                .join(Message, Message.user_id == User.id)
                .where(User.login.in_(committee.people))
            )
            return [(login, message) for login, message in rows]

    def deliveries_to(self, committee: Committee) -> list[Delivery]:
        """What the installation knows of its mails to these people."""
        with self.rows() as session:
            return list(
                session.scalars(
                    select(Delivery)
                    .join(Message, Message.id == Delivery.message_id)
                    .join(User, User.id == Message.user_id)
                    .where(User.login.in_(committee.people))
                )
            )

    def all_sent(self, committee: Committee) -> bool:
        return {one.state for one in self.deliveries_to(committee)} == {DeliveryState.SENT}

    def mails_to(self, committee: Committee) -> list[Mail]:
        """Every mail to these people that the mail server took."""
        return [one for one in self.smtp.deliveries if committee.addresses.intersection(one.recipients)]

    def browser(self, login: str) -> Browser:
        return Browser(self.url).sign_in(login)

    def photos_of(self, report: Report) -> list[Photo]:
        with self.rows() as session:
            return list(
                session.scalars(
                    select(Photo)
                    .join(MeetingPhoto, MeetingPhoto.photo_id == Photo.id)
                    .where(MeetingPhoto.meeting_id == report.meeting_id)
                    .order_by(MeetingPhoto.position)
                )
            )

    def wait_until_rendered(self, report: Report) -> None:
        self.wait_hurrying(
            lambda: all(photo.state != PhotoState.RECEIVED for photo in self.photos_of(report)), "renditions"
        )

    # --- what must hold

    def check_kept(self, report: Report) -> list[Photo]:
        """Every photo that is known has its original in the store, byte for byte, and none is known twice."""
        sent = {hashlib.sha256(data).hexdigest(): data for data in report.photos}
        known = self.photos_of(report)
        assert len({photo.sha256 for photo in known}) == len(known)
        for photo in known:
            assert self.storage.get(original_key(photo.id, photo.sha256)) == sent[photo.sha256]
        return known

    def check_sent(self, report: Report) -> None:
        """The report was filed exactly once, with all its photos."""
        known = self.check_kept(report)
        assert {photo.sha256 for photo in known} == {hashlib.sha256(data).hexdigest() for data in report.photos}
        assert all(photo.published_at is not None for photo in known)
        with self.rows() as session:
            meetings = session.scalars(select(Meeting).where(Meeting.obligation_id == report.obligation_id)).all()
            versions = session.scalars(
                select(MeetingVersion).where(MeetingVersion.meeting_id == report.meeting_id)
            ).all()
            obligation = session.get_one(Obligation, report.obligation_id)
        assert [(one.id, one.state) for one in meetings] == [(report.meeting_id, MeetingState.SUBMITTED)]
        assert [one.minutes_text for one in versions] == [report.fields["minutes_text"]]
        assert obligation.reported_at is not None

    def check_images(self, browser: Browser, page: str) -> list[str]:
        """Every image of the page is served; their addresses."""
        answer = browser.get(page)
        assert answer.status == 200, answer.text
        images = IMAGE.findall(answer.text)
        for image in images:
            served = browser.get(image)
            assert served.status == 200, (image, served.status)
            assert served.body.startswith(b"\xff\xd8"), image
            assert served.body.endswith(b"\xff\xd9"), image
        return images
