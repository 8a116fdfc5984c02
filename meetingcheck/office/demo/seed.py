"""Filling an empty installation with the demo, through the same actions that real people use."""

import json
import os
import secrets
import uuid
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from multiprocessing import get_context
from pathlib import Path

from flask import Flask
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from meetingcheck.accounts.actions import NewUser, add_user
from meetingcheck.accounts.models import User
from meetingcheck.accounts.passwords import hash_password
from meetingcheck.alerts.actions import close_periods
from meetingcheck.duties.actions import make_obligations, set_policy
from meetingcheck.duties.exceptions.actions import TELL_CELLS, Scope, Wish, set_exception
from meetingcheck.duties.models import Obligation, Policy, Series
from meetingcheck.duties.queries import REGULAR, THEMATIC
from meetingcheck.duties.rules import Month, PeriodType, Quarter
from meetingcheck.duties.series.actions import REGULAR_NAME, THEMATIC_NAME, ensure_series
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.files import replace as replace_file
from meetingcheck.lib.instants import local_day, local_time
from meetingcheck.lib.jobs import Job
from meetingcheck.lib.services import services_of
from meetingcheck.lib.storage import S3Storage, StoreAddress, flush_filesystem
from meetingcheck.lib.store import store_address
from meetingcheck.meetings.actions import Outcome, Sending, file_check_in
from meetingcheck.meetings.links.actions import make_report_link
from meetingcheck.meetings.links.rules import report_link_path
from meetingcheck.meetings.models import Meeting, Verdict
from meetingcheck.meetings.reviews.actions import answer_report
from meetingcheck.meetings.rules import meeting_id_of
from meetingcheck.meetings.values import Field
from meetingcheck.messages.actions import mark_all_read
from meetingcheck.office.demo import drawing
from meetingcheck.office.demo.plan import (
    COMMITTEES,
    ROOT,
    DemoCell,
    DemoMeeting,
    DemoPhoto,
    Story,
    plan_cells,
    plan_meetings,
)
from meetingcheck.orgs.actions import NewUnit, ensure_kind, found_unit, give_role
from meetingcheck.orgs.models import Role, Unit
from meetingcheck.photos import imaging
from meetingcheck.photos.actions import RENDER, mark_ready
from meetingcheck.photos.ingest import CONTENT_TYPES, StoredPhoto
from meetingcheck.photos.models import Purpose
from meetingcheck.photos.rules import Size, original_key, photo_id_of, rendition_key, sha256_of

COMMITTEE_KIND, CELL_KIND = "dang_bo", "chi_bo"
FOUNDED_ON = datetime(2015, 1, 1).date()  # noqa: DTZ001 - a day, not an instant
MAIL_DOMAIN = "mau.example"
ACCOUNTS_FILE = "demo_accounts.json"
LINK_FILE = "demo_report_link"
PHOTOS_AT_A_TIME = 12


@dataclass(frozen=True)
class DemoAccount:
    """A login to try, printed when the demo starts."""

    what: str
    login: str
    password: str


class NotEmpty(RuntimeError):
    """There are units already: the demo only fills an empty installation."""


def is_seeded(session: Session) -> bool:
    return bool(session.scalar(select(func.count()).select_from(Unit)))


def read_accounts(data: Path) -> list[DemoAccount]:
    """The demo's logins, kept in the data folder for the next start; empty when there are none."""
    try:
        return [DemoAccount(**one) for one in json.loads((data / ACCOUNTS_FILE).read_text())]
    except FileNotFoundError:
        return []


def read_link(data: Path) -> str | None:
    """The path of the demo's report link, kept like the logins; None when there is none."""
    try:
        return (data / LINK_FILE).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None


