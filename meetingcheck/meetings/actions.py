"""Filing a check-in, correcting it, and saying which periods it satisfies. Callers commit."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from meetingcheck.duties.models import Obligation
from meetingcheck.duties.queries import lock_obligation, policies_for
from meetingcheck.duties.rules import parse_period
from meetingcheck.lib.db import insert_if_new
from meetingcheck.lib.instants import last_day_before, local_day
from meetingcheck.lib.text import N_
from meetingcheck.meetings.contents import content_of, content_sha256
from meetingcheck.meetings.documents.actions import add_document, publish_documents
from meetingcheck.meetings.documents.actions import take_back as take_back_document
from meetingcheck.meetings.documents.ingest import StoredDocument
from meetingcheck.meetings.documents.queries import list_documents
from meetingcheck.meetings.forms import parse_check_in
from meetingcheck.meetings.models import (
    CORRECTABLE,
    Document,
    ExtraKind,
    Meeting,
    MeetingPhoto,
    MeetingState,
    MeetingVersion,
    VersionDocument,
    VersionPhoto,
)
from meetingcheck.meetings.queries import (
    evidence_of,
    find_reported_meeting,
    find_version,
    has_twin,
    list_meeting_photos,
    list_version_documents,
    list_version_photos,
)
from meetingcheck.meetings.rules import base_of, check, meeting_id_of, reordered
from meetingcheck.meetings.satisfying import satisfy
from meetingcheck.meetings.tasks.actions import keep_tasks
from meetingcheck.meetings.values import CheckIn, Expected, Field, Problem
from meetingcheck.photos.actions import add_photo, publish_photos
from meetingcheck.photos.actions import take_back as take_back_photo
from meetingcheck.photos.ingest import StoredPhoto
from meetingcheck.photos.models import Photo, Purpose
from meetingcheck.record.actions import Fact, append

# In a draft, beside the typed fields: the session that saved it last, and whether a report link had opened that one.
SAVED_BY, SAVED_BY_LINK = "saved_by", "saved_by_link"
SAVED_ABOVE = "saved_above"  # the committee saved it, of what the cell told on the telephone
MARKS = {SAVED_BY, SAVED_BY_LINK, SAVED_ABOVE}
TWIN = N_("Chi bộ đã có báo cáo một buổi trùng ngày, trùng giờ. Đồng chí hãy mở báo cáo đó để sửa, bổ sung.")
EXTRA_MEETING_DAYS = 366  # how far back an extra meeting may be reported, in days


class Outcome(StrEnum):
    FILED = "filed"  # sent now, or the same sending repeated
    SAVED = "saved"  # kept as a draft, as was asked
    INCOMPLETE = "incomplete"  # kept as a draft, with sentences
    REPORTED_ALREADY = "reported_already"  # this period has another report
    CHANGED_AFTER_SENDING = "changed_after_sending"  # the same report was sent before with other content
    CHANGED_MEANWHILE = "changed_meanwhile"  # somebody else wrote in it after the form was opened
    CLOSED = "closed"  # accepted or void: nothing can be corrected any more
    MOVED = "moved"  # it stands in another cell now
    TAKEN_OVER = "taken_over"  # the cell itself has begun to correct what the committee filed for it
    UNCHANGED = "unchanged"  # a correction that says what was said before


class Arrange(StrEnum):
    """What can be done with a file that arrived before."""

    UP = "up"
    DOWN = "down"
    REMOVE = "remove"


@dataclass(frozen=True)
class Filed:
    """What became of a sending. `meeting_id` is the report to show."""

    outcome: Outcome
    meeting_id: uuid.UUID
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class Sending:
    """One sending of the check-in form: the phone's own UUID, what was typed, and the photos stored before.

    `revision` is the meeting's when the form was opened, None when the sender does not know any. `session_id` is the
    sign-in that sends, so that going back in the same browser is no conflict, `by_link` whether a report link opened
    it. `purposes`, `order` and `arrange` change files that arrived before.
    """

    client_id: uuid.UUID
    typed: Mapping[str, str]
    photos: Sequence[StoredPhoto]
    documents: Sequence[StoredDocument] = ()
    problems: Sequence[Problem] = ()  # found before, for instance photos that are none
    revision: int | None = None
    session_id: uuid.UUID | None = None
    by_link: bool = False
    keep_as_draft: bool = False
    by_telephone: bool = False
    purposes: Mapping[uuid.UUID, Purpose] = field(default_factory=dict)
    order: Sequence[uuid.UUID] = ()  # photos as the phone shows them
    arrange: tuple[Arrange, uuid.UUID] | None = None


@dataclass(frozen=True)
class Target:
    """What is reported: the meeting of a period, or an extra one of a cell."""

    unit_id: uuid.UUID
    obligation: Obligation | None = None
    extra_kind: ExtraKind | None = None


def file_check_in(
    session: Session, obligation_id: uuid.UUID, sending: Sending, author_id: uuid.UUID, now: datetime
) -> Filed:
    """Keep what was sent, and send it when nothing is missing. Repeating it changes nothing.

    Photos and text are kept in any case, so an incomplete sending loses nothing.
    """
    obligation = lock_obligation(session, obligation_id)
    return _file(session, Target(obligation.unit_id, obligation), _as_own(sending), author_id, now)


def file_extra(
    session: Session, unit_id: uuid.UUID, kind: ExtraKind, sending: Sending, author_id: uuid.UUID, now: datetime
) -> Filed:
    """The same for a meeting that no period asks for; it satisfies none."""
    return _file(session, Target(unit_id, None, kind), _as_own(sending), author_id, now)


def _as_own(sending: Sending) -> Sending:
    """Who telephoned is said by whom was telephoned: the cell itself cannot have its report stand as told."""
    if sending.by_telephone:
        return sending
    return replace(sending, typed={name: text for name, text in sending.typed.items() if name != Field.TOLD_BY})


def _file(session: Session, target: Target, sending: Sending, author_id: uuid.UUID, now: datetime) -> Filed:
    meeting = begin_or_get(session, target, sending.client_id, author_id, now)
    if meeting.unit_id != target.unit_id:
        return Filed(Outcome.MOVED, meeting.id)
    check_in = parse_check_in(sending.typed, days_for(target.obligation) if target.obligation else None)
    if meeting.state != MeetingState.DRAFT:
        return _answer_repeat(session, meeting, check_in, sending)
    _take_in_files(session, meeting, sending, author_id, now)
    if _changed_meanwhile(meeting, sending):
        return Filed(Outcome.CHANGED_MEANWHILE, meeting.id)
    _keep_draft(session, meeting, target, sending, now)
    _arrange_files(session, meeting, sending, author_id, now)
    other = find_reported_meeting(session, target.obligation.id) if target.obligation else None
    if other is not None:
        return Filed(Outcome.REPORTED_ALREADY, other.id)
    return _settle(session, meeting, target.obligation, check_in, sending, author_id, now)


def _settle(
    session: Session,
    meeting: Meeting,
    obligation: Obligation | None,
    check_in: CheckIn,
    sending: Sending,
    author_id: uuid.UUID,
    now: datetime,
) -> Filed:
    if sending.keep_as_draft:
        return Filed(Outcome.SAVED, meeting.id)
    problems = [*sending.problems, *_problems(session, meeting, obligation, check_in, sending, now)]
    if problems:
        return Filed(Outcome.INCOMPLETE, meeting.id, problems)
    _submit(session, meeting, obligation, check_in, author_id, now)
    return Filed(Outcome.FILED, meeting.id)


def correct_report(
    session: Session, meeting_id: uuid.UUID, sending: Sending, author_id: uuid.UUID, now: datetime
) -> Filed:
    """Send a further version of a report that is not accepted yet. What is the same as before makes no version.

    A correction that is incomplete is kept beside the version that was sent, which stays what the committee sees.
    """
    obligation, meeting = lock_report(session, meeting_id)
    sending = _as_own(sending)
    if meeting.state not in CORRECTABLE:
        return Filed(Outcome.CLOSED, meeting.id)
    if sending.by_telephone and begun_by_cell(session, meeting):
        return Filed(Outcome.TAKEN_OVER, meeting.id)
    check_in = parse_check_in(sending.typed, days_for(obligation) if obligation else None)
    if _is_repeat(session, meeting, check_in, sending):
        # A sending whose answer was lost comes from a form that is older than what it made of the report.
        new_form = sending.revision == meeting.revision
        return Filed(Outcome.UNCHANGED if new_form else Outcome.FILED, meeting.id)
    _take_in_files(session, meeting, sending, author_id, now)
    if _changed_meanwhile(meeting, sending):
        return Filed(Outcome.CHANGED_MEANWHILE, meeting.id)
    _keep_draft(session, meeting, None, sending, now)
    _arrange_files(session, meeting, sending, author_id, now)
    return _settle(session, meeting, obligation, check_in, sending, author_id, now)


def lock_report(session: Session, meeting_id: uuid.UUID) -> tuple[Obligation | None, Meeting]:
    """A report and the period it was filed for, held against other writers. Raises NoResultFound.

    The period first, as filing does: two orders could wait for each other for ever.
    """
    obligation_id = session.execute(select(Meeting.obligation_id).where(Meeting.id == meeting_id)).scalar_one()
    obligation = lock_obligation(session, obligation_id) if obligation_id else None
    locked = select(Meeting).where(Meeting.id == meeting_id).with_for_update()
    return obligation, session.scalars(locked.execution_options(populate_existing=True)).one()


def begin_or_get(
    session: Session, target: Target, client_id: uuid.UUID, author_id: uuid.UUID, now: datetime
) -> Meeting:
    """The report that a person knows by their own UUID, begun now if there is none, held against other writers."""
    meeting_id = meeting_id_of(target.unit_id, author_id, client_id)
    begun = insert_if_new(
        session,
        Meeting,
        {
            "id": meeting_id,
            "client_id": client_id,
            "unit_id": target.unit_id,
            "obligation_id": target.obligation.id if target.obligation else None,
            "extra_kind": target.extra_kind,
            "state": MeetingState.DRAFT,
            "author_id": author_id,
            "created_at": now,
            "updated_at": now,
            "draft": {},
            "version": 0,
            "revision": 0,
        },
    )
    meeting = session.scalars(
        select(Meeting).where(Meeting.id == meeting_id).with_for_update().execution_options(populate_existing=True)
    ).one()
    if begun:
        append(session, now, Fact("draft_begun", "meeting", meeting.id, author_id))
    return meeting


def _changed_meanwhile(meeting: Meeting, sending: Sending) -> bool:
    """Whether another browser wrote other words into it after this form was opened."""
    if sending.revision is None or sending.revision == meeting.revision:
        return False
    return meeting.draft.get(SAVED_BY) != str(sending.session_id) and typed_in(meeting) != dict(sending.typed)


def saved_here(meeting: Meeting, session_id: uuid.UUID) -> bool:
    """Whether this very sign-in saved the draft last."""
    return bool(meeting.draft.get(SAVED_BY) == str(session_id))


def saved_by_link(meeting: Meeting) -> bool:
    """Whether what stands in the draft was written by a report link: then whoever came by one may go on with it."""
    return SAVED_BY_LINK in meeting.draft


def typed_in(meeting: Meeting) -> dict[str, str]:
    """What stands in a draft, without the marks of who saved it."""
    return {name: text for name, text in meeting.draft.items() if name not in MARKS}


def begun_by_cell(session: Session, meeting: Meeting) -> bool:
    """Whether the cell has begun a correction of a report that the committee may correct too: what the cell has typed
    and photographed and not sent is nobody else's to see."""
    if typed_in(meeting):
        return SAVED_ABOVE not in meeting.draft
    return has_unsent_files(session, meeting.id)


