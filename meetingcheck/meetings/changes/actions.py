"""Putting mistakes right: voiding a report, having it back, moving it or a photo. Callers commit."""

import uuid
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from meetingcheck.duties.models import Obligation
from meetingcheck.duties.queries import lock_obligation
from meetingcheck.lib.db import insert_if_new
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.text import N_
from meetingcheck.meetings.actions import SAVED_BY, TWIN, days_for, has_unsent_files, lock_report
from meetingcheck.meetings.documents.actions import pass_documents
from meetingcheck.meetings.models import (
    NOT_STANDING,
    Document,
    ExtraKind,
    Meeting,
    MeetingPhoto,
    MeetingState,
    MeetingVersion,
    Task,
    VersionPhoto,
)
from meetingcheck.meetings.queries import find_reported_meeting, find_version, has_twin, said_in
from meetingcheck.meetings.reviews.actions import state_by_answers
from meetingcheck.meetings.rules import meeting_id_of
from meetingcheck.meetings.satisfying import release_all, satisfy
from meetingcheck.meetings.tasks.actions import keep_tasks, reopen_tasks_of, withdraw_answers
from meetingcheck.orgs.actions import Refused
from meetingcheck.orgs.queries import people_who_file
from meetingcheck.photos.models import Photo
from meetingcheck.record.actions import Fact, append

ACCEPTED_ALREADY = N_("Cấp trên đã ghi nhận báo cáo này. Đồng chí hãy trao đổi với cán bộ theo dõi.")
VOIDED_ABOVE = N_("Cấp trên đã hủy báo cáo này. Đồng chí hãy trao đổi với cán bộ theo dõi.")
CHANGED_MEANWHILE = N_("Báo cáo này vừa có người thay đổi. Đồng chí hãy mở lại để xem.")
OTHER_DAYS = N_("Buổi họp không diễn ra trong các ngày của kỳ này. Đồng chí hãy sửa ngày họp trước, hoặc chọn kỳ khác.")
PERIOD_TAKEN = N_("Kỳ này đã có báo cáo khác. Đồng chí hãy hủy báo cáo đó trước, hoặc chọn kỳ khác.")


def void_report(
    session: Session, meeting_id: uuid.UUID, reason: str, actor_id: uuid.UUID, now: datetime, *, by_cell: bool
) -> Meeting:
    """The report counts for nothing any more; its periods are owed again. What it said stays.

    Raises Refused when it is void already, or when the cell voids what the committee accepted.
    """
    _, meeting = lock_report(session, meeting_id)
    _keep_changeable(meeting, by_cell=by_cell)
    release_all(session, meeting, actor_id, now)
    withdraw_answers(session, meeting, now)
    meeting.state, meeting.voided_at, meeting.voided_by, meeting.void_reason = MeetingState.VOID, now, actor_id, reason
    _note_change(session, meeting, "voided", actor_id, now)
    return meeting


def restore_report(
    session: Session, meeting_id: uuid.UUID, actor_id: uuid.UUID, now: datetime, *, by_cell: bool
) -> Meeting:
    """A void report counts again, as sent. Raises Refused when another one has its period by now, or when the cell
    would have back what the committee voided."""
    obligation, meeting = lock_report(session, meeting_id)
    if meeting.state != MeetingState.VOID:
        raise Refused(CHANGED_MEANWHILE)
    if by_cell and not _cell_voided(session, meeting):
        raise Refused(VOIDED_ABOVE)
    if obligation is not None and find_reported_meeting(session, obligation.id) is not None:
        raise Refused(PERIOD_TAKEN)
    _keep_single(session, meeting, meeting.unit_id, obligation)
    meeting.state, meeting.voided_at, meeting.voided_by, meeting.void_reason = (
        state_by_answers(session, meeting),
        None,
        None,
        None,
    )
    session.flush()
    satisfy(session, meeting, actor_id, now)
    version = find_version(session, meeting)
    if version is not None:
        keep_tasks(session, meeting, said_in(version), now)
    _note_change(session, meeting, "restored", actor_id, now)
    return meeting


