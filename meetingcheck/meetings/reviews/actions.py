"""Answering a report, taking an answer back, and speaking about a report. Callers commit."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from meetingcheck.lib.instants import local_day
from meetingcheck.lib.jobs import enqueue
from meetingcheck.lib.registries import JobKind
from meetingcheck.meetings.models import Meeting, MeetingState, MeetingVersion, Remark, Review, Verdict
from meetingcheck.meetings.reviews.forms import Answer, Seen
from meetingcheck.meetings.reviews.queries import (
    SENT,
    find_last_answer,
    find_mark,
    find_review,
    was_just_said,
)
from meetingcheck.meetings.reviews.rules import undo_until
from meetingcheck.messages.actions import News, mark_read, tell
from meetingcheck.messages.queries import list_unread
from meetingcheck.orgs.access import Right, people_with_right
from meetingcheck.orgs.models import Unit
from meetingcheck.orgs.queries import people_who_file
from meetingcheck.record.actions import Fact, append

TELL_ANSWER = JobKind("reviews.tell_answer", lane="alerts")
ANSWERED_NEWS = "meetings.answered"
REMARK_NEWS = "meetings.remark"
STATES = {Verdict.NOTE: MeetingState.ACCEPTED, Verdict.ASK_TO_ADD: MeetingState.RETURNED}


class Outcome(StrEnum):
    GIVEN = "given"  # kept now, or the same answer repeated
    CORRECTED = "corrected"  # the cell sent another version meanwhile
    ANSWERED = "answered"  # somebody answered meanwhile
    NOT_SENT = "not_sent"  # a draft, or a report that was declared void


def lock_meeting(session: Session, meeting_id: uuid.UUID) -> Meeting | None:
    """The report, held against other writers until the transaction ends."""
    return session.scalars(
        select(Meeting).where(Meeting.id == meeting_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()


def give_answer(
    session: Session, meeting_id: uuid.UUID, seen: Seen, answer: Answer, reviewer_id: uuid.UUID, now: datetime
) -> Outcome:
    """Answer the version that the reviewer saw, unless it is no longer the one to answer; nothing is overwritten.

    The cell hears of it when the answer can no longer be taken back.
    """
    meeting = lock_meeting(session, meeting_id)
    if meeting is None or meeting.state not in SENT:
        return Outcome.NOT_SENT
    if meeting.version != seen.version:
        return Outcome.CORRECTED
    last = find_last_answer(session, meeting.id)
    if last is not None and last.id != seen.last_answer:
        return Outcome.GIVEN if _repeats(last, meeting, answer, reviewer_id) else Outcome.ANSWERED
    if answer.verdict == Verdict.SEE_LATER:
        if find_mark(session, meeting, reviewer_id) is None:
            answer_report(session, meeting, answer.verdict, None, reviewer_id, now)
        return Outcome.GIVEN
    review = answer_report(
        session, meeting, answer.verdict, answer.comment or None, reviewer_id, now, answer_by=answer.answer_by
    )
    key = f"{TELL_ANSWER.name}:{review.id}"
    enqueue(session, TELL_ANSWER, {"review": str(review.id)}, now, unique_key=key, run_at=undo_until(now))
    return Outcome.GIVEN


def _repeats(last: Review, meeting: Meeting, answer: Answer, reviewer_id: uuid.UUID) -> bool:
    """Two taps on a button, or a page that was sent again, are one answer."""
    said = (last.version, last.verdict, last.comment, last.answer_by, last.reviewer_id)
    return said == (meeting.version, answer.verdict, answer.comment or None, answer.answer_by, reviewer_id)


def answer_report(
    session: Session,
    meeting: Meeting,
    verdict: Verdict,
    comment: str | None,
    reviewer_id: uuid.UUID,
    now: datetime,
    *,
    answer_by: date | None = None,
) -> Review:
    """Put the committee's answer on record. A returned report stays reported; a mark to see it later changes nothing.

    Tells nobody: that is `give_answer`'s.
    """
    review = Review(
        id=uuid.uuid4(),
        meeting_id=meeting.id,
        version=meeting.version,
        verdict=verdict,
        comment=comment,
        reviewer_id=reviewer_id,
        at=now,
        answer_by=answer_by,
    )
    session.add(review)
    if verdict in STATES:
        meeting.state, meeting.updated_at = STATES[verdict], now
    session.flush()
    facts = {"verdict": verdict.value, "version": meeting.version}
    append(session, now, Fact("answered", "meeting", meeting.id, reviewer_id, facts))
    return review


def state_by_answers(session: Session, meeting: Meeting) -> MeetingState:
    """The state of a report that was sent, by the last answer to its latest version that still stands."""
    last = find_last_answer(session, meeting.id)
    answered = last is not None and last.version == meeting.version
    return STATES[last.verdict] if last is not None and answered else MeetingState.SUBMITTED


def undo_answer(session: Session, review_id: uuid.UUID, reviewer_id: uuid.UUID, now: datetime) -> bool:
    """Take an answer back as if it had not been given; False when its minute is over. A second time changes nothing."""
    review = find_review(session, review_id)
    meeting = lock_meeting(session, review.meeting_id) if review else None
    if review is None or meeting is None or review.reviewer_id != reviewer_id:
        return False
    session.refresh(review)  # the other one who held the report may have taken it back
    if review.undone_at is not None:
        return True
    if now >= undo_until(review.at):
        return False
    review.undone_at = now
    session.flush()
    if meeting.state in SENT:
        meeting.state, meeting.updated_at = state_by_answers(session, meeting), now
    session.flush()
    append(session, now, Fact("answer_undone", "meeting", meeting.id, reviewer_id, {"review": str(review.id)}))
    return True


def tell_answer(session: Session, review_id: uuid.UUID, now: datetime) -> int:
    """Tell the cell of an answer that was not taken back, to a report that still stands as it was answered; the number
    of people told now. Once for each person, however often it is called."""
    review = find_review(session, review_id)
    meeting = lock_meeting(session, review.meeting_id) if review else None
    if review is None or meeting is None:
        return 0
    session.refresh(review)
    if review.undone_at is not None or meeting.state not in SENT or meeting.version != review.version:
        return 0
    params = {
        **_about(session, meeting),
        "verdict": review.verdict.value,
        "comment": review.comment or "",
        "answer_by": review.answer_by.strftime("%d/%m/%Y") if review.answer_by else "",
    }
    people = sorted(people_who_file(session, meeting.unit_id, local_day(now)))
    told = [
        tell(session, user_id, News(ANSWERED_NEWS, f"answered:{user_id}:{review.id}", params, can_wait=True), now)
        for user_id in people
    ]
    return sum(told)


def _about(session: Session, meeting: Meeting) -> dict[str, str]:
    """How a message names a meeting, and where it leads."""
    held_on = session.scalars(
        select(MeetingVersion.held_on).where(
            MeetingVersion.meeting_id == meeting.id, MeetingVersion.number == meeting.version
        )
    ).one()
    unit = session.get_one(Unit, meeting.unit_id)
    return {"cell": unit.name, "day": held_on.strftime("%d/%m/%Y"), "path": f"/meetings/{meeting.id}"}


@dataclass(frozen=True)
class Speaker:
    """Somebody who speaks about a report, for the cell or for the committee."""

    user_id: uuid.UUID
    by_cell: bool


def add_remark(session: Session, meeting_id: uuid.UUID, text: str, speaker: Speaker, now: datetime) -> bool:
    """Keep a contribution to the conversation and tell everybody else who takes part in it; False when the report
    cannot be spoken about. Whoever has an unread message about this conversation gets no second one.

    The same words again within a minute are two taps on a button: they are kept once."""
    meeting = lock_meeting(session, meeting_id)
    if meeting is None or meeting.version == 0:
        return False
    if was_just_said(session, meeting_id, speaker.user_id, text, now):
        return True
    remark = Remark(
        id=uuid.uuid4(), meeting_id=meeting.id, author_id=speaker.user_id, at=now, by_cell=speaker.by_cell, text=text
    )
    session.add(remark)
    session.flush()
    append(session, now, Fact("remarked", "meeting", meeting.id, speaker.user_id, {"remark": str(remark.id)}))
    _tell_of_remark(session, meeting, remark, now)
    return True


def _tell_of_remark(session: Session, meeting: Meeting, remark: Remark, now: datetime) -> None:
    today, talk = local_day(now), f"remark:{meeting.id}:"
    # Whoever speaks has seen what was said before.
    mark_read(session, [one.id for one in list_unread(session, [remark.author_id], talk)], now)
    people = {
        *people_who_file(session, meeting.unit_id, today),
        *people_with_right(session, Right.REVIEW, meeting.unit_id, today),
    } - {remark.author_id}
    waiting = {one.user_id for one in list_unread(session, people, talk)}
    params = {**_about(session, meeting), "by_cell": remark.by_cell, "text": remark.text}
    for user_id in sorted(people - waiting):
        tell(session, user_id, News(REMARK_NEWS, f"{talk}{user_id}:{remark.id}", params, can_wait=True), now)


def is_of_cell(session: Session, user_id: uuid.UUID, unit_id: uuid.UUID, day: date) -> bool:
    """Whether a person speaks for the cell."""
    return user_id in people_who_file(session, unit_id, day)
