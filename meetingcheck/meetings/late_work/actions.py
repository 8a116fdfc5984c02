"""Holding work that comes late, taking it into a report, discarding it. Callers commit."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from meetingcheck.accounts.models import User
from meetingcheck.duties.models import Obligation
from meetingcheck.duties.queries import lock_obligation
from meetingcheck.lib.db import insert_if_new
from meetingcheck.lib.instants import local_day
from meetingcheck.meetings.actions import (
    SAVED_BY,
    SAVED_BY_LINK,
    Target,
    begin_or_get,
    join_photos,
    lock_report,
    typed_in,
)
from meetingcheck.meetings.documents.actions import add_document
from meetingcheck.meetings.documents.ingest import StoredDocument
from meetingcheck.meetings.documents.outcomes import DocumentFormat
from meetingcheck.meetings.drafts.actions import pass_draft
from meetingcheck.meetings.late_work.models import LateDocument, LatePhoto, LateState, LateWork
from meetingcheck.meetings.late_work.news import tell_decided, tell_waiting
from meetingcheck.meetings.late_work.queries import What, count_waiting, list_late_documents, list_late_photos
from meetingcheck.meetings.late_work.rules import MOST_DOCUMENTS, MOST_PHOTOS, MOST_WAITING, kept_until
from meetingcheck.meetings.models import CORRECTABLE, NOT_STANDING, Document, ExtraKind, Meeting, MeetingState
from meetingcheck.meetings.queries import find_meeting, find_reported_meeting
from meetingcheck.orgs.access import Right, people_with_right
from meetingcheck.orgs.models import Role
from meetingcheck.photos.actions import hold_photo, release_photos, take_back
from meetingcheck.photos.ingest import StoredPhoto
from meetingcheck.photos.models import Photo, Purpose
from meetingcheck.record.actions import Fact, append

OPEN = {MeetingState.DRAFT, *CORRECTABLE}


class TooMuch(Exception):
    """The person has handed in too many works that wait already, or this one holds too many photos."""


class WasDiscarded(Exception):
    """Somebody has decided that this work is not wanted."""


class Decided(Exception):
    """Somebody else decided, or the time was over, before this decision."""


class NoPlace(Exception):
    """There is no report that this could be taken into: the one that was sent is settled, or nobody reports for the
    cell."""


@dataclass(frozen=True)
class Sender:
    """Whose work comes late, and since when without the right."""

    author_id: uuid.UUID
    ended_on: date


@dataclass(frozen=True)
class Brought:
    """What one sending brings: the fields as typed (None for a photo alone), files that are stored, and what it says
    of photos that came before."""

    typed: Mapping[str, str] | None = None
    photos: Sequence[StoredPhoto] = ()
    documents: Sequence[StoredDocument] = ()
    by_link: bool = False
    removed_id: uuid.UUID | None = None
    purposes: Mapping[uuid.UUID, Purpose] = field(default_factory=dict)
    claimed_at: datetime | None = None  # of the photos, as the phone says


def hold(session: Session, what: What, sender: Sender, brought: Brought, now: datetime) -> int:
    """Keep what came late, beside what came before of it; the number of files for which there was no more room.
    Repeating it changes nothing. What comes after a work was taken in waits anew.

    Raises TooMuch and WasDiscarded.
    """
    work, begun = _begin_or_get(session, what, sender, now)
    if work.state == LateState.DISCARDED:
        raise WasDiscarded
    changed = _keep_typed(work, what, brought)
    came, left_out = _keep_photos(session, work, brought, now)
    documents, documents_left_out = _keep_documents(session, work, brought.documents)
    _rearrange(session, work, brought, now)
    if begun or ((changed or came or documents) and work.state == LateState.TAKEN_IN):
        _wait(session, work, now)
    session.flush()
    return left_out + documents_left_out


def _begin_or_get(session: Session, what: What, sender: Sender, now: datetime) -> tuple[LateWork, bool]:
    # Two sendings of one person come one after the other, so that they are counted. The key stays free: whoever decides
    # at this moment holds the work and refers to this person.
    session.execute(select(User.id).where(User.id == sender.author_id).with_for_update(key_share=True))
    work_id = what.late_id(sender.author_id)
    found = lock_late_work(session, work_id)
    if found is not None:
        return found, False
    if count_waiting(session, sender.author_id) >= MOST_WAITING:
        raise TooMuch
    row: dict[str, Any] = {
        "id": work_id,
        "client_id": what.client_id,
        "unit_id": what.unit_id,
        "obligation_id": what.obligation_id,
        "extra_kind": what.extra_kind,
        "meeting_id": what.meeting_id,
        "author_id": sender.author_id,
        "ended_on": sender.ended_on,
        "typed": {},
        "state": LateState.WAITING,
        "arrived_at": now,
        "expires_at": kept_until(now),
    }
    insert_if_new(session, LateWork, row)
    work = lock_late_work(session, work_id)
    assert work is not None
    return work, True


def ensure_room(session: Session, what: What, author_id: uuid.UUID) -> None:
    """Raises TooMuch when a person has handed in too much for one more photo of this report to be kept."""
    work = session.get(LateWork, what.late_id(author_id))
    if work is None and count_waiting(session, author_id) >= MOST_WAITING:
        raise TooMuch
    if work is not None and len(list_late_photos(session, work.id)) >= MOST_PHOTOS:
        raise TooMuch


def lock_late_work(session: Session, work_id: uuid.UUID) -> LateWork | None:
    """A held work, held against other writers."""
    locked = select(LateWork).where(LateWork.id == work_id).with_for_update()
    return session.scalars(locked.execution_options(populate_existing=True)).one_or_none()


def _wait(session: Session, work: LateWork, now: datetime) -> None:
    """It waits from now on, and whoever may decide hears of it."""
    work.state, work.arrived_at, work.expires_at = LateState.WAITING, now, kept_until(now)
    work.decided_at = work.decided_by = None
    session.flush()
    append(session, now, Fact("late_work_held", "late_work", work.id, work.author_id, {"unit": str(work.unit_id)}))
    tell_waiting(session, work, now)


def _keep_typed(work: LateWork, what: What, brought: Brought) -> bool:
    if brought.typed is None:
        return False
    work.extra_kind = what.extra_kind
    mark = {SAVED_BY_LINK: "yes"} if brought.by_link else {}
    changed = typed_of(work) != dict(brought.typed)
    work.typed = {**brought.typed, **mark}
    return changed


def typed_of(work: LateWork) -> dict[str, str]:
    """The fields as typed, without the mark of who sent them."""
    return {name: text for name, text in work.typed.items() if name != SAVED_BY_LINK}


def _keep_photos(session: Session, work: LateWork, brought: Brought, now: datetime) -> tuple[int, int]:
    """How many photos are new, and for how many there was no room. One that belongs to a report already, because it
    came before the role ended, stays there as it is."""
    last = session.scalar(select(func.max(LatePhoto.position)).where(LatePhoto.late_work_id == work.id)) or 0
    came = left_out = 0
    for stored in brought.photos:
        known = session.get(Photo, stored.photo_id) is not None
        if not known and last + 1 > MOST_PHOTOS:
            left_out += 1
            continue
        if not hold_photo(session, stored, work.unit_id, work.author_id, now):
            continue
        row = {"photo_id": stored.photo_id, "late_work_id": work.id, "position": last + 1}
        if insert_if_new(session, LatePhoto, row):
            last, came = last + 1, came + 1
        if brought.claimed_at is not None:
            session.get_one(Photo, stored.photo_id).claimed_at = brought.claimed_at
    return came, left_out


def _keep_documents(session: Session, work: LateWork, documents: Sequence[StoredDocument]) -> tuple[int, int]:
    """The same for documents."""
    kept = {one.document_id for one in list_late_documents(session, work.id)}
    came = left_out = 0
    for stored in documents:
        if stored.document_id in kept or session.get(Document, stored.document_id) is not None:
            continue
        if len(kept) >= MOST_DOCUMENTS:
            left_out += 1
            continue
        kept.add(stored.document_id)
        came += 1
        session.add(
            LateDocument(
                document_id=stored.document_id,
                late_work_id=work.id,
                kind=stored.kind,
                name=stored.name,
                format=stored.format.value,
                sha256=stored.sha256,
                size=stored.size,
            )
        )
    session.flush()
    return came, left_out


def _rearrange(session: Session, work: LateWork, brought: Brought, now: datetime) -> None:
    """Its sender may still take back a photo that was sent by mistake, or say that it shows something else."""
    for photo in list_late_photos(session, work.id):
        photo.purpose = brought.purposes.get(photo.id, photo.purpose)
        if photo.id == brought.removed_id:
            take_back(session, photo, work.author_id, now)


# --- deciding


def take_in(session: Session, work_id: uuid.UUID, actor_id: uuid.UUID, now: datetime) -> Meeting:
    """Take a held work into the report of whoever reports for the cell now, to be looked over and sent by them: into a
    draft; or, when the period is reported already, its photos into that report for its next version.

    A secretary takes it into a draft of their own; when a reviewer takes it in, it is for the cell's secretary. Nobody
    files by taking in, so whoever reviews has not filed. Raises Decided and NoPlace.
    """
    obligation, work = _lock_both(session, work_id)
    meeting = _destination(session, work, obligation, actor_id, now)
    if meeting.state == MeetingState.DRAFT:
        meeting.draft = _merged(meeting, typed_of(work))
        meeting.extra_kind = work.extra_kind or meeting.extra_kind
        meeting.revision += 1
        meeting.updated_at = now
    photos = [photo.id for photo in list_late_photos(session, work.id)]
    release_photos(session, photos)
    join_photos(session, meeting, photos)
    session.execute(delete(LatePhoto).where(LatePhoto.late_work_id == work.id))
    documents = _hand_over_documents(session, work, meeting, now)
    work.joined_id = meeting.id
    facts = {"meeting": str(meeting.id), "photos": len(photos), "documents": documents}
    _decide(session, work, LateState.TAKEN_IN, actor_id, now, facts)
    return meeting


def _hand_over_documents(session: Session, work: LateWork, meeting: Meeting, now: datetime) -> int:
    """From now on they are documents of the report, and are scanned as all are; how many."""
    documents = list_late_documents(session, work.id)
    for one in documents:
        file_format = DocumentFormat(one.format)
        stored = StoredDocument(one.document_id, one.kind, one.name, file_format, one.sha256, one.size)
        add_document(session, stored, meeting.unit_id, meeting.id, work.author_id, now)
        session.delete(one)
    session.flush()
    return len(documents)


def discard(session: Session, work_id: uuid.UUID, actor_id: uuid.UUID | None, now: datetime) -> None:
    """It is not wanted, or nobody decided in time (`actor_id` None): what was typed is forgotten, its photos are
    taken back, its documents are left to the sweep. Raises Decided."""
    _, work = _lock_both(session, work_id)
    photos = list_late_photos(session, work.id)
    for photo in photos:
        take_back(session, photo, actor_id, now)
    session.execute(delete(LateDocument).where(LateDocument.late_work_id == work.id))
    work.typed = {}
    _decide(session, work, LateState.DISCARDED, actor_id, now, {"photos": len(photos)})


def forget_typed(session: Session, work_id: uuid.UUID) -> None:
    """What was taken in is in its report; the words as they came are not kept for ever."""
    work = lock_late_work(session, work_id)
    if work is not None and work.state == LateState.TAKEN_IN:
        work.typed = {}


def _lock_both(session: Session, work_id: uuid.UUID) -> tuple[Obligation | None, LateWork]:
    """The period first, as filing does: two orders could wait for each other for ever."""
    obligation_id = session.execute(select(LateWork.obligation_id).where(LateWork.id == work_id)).scalar_one()
    obligation = lock_obligation(session, obligation_id) if obligation_id else None
    work = lock_late_work(session, work_id)
    if work is None or work.state != LateState.WAITING:
        raise Decided
    return obligation, work


def _decide(
    session: Session,
    work: LateWork,
    state: LateState,
    actor_id: uuid.UUID | None,
    now: datetime,
    facts: Mapping[str, Any],
) -> None:
    work.state, work.decided_at, work.decided_by = state, now, actor_id
    session.flush()
    append(session, now, Fact(f"late_work_{state.value}", "late_work", work.id, actor_id, dict(facts)))
    tell_decided(session, work, now)


def heir_of(session: Session, unit_id: uuid.UUID, actor_id: uuid.UUID, now: datetime) -> uuid.UUID | None:
    """Whose draft a held work becomes: the secretary's who takes it in, else the cell's secretary's; None if there is
    none."""
    deciders = people_with_right(session, Right.CONFIRM_LATE, unit_id, local_day(now))
    secretaries = sorted(user_id for user_id, role in deciders.items() if role == Role.SECRETARY)
    return actor_id if actor_id in secretaries else next(iter(secretaries), None)


def find_sent(session: Session, work: LateWork) -> Meeting | None:
    """The report that was sent already and that a held work could only add to: the one that it corrects, the sender's
    own, or another's for the same period."""
    if work.meeting_id is not None:
        return find_meeting(session, work.meeting_id)
    own = find_meeting(session, work.id)
    if own is not None and own.state not in NOT_STANDING:
        return own
    return find_reported_meeting(session, work.obligation_id) if work.obligation_id else None