def has_unsent_files(session: Session, meeting_id: uuid.UUID) -> bool:
    """Whether a report has photos or documents that no sending has shown to anybody."""
    published = [
        *(photo.published_at for photo in list_meeting_photos(session, meeting_id)),
        *(document.published_at for document in list_documents(session, meeting_id)),
    ]
    return None in published


def _keep_draft(session: Session, meeting: Meeting, target: Target | None, sending: Sending, now: datetime) -> None:
    if target is not None:
        meeting.obligation_id = target.obligation.id if target.obligation else None
        meeting.extra_kind = target.extra_kind
    said = {SAVED_BY_LINK: sending.by_link, SAVED_ABOVE: sending.by_telephone}
    marks = {mark: "yes" for mark, holds in said.items() if holds}
    meeting.draft = {**sending.typed, SAVED_BY: str(sending.session_id), **marks}
    meeting.revision += 1
    meeting.updated_at = now
    session.flush()


def _answer_repeat(session: Session, meeting: Meeting, check_in: CheckIn, sending: Sending) -> Filed:
    """The answer to a sending may be lost on the way: the same again gets the same answer, other content does not."""
    if meeting.state == MeetingState.VOID:
        return Filed(Outcome.CLOSED, meeting.id)
    same = _is_repeat(session, meeting, check_in, sending)
    return Filed(Outcome.FILED if same else Outcome.CHANGED_AFTER_SENDING, meeting.id)


