"""Each day: whoever became secretary or reviewer meanwhile hears what waits; what nobody decided on ends."""

import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.registries import JobKind
from meetingcheck.meetings.late_work.actions import Decided, discard, forget_typed, lock_late_work
from meetingcheck.meetings.late_work.models import LateState, LateWork
from meetingcheck.meetings.late_work.news import tell_ending, tell_waiting
from meetingcheck.meetings.late_work.queries import list_due, waits
from meetingcheck.meetings.late_work.rules import KEPT_FOR, REMINDED_BEFORE

FOLLOW_LATE_WORK = JobKind("meetings.late_work", lane="alerts", every=timedelta(days=1))
AT_A_TIME = 200


def follow_late_work(_params: dict[str, Any], now: datetime) -> None:
    """Running it twice tells nobody twice and discards nothing twice."""
    for work_id in _each(*waits(until=now)):
        with write_transaction() as session:
            _discard(session, work_id, now)
    for work_id in _each(*waits()):
        with write_transaction() as session:
            _tell(session, work_id, now)
    taken_in = (LateWork.state == LateState.TAKEN_IN, LateWork.decided_at <= now - KEPT_FOR)
    for work_id in _each(*taken_in):
        with write_transaction() as session:
            forget_typed(session, work_id)


def _each(*which: ColumnElement[bool]) -> Iterator[uuid.UUID]:
    after = None
    while True:
        with read_transaction() as session:
            portion = list_due(session, after, AT_A_TIME, *which)
        yield from portion
        if len(portion) < AT_A_TIME:
            return
        after = portion[-1]


def _discard(session: Session, work_id: uuid.UUID, now: datetime) -> None:
    try:
        discard(session, work_id, None, now)
    except Decided:
        return


def _tell(session: Session, work_id: uuid.UUID, now: datetime) -> None:
    work = lock_late_work(session, work_id)
    if work is None or work.state != LateState.WAITING:
        return
    say: Callable[[Session, LateWork, datetime], None] = tell_waiting
    if work.expires_at - now <= REMINDED_BEFORE:
        say = tell_ending
    say(session, work, now)
