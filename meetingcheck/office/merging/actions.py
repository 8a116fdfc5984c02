"""Several units become one, with what that means for what they owe. Callers commit."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from meetingcheck.duties.actions import settle_merger
from meetingcheck.duties.jobs import MAKE
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.jobs import enqueue
from meetingcheck.meetings.drafts.actions import pass_drafts
from meetingcheck.meetings.drafts.queries import authors_left_behind
from meetingcheck.meetings.satisfying import judge_again
from meetingcheck.orgs.actions import NewUnit, found_checked, merge_into
from meetingcheck.orgs.models import Unit
from meetingcheck.orgs.queries import secretaries_of


@dataclass(frozen=True)
class Merger:
    """Which units become one, into which unit (one that exists or a new one), from which day, by which decision."""

    units: Sequence[Unit]
    into: Unit | NewUnit
    on: date
    document: str


def merge(session: Session, merger: Merger, actor_id: uuid.UUID, now: datetime) -> Unit:
    """Merge, settle what everybody owes, and pass on what was begun and not sent; the successor. Raises Refused."""
    into = merger.into
    successor = found_checked(session, into, actor_id, now) if isinstance(into, NewUnit) else into
    merge_into(session, merger.units, successor, merger.on, merger.document, actor_id, now)
    settle_merger(session, [unit.id for unit in merger.units], successor.id, merger.on, now)
    judge_again(session, successor.id, actor_id, now)
    secretaries = secretaries_of(session, [successor.id], local_day(now)).get(successor.id, [])
    left = authors_left_behind(session, successor.id, local_day(now))
    if secretaries and left:  # else whoever becomes its secretary takes over
        pass_drafts(session, successor.id, left, secretaries[0], actor_id, now)
    enqueue(session, MAKE, {}, now)
    return successor
