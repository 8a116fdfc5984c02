"""Which periods a report satisfies, and since when. Callers commit."""

import uuid
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from meetingcheck.duties.actions import mark_reported, mark_unreported
from meetingcheck.duties.models import Obligation
from meetingcheck.duties.queries import find_other_series, lock_obligation
from meetingcheck.lib.db import insert_if_new
from meetingcheck.lib.instants import last_day_before
from meetingcheck.meetings.models import NOT_STANDING, Meeting, MeetingVersion, Satisfaction
from meetingcheck.meetings.queries import find_version, list_satisfied, list_sent, said_in
from meetingcheck.meetings.rules import reported_at_of
from meetingcheck.orgs.models import Unit
from meetingcheck.orgs.queries import itself_and_predecessors


def satisfy(session: Session, meeting: Meeting, actor_id: uuid.UUID, now: datetime) -> None:
    """Say which periods a report satisfies: the one that it was filed for and, when the sitting held both, that of the
    other series on its day. A period that another report satisfies already stays with that one.

    Sent, corrected, moved or had back: it counts since the first sending that claimed the period.
    """
    version = find_version(session, meeting)
    assert version is not None
    claims = _claims(session, meeting, version)
    satisfied = {one.id: one for one in list_satisfied(session, meeting.id)}
    for obligation_id in satisfied.keys() - claims.keys():
        _release(session, satisfied[obligation_id], meeting, actor_id, now)
    for obligation_id, at in claims.items():
        obligation = lock_obligation(session, obligation_id)
        row = {"obligation_id": obligation_id, "meeting_id": meeting.id}
        if insert_if_new(session, Satisfaction, row) or obligation_id in satisfied:
            mark_reported(session, obligation, actor_id, now, at)


def judge_again(session: Session, unit_id: uuid.UUID, actor_id: uuid.UUID, now: datetime) -> None:
    """After a unit's predecessors changed, or what they reported: its own reports count since the earlier of both."""
    found = session.scalars(
        select(Meeting)
        .join(Satisfaction, Satisfaction.meeting_id == Meeting.id)
        .join(Obligation, Obligation.id == Satisfaction.obligation_id)
        .where(Obligation.unit_id == unit_id, Obligation.period.in_(_periods_of_predecessors(unit_id)))
        .distinct()
        .order_by(Meeting.id)
    ).all()
    for meeting in found:
        satisfy(session, meeting, actor_id, now)


def _periods_of_predecessors(unit_id: uuid.UUID) -> Select[str]:
    return select(Obligation.period).where(
        Obligation.unit_id.in_(itself_and_predecessors(unit_id)), Obligation.unit_id != unit_id
    )


def release_all(session: Session, meeting: Meeting, actor_id: uuid.UUID, now: datetime) -> None:
    """A report satisfies nothing any more."""
    for obligation in list_satisfied(session, meeting.id):
        _release(session, obligation, meeting, actor_id, now)


def _claims(session: Session, meeting: Meeting, version: MeetingVersion) -> dict[uuid.UUID, datetime]:
    """What the latest version of a report claims to satisfy, and since when."""
    if meeting.obligation_id is None:
        return {}
    sent = list_sent(session, meeting.id)
    own = lock_obligation(session, meeting.obligation_id)
    claims = {own.id: reported_at_of([one.submitted_at for one in sent], version.held_on)}
    # A sitting that held both satisfies the period of the other series on its day as well.
    of_both = [one for one in sent if said_in(one).details.combined]
    beside = {day: find_other_series(session, own, day) for day in {one.held_on for one in of_both}}
    other = beside[version.held_on] if version in of_both else None
    if other is not None:
        said_at = [one.submitted_at for one in of_both if beside[one.held_on] is other]
        claims[other.id] = reported_at_of(said_at, version.held_on)
    return claims


def _other_claimants(session: Session, obligation: Obligation, without: Meeting) -> Iterator[tuple[Meeting, datetime]]:
    """The cell's other standing reports that claim a period, held against other writers, and since when they do."""
    found = session.scalars(
        select(Meeting)
        .join(MeetingVersion, (MeetingVersion.meeting_id == Meeting.id) & (MeetingVersion.number == Meeting.version))
        .where(
            Meeting.unit_id == obligation.unit_id,
            Meeting.id != without.id,
            Meeting.state.not_in(NOT_STANDING),
            MeetingVersion.held_on >= min(obligation.period_from, obligation.moved_on or obligation.period_from),
            MeetingVersion.held_on <= last_day_before(obligation.closes_at),
        )
        .order_by(MeetingVersion.submitted_at, Meeting.id)
        .with_for_update(of=Meeting)
        .execution_options(populate_existing=True)
    ).all()
    for meeting in found:
        version = find_version(session, meeting)
        at = _claims(session, meeting, version).get(obligation.id) if version else None
        if at is not None:
            yield meeting, at


def _release(session: Session, obligation: Obligation, meeting: Meeting, actor_id: uuid.UUID, now: datetime) -> None:
    """The report satisfies the period no longer: the next one that claims it does, else it is owed again."""
    lock_obligation(session, obligation.id)
    held = session.get_one(Satisfaction, obligation.id)
    session.delete(held)
    session.flush()
    for other, at in _other_claimants(session, obligation, meeting):
        session.add(Satisfaction(obligation_id=obligation.id, meeting_id=other.id))
        session.flush()
        mark_reported(session, obligation, actor_id, now, at)
        return
    mark_unreported(session, obligation, actor_id, now)
    unit = session.get_one(Unit, obligation.unit_id)
    while unit.successor_id is not None:
        judge_again(session, unit.successor_id, actor_id, now)
        unit = session.get_one(Unit, unit.successor_id)
