"""All photos of a committee's month, newest first. Two queries a page, whatever the number of photos."""

import uuid
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import TypeVarTuple

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from meetingcheck.duties.rules import Month
from meetingcheck.meetings.models import Meeting, MeetingVersion, VersionPhoto
from meetingcheck.meetings.reviews.queries import SENT
from meetingcheck.orgs.models import Unit, UnitKind
from meetingcheck.orgs.queries import named_like, seen_below
from meetingcheck.photos.models import Photo, Purpose
from meetingcheck.supervision.timeline.rules import Place

PHOTOS_A_PAGE = 60
Ts = TypeVarTuple("Ts")

MOST_CELLS = 200  # offered as a filter


@dataclass(frozen=True)
class Asked:
    """Which photos: those of a committee's cells in a month, perhaps of one cell or of one purpose only."""

    committee_id: uuid.UUID
    month: Month
    cell_id: uuid.UUID | None
    purpose: Purpose | None
    today: date
    words: str = ""  # of the cell's name


@dataclass(frozen=True)
class Shot:
    """One photo with the meeting that it shows; `first` is the first of its meeting on the page."""

    photo: Photo
    version: MeetingVersion
    unit: Unit
    first: bool


@dataclass(frozen=True)
class Day:
    """The photos of one local day on this page, and how many meetings and photos the whole day has."""

    held_on: date
    meetings: int
    photos: int
    shots: list[Shot]


@dataclass(frozen=True)
class Timeline:
    days: list[Day]
    next: Place | None


def load_timeline(session: Session, asked: Asked, after: Place | None) -> Timeline:
    """One page: the photos that follow a place, or the first ones."""
    found = (
        _narrowed(select(Photo, MeetingVersion, Unit, VersionPhoto.position), asked)
        .order_by(
            MeetingVersion.held_on.desc(),
            MeetingVersion.begins_at.desc(),
            Meeting.id,
            VersionPhoto.position,
            Photo.id,
        )
        .limit(PHOTOS_A_PAGE + 1)
    )
    if after is not None:
        found = found.where(_follows(after))
    rows = session.execute(found).all()
    page = rows[:PHOTOS_A_PAGE]
    totals = _totals(session, asked, sorted({row[1].held_on for row in page}))
    days = []
    for held_on, shots in groupby(_shots([(row[0], row[1], row[2]) for row in page]), lambda one: one.version.held_on):
        meetings, photos = totals.get(held_on, (0, 0))
        days.append(Day(held_on, meetings, photos, list(shots)))
    last = page[-1] if len(rows) > PHOTOS_A_PAGE else None
    return Timeline(
        days,
        Place(last[1].held_on, last[1].begins_at, last[1].meeting_id, last[3], last[0].id) if last else None,
    )


def _shots(rows: list[tuple[Photo, MeetingVersion, Unit]]) -> list[Shot]:
    before: uuid.UUID | None = None
    shots = []
    for photo, version, unit in rows:
        shots.append(Shot(photo, version, unit, version.meeting_id != before))
        before = version.meeting_id
    return shots


def _totals(session: Session, asked: Asked, days: list[date]) -> dict[date, tuple[int, int]]:
    """Meetings and photos of whole days; at most thirty-one of them."""
    counted = select(MeetingVersion.held_on, func.count(Meeting.id.distinct()), func.count())
    of_days = _narrowed(counted, asked).where(MeetingVersion.held_on.in_(days))
    rows = session.execute(of_days.group_by(MeetingVersion.held_on))
    return {held_on: (meetings, photos) for held_on, meetings, photos in rows}


def _narrowed(found: Select[*Ts], asked: Asked) -> Select[*Ts]:
    """Of the photos that the latest versions hold, those that are asked for; without what was taken back."""
    found = (
        found.select_from(VersionPhoto)
        .join(MeetingVersion, MeetingVersion.id == VersionPhoto.version_id)
        .join(Meeting, and_(Meeting.id == MeetingVersion.meeting_id, Meeting.version == MeetingVersion.number))
        .join(Photo, Photo.id == VersionPhoto.photo_id)
        .join(Unit, Unit.id == Meeting.unit_id)
        .where(
            Meeting.unit_id.in_(_cells(asked.committee_id, asked.today)),
            Meeting.state.in_(SENT),
            MeetingVersion.held_on >= asked.month.first_day,
            MeetingVersion.held_on <= asked.month.last_day,
            Photo.withdrawn_at.is_(None),
        )
    )
    if asked.cell_id is not None:
        found = found.where(Meeting.unit_id == asked.cell_id)
    if asked.purpose is not None:
        found = found.where(Photo.purpose == asked.purpose)
    return found.where(*named_like(asked.words))


def _cells(committee_id: uuid.UUID, today: date) -> Select[uuid.UUID]:
    """The cells below a committee by today's tree, those that ended included: their history stays visible."""
    return (
        select(Unit.id)
        .join(UnitKind, UnitKind.code == Unit.kind)
        .where(Unit.id.in_(seen_below([committee_id], today)), UnitKind.is_cell)
    )


def _follows(place: Place) -> ColumnElement[bool]:
    """What comes after a place: days and hours fall, the rest rises."""
    held_on, begins_at = MeetingVersion.held_on, MeetingVersion.begins_at
    in_meeting = or_(
        VersionPhoto.position > place.position,
        and_(VersionPhoto.position == place.position, Photo.id > place.photo_id),
    )
    at_the_hour = or_(Meeting.id > place.meeting_id, and_(Meeting.id == place.meeting_id, in_meeting))
    on_the_day = or_(begins_at < place.begins_at, and_(begins_at == place.begins_at, at_the_hour))
    return or_(held_on < place.held_on, and_(held_on == place.held_on, on_the_day))


def list_cells(session: Session, committee_id: uuid.UUID, today: date) -> list[Unit]:
    """The cells to choose from, in alphabetical order; one more than can be offered when there are too many."""
    return list(
        session.scalars(
            select(Unit)
            .where(Unit.id.in_(_cells(committee_id, today)))
            .order_by(Unit.name_sort, Unit.id)
            .limit(MOST_CELLS + 1)
        )
    )