def _is_repeat(session: Session, meeting: Meeting, check_in: CheckIn, sending: Sending) -> bool:
    version = find_version(session, meeting)
    if version is None or version.content_sha256 != content_sha256(check_in) or sending.keep_as_draft:
        return False
    documents = set(
        session.scalars(select(VersionDocument.document_id).where(VersionDocument.version_id == version.id))
    )
    if not {document.document_id for document in sending.documents} <= documents:
        return False
    sent = list_version_photos(session, version.id)
    known = {photo.id: photo.purpose for photo in sent}
    return (
        all(known.get(photo.photo_id) == photo.purpose for photo in sending.photos)
        and all(known.get(photo_id, purpose) == purpose for photo_id, purpose in sending.purposes.items())
        and [photo.id for photo in list_meeting_photos(session, meeting.id)] == [photo.id for photo in sent]
        and list_documents(session, meeting.id) == list_version_documents(session, version.id)
    )


def _take_in_files(session: Session, meeting: Meeting, sending: Sending, author_id: uuid.UUID, now: datetime) -> None:
    """Also of a sending that comes second: what was photographed is never lost, and takes nothing from anybody."""
    for document in sending.documents:
        add_document(session, document, meeting.unit_id, meeting.id, author_id, now)
    attach_photos(session, meeting, sending.photos, author_id, now)
    session.flush()