def seed_demo(app: Flask) -> list[DemoAccount]:
    """Make the whole demo; the logins to try. Raises NotEmpty when there is anything already."""
    services = services_of(app)
    now = services.now()
    cells = plan_cells()
    meetings = plan_meetings(cells, local_day(now), now)
    with app.app_context():
        with read_transaction() as session:
            if is_seeded(session):
                raise NotEmpty("There are units already; the demo only fills an empty installation.")
        with write_transaction() as session:
            people = _found(session, cells, meetings[0].month, Month.of(local_day(now)), now)
        stored = _store_photos(store_address(services.settings), meetings, people)
        for month in sorted({meeting.month for meeting in meetings}, key=lambda one: one.first_day):
            of_month = [meeting for meeting in meetings if meeting.month == month]
            with write_transaction() as session:
                _live_through(session, of_month, people, stored, now)
        with write_transaction() as session:
            _settle(session, people)
            link = _link_to_an_open_report(session, cells, people, now)
    _write_accounts(services.settings.data, people.accounts)
    if link is not None:
        replace_file(services.settings.data / LINK_FILE, link)
    return people.accounts


@dataclass(frozen=True)
class _People:
    """Who is who in the demo, by id."""

    accounts: list[DemoAccount]
    unit_of: dict[int, uuid.UUID]
    secretary_of: dict[int, uuid.UUID]
    reviewer_of: dict[int, uuid.UUID]
    administrator: uuid.UUID


def _found(session: Session, cells: list[DemoCell], first: Month, last: Month, now: datetime) -> _People:
    """Units, people, roles, the policy, and what is owed."""
    ensure_kind(session, COMMITTEE_KIND, "Đảng bộ", is_cell=False)
    ensure_kind(session, CELL_KIND, "Chi bộ", is_cell=True)
    root = found_unit(session, NewUnit(ROOT, COMMITTEE_KIND, FOUNDED_ON, supervised_from=first.first_day), None, now)
    set_policy(
        session,
        Policy(
            id=uuid.uuid4(),
            unit_id=root.id,
            from_on=FOUNDED_ON,
            usual_day=3,
            report_days=2,
            minimum_minutes=90,
            document="Hướng dẫn 42-HD/BTCTW (28/10/2025)",
        ),
        None,
        now,
    )
    this_quarter = Quarter.of(last.first_day)
    for code, name, period_type, from_on in (
        (REGULAR, REGULAR_NAME, PeriodType.MONTH, FOUNDED_ON),
        (THEMATIC, THEMATIC_NAME, PeriodType.QUARTER, this_quarter.first_day),
    ):
        ensure_series(session, Series(code=code, name=name, unit_kind=None, period_type=period_type, from_on=from_on))
    accounts: list[DemoAccount] = []

    def person(what: str | None, login: str, name: str, unit: Unit, role: Role) -> uuid.UUID:
        password = secrets.token_urlsafe(9)
        if what:
            accounts.append(DemoAccount(what, login, password))
        user = add_user(session, NewUser(login, name, hash_password(password) if what else None), None, now)
        give_role(session, user.id, unit.id, role, FOUNDED_ON, None, now)
        return user.id

    administrator = person("quản trị", f"quantri@{MAIL_DOMAIN}", "Đỗ Văn Quản", root, Role.ADMINISTRATOR)
    person("người xem (lãnh đạo)", f"lanhdao@{MAIL_DOMAIN}", "Vũ Thị Minh", root, Role.READER)
    committees, reviewers = [], {}
    for number, name in enumerate(COMMITTEES):
        committee = found_unit(session, NewUnit(name, COMMITTEE_KIND, FOUNDED_ON, root.id), None, now)
        committees.append(committee)
        reviewers[number] = person(
            f"cán bộ theo dõi, {name}" if number < 2 else None,
            f"theodoi{number + 1}@{MAIL_DOMAIN}",
            f"Phạm Thị Dõi {number + 1}",
            committee,
            Role.REVIEWER,
        )
    units, secretaries = {}, {}
    for cell in cells:
        unit = found_unit(
            session,
            NewUnit(cell.name, CELL_KIND, FOUNDED_ON, committees[cell.committee].id, usual_day=cell.usual_day),
            None,
            now,
        )
        units[cell.number] = unit.id
        secretaries[cell.number] = person(
            f"bí thư, {cell.name}" if cell.number in {0, 13, 21} else None,
            f"09000000{cell.number + 10:02}",
            cell.secretary,
            unit,
            Role.SECRETARY,
        )
    months = [first.plus(number) for number in range(_months_between(first, last) + 2)]
    make_obligations(session, [*months, this_quarter], now)
    return _People(accounts, units, secretaries, reviewers, administrator)