def _destination(
    session: Session, work: LateWork, obligation: Obligation | None, actor_id: uuid.UUID, now: datetime
) -> Meeting:
    """The report to take it into. A draft that its sender had begun here before the role ended goes along, if it was
    not passed on with the role. Raises NoPlace."""
    sent = find_sent(session, work)
    if sent is not None:
        return _open(lock_report(session, sent.id)[1])
    to_id = heir_of(session, work.unit_id, actor_id, now)
    if to_id is None:
        raise NoPlace
    target = Target(work.unit_id, obligation, None if obligation else work.extra_kind or ExtraKind.UNSCHEDULED)
    begun = find_meeting(session, work.id)
    if begun is not None and begun.state == MeetingState.DRAFT and to_id != work.author_id:
        passed = What(work.unit_id, work.client_id).late_id(to_id)
        if find_meeting(session, passed) is None:
            return pass_draft(session, begun, to_id, actor_id, now)
    return _open(begin_or_get(session, target, work.client_id, to_id, now))


def _open(meeting: Meeting) -> Meeting:
    if meeting.state not in OPEN:
        raise NoPlace
    return meeting


def _merged(meeting: Meeting, late: Mapping[str, str]) -> dict[str, str]:
    """The words of a draft with those that came late. Where whoever goes on with the draft has saved it, their words
    stay and only what they left empty is filled; else the draft is an older state of the same words."""
    marks = {name: text for name, text in meeting.draft.items() if name in {SAVED_BY, SAVED_BY_LINK}}
    typed = typed_in(meeting)
    if SAVED_BY not in meeting.draft:
        return {**typed, **late, **marks}
    return {**typed, **{name: text for name, text in late.items() if not typed.get(name)}, **marks}
