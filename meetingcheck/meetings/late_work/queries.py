"""Reading what waits, and what the server knows of when it was begun."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from meetingcheck.accounts.models import User
from meetingcheck.duties.models import Obligation
from meetingcheck.duties.queries import find_obligation
from meetingcheck.lib.instants import local_day
from meetingcheck.meetings.actions import days_for
from meetingcheck.meetings.late_work.models import LateDocument, LatePhoto, LateState, LateWork
from meetingcheck.meetings.late_work.rules import correction_id_of, earliest, is_kept
from meetingcheck.meetings.models import ExtraKind, Meeting
from meetingcheck.meetings.queries import find_meeting
from meetingcheck.meetings.rules import meeting_id_of
from meetingcheck.orgs.models import Unit
from meetingcheck.orgs.queries import itself_and_predecessors
from meetingcheck.photos.models import Photo


@dataclass(frozen=True)
class What:
    """The report that something is for, as a phone names it: its own UUID with a period or an extra meeting, or a
    report that was sent."""

    unit_id: uuid.UUID
    client_id: uuid.UUID
    obligation_id: uuid.UUID | None = None
    extra_kind: ExtraKind | None = None
    meeting_id: uuid.UUID | None = None

    def late_id(self, author_id: uuid.UUID) -> uuid.UUID:
        """The id of the held work that this is when it comes late from this person."""
        if self.meeting_id is not None:
            return correction_id_of(self.meeting_id, author_id)
        return meeting_id_of(self.unit_id, author_id, self.client_id)


def keeps(
    session: Session, what: What, author_id: uuid.UUID, ended_on: date, today: date, held_on: date | None = None
) -> bool:
    """Whether work for this report is kept, from somebody whose role has ended. `held_on` is the meeting's day as it
    was typed. What adds to a held work was judged when that came."""
    known = find_late_work(session, what.late_id(author_id))
    begun_on = known.ended_on if known else _begun_on(session, what, held_on)
    return is_kept(ended_on, begun_on, today)


def _begun_on(session: Session, what: What, held_on: date | None) -> date | None:
    """The earliest day on which it can have been begun, by what the server knows; see the rules."""
    if what.meeting_id is not None:
        report = find_meeting(session, what.meeting_id)
        return local_day(report.created_at) if report else None
    draft_at = session.scalar(
        select(func.min(Meeting.created_at)).where(Meeting.unit_id == what.unit_id, Meeting.client_id == what.client_id)
    )
    drafted_on = local_day(draft_at) if draft_at else None
    obligation = find_obligation(session, what.obligation_id) if what.obligation_id else None
    if obligation is not None:
        return earliest(days_for(obligation)[0], drafted_on)
    return earliest(drafted_on, held_on)


def find_late_work(session: Session, work_id: uuid.UUID) -> LateWork | None:
    return session.scalars(select(LateWork).where(LateWork.id == work_id)).one_or_none()


def find_own_late_work(session: Session, author_id: uuid.UUID, obligation_id: uuid.UUID) -> LateWork | None:
    """What a person handed in late for a period, the latest first."""
    return session.scalars(
        select(LateWork)
        .where(LateWork.author_id == author_id, LateWork.obligation_id == obligation_id)
        .order_by(LateWork.arrived_at.desc(), LateWork.id)
        .limit(1)
    ).one_or_none()


def count_waiting(session: Session, author_id: uuid.UUID) -> int:
    waiting = LateWork.state == LateState.WAITING
    return session.scalar(select(func.count()).where(LateWork.author_id == author_id, waiting)) or 0


@dataclass(frozen=True)
class Waiting:
    """A held work as a list names it: with who sent it, for which cell."""

    work: LateWork
    author: str
    cell: str
    obligation: Obligation | None


def list_waiting(session: Session, unit_id: uuid.UUID) -> list[Waiting]:
    """What waits about a cell or one that was merged into it, the oldest first."""
    return _list_waiting(session, LateWork.unit_id.in_(itself_and_predecessors(unit_id)))


def list_own_waiting(session: Session, author_id: uuid.UUID) -> list[Waiting]:
    """What one person handed in late that waits, the oldest first."""
    return _list_waiting(session, LateWork.author_id == author_id)


def _list_waiting(session: Session, which: ColumnElement[bool]) -> list[Waiting]:
    rows = session.execute(
        select(LateWork, User.name, Unit.name, Obligation)
        .join(User, User.id == LateWork.author_id)
        .join(Unit, Unit.id == LateWork.unit_id)
        .outerjoin(Obligation, Obligation.id == LateWork.obligation_id)
        .where(which, LateWork.state == LateState.WAITING)
        .order_by(LateWork.arrived_at, LateWork.id)
    )
    return [Waiting(work, author, cell, obligation) for work, author, cell, obligation in rows]


def list_due(session: Session, after: uuid.UUID | None, limit: int, *which: ColumnElement[bool]) -> list[uuid.UUID]:
    """The ids of held works of a kind, in portions: those that follow one of them."""
    found = select(LateWork.id).where(*which).order_by(LateWork.id).limit(limit)
    return list(session.scalars(found.where(LateWork.id > after) if after else found))


def list_late_photos(session: Session, work_id: uuid.UUID) -> list[Photo]:
    """The photos that came with a held work, without those that were taken back."""
    return list(
        session.scalars(
            select(Photo)
            .join(LatePhoto, LatePhoto.photo_id == Photo.id)
            .where(LatePhoto.late_work_id == work_id, Photo.withdrawn_at.is_(None))
            .order_by(LatePhoto.position, Photo.id)
        )
    )


def list_late_documents(session: Session, work_id: uuid.UUID) -> list[LateDocument]:
    """The documents that came with a held work."""
    found = select(LateDocument).where(LateDocument.late_work_id == work_id)
    return list(session.scalars(found.order_by(LateDocument.name, LateDocument.document_id)))


def find_late_photo(session: Session, work_id: uuid.UUID, photo_id: uuid.UUID) -> Photo | None:
    """One of them."""
    return next((one for one in list_late_photos(session, work_id) if one.id == photo_id), None)


def waits(until: datetime | None = None) -> list[ColumnElement[bool]]:
    """What waits for a decision; with `until`, what nobody may wait for any longer than until then."""
    state = LateWork.state == LateState.WAITING
    return [state] if until is None else [state, LateWork.expires_at <= until]
