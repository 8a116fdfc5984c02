"""Filing a check-in and answering it. Callers commit."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from meetingcheck.duties.actions import mark_reported
from meetingcheck.duties.models import Obligation
from meetingcheck.duties.queries import lock_obligation, policies_for
from meetingcheck.duties.rules import Month
from meetingcheck.lib.db import insert_if_new
from meetingcheck.lib.instants import last_day_before, local_day
from meetingcheck.lib.registries import JobKind
from meetingcheck.meetings.forms import parse_check_in
from meetingcheck.meetings.models import Meeting, MeetingPhoto, MeetingState, MeetingVersion, Review, Verdict
from meetingcheck.meetings.queries import (
    evidence_of,
    find_reported_meeting,
    find_version,
    list_drafts_of,
    list_meeting_photos,
)
from meetingcheck.meetings.rules import CheckIn, Expected, Problem, check, content_sha256, meeting_id_of
from meetingcheck.photos.actions import add_photo, publish_photos
from meetingcheck.photos.ingest import StoredPhoto
from meetingcheck.record.actions import Fact, append

PASS_DRAFTS = JobKind("meetings.pass_drafts", lane="alerts")


class Outcome(StrEnum):
    FILED = "filed"  # sent now, or the same sending repeated
    INCOMPLETE = "incomplete"  # kept as a draft, with sentences
    REPORTED_ALREADY = "reported_already"  # this period has another report
    CHANGED_AFTER_SENDING = "changed_after_sending"  # the same report was sent before with other content


@dataclass(frozen=True)
class Filed:
    """What became of a sending. `meeting_id` is the report to show."""

    outcome: Outcome
    meeting_id: uuid.UUID
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class Sending:
    """One sending of the check-in form: the phone's own UUID, what was typed, and the photos stored before."""

    client_id: uuid.UUID
    typed: Mapping[str, str]
    photos: Sequence[StoredPhoto]
    problems: Sequence[Problem] = ()  # found before, for instance photos that are none


def file_check_in(
    session: Session, obligation_id: uuid.UUID, sending: Sending, author_id: uuid.UUID, now: datetime
) -> Filed:
    """Keep what was sent, and send it when nothing is missing. Repeating it changes nothing.

    Photos and text are kept in any case, so an incomplete sending loses nothing.
    """
    obligation = lock_obligation(session, obligation_id)
    meeting = _begin_or_get(session, obligation, sending, author_id, now)
    check_in = parse_check_in(sending.typed)
    if meeting.state != MeetingState.DRAFT:
        return _answer_repeat(session, meeting, check_in, sending)
    _attach_photos(session, meeting, sending.photos, author_id, now)
    other = find_reported_meeting(session, obligation.id)
    if other is not None:
        return Filed(Outcome.REPORTED_ALREADY, other.id)
    problems = [*sending.problems, *_problems(session, meeting, obligation, check_in, now)]
    if problems:
        return Filed(Outcome.INCOMPLETE, meeting.id, problems)
    _submit(session, meeting, obligation, check_in, author_id, now)
    return Filed(Outcome.FILED, meeting.id)


def _begin_or_get(
    session: Session, obligation: Obligation, sending: Sending, author_id: uuid.UUID, now: datetime
) -> Meeting:
    meeting_id = meeting_id_of(obligation.unit_id, author_id, sending.client_id)
    begun = insert_if_new(
        session,
        Meeting,
        {
            "id": meeting_id,
            "client_id": sending.client_id,
            "unit_id": obligation.unit_id,
            "obligation_id": obligation.id,
            "state": MeetingState.DRAFT,
            "author_id": author_id,
            "created_at": now,
            "updated_at": now,
            "draft": {},
            "version": 0,
        },
    )
    meeting = session.scalars(
        select(Meeting).where(Meeting.id == meeting_id).execution_options(populate_existing=True)
    ).one()
    if begun:
        append(session, now, Fact("draft_begun", "meeting", meeting.id, author_id))
    if meeting.state == MeetingState.DRAFT:
        meeting.obligation_id, meeting.draft, meeting.updated_at = obligation.id, dict(sending.typed), now
        session.flush()
    return meeting


def _answer_repeat(session: Session, meeting: Meeting, check_in: CheckIn, sending: Sending) -> Filed:
    """The answer to a sending may be lost on the way: the same again gets the same answer, other content does not."""
    version = find_version(session, meeting)
    known = {photo.id for photo in list_meeting_photos(session, meeting.id)}
    same = (
        version is not None
        and version.content_sha256 == content_sha256(check_in)
        and all(photo.photo_id in known for photo in sending.photos)
    )
    return Filed(Outcome.FILED if same else Outcome.CHANGED_AFTER_SENDING, meeting.id)