def _months_between(first: Month, last: Month) -> int:
    return (last.year - first.year) * 12 + last.month - first.month


@dataclass(frozen=True)
class _PhotoTask:
    address: StoreAddress
    meeting_id: uuid.UUID
    photo: DemoPhoto


def _store_photos(
    address: StoreAddress, meetings: Iterable[DemoMeeting], people: _People
) -> dict[uuid.UUID, list[StoredPhoto]]:
    """Draw all photos and store them with their renditions, on all processors; by meeting."""
    # One flush at the end instead of one for each object: the demo can be made again, evidence cannot.
    quick = replace(address, flush_folder=None)
    tasks = [_PhotoTask(quick, _meeting_id(meeting, people), photo) for meeting in meetings for photo in meeting.photos]
    found: dict[uuid.UUID, list[StoredPhoto]] = {}
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        for task, stored in zip(tasks, pool.map(_make_photo, tasks, chunksize=PHOTOS_AT_A_TIME), strict=True):
            found.setdefault(task.meeting_id, []).append(stored)
    if address.flush_folder is not None:
        flush_filesystem(address.flush_folder)
    return found


def _meeting_id(meeting: DemoMeeting, people: _People) -> uuid.UUID:
    cell = meeting.cell.number
    return meeting_id_of(people.unit_of[cell], people.secretary_of[cell], meeting.client_id)


@cache
def _storage(address: StoreAddress) -> S3Storage:
    """One client for each drawing process: making one costs as much as drawing a photo."""
    return S3Storage(address)


def _make_photo(task: _PhotoTask) -> StoredPhoto:
    photo = task.photo
    if photo.purpose == Purpose.OVERVIEW:
        data = drawing.draw_meeting_room(photo.seed, photo.size, photo.taken_at, photo.hall)
    else:
        data = drawing.draw_minutes_page(photo.seed, photo.size, photo.taken_at)
    if photo.heic:
        data = drawing.as_heic(data)
    renditions = imaging.render(data)
    sha256 = sha256_of(data)
    photo_id = photo_id_of(task.meeting_id, sha256)
    storage = _storage(task.address)
    storage.put(original_key(photo_id, sha256), data, CONTENT_TYPES[renditions.inspection.format])
    storage.put(rendition_key(photo_id, sha256, Size.LARGE), renditions.large.jpeg, "image/jpeg")
    storage.put(rendition_key(photo_id, sha256, Size.SMALL), renditions.small.jpeg, "image/jpeg")
    return StoredPhoto(photo_id, photo.purpose, sha256, len(data), renditions.inspection)


def _live_through(
    session: Session,
    meetings: list[DemoMeeting],
    people: _People,
    stored: dict[uuid.UUID, list[StoredPhoto]],
    now: datetime,
) -> None:
    """One month as it happened: reports before the period closed, the closing, reports after it, answers."""
    obligations = {
        obligation.unit_id: obligation
        for obligation in session.scalars(select(Obligation).where(Obligation.period == meetings[0].month.code))
    }
    by_time = sorted(meetings, key=lambda meeting: meeting.reported_at or now)
    closing = max(obligation.closes_at for obligation in obligations.values())
    for meeting in by_time:
        obligation = obligations[people.unit_of[meeting.cell.number]]
        if meeting.story == Story.EXCUSED and obligation.due_at < now:
            flood = Wish(None, "Mưa lũ, nhiều thôn bị chia cắt", "Công văn 15-CV/ĐU")
            scope = Scope(obligation.unit_id, obligation.period, obligation.series)
            set_exception(session, scope, flood, people.administrator, obligation.opens_at)
        elif meeting.reported_at and meeting.reported_at < closing:
            _report(session, meeting, obligation, people, stored, now)
    if closing > now:
        return
    close_periods(session, closing, len(meetings))
    for meeting in by_time:
        if meeting.reported_at and meeting.reported_at >= closing:
            _report(session, meeting, obligations[people.unit_of[meeting.cell.number]], people, stored, now)
    if closing < now - timedelta(days=40):
        for user_id in {*people.reviewer_of.values(), *people.secretary_of.values()}:
            mark_all_read(session, user_id, closing + timedelta(days=1))