def _arrange_files(session: Session, meeting: Meeting, sending: Sending, author_id: uuid.UUID, now: datetime) -> None:
    attached = {photo.id: photo for photo in list_meeting_photos(session, meeting.id)}
    for photo_id, purpose in sending.purposes.items():
        if photo_id in attached and attached[photo_id].purpose != purpose:
            attached[photo_id].purpose = purpose
    if (order := reordered(list(attached), sending.order)) != list(attached):
        _put_in_order(session, meeting, order)
    if sending.arrange is not None:
        _arrange(session, meeting, list(attached.values()), *sending.arrange, author_id, now)
    session.flush()


def attach_photos(
    session: Session, meeting: Meeting, photos: Sequence[StoredPhoto], author_id: uuid.UUID, now: datetime
) -> None:
    """Let stored photos belong to a report, after those that it has."""
    for photo in photos:
        add_photo(session, photo, meeting.unit_id, author_id, now)
    join_photos(session, meeting, [photo.photo_id for photo in photos])


def join_photos(session: Session, meeting: Meeting, photo_ids: Sequence[uuid.UUID]) -> None:
    """Let known photos belong to a report, after those that it has."""
    last = session.scalar(select(func.max(MeetingPhoto.position)).where(MeetingPhoto.meeting_id == meeting.id))
    for position, photo_id in enumerate(photo_ids, start=(last or 0) + 1):
        row = {"meeting_id": meeting.id, "photo_id": photo_id, "position": position}
        insert_if_new(session, MeetingPhoto, row)


def _arrange(
    session: Session,
    meeting: Meeting,
    photos: list[Photo],
    how: Arrange,
    file_id: uuid.UUID,
    author_id: uuid.UUID,
    now: datetime,
) -> None:
    """Move a photo one place among those of the report (at an end it stays), or take back a photo or a document."""
    if how == Arrange.REMOVE:
        for photo in photos:
            if photo.id == file_id:
                take_back_photo(session, photo, author_id, now)
        for document in list_documents(session, meeting.id):
            if document.id == file_id:
                take_back_document(session, document, author_id, now)
        return
    order = [photo.id for photo in photos]
    if file_id not in order:
        return
    index = order.index(file_id) + (1 if how == Arrange.DOWN else -1)
    order.remove(file_id)
    order.insert(max(index, 0), file_id)
    _put_in_order(session, meeting, order)


def _put_in_order(session: Session, meeting: Meeting, order: Sequence[uuid.UUID]) -> None:
    for position, photo_id in enumerate(order, start=1):
        session.execute(
            update(MeetingPhoto)
            .where(MeetingPhoto.meeting_id == meeting.id, MeetingPhoto.photo_id == photo_id)
            .values(position=position)
        )


def days_for(obligation: Obligation) -> tuple[date, date]:
    """The first and the last day on which a meeting may be held for a period: its own days, those on which it may
    still be reported, and an earlier one that it was moved to."""
    first_day = parse_period(obligation.period).first_day
    return min(first_day, obligation.moved_on or first_day), last_day_before(obligation.closes_at)


def expected_of(
    session: Session, obligation: Obligation, held_on: date | None, *, by_telephone: bool = False
) -> Expected:
    """What a report of this obligation is measured against; length and evidence by the policy on the meeting's day."""
    period = parse_period(obligation.period)
    first_day, latest_day = days_for(obligation)
    return Expected(
        first_day=first_day,
        period_from=period.first_day,
        period_last=period.last_day,
        latest_day=latest_day,
        by_telephone=by_telephone,
        **_asked_by_policy(session, obligation.unit_id, held_on or obligation.period_from),
    )


