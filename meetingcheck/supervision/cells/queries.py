"""A cell's meetings and photos in time, a year at a time. Six queries a page, whatever it holds."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from meetingcheck.duties.models import Obligation
from meetingcheck.duties.rules import Month, ObligationState, state_of
from meetingcheck.meetings.models import Meeting, MeetingState, MeetingVersion, VersionPhoto
from meetingcheck.meetings.queries import reports_of
from meetingcheck.photos.models import Photo

MONTHS_A_PAGE = 12


@dataclass(frozen=True)
class Report:
    """A meeting as it was last reported, with its photos; none of those that were taken back."""

    meeting: Meeting
    version: MeetingVersion
    photos: list[Photo]


@dataclass(frozen=True)
class Entry:
    """One period that was owed, with its report if there is one; or a meeting that answers to no period. `elsewhere`
    says that the report stands with its photos at another period, which the same sitting satisfied."""

    at: date
    obligation: Obligation | None
    state: ObligationState | None
    report: Report | None
    elsewhere: bool = False


@dataclass(frozen=True)
class CellPage:
    """Newest first. `older` is the month that the next page begins with; None when there is nothing before."""

    entries: list[Entry]
    first: Month
    last: Month
    older: Month | None


def load_cell_page(session: Session, unit_id: uuid.UUID, last: Month, now: datetime) -> CellPage:
    """The twelve months that end with `last`."""
    first = last.plus(1 - MONTHS_A_PAGE)
    obligations = list(
        session.scalars(
            select(Obligation)
            .where(
                Obligation.unit_id == unit_id,
                Obligation.opens_at <= now,
                Obligation.period_from >= first.first_day,
                Obligation.period_from <= last.last_day,
            )
            .order_by(Obligation.period_from.desc(), Obligation.series)
        )
    )
    meeting_ids = reports_of(session, {one.id: one.satisfied_by for one in obligations})
    reports = _reports(session, unit_id, set(meeting_ids.values()), first, last)
    entries, placed = [], set[uuid.UUID]()
    for one in sorted(obligations, key=lambda row: row.period, reverse=True):
        meeting_id = meeting_ids.get(one.id)
        report = reports.get(meeting_id) if meeting_id else None
        elsewhere = report is not None and report.meeting.id in placed
        entries.append(Entry(one.period_from, one, state_of(one, now), report, elsewhere))
        placed |= {meeting_id} if meeting_id else set()
    for report in reports.values():
        if report.meeting.id not in placed and first.first_day <= report.version.held_on <= last.last_day:
            entries.append(Entry(report.version.held_on, None, None, report))
    entries.sort(key=lambda entry: entry.at, reverse=True)
    return CellPage(entries, first, last, _older(session, unit_id, first, now))


def _reports(
    session: Session, unit_id: uuid.UUID, satisfying: set[uuid.UUID], first: Month, last: Month
) -> dict[uuid.UUID, Report]:
    rows = session.execute(
        select(Meeting, MeetingVersion)
        .join(
            MeetingVersion,
            and_(MeetingVersion.meeting_id == Meeting.id, MeetingVersion.number == Meeting.version),
        )
        .where(
            Meeting.state != MeetingState.DRAFT,
            or_(
                Meeting.id.in_(satisfying),
                and_(
                    Meeting.unit_id == unit_id,
                    MeetingVersion.held_on >= first.first_day,
                    MeetingVersion.held_on <= last.last_day,
                ),
            ),
        )
        .order_by(MeetingVersion.held_on.desc(), Meeting.id)
    ).all()
    photos = _photos(session, [version.id for _, version in rows])
    return {meeting.id: Report(meeting, version, photos.get(version.id, [])) for meeting, version in rows}


def _photos(session: Session, version_ids: list[uuid.UUID]) -> dict[uuid.UUID, list[Photo]]:
    rows = session.execute(
        select(VersionPhoto.version_id, Photo)
        .join(Photo, Photo.id == VersionPhoto.photo_id)
        .where(VersionPhoto.version_id.in_(version_ids), Photo.withdrawn_at.is_(None))
        .order_by(VersionPhoto.version_id, VersionPhoto.position, Photo.id)
    )
    found: dict[uuid.UUID, list[Photo]] = {}
    for version_id, photo in rows:
        found.setdefault(version_id, []).append(photo)
    return found


def _older(session: Session, unit_id: uuid.UUID, first: Month, now: datetime) -> Month | None:
    """The latest month before the page in which anything was owed or held."""
    owed = session.scalar(
        select(func.max(Obligation.period_from)).where(
            Obligation.unit_id == unit_id, Obligation.opens_at <= now, Obligation.period_from < first.first_day
        )
    )
    held = session.scalar(
        select(func.max(MeetingVersion.held_on))
        .join(Meeting, and_(Meeting.id == MeetingVersion.meeting_id, Meeting.version == MeetingVersion.number))
        .where(
            Meeting.unit_id == unit_id,
            Meeting.state != MeetingState.DRAFT,
            MeetingVersion.held_on < first.first_day,
        )
    )
    latest = max((day for day in (owed, held) if day is not None), default=None)
    return Month.of(latest) if latest else None