def _report(
    session: Session,
    meeting: DemoMeeting,
    obligation: Obligation,
    people: _People,
    stored: dict[uuid.UUID, list[StoredPhoto]],
    now: datetime,
) -> None:
    assert meeting.reported_at is not None
    secretary = people.secretary_of[meeting.cell.number]
    photos = stored.get(_meeting_id(meeting, people), [])
    sending = Sending(meeting.client_id, _typed(meeting), photos)
    filed = file_check_in(session, obligation.id, sending, secretary, meeting.reported_at)
    assert filed.outcome == Outcome.FILED, filed
    for photo in photos:
        mark_ready(session, photo.photo_id, meeting.reported_at)
    answered_at = meeting.reported_at + timedelta(days=1, hours=2)
    if answered_at < now and (meeting.comment or meeting.cell.careful):
        verdict = Verdict.ASK_TO_ADD if meeting.story == Story.RETURNED else Verdict.NOTE
        report = session.get_one(Meeting, filed.meeting_id)
        reviewer = people.reviewer_of[meeting.cell.committee]
        answer_report(session, report, verdict, meeting.comment, reviewer, answered_at)


def _typed(meeting: DemoMeeting) -> dict[str, str]:
    begins = local_time(meeting.begins_at)
    ends = begins + timedelta(minutes=meeting.minutes)
    return {
        Field.HELD_ON: begins.strftime("%d/%m/%Y"),
        Field.BEGINS_AT: begins.strftime("%H:%M"),
        Field.ENDS_AT: ends.strftime("%H:%M"),
        Field.TOTAL: str(meeting.cell.members),
        Field.PRESENT: str(meeting.present),
        Field.ABSENT_WITHOUT_REASON: str(meeting.absent_without_reason),
        Field.MINUTES_TEXT: meeting.minutes_text,
        Field.RESOLUTION_MADE: "yes" if meeting.resolution_made or meeting.more else "no",
        **meeting.more,
    }


def _settle(session: Session, people: _People) -> None:
    """History sends no mail, so addresses are given only now; and its photos are ready, so no job need look at them."""
    session.execute(delete(Job).where(Job.kind.in_([RENDER.name, TELL_CELLS.name])))
    for number, user_id in people.reviewer_of.items():
        session.get_one(User, user_id).email = f"theodoi{number + 1}@{MAIL_DOMAIN}"
    session.flush()


def _link_to_an_open_report(session: Session, cells: list[DemoCell], people: _People, now: datetime) -> str | None:
    """The path of a report link for a cell that still has to report this month; None when all have."""
    period = Month.of(local_day(now)).code
    for cell in cells:
        obligation = session.scalars(
            select(Obligation).where(Obligation.unit_id == people.unit_of[cell.number], Obligation.period == period)
        ).one_or_none()
        if obligation is not None and obligation.reported_at is None and obligation.excepted_at is None:
            secretary = people.secretary_of[cell.number]
            token, _code = make_report_link(session, obligation, secretary, people.administrator, now)
            return report_link_path(token)
    return None


def _write_accounts(data: Path, accounts: list[DemoAccount]) -> None:
    replace_file(data / ACCOUNTS_FILE, json.dumps([vars(account) for account in accounts], ensure_ascii=False))