def _attach_photos(
    session: Session, meeting: Meeting, photos: Sequence[StoredPhoto], author_id: uuid.UUID, now: datetime
) -> None:
    last = session.scalar(select(func.max(MeetingPhoto.position)).where(MeetingPhoto.meeting_id == meeting.id))
    for position, photo in enumerate(photos, start=(last or 0) + 1):
        add_photo(session, photo, meeting.unit_id, author_id, now)
        insert_if_new(
            session,
            MeetingPhoto,
            {"meeting_id": meeting.id, "photo_id": photo.photo_id, "position": position},
        )


def expected_of(session: Session, obligation: Obligation, held_on: date | None) -> Expected:
    """What a report of this obligation is measured against; the length by the policy on the meeting's day."""
    month = Month.of(obligation.period_from)
    policies = policies_for(session, [obligation.unit_id], held_on or obligation.period_from)
    policy = policies.get(obligation.unit_id)
    latest_day = last_day_before(obligation.closes_at)
    return Expected(month.first_day, month.last_day, latest_day, policy.minimum_minutes if policy else 0)


def _problems(
    session: Session, meeting: Meeting, obligation: Obligation, check_in: CheckIn, now: datetime
) -> list[Problem]:
    evidence = evidence_of(list_meeting_photos(session, meeting.id))
    return check(check_in, evidence, expected_of(session, obligation, check_in.held_on), local_day(now))


def _submit(
    session: Session,
    meeting: Meeting,
    obligation: Obligation,
    check_in: CheckIn,
    author_id: uuid.UUID,
    now: datetime,
) -> None:
    assert check_in.held_on is not None
    assert check_in.begins_at is not None
    assert check_in.ends_at is not None
    assert check_in.total is not None
    assert check_in.present is not None
    assert check_in.absent_without_reason is not None
    assert check_in.resolution_made is not None
    meeting.version += 1
    meeting.state, meeting.updated_at, meeting.draft = MeetingState.SUBMITTED, now, {}
    version = MeetingVersion(
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
        present=check_in.present,
        absent_without_reason=check_in.absent_without_reason,
        minutes_text=check_in.minutes_text or None,
        resolution_made=check_in.resolution_made,
    )
    session.add(version)
    session.flush()
    photos = list_meeting_photos(session, meeting.id)
    publish_photos(session, [photo.id for photo in photos], now)
    mark_reported(session, obligation, author_id, now)
    facts = {
        "version": version.number,
        "content": version.content_sha256,
        "photos": [photo.sha256 for photo in photos],
    }
    append(session, now, Fact("submitted", "meeting", meeting.id, author_id, facts))


def answer_report(
    session: Session, meeting: Meeting, verdict: Verdict, comment: str | None, reviewer_id: uuid.UUID, now: datetime
) -> Review:
    """Put the committee's answer on record. A returned report stays reported."""
    review = Review(
        id=uuid.uuid4(),
        meeting_id=meeting.id,
        version=meeting.version,
        verdict=verdict,
        comment=comment,
        reviewer_id=reviewer_id,
        at=now,
    )
    session.add(review)
    meeting.state = MeetingState.ACCEPTED if verdict == Verdict.NOTE else MeetingState.RETURNED
    meeting.updated_at = now
    session.flush()
    append(session, now, Fact("answered", "meeting", meeting.id, reviewer_id, {"verdict": verdict.value}))
    return review


def pass_drafts(
    session: Session,
    unit_id: uuid.UUID,
    from_ids: Sequence[uuid.UUID],
    to_id: uuid.UUID,
    actor_id: uuid.UUID | None,
    now: datetime,
) -> int:
    """Give what predecessors began and did not send to their successor, photos included; the number of drafts.

    A report's id follows from its author, so the draft gets a new one, under which the successor's phone finds it.
    """
    drafts = list_drafts_of(session, unit_id, from_ids)
    for old in drafts:
        new = Meeting(
            id=meeting_id_of(unit_id, to_id, old.client_id),
            client_id=old.client_id,
            unit_id=unit_id,
            obligation_id=old.obligation_id,
            state=MeetingState.DRAFT,
            author_id=to_id,
            created_at=old.created_at,
            updated_at=now,
            draft=dict(old.draft),
            version=0,
        )
        session.add(new)
        session.flush()
        session.execute(update(MeetingPhoto).where(MeetingPhoto.meeting_id == old.id).values(meeting_id=new.id))
        session.delete(old)
        append(session, now, Fact("draft_passed", "meeting", new.id, actor_id, {"before": str(old.id)}))
    session.flush()
    return len(drafts)
