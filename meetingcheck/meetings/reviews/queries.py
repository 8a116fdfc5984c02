"""Reading what the committee answered and what both sides said, who may speak, and what waits for an answer."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from meetingcheck.accounts.actor import Actor
from meetingcheck.accounts.models import User
from meetingcheck.duties.rules import Month
from meetingcheck.meetings.models import Meeting, MeetingState, MeetingVersion, Remark, Review, Verdict
from meetingcheck.meetings.reviews.rules import SAME_WORDS, UNDO
from meetingcheck.orgs.access import Right, has_right
from meetingcheck.orgs.models import Unit
from meetingcheck.orgs.queries import seen_below

ANSWERS = (Verdict.NOTE, Verdict.ASK_TO_ADD)
ANSWERED = (MeetingState.RETURNED, MeetingState.ACCEPTED)
SENT = (MeetingState.SUBMITTED, *ANSWERED)
REMARKS_SHOWN = 100

_Shown = aliased(MeetingVersion)  # the version that people see: the latest one


def _counts() -> ColumnElement[bool]:
    """Marks to see a report later are no answers, and neither is what was undone."""
    return and_(Review.verdict.in_(ANSWERS), Review.undone_at.is_(None))


def latest_reviews(session: Session, meeting_ids: list[uuid.UUID]) -> dict[uuid.UUID, Review]:
    """The last answer to each report."""
    found = session.scalars(
        select(Review).where(Review.meeting_id.in_(meeting_ids), _counts()).order_by(Review.at, Review.id)
    )
    return {review.meeting_id: review for review in found}


def list_reviews(session: Session, meeting_id: uuid.UUID) -> list[tuple[Review, str]]:
    """All answers to a report with the reviewers' names, oldest first; without what was undone."""
    rows = session.execute(
        select(Review, User.name)
        .join(User, User.id == Review.reviewer_id)
        .where(Review.meeting_id == meeting_id, _counts())
        .order_by(Review.at, Review.id)
    )
    return [(review, name) for review, name in rows]


def find_last_answer(session: Session, meeting_id: uuid.UUID) -> Review | None:
    """The answer that stands, if any."""
    return session.scalars(
        select(Review)
        .where(Review.meeting_id == meeting_id, _counts())
        .order_by(Review.at.desc(), Review.id.desc())
        .limit(1)
    ).one_or_none()


def find_mark(session: Session, meeting: Meeting, reviewer_id: uuid.UUID) -> Review | None:
    """The reviewer's own mark to see the present version later."""
    return session.scalars(
        select(Review)
        .where(
            Review.meeting_id == meeting.id,
            Review.version == meeting.version,
            Review.reviewer_id == reviewer_id,
            Review.verdict == Verdict.SEE_LATER,
            Review.undone_at.is_(None),
        )
        .order_by(Review.at.desc())
        .limit(1)
    ).one_or_none()


def find_review(session: Session, review_id: uuid.UUID) -> Review | None:
    return session.scalars(select(Review).where(Review.id == review_id)).one_or_none()


@dataclass(frozen=True)
class Undoable:
    """An answer that its reviewer can still take back."""

    review: Review
    unit_name: str
    held_on: date


def find_undoable(session: Session, reviewer_id: uuid.UUID, now: datetime) -> Undoable | None:
    """The reviewer's latest answer of the last minute."""
    row = session.execute(
        select(Review, Unit.name, MeetingVersion.held_on)
        .join(Meeting, Meeting.id == Review.meeting_id)
        .join(Unit, Unit.id == Meeting.unit_id)
        .join(
            MeetingVersion,
            and_(MeetingVersion.meeting_id == Meeting.id, MeetingVersion.number == Review.version),
        )
        .where(Review.reviewer_id == reviewer_id, Review.at > now - UNDO, _counts())
        .order_by(Review.at.desc(), Review.id.desc())
        .limit(1)
    ).one_or_none()
    return Undoable(row[0], row[1], row[2]) if row else None


def may_review(session: Session, actor: Actor, meeting: Meeting, today: date) -> bool:
    """Whether a person may answer a report: the direct superior's reviewer does, but nobody who filed any of it."""
    filed = select(MeetingVersion.id).where(
        MeetingVersion.meeting_id == meeting.id, MeetingVersion.submitted_by == actor.user_id
    )
    if meeting.author_id == actor.user_id or session.scalar(filed.limit(1)) is not None:
        return False
    return has_right(session, actor, Right.REVIEW, meeting.unit_id, today)


# --- what waits


@dataclass(frozen=True)
class Progress:
    """How many of a committee's reports of a month were answered."""

    answered: int
    reports: int


def count_answered(session: Session, committee_id: uuid.UUID, month: Month, today: date) -> Progress:
    answered, reports = session.execute(
        select(func.coalesce(func.sum(case((Meeting.state.in_(ANSWERED), 1), else_=0)), 0), func.count())
        .select_from(Meeting)
        .join(_Shown, and_(_Shown.meeting_id == Meeting.id, _Shown.number == Meeting.version))
        .where(*_held_in(committee_id, month, today), Meeting.state.in_(SENT))
    ).one()
    return Progress(int(answered), reports)