def move_report(
    session: Session,
    meeting_id: uuid.UUID,
    target: Obligation | None,
    actor_id: uuid.UUID,
    now: datetime,
    *,
    by_cell: bool,
    extra_kind: ExtraKind | None = None,
) -> Meeting:
    """Let a report count for another period, of another cell perhaps, or for none (`target` None: an extra meeting of
    that kind).

    It counts there as reported when it was first sent. Its photos, documents and tasks go along. Raises Refused, also
    when the meeting was held on no day of the period: else one meeting could stand for any month.
    """
    _, meeting = lock_report(session, meeting_id)
    _keep_changeable(meeting, by_cell=by_cell)
    if target is not None:
        target = lock_obligation(session, target.id)
        other = find_reported_meeting(session, target.id)
        if other is not None and other.id != meeting.id:
            raise Refused(PERIOD_TAKEN)
        _keep_day(session, meeting, target)
    _keep_single(session, meeting, target.unit_id if target else meeting.unit_id, target)
    if target is not None and target.unit_id != meeting.unit_id:
        _leave_unsent(session, meeting, now)
        _change_cell(session, meeting, target.unit_id)
        _move_tasks(session, meeting, now)
    meeting.obligation_id = target.id if target else None
    meeting.extra_kind = None if target else extra_kind or meeting.extra_kind or ExtraKind.OTHER
    session.flush()
    satisfy(session, meeting, actor_id, now)
    _note_change(session, meeting, "moved", actor_id, now)
    return meeting


def move_photo(
    session: Session,
    photo: Photo,
    from_id: uuid.UUID,
    to_id: uuid.UUID,
    actor_id: uuid.UUID,
    now: datetime,
    *,
    by_cell: bool,
) -> None:
    """Let a photo belong to another report, at its end; also in the version that the committee sees of either.

    Raises Refused when one of the two is no longer there to take it, or when the cell itself would change what the
    committee accepted.
    """
    first, second = sorted([from_id, to_id])
    locked = {meeting_id: lock_report(session, meeting_id)[1] for meeting_id in (first, second)}
    for meeting in locked.values():
        _keep_changeable(meeting, by_cell=by_cell)
    source, target = locked[from_id], locked[to_id]
    session.execute(delete(MeetingPhoto).where(MeetingPhoto.meeting_id == source.id, MeetingPhoto.photo_id == photo.id))
    last = session.scalar(select(func.max(MeetingPhoto.position)).where(MeetingPhoto.meeting_id == target.id)) or 0
    insert_if_new(session, MeetingPhoto, {"meeting_id": target.id, "photo_id": photo.id, "position": last + 1})
    _move_in_versions(session, photo, find_version(session, source), find_version(session, target))
    session.execute(update(Photo).where(Photo.id == photo.id).values(unit_id=target.unit_id))
    source.revision += 1
    target.revision += 1
    session.flush()
    facts = {"from": str(source.id), "to": str(target.id)}
    append(session, now, Fact("photo_moved", "photo", photo.id, actor_id, facts))


def _move_in_versions(
    session: Session, photo: Photo, source: MeetingVersion | None, target: MeetingVersion | None
) -> None:
    if source is not None:
        session.execute(
            delete(VersionPhoto).where(VersionPhoto.version_id == source.id, VersionPhoto.photo_id == photo.id)
        )
    if target is not None:
        last = session.scalar(select(func.max(VersionPhoto.position)).where(VersionPhoto.version_id == target.id)) or 0
        row = {"version_id": target.id, "photo_id": photo.id, "position": last + 1, "purpose": photo.purpose}
        insert_if_new(session, VersionPhoto, row)


