"""Making obligations and changing their facts. Callers commit."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from meetingcheck.duties.models import MissedEvent, Obligation, Policy, Series
from meetingcheck.duties.queries import (
    OpenObligation,
    OwingCell,
    ids_to_close,
    list_open_obligations,
    list_owing_cells,
    list_policies,
    list_series,
    list_unanswered_after,
    policies_for,
    policies_with,
)
from meetingcheck.duties.rules import Month, Window, owes, window_of
from meetingcheck.lib.db import insert_all_if_new, insert_if_new
from meetingcheck.lib.instants import ONE_DAY, local_day
from meetingcheck.lib.text import N_
from meetingcheck.orgs.actions import Refused
from meetingcheck.record.actions import Fact, append

CELLS_AT_A_TIME = 500


def ensure_series(session: Session, series: Series) -> None:
    insert_if_new(
        session,
        Series,
        {
            "code": series.code,
            "name": series.name,
            "unit_kind": series.unit_kind,
            "period_type": series.period_type,
            "from_on": series.from_on,
        },
    )


def set_policy(session: Session, policy: Policy, actor_id: uuid.UUID | None, now: datetime) -> None:
    session.add(policy)
    session.flush()
    append(session, now, Fact("policy_set", "policy", policy.id, actor_id, {"unit": str(policy.unit_id)}))


def make_obligations(session: Session, months: list[Month], now: datetime) -> int:
    """Make the obligations of all cells for these months; repeatable, the number that were new.

    Deadlines use the policy in force on the period's first day.
    """
    made = 0
    for month in months:
        for series in list_series(session, month.first_day):
            after: uuid.UUID | None = None
            while cells := list_owing_cells(session, series, after, CELLS_AT_A_TIME):
                made += _make_for(session, cells, series, month, now)
                after = cells[-1].unit_id
    return made


def _make_for(session: Session, cells: list[OwingCell], series: Series, month: Month, now: datetime) -> int:
    policies = policies_for(session, [cell.unit_id for cell in cells], month.first_day)
    rows = []
    for cell in cells:
        policy = policies.get(cell.unit_id)
        if policy is None:
            continue
        usual_day = cell.usual_day or policy.usual_day
        window = window_of(month, usual_day, policy.report_days)
        if owes(cell.dates, month, usual_day, window):
            rows.append(
                {
                    "id": uuid.uuid5(cell.unit_id, f"{series.code}/{month.code}"),
                    "unit_id": cell.unit_id,
                    "series": series.code,
                    "period": month.code,
                    "period_from": month.first_day,
                    "opens_at": window.opens_at,
                    "due_at": window.due_at,
                    "closes_at": window.closes_at,
                }
            )
    made = insert_all_if_new(session, Obligation, rows)
    if made:
        facts = {"series": series.code, "period": month.code, "made": made}
        append(
            session, now, Fact("obligations_made", "series", uuid.uuid5(uuid.NAMESPACE_OID, series.code), None, facts)
        )
    return made


def mark_reported(session: Session, obligation: Obligation, actor_id: uuid.UUID, now: datetime) -> None:
    """The meeting was reported. The caller holds the obligation locked and has seen that it was not reported yet."""
    obligation.reported_at = now
    session.flush()
    append(session, now, Fact("reported", "obligation", obligation.id, actor_id))


def mark_excepted(session: Session, obligation: Obligation, actor_id: uuid.UUID, now: datetime) -> None:
    """The period does not count for this cell."""
    obligation.excepted_at = now
    session.flush()
    append(session, now, Fact("excepted", "obligation", obligation.id, actor_id))


def close_missed(session: Session, at: datetime, limit: int) -> list[Obligation]:
    """Put a missed event on record for obligations that closed by `at`, at most `limit`; those that this call closed.

    The conditional UPDATE decides: of two workers at once, only one closes an obligation.
    """
    closed = list(
        session.scalars(
            update(Obligation)
            .where(
                Obligation.id.in_(ids_to_close(session, at, limit)),
                Obligation.reported_at.is_(None),
                Obligation.excepted_at.is_(None),
                Obligation.missed_at.is_(None),
            )
            .values(missed_at=at)
            .returning(Obligation)
            .execution_options(synchronize_session=False)
        )
    )
    session.add_all(MissedEvent(id=uuid.uuid4(), obligation_id=one.id, at=at) for one in closed)
    append(session, at, *(Fact("missed", "obligation", one.id) for one in closed))
    return closed


@dataclass(frozen=True)
class Move:
    """A period whose deadlines would change."""

    obligation_id: uuid.UUID
    period_from: date
    before: Window
    after: Window


def plan_policy(session: Session, policy: Policy, now: datetime) -> list[Move]:
    """What a policy that is not stored yet would change: periods that begin on or after its day and are not due yet."""
    return _plan(session, policy.unit_id, policy.from_on, policy, now)


def change_policy(session: Session, policy: Policy, actor_id: uuid.UUID | None, now: datetime) -> int:
    """Set a policy and move the deadlines that it changes; the number of periods moved. Raises Refused when the unit
    has one from that very day."""
    for earlier in list_policies(session, policy.unit_id):
        if earlier.from_on == policy.from_on:
            raise Refused(N_("Đã có mức quy định từ đúng ngày này. Đồng chí hãy chọn ngày khác."))
    moves = plan_policy(session, policy, now)
    set_policy(session, policy, actor_id, now)
    _move(session, moves, Fact("deadlines_moved", "policy", policy.id, actor_id, {"moved": len(moves)}), now)
    return len(moves)


def follow_usual_day(session: Session, unit_id: uuid.UUID, actor_id: uuid.UUID | None, now: datetime) -> int:
    """After a cell's usual day changed: move the deadlines of the periods that have not begun; the number moved."""
    moves = _plan(session, unit_id, local_day(now) + ONE_DAY, None, now)
    _move(session, moves, Fact("deadlines_moved", "unit", unit_id, actor_id, {"moved": len(moves)}), now)
    return len(moves)