def expected_of_extra(session: Session, unit_id: uuid.UUID, held_on: date | None, today: date) -> Expected:
    """What an extra meeting is measured against: it belongs to no period and has no shortest length."""
    asked = _asked_by_policy(session, unit_id, held_on or today)
    earliest = today - timedelta(days=EXTRA_MEETING_DAYS)
    return Expected(earliest, None, None, today, **{**asked, "minimum_minutes": 0, "combined_minutes": 0})


def _asked_by_policy(session: Session, unit_id: uuid.UUID, day: date) -> dict[str, Any]:
    policy = policies_for(session, [unit_id], day).get(unit_id)
    if policy is None:
        return {"minimum_minutes": 0}
    return {
        "minimum_minutes": policy.minimum_minutes,
        "combined_minutes": policy.combined_minutes,
        "overviews_asked": policy.overviews_asked,
        "minutes_asked": policy.minutes_asked,
        "absent_names_asked": policy.absent_names_asked,
    }


def _problems(
    session: Session,
    meeting: Meeting,
    obligation: Obligation | None,
    check_in: CheckIn,
    sending: Sending,
    now: datetime,
) -> list[Problem]:
    today = local_day(now)
    if obligation is not None:
        expected = expected_of(session, obligation, check_in.held_on, by_telephone=sending.by_telephone)
    else:
        expected = expected_of_extra(session, meeting.unit_id, check_in.held_on, today)
    if has_twin(session, meeting, meeting.unit_id, obligation, check_in):
        return [Problem(Field.BEGINS_AT, TWIN)]
    evidence = evidence_of(list_meeting_photos(session, meeting.id), list_documents(session, meeting.id))
    return check(check_in, evidence, expected, today)


def _submit(
    session: Session,
    meeting: Meeting,
    obligation: Obligation | None,
    check_in: CheckIn,
    author_id: uuid.UUID,
    now: datetime,
) -> None:
    meeting.version += 1
    meeting.revision += 1
    meeting.state, meeting.updated_at, meeting.draft = MeetingState.SUBMITTED, now, {}
    version = _version_of(meeting, check_in, author_id, now)
    session.add(version)
    session.flush()
    photos = list_meeting_photos(session, meeting.id)
    documents = list_documents(session, meeting.id)
    _keep_version_files(session, version, photos, documents)
    publish_photos(session, [photo.id for photo in photos], now)
    publish_documents(session, [document.id for document in documents], now)
    facts = {
        "version": version.number,
        "content": version.content_sha256,
        "photos": [photo.sha256 for photo in photos],
        "documents": [document.sha256 for document in documents],
    }
    append(session, now, Fact("submitted", "meeting", meeting.id, author_id, facts))
    keep_tasks(session, meeting, check_in, now)
    satisfy(session, meeting, author_id, now)


def _version_of(meeting: Meeting, check_in: CheckIn, author_id: uuid.UUID, now: datetime) -> MeetingVersion:
    """A checked check-in as the next version of a report."""
    base = base_of(check_in)
    assert check_in.held_on is not None
    assert check_in.begins_at is not None
    assert check_in.ends_at is not None
    assert check_in.total is not None
    assert base is not None
    assert check_in.present is not None
    assert check_in.absent_without_reason is not None
    assert check_in.resolution_made is not None
    return MeetingVersion(
        id=uuid.uuid4(),
        meeting_id=meeting.id,
        number=meeting.version,
        submitted_at=now,
        submitted_by=author_id,
        content_sha256=content_sha256(check_in),
        held_on=check_in.held_on,
        begins_at=check_in.begins_at,
        ends_at=check_in.ends_at,
        total=check_in.total,
        base=base,
        present=check_in.present,
        absent_without_reason=check_in.absent_without_reason,
        minutes_text=check_in.minutes_text or None,
        resolution_made=check_in.resolution_made,
        details=content_of(check_in)["details"],
        told_by=check_in.told_by or None,
    )


def _keep_version_files(
    session: Session, version: MeetingVersion, photos: Sequence[Photo], documents: Sequence[Document]
) -> None:
    session.add_all(VersionDocument(version_id=version.id, document_id=document.id) for document in documents)
    session.add_all(
        VersionPhoto(version_id=version.id, photo_id=photo.id, position=position, purpose=photo.purpose)
        for position, photo in enumerate(photos, start=1)
    )
    session.flush()