def _cell_voided(session: Session, meeting: Meeting) -> bool:
    assert meeting.voided_at is not None
    return meeting.voided_by in people_who_file(session, meeting.unit_id, local_day(meeting.voided_at))


def _keep_changeable(meeting: Meeting, *, by_cell: bool) -> None:
    if meeting.state in NOT_STANDING:
        raise Refused(CHANGED_MEANWHILE)
    if by_cell and meeting.state == MeetingState.ACCEPTED:
        raise Refused(ACCEPTED_ALREADY)


def _keep_day(session: Session, meeting: Meeting, target: Obligation) -> None:
    version = find_version(session, meeting)
    first_day, latest_day = days_for(target)
    if version is not None and not first_day <= version.held_on <= latest_day:
        raise Refused(OTHER_DAYS)


def _keep_single(session: Session, meeting: Meeting, unit_id: uuid.UUID, obligation: Obligation | None) -> None:
    """No sitting stands in two reports of a cell."""
    version = find_version(session, meeting)
    if version is not None and has_twin(session, meeting, unit_id, obligation, said_in(version)):
        raise Refused(TWIN)


def _leave_unsent(session: Session, meeting: Meeting, now: datetime) -> None:
    """What the cell has begun to correct and not sent stays with it, as a draft: it is no other cell's to see."""
    words = {name: text for name, text in meeting.draft.items() if name != SAVED_BY}
    if not words and not has_unsent_files(session, meeting.id):
        return
    cell = people_who_file(session, meeting.unit_id, local_day(now))
    author_id = meeting.author_id if meeting.author_id in cell or not cell else cell[0]
    client_id = uuid.uuid5(meeting.client_id, f"{meeting.unit_id}/{meeting.revision}")
    left = Meeting(
        id=meeting_id_of(meeting.unit_id, author_id, client_id),
        client_id=client_id,
        unit_id=meeting.unit_id,
        obligation_id=meeting.obligation_id,
        extra_kind=meeting.extra_kind,
        state=MeetingState.DRAFT,
        author_id=author_id,
        created_at=now,
        updated_at=now,
        draft=words,
        version=0,
        revision=0,
    )
    session.add(left)
    session.flush()
    unsent = select(Photo.id).where(Photo.published_at.is_(None))
    of_report = (MeetingPhoto.meeting_id == meeting.id, MeetingPhoto.photo_id.in_(unsent))
    session.execute(update(MeetingPhoto).where(*of_report).values(meeting_id=left.id))
    documents = (Document.meeting_id == meeting.id, Document.published_at.is_(None))
    session.execute(update(Document).where(*documents).values(meeting_id=left.id))
    meeting.draft = {}
    append(session, now, Fact("draft_begun", "meeting", left.id, author_id))


def _move_tasks(session: Session, meeting: Meeting, now: datetime) -> None:
    """What the report says of tasks counts among those of its new cell; what the old one's reports said of its own
    tasks counts no more."""
    reopen_tasks_of(session, meeting)
    version = find_version(session, meeting)
    if version is not None:
        withdraw_answers(session, meeting, now)
        keep_tasks(session, meeting, said_in(version), now)


def _change_cell(session: Session, meeting: Meeting, unit_id: uuid.UUID) -> None:
    of_report = select(MeetingPhoto.photo_id).where(MeetingPhoto.meeting_id == meeting.id)
    session.execute(update(Photo).where(Photo.id.in_(of_report)).values(unit_id=unit_id))
    session.execute(update(Task).where(Task.meeting_id == meeting.id).values(unit_id=unit_id))
    pass_documents(session, meeting.id, meeting.id, unit_id)
    meeting.unit_id = unit_id


def _note_change(session: Session, meeting: Meeting, action: str, actor_id: uuid.UUID, now: datetime) -> None:
    meeting.revision += 1
    meeting.updated_at = now
    session.flush()
    append(session, now, Fact(action, "meeting", meeting.id, actor_id, {"revision": meeting.revision}))