def _plan(session: Session, unit_id: uuid.UUID, from_on: date, also: Policy | None, now: datetime) -> list[Move]:
    moves: list[Move] = []
    after: uuid.UUID | None = None
    while found := list_open_obligations(session, unit_id, from_on, now, after, CELLS_AT_A_TIME):
        for day, rows in _by_period(found).items():
            cells = [row.obligation.unit_id for row in rows]
            policies = policies_with(session, cells, day, also) if also else policies_for(session, cells, day)
            moves += [move for row in rows if (move := _move_of(row, policies.get(row.obligation.unit_id)))]
        after = found[-1].obligation.id
    return moves


def _by_period(found: list[OpenObligation]) -> dict[date, list[OpenObligation]]:
    periods: dict[date, list[OpenObligation]] = {}
    for row in found:
        periods.setdefault(row.obligation.period_from, []).append(row)
    return periods


def _move_of(row: OpenObligation, policy: Policy | None) -> Move | None:
    """What a policy makes of a period; None when its deadlines stay as they are."""
    if policy is None:
        return None
    one = row.obligation
    before = Window(one.opens_at, one.due_at, one.closes_at)
    after = window_of(Month.of(one.period_from), row.usual_day or policy.usual_day, policy.report_days)
    return Move(one.id, one.period_from, before, after) if after != before else None


def _move(session: Session, moves: list[Move], fact: Fact, now: datetime) -> None:
    """Store the new deadlines; periods that were reported meanwhile stay as they are."""
    windows: dict[Window, list[uuid.UUID]] = {}
    for move in moves:
        windows.setdefault(move.after, []).append(move.obligation_id)
    for window, ids in windows.items():
        for start in range(0, len(ids), CELLS_AT_A_TIME):
            session.execute(
                update(Obligation)
                .where(Obligation.id.in_(ids[start : start + CELLS_AT_A_TIME]), Obligation.reported_at.is_(None))
                .values(opens_at=window.opens_at, due_at=window.due_at, closes_at=window.closes_at)
            )
    if moves:
        append(session, now, fact)


def release_closed(session: Session, unit_id: uuid.UUID, closed_on: date, actor_id: uuid.UUID, now: datetime) -> None:
    """A cell that closes owes a period only if its due day passed before: the others do not count."""
    for obligation in list_unanswered_after(session, unit_id, closed_on):
        mark_excepted(session, obligation, actor_id, now)
