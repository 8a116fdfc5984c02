"""A period moved to another day, or not counted: asked for by the cell, or set by an authority. Callers commit.

An exception changes only periods without a report: what was reported stays as it was judged.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from meetingcheck.duties.exceptions.queries import find_asked, find_latest_set, lock_covered
from meetingcheck.duties.exceptions.rules import may_move_to
from meetingcheck.duties.models import ExceptionKind, ExceptionState, Obligation, PeriodException
from meetingcheck.duties.rules import parse_period
from meetingcheck.duties.terms import lock_duties, settle
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.jobs import enqueue
from meetingcheck.lib.registries import JobKind
from meetingcheck.lib.text import N_
from meetingcheck.messages.actions import News, tell
from meetingcheck.orgs.access import Right, people_with_right
from meetingcheck.orgs.actions import Refused
from meetingcheck.orgs.models import Role, Unit
from meetingcheck.orgs.queries import people_who_file, secretaries_of
from meetingcheck.record.actions import Fact, append

ASKED = "duties.asked"
DECIDED = "duties.decided"
PERIOD_CHANGED = "duties.period_changed"
TELL_CELLS = JobKind("duties.tell_cells", lane="alerts")
AT_A_TIME = 500

DAY_TOO_FAR = N_("Ngày này xa kỳ sinh hoạt quá. Đồng chí hãy kiểm tra lại năm và tháng.")
OWN_CELL = N_("Đây là chi bộ của đồng chí, nên một đồng chí khác quyết định.")
NOTE_WANTED = N_("Đồng chí hãy ghi lý do không đồng ý, để chi bộ biết.")
DECIDED_ALREADY = N_("Đề nghị này đã được trả lời hoặc đã rút rồi.")


@dataclass(frozen=True)
class Wish:
    """What is to become of a period: another day, or None for not counting it; why, and by which document."""

    moved_to: date | None
    reason: str
    document: str | None = None

    @property
    def kind(self) -> ExceptionKind:
        return ExceptionKind.MOVED if self.moved_to else ExceptionKind.EXCUSED


@dataclass(frozen=True)
class Scope:
    """For whom: a unit with all below it, in one period, in one series or in all of that period."""

    unit_id: uuid.UUID
    period: str
    series: str | None = None


def ask_exception(
    session: Session, obligation: Obligation, wish: Wish, actor_id: uuid.UUID, now: datetime
) -> PeriodException:
    """The cell says honestly that it did not meet, and asks for another day or for nothing to be owed. Nothing
    changes until the direct superior, who is told, decides. The caller holds the obligation locked. Raises Refused."""
    check_day(obligation.period, wish)
    if obligation.reported_at is not None:
        raise Refused(N_("Kỳ này đã có báo cáo rồi."))
    if obligation.excepted_at is not None:
        raise Refused(N_("Kỳ này không tính cho chi bộ, nên không cần đề nghị gì thêm."))
    if find_asked(session, obligation) is not None:
        raise Refused(N_("Chi bộ đã có một đề nghị về kỳ này, đang chờ cấp trên trả lời."))
    scope = Scope(obligation.unit_id, obligation.period, obligation.series)
    exception = _add(session, scope, wish, ExceptionState.ASKED, actor_id, now)
    append(session, now, Fact("exception_asked", "period_exception", exception.id, actor_id))
    params = {
        **_params(exception),
        "cell": session.get_one(Unit, obligation.unit_id).name,
        "path": f"/exceptions/{exception.id}",
    }
    for user_id in _deciders(session, obligation.unit_id, local_day(now)):
        tell(session, user_id, News(ASKED, f"exception_asked:{user_id}:{exception.id}", params), now)
    return exception


def _deciders(session: Session, unit_id: uuid.UUID, today: date) -> list[uuid.UUID]:
    """Who hears that a cell asks: the reviewers directly above it; where there is none, the administrators, who may
    decide as well."""
    people = people_with_right(session, Right.DECIDE_EXCEPTIONS, unit_id, today)
    return [one for one, role in people.items() if role == Role.REVIEWER] or list(people)


def decide_exception(
    session: Session,
    exception: PeriodException,
    *,
    approved: bool,
    note: str,
    actor_id: uuid.UUID,
    now: datetime,
    document: str = "",
) -> None:
    """Answer what a cell asked, perhaps by a document; the cell is told. The caller holds the exception locked. Raises
    Refused."""
    lock_duties(session)
    if exception.state != ExceptionState.ASKED:
        raise Refused(DECIDED_ALREADY)
    if actor_id in people_who_file(session, exception.unit_id, local_day(now)):
        raise Refused(OWN_CELL)
    if exception.asked_by == actor_id:
        raise Refused(N_("Đồng chí đã gửi đề nghị này, nên một đồng chí khác trả lời."))
    if not approved and not note:
        raise Refused(NOTE_WANTED)
    exception.state = ExceptionState.APPROVED if approved else ExceptionState.REFUSED
    exception.decided_by, exception.decided_at, exception.decision = actor_id, now, note or None
    exception.document = document or None
    session.flush()
    payload = {"state": exception.state.value}
    append(session, now, Fact("exception_decided", "period_exception", exception.id, actor_id, payload))
    if approved:
        list(_settle_covered(session, exception, now))
    _tell_decision(session, exception, now)


def _tell_decision(session: Session, exception: PeriodException, now: datetime) -> None:
    """The secretaries hear, and who asked if they still report for the cell."""
    today = local_day(now)
    secretaries = secretaries_of(session, [exception.unit_id], today).get(exception.unit_id, [])
    still = {exception.asked_by} & set(people_who_file(session, exception.unit_id, today))
    params = {
        **_params(exception),
        "approved": exception.state == ExceptionState.APPROVED,
        "note": exception.decision or "",
        "path": f"/cells/{exception.unit_id}/home",
    }
    for user_id in {*secretaries, *still}:
        tell(session, user_id, News(DECIDED, f"exception_decided:{user_id}:{exception.id}", params), now)


def set_exception(session: Session, scope: Scope, wish: Wish, actor_id: uuid.UUID, now: datetime) -> PeriodException:
    """An authority moves or excuses a period for a unit and all below it, also after the miss; in force at once, the
    cells whose terms change are told by a job. The very one that counts already is not set again, as by a second
    press. Raises Refused for a day that lies too far away."""
    if actor_id in people_who_file(session, scope.unit_id, local_day(now)):
        raise Refused(OWN_CELL)
    check_day(scope.period, wish)
    lock_duties(session)
    latest = find_latest_set(session, scope.unit_id, scope.period, scope.series)
    if latest is not None and _is_same(latest, scope, wish):
        return latest
    exception = _add(session, scope, wish, ExceptionState.APPROVED, actor_id, now)
    exception.decided_by, exception.decided_at = actor_id, now
    session.flush()
    append(session, now, Fact("exception_set", "period_exception", exception.id, actor_id))
    _settle_and_tell(session, exception, "set", now)
    return exception


def _is_same(exception: PeriodException, scope: Scope, wish: Wish) -> bool:
    known = exception.series, exception.moved_to, exception.reason, exception.document
    return known == (scope.series, wish.moved_to, wish.reason, wish.document)


def withdraw_exception(session: Session, exception: PeriodException, actor_id: uuid.UUID, now: datetime) -> int:
    """Undo an approved exception: what it covered is owed again on the terms that hold without it; the number of
    periods whose terms changed. The caller holds the exception locked. Raises Refused when it is not in force."""
    lock_duties(session)
    if exception.state != ExceptionState.APPROVED:
        raise Refused(N_("Quyết định này không còn hiệu lực nữa."))
    exception.state = ExceptionState.WITHDRAWN
    session.flush()
    append(session, now, Fact("exception_withdrawn", "period_exception", exception.id, actor_id))
    return _settle_and_tell(session, exception, "withdrawn", now)


def take_back_asking(session: Session, exception: PeriodException, actor_id: uuid.UUID, now: datetime) -> None:
    """The cell asks no longer for what nobody has answered yet. The caller holds the exception locked. Raises
    Refused."""
    if exception.state != ExceptionState.ASKED:
        raise Refused(DECIDED_ALREADY)
    exception.state = ExceptionState.WITHDRAWN
    session.flush()
    append(session, now, Fact("exception_withdrawn", "period_exception", exception.id, actor_id))


def _settle_and_tell(session: Session, exception: PeriodException, event: str, now: datetime) -> int:
    """Settle what an exception covers, and let the cells be told whose terms changed; the number of such periods."""
    count = 0
    for changed in _settle_covered(session, exception, now):
        count += len(changed)
        cells = sorted({str(one.unit_id) for one in changed})
        key = f"tell_cells:{exception.id}:{event}:{cells[0]}"
        enqueue(session, TELL_CELLS, {"exception": str(exception.id), "cells": cells}, now, unique_key=key)
    return count


def tell_cell(session: Session, exception: PeriodException, user_id: uuid.UUID, cell: Unit, now: datetime) -> None:
    """Tell a secretary once that an authority changed a period of the cell, or took such a change back."""
    withdrawn = exception.state == ExceptionState.WITHDRAWN
    params = {**_params(exception), "cell": cell.name, "withdrawn": withdrawn, "path": f"/cells/{cell.id}/home"}
    key = f"period_changed:{exception.id}:{'withdrawn' if withdrawn else 'set'}:{user_id}:{cell.id}"
    tell(session, user_id, News(PERIOD_CHANGED, key, params, can_wait=True), now)


def _add(
    session: Session, scope: Scope, wish: Wish, state: ExceptionState, actor_id: uuid.UUID, now: datetime
) -> PeriodException:
    exception = PeriodException(
        id=uuid.uuid4(),
        unit_id=scope.unit_id,
        series=scope.series,
        period=scope.period,
        kind=wish.kind,
        moved_to=wish.moved_to,
        reason=wish.reason,
        document=wish.document,
        state=state,
        asked_by=actor_id,
        asked_at=now,
    )
    session.add(exception)
    session.flush()
    return exception


def check_day(period: str, wish: Wish) -> None:
    """Raises Refused for a new day that lies too far from the period."""
    if wish.moved_to is not None and not may_move_to(parse_period(period), wish.moved_to):
        raise Refused(DAY_TOO_FAR)


def _settle_covered(session: Session, exception: PeriodException, now: datetime) -> Iterator[list[Obligation]]:
    """Settle piece by piece what an exception may cover; of each piece the periods whose terms changed, if any."""
    after: uuid.UUID | None = None
    while found := lock_covered(session, exception, after, AT_A_TIME):
        before = {one.id: _as_owed(one) for one in found}
        settle(session, found, now)
        if changed := [one for one in found if before[one.id] != _as_owed(one)]:
            yield changed
        after = found[-1].id


def _as_owed(one: Obligation) -> tuple[object, ...]:
    """What a cell would notice: not by which of two decisions a period does not count."""
    return one.opens_at, one.due_at, one.closes_at, one.moved_on, one.excepted_at is None


def _params(exception: PeriodException) -> dict[str, str | None]:
    moved_to = exception.moved_to.strftime("%d/%m/%Y") if exception.moved_to else None
    return {"period": exception.period, "moved_to": moved_to, "reason": exception.reason}
