"""Reading reports."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import String, and_, func, literal, or_, select
from sqlalchemy.orm import Session

from meetingcheck.accounts.models import User
from meetingcheck.duties.models import Obligation
from meetingcheck.meetings.contents import details_from
from meetingcheck.meetings.models import (
    NOT_STANDING,
    Document,
    DocumentKind,
    Meeting,
    MeetingPhoto,
    MeetingState,
    MeetingVersion,
    Review,
    Satisfaction,
    ScanState,
    VersionDocument,
    VersionPhoto,
)
from meetingcheck.meetings.reviews.queries import latest_reviews
from meetingcheck.meetings.values import CheckIn, Evidence
from meetingcheck.orgs.queries import itself_and_predecessors
from meetingcheck.photos.models import Photo, PhotoState, Purpose


def find_meeting(session: Session, meeting_id: uuid.UUID) -> Meeting | None:
    return session.scalars(select(Meeting).where(Meeting.id == meeting_id)).one_or_none()


def find_reported_meeting(session: Session, obligation_id: uuid.UUID) -> Meeting | None:
    """The report that satisfies an obligation; drafts and void ones do not."""
    return session.scalars(
        select(Meeting)
        .join(Satisfaction, Satisfaction.meeting_id == Meeting.id)
        .where(Satisfaction.obligation_id == obligation_id)
    ).one_or_none()


def list_satisfied(session: Session, meeting_id: uuid.UUID) -> list[Obligation]:
    """The obligations that a report satisfies: none, one, or one of each series."""
    return list(
        session.scalars(
            select(Obligation)
            .join(Satisfaction, Satisfaction.obligation_id == Obligation.id)
            .where(Satisfaction.meeting_id == meeting_id)
            .order_by(Obligation.series, Obligation.period_from)
        )
    )


def list_own_drafts(
    session: Session, unit_id: uuid.UUID, author_id: uuid.UUID, obligation_id: uuid.UUID | None = None
) -> list[Meeting]:
    """What this person began for a cell or one that was merged into it, or for one of its periods, and did not send,
    the latest first."""
    of_cell = Meeting.unit_id.in_(itself_and_predecessors(unit_id))
    drafts = select(Meeting).where(of_cell, Meeting.author_id == author_id, Meeting.state == MeetingState.DRAFT)
    if obligation_id is not None:
        drafts = drafts.where(Meeting.obligation_id == obligation_id)
    return list(session.scalars(drafts.order_by(Meeting.updated_at.desc(), Meeting.id)))


def has_twin(
    session: Session, meeting: Meeting, unit_id: uuid.UUID, obligation: Obligation | None, check_in: CheckIn
) -> bool:
    """Whether another report of the cell tells of the same sitting, were this one filed for the period: begun on the
    same day at the same hour, or, for the same series, at hours that overlap. One sitting may stand in two reports when
    each is for another series."""
    day, begins_at, ends_at = check_in.held_on, check_in.begins_at, check_in.ends_at
    if day is None or begins_at is None or ends_at is None:
        return False
    series = obligation.series if obligation else None
    any_series = or_(literal(series, String).is_(None), Obligation.series.is_(None), Obligation.series == series)
    overlaps = and_(MeetingVersion.begins_at < ends_at, MeetingVersion.ends_at > begins_at)
    twin = (
        select(Meeting.id)
        .outerjoin(Obligation, Obligation.id == Meeting.obligation_id)
        .join(MeetingVersion, and_(MeetingVersion.meeting_id == Meeting.id, MeetingVersion.number == Meeting.version))
        .where(
            Meeting.unit_id == unit_id,
            Meeting.id != meeting.id,
            Meeting.state.not_in(NOT_STANDING),
            MeetingVersion.held_on == day,
            or_(
                and_(MeetingVersion.begins_at == begins_at, any_series),
                and_(overlaps, Obligation.series == series),
            ),
        )
    )
    return session.scalar(twin.limit(1)) is not None


def find_numbered_version(session: Session, meeting_id: uuid.UUID, number: int) -> MeetingVersion | None:
    return session.scalars(
        select(MeetingVersion).where(MeetingVersion.meeting_id == meeting_id, MeetingVersion.number == number)
    ).one_or_none()


def list_versions(session: Session, meeting_id: uuid.UUID) -> list[tuple[MeetingVersion, str]]:
    """All submitted versions of a report with the names of who sent them, newest first."""
    rows = session.execute(
        select(MeetingVersion, User.name)
        .join(User, User.id == MeetingVersion.submitted_by)
        .where(MeetingVersion.meeting_id == meeting_id)
        .order_by(MeetingVersion.number.desc())
    )
    return [(version, name) for version, name in rows]


def find_version(session: Session, meeting: Meeting) -> MeetingVersion | None:
    """The latest submitted version."""
    return session.scalars(
        select(MeetingVersion).where(MeetingVersion.meeting_id == meeting.id, MeetingVersion.number == meeting.version)
    ).one_or_none()


def list_sent(session: Session, meeting_id: uuid.UUID) -> list[MeetingVersion]:
    """All submitted versions of a report, the first one first."""
    return list(
        session.scalars(
            select(MeetingVersion).where(MeetingVersion.meeting_id == meeting_id).order_by(MeetingVersion.number)
        )
    )


def find_last_version(session: Session, unit_id: uuid.UUID) -> MeetingVersion | None:
    """What the cell said the last time, to prefill the next check-in."""
    return session.scalars(
        select(MeetingVersion)
        .join(Meeting, Meeting.id == MeetingVersion.meeting_id)
        .where(
            Meeting.unit_id == unit_id,
            Meeting.state.not_in(NOT_STANDING),
            MeetingVersion.number == Meeting.version,
        )
        .order_by(MeetingVersion.held_on.desc(), MeetingVersion.submitted_at.desc())
        .limit(1)
    ).one_or_none()


def list_meeting_photos(session: Session, meeting_id: uuid.UUID) -> list[Photo]:
    """The photos that a report holds now, in their order, without those that were taken back: what the cell sees and
    what its next version will hold."""
    return list(
        session.scalars(
            select(Photo)
            .join(MeetingPhoto, MeetingPhoto.photo_id == Photo.id)
            .where(MeetingPhoto.meeting_id == meeting_id, Photo.withdrawn_at.is_(None))
            .order_by(MeetingPhoto.position, Photo.id)
        )
    )


def list_version_photos(session: Session, version_id: uuid.UUID) -> list[Photo]:
    """The photos of one submitted version in their order, without those that were taken back: what the committee
    sees."""
    return list(
        session.scalars(
            select(Photo)
            .join(VersionPhoto, VersionPhoto.photo_id == Photo.id)
            .where(VersionPhoto.version_id == version_id, Photo.withdrawn_at.is_(None))
            .order_by(VersionPhoto.position, Photo.id)
        )
    )


def count_withdrawn_photos(session: Session, version_id: uuid.UUID) -> int:
    """How many photos of a submitted version were taken back since."""
    counted = session.scalar(
        select(func.count())
        .select_from(VersionPhoto)
        .join(Photo, Photo.id == VersionPhoto.photo_id)
        .where(VersionPhoto.version_id == version_id, Photo.withdrawn_at.is_not(None))
    )
    return counted or 0


def list_version_documents(session: Session, version_id: uuid.UUID) -> list[Document]:
    """The documents of one submitted version in the order of their coming, without those that were taken back."""
    return list(
        session.scalars(
            select(Document)
            .join(VersionDocument, VersionDocument.document_id == Document.id)
            .where(VersionDocument.version_id == version_id, Document.withdrawn_at.is_(None))
            .order_by(Document.received_at, Document.id)
        )
    )


def evidence_of(photos: Iterable[Photo], documents: Iterable[Document] = ()) -> Evidence:
    """How many usable photos of each purpose and files of minutes there are; what cannot be opened proves nothing."""
    usable = [photo.purpose for photo in photos if photo.state != PhotoState.UNREADABLE]
    files = [one for one in documents if one.kind == DocumentKind.MINUTES and one.scan != ScanState.INFECTED]
    return Evidence(usable.count(Purpose.OVERVIEW), usable.count(Purpose.MINUTES_PAGE), len(files))


@dataclass(frozen=True)
class ReportedMeeting:
    """A report as a list shows it."""

    meeting: Meeting
    version: MeetingVersion
    obligation: Obligation | None
    photos: int
    last_review: Review | None


def list_reported(
    session: Session, unit_id: uuid.UUID, limit: int, state: MeetingState | None = None
) -> list[ReportedMeeting]:
    """The reports of a cell and of those merged into it (in one state only, if given), newest first, with the number
    of photos and the last answer; two queries in all."""
    photos = (
        select(func.count())
        .select_from(MeetingPhoto)
        .join(Photo, Photo.id == MeetingPhoto.photo_id)
        .where(MeetingPhoto.meeting_id == Meeting.id, Photo.withdrawn_at.is_(None))
        .correlate(Meeting)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Meeting, MeetingVersion, Obligation, photos)
        .join(
            MeetingVersion,
            and_(MeetingVersion.meeting_id == Meeting.id, MeetingVersion.number == Meeting.version),
        )
        .outerjoin(Obligation, Obligation.id == Meeting.obligation_id)
        .where(
            Meeting.unit_id.in_(itself_and_predecessors(unit_id)),
            Meeting.state == state if state else Meeting.state != MeetingState.DRAFT,
        )
        .order_by(MeetingVersion.held_on.desc(), Meeting.id)
        .limit(limit)
    ).all()
    reviews = latest_reviews(session, [meeting.id for meeting, *_ in rows])
    return [
        ReportedMeeting(meeting, version, obligation, count, reviews.get(meeting.id))
        for meeting, version, obligation, count in rows
    ]


def list_reported_after(
    session: Session, unit_id: uuid.UUID, after: tuple[date, uuid.UUID] | None, limit: int
) -> list[ReportedMeeting]:
    """The reports of a cell that follow one of them, the latest meeting first; the first ones without `after`."""
    photos = (
        select(func.count())
        .select_from(VersionPhoto)
        .join(Photo, Photo.id == VersionPhoto.photo_id)
        .where(VersionPhoto.version_id == MeetingVersion.id, Photo.withdrawn_at.is_(None))
        .correlate(MeetingVersion)
        .scalar_subquery()
    )
    found = (
        select(Meeting, MeetingVersion, photos)
        .join(MeetingVersion, and_(MeetingVersion.meeting_id == Meeting.id, MeetingVersion.number == Meeting.version))
        .where(Meeting.unit_id == unit_id, Meeting.state != MeetingState.DRAFT)
        .order_by(MeetingVersion.held_on.desc(), Meeting.id)
    )
    if after is not None:
        held_on, meeting_id = after
        same_day = and_(MeetingVersion.held_on == held_on, Meeting.id > meeting_id)
        found = found.where(or_(MeetingVersion.held_on < held_on, same_day))
    rows = session.execute(found.limit(limit)).all()
    return [ReportedMeeting(meeting, version, None, count, None) for meeting, version, count in rows]


def photos_of_versions(session: Session, version_ids: list[uuid.UUID]) -> dict[uuid.UUID, list[Photo]]:
    """The photos of several versions, each in its order, without those that were taken back, in one query."""
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


def documents_of_versions(session: Session, version_ids: list[uuid.UUID]) -> dict[uuid.UUID, list[Document]]:
    """The documents of several versions in the order of their coming, without those taken back, in one query."""
    rows = session.execute(
        select(VersionDocument.version_id, Document)
        .join(Document, Document.id == VersionDocument.document_id)
        .where(VersionDocument.version_id.in_(version_ids), Document.withdrawn_at.is_(None))
        .order_by(VersionDocument.version_id, Document.received_at, Document.id)
    )
    found: dict[uuid.UUID, list[Document]] = {}
    for version_id, document in rows:
        found.setdefault(version_id, []).append(document)
    return found


def meeting_ids_of(session: Session, obligation_ids: list[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    """The report of each obligation that has one."""
    rows = session.execute(
        select(Satisfaction.obligation_id, Satisfaction.meeting_id).where(
            Satisfaction.obligation_id.in_(obligation_ids)
        )
    )
    return {row.obligation_id: row.meeting_id for row in rows}


def reports_of(session: Session, periods: Mapping[uuid.UUID, uuid.UUID | None]) -> dict[uuid.UUID, uuid.UUID]:
    """The report of each period that has one, by the period's id: its own, or that of the merged cell's period by which
    it is satisfied, and so on. `periods` says of each by which other one it is satisfied, if by any."""
    satisfied_by = dict(periods)
    while missing := {one for one in satisfied_by.values() if one} - satisfied_by.keys():
        rows = session.execute(select(Obligation.id, Obligation.satisfied_by).where(Obligation.id.in_(missing)))
        satisfied_by |= dict.fromkeys(missing) | dict(rows.all())
    reports = meeting_ids_of(session, list(satisfied_by))
    found = {}
    for period in periods:
        one: uuid.UUID | None = period
        while one is not None and one not in reports:
            one = satisfied_by[one]
        if one is not None:
            found[period] = reports[one]
    return found


def said_in(version: MeetingVersion) -> CheckIn:
    """What a submitted version says."""
    return CheckIn(
        held_on=version.held_on,
        begins_at=version.begins_at,
        ends_at=version.ends_at,
        total=version.total,
        present=version.present,
        absent_without_reason=version.absent_without_reason,
        minutes_text=version.minutes_text or "",
        resolution_made=version.resolution_made,
        details=details_from(version.details),
        told_by=version.told_by or "",
    )