def find_next_waiting(
    session: Session,
    committee_id: uuid.UUID,
    month: Month,
    reviewer_id: uuid.UUID,
    current: MeetingVersion | None,
    today: date,
) -> uuid.UUID | None:
    """The report that this reviewer looks at after the current one, or first of all: those marked to be seen later come
    last, and whoever passed some by comes back to them at the end. None when nothing else waits."""
    filed = exists().where(MeetingVersion.meeting_id == Meeting.id, MeetingVersion.submitted_by == reviewer_id)
    marked = exists().where(
        Review.meeting_id == Meeting.id,
        Review.version == Meeting.version,
        Review.reviewer_id == reviewer_id,
        Review.verdict == Verdict.SEE_LATER,
        Review.undone_at.is_(None),
    )
    found = (
        select(Meeting.id)
        .join(_Shown, and_(_Shown.meeting_id == Meeting.id, _Shown.number == Meeting.version))
        .where(
            *_held_in(committee_id, month, today),
            Meeting.state == MeetingState.SUBMITTED,
            Meeting.author_id != reviewer_id,
            ~filed,
        )
        .order_by(case((marked, 1), else_=0))
    )
    if current is not None:
        still_to_come = or_(
            _Shown.submitted_at > current.submitted_at,
            and_(_Shown.submitted_at == current.submitted_at, Meeting.id > current.meeting_id),
        )
        found = found.where(Meeting.id != current.meeting_id).order_by(case((still_to_come, 0), else_=1))
    return session.scalars(found.order_by(_Shown.submitted_at, Meeting.id).limit(1)).one_or_none()


@dataclass(frozen=True)
class Overdue:
    """A report to which the cell has added nothing by the day that it was given."""

    meeting_id: uuid.UUID
    unit_name: str
    answer_by: date


def list_overdue(session: Session, committee_id: uuid.UUID, today: date, limit: int) -> list[Overdue]:
    """What a committee asked its cells to add and they did not in time, the longest overdue first."""
    asked_by = (
        select(Review.answer_by)
        .where(Review.meeting_id == Meeting.id, _counts())
        .order_by(Review.at.desc(), Review.id.desc())
        .limit(1)
        .correlate(Meeting)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Meeting.id, Unit.name, asked_by.label("answer_by"))
        .join(Unit, Unit.id == Meeting.unit_id)
        .where(_directly_below(committee_id, today), Meeting.state == MeetingState.RETURNED, asked_by < today)
        .order_by(asked_by, Unit.name_sort, Meeting.id)
        .limit(limit)
    )
    return [Overdue(meeting_id, name, answer_by) for meeting_id, name, answer_by in rows if answer_by]


def _directly_below(committee_id: uuid.UUID, today: date) -> ColumnElement[bool]:
    """Reports of the cells directly below a committee, and of those merged into them."""
    return Meeting.unit_id.in_(seen_below([committee_id], today, directly=True))


def _held_in(committee_id: uuid.UUID, month: Month, today: date) -> tuple[ColumnElement[bool], ...]:
    """Those of meetings that were held in a month, as the version that is shown says."""
    held = _Shown.held_on >= month.first_day, _Shown.held_on <= month.last_day
    return (_directly_below(committee_id, today), *held)


# --- the conversation


@dataclass(frozen=True)
class Talk:
    """The newest contributions in the order of their writing, with names, and how many there are in all."""

    remarks: list[tuple[Remark, str]]
    total: int


def load_talk(session: Session, meeting_id: uuid.UUID) -> Talk:
    newest = session.execute(
        select(Remark, User.name, func.count().over())
        .join(User, User.id == Remark.author_id)
        .where(Remark.meeting_id == meeting_id)
        .order_by(Remark.at.desc(), Remark.id.desc())
        .limit(REMARKS_SHOWN)
    ).all()
    return Talk([(remark, name) for remark, name, _ in reversed(newest)], newest[0][2] if newest else 0)


def was_just_said(session: Session, meeting_id: uuid.UUID, author_id: uuid.UUID, text: str, now: datetime) -> bool:
    """Whether a person said the same about a meeting within the last minute."""
    said = exists().where(
        Remark.meeting_id == meeting_id,
        Remark.author_id == author_id,
        Remark.at > now - SAME_WORDS,
        Remark.text == text,
    )
    return bool(session.scalar(select(said)))


def list_remarks_after(
    session: Session, meeting_id: uuid.UUID, after: tuple[datetime, uuid.UUID] | None, limit: int
) -> list[tuple[Remark, str]]:
    """The contributions that precede one of them, with names, newest first; the newest ones without `after`."""
    found = select(Remark, User.name).join(User, User.id == Remark.author_id).where(Remark.meeting_id == meeting_id)
    if after is not None:
        at, remark_id = after
        found = found.where(or_(Remark.at < at, and_(Remark.at == at, Remark.id < remark_id)))
    rows = session.execute(found.order_by(Remark.at.desc(), Remark.id.desc()).limit(limit))
    return [(remark, name) for remark, name in rows]
