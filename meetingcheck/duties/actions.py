"""Making obligations and changing their facts. Callers commit."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import count, takewhile

from sqlalchemy import select, update
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
    lock_unjudged,
    policies_for,
    policies_with,
)
from meetingcheck.duties.rules import (
    Basis,
    Month,
    Period,
    Quarter,
    Terms,
    Window,
    contains,
    may_plan,
    owes,
    parse_period,
    terms_of,
    type_of,
    window_of,
)
from meetingcheck.duties.terms import (
    bases_of,
    earliest_report,
    lapse_asked,
    lock_duties,
    settle,
    settle_successor,
    standing_exceptions,
)
from meetingcheck.lib.db import insert_all_if_new
from meetingcheck.lib.instants import ONE_DAY, local_day
from meetingcheck.lib.text import N_
from meetingcheck.orgs.actions import Refused
from meetingcheck.record.actions import Fact, append

CELLS_AT_A_TIME = 500


def set_policy(session: Session, policy: Policy, actor_id: uuid.UUID | None, now: datetime) -> None:
    session.add(policy)
    session.flush()
    append(session, now, Fact("policy_set", "policy", policy.id, actor_id, {"unit": str(policy.unit_id)}))


def make_obligations(
    session: Session, periods: Sequence[Period], now: datetime, *, only: uuid.UUID | None = None
) -> int:
    """Make the obligations of all cells, or of `only` one, for these months or quarters; repeatable, the number that
    were new.

    Deadlines use the policy in force on the period's first day.
    """
    lock_duties(session)
    made = 0
    for period in periods:
        for series in list_series(session, period.first_day):
            if series.period_type != type_of(period):
                continue
            after: uuid.UUID | None = None
            while cells := list_owing_cells(session, series, after, CELLS_AT_A_TIME, only=only):
                made += _make_for(session, cells, series, period, now)
                after = cells[-1].unit_id
    return made


def _make_for(session: Session, cells: list[OwingCell], series: Series, period: Period, now: datetime) -> int:
    unit_ids = [cell.unit_id for cell in cells]
    policies = policies_for(session, unit_ids, period.first_day)
    standing = standing_exceptions(session, unit_ids, [period.code])
    rows = []
    for cell in cells:
        policy = policies.get(cell.unit_id)
        if policy is None:
            continue
        usual_on = period.day(cell.usual_day or policy.usual_day)
        exceptions = standing.of(cell.unit_id, period.code, series.code)
        basis = Basis(period, usual_on, policy.report_days, None, exceptions, cell.dates)
        if owes(basis):
            rows.append(_row(cell.unit_id, series.code, basis))
    made = insert_all_if_new(session, Obligation, rows)
    if made:
        facts = {"series": series.code, "period": period.code, "made": made}
        subject = uuid.uuid5(uuid.NAMESPACE_OID, series.code)
        append(session, now, Fact("obligations_made", "series", subject, None, facts))
        _settle_mergers(session, [cell.unit_id for cell in cells if cell.dates.has_predecessors(period)], period, now)
    return made


def _row(unit_id: uuid.UUID, series: str, basis: Basis) -> dict[str, object]:
    period, terms = basis.period, terms_of(basis)
    return {
        "id": uuid.uuid5(unit_id, f"{series}/{period.code}"),
        "unit_id": unit_id,
        "series": series,
        "period": period.code,
        "period_from": period.first_day,
        "usual_on": basis.usual_on,
        "report_days": basis.report_days,
        "moved_on": terms.moved_on,
        "opens_at": terms.window.opens_at,
        "due_at": terms.window.due_at,
        "closes_at": terms.window.closes_at,
        "excepted_at": terms.excepted_at,
    }


def _settle_mergers(session: Session, unit_ids: list[uuid.UUID], period: Period, now: datetime) -> None:
    """What a predecessor reported in the period of a merger or after it is reported for its successor too."""
    if unit_ids:
        which = select(Obligation).where(Obligation.unit_id.in_(unit_ids), Obligation.period == period.code)
        settle(session, session.scalars(which.with_for_update()).all(), now)


def mark_reported(
    session: Session, obligation: Obligation, actor_id: uuid.UUID, now: datetime, at: datetime | None = None
) -> None:
    """The meeting was reported, `at` that instant or now; the same again with another instant corrects it. The caller
    holds the obligation locked. An earlier report of a cell that was merged into this one in that period goes
    before."""
    known = obligation.reported_at, obligation.satisfied_by
    obligation.reported_at, obligation.satisfied_by = earliest_report(session, obligation, at or now), None
    if known == (obligation.reported_at, None):
        return
    session.flush()
    append(session, now, Fact("reported", "obligation", obligation.id, actor_id))
    lapse_asked(session, [obligation], now)
    settle_successor(session, obligation, now)


def mark_unreported(session: Session, obligation: Obligation, actor_id: uuid.UUID, now: datetime) -> None:
    """The report was void, or turned out to be of another period: this one is owed again, on the terms that hold
    now. The caller holds the obligation locked."""
    obligation.reported_at = None
    append(session, now, Fact("unreported", "obligation", obligation.id, actor_id))
    settle(session, [obligation], now)
    settle_successor(session, obligation, now)


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
    period: str
    counts: bool
    before: Window
    after: Window


def plan_policy(session: Session, policy: Policy, now: datetime) -> list[Move]:
    """What a policy that is not stored yet would change: periods that begin on or after its day and are not due yet.

    Planned and moved days stay, and nothing becomes late by it.
    """
    moves: list[Move] = []
    for found in _open_pieces(session, policy.unit_id, policy.from_on, now, lock=False):
        for one, _, after in _by_policy(session, found, policy, now):
            before = Window(one.opens_at, one.due_at, one.closes_at)
            if before != after.window:
                moves.append(Move(one.id, one.period, after.excepted_at is None, before, after.window))
    return moves


def change_policy(session: Session, policy: Policy, actor_id: uuid.UUID | None, now: datetime) -> int:
    """Set a policy and move the deadlines that it changes; the number of periods moved. Raises Refused when the unit
    has one from that very day."""
    lock_duties(session)
    for earlier in list_policies(session, policy.unit_id):
        if earlier.from_on == policy.from_on:
            raise Refused(N_("Đã có mức quy định từ đúng ngày này. Đồng chí hãy chọn ngày khác."))
    set_policy(session, policy, actor_id, now)
    moved = _follow(session, policy.unit_id, policy.from_on, now)
    if moved:
        append(session, now, Fact("deadlines_moved", "policy", policy.id, actor_id, {"moved": moved}))
    return moved


def follow_usual_day(session: Session, unit_id: uuid.UUID, actor_id: uuid.UUID | None, now: datetime) -> int:
    """After a cell's usual day changed: move the deadlines of the periods that have not begun; the number moved."""
    return follow_policies(session, unit_id, local_day(now) + ONE_DAY, actor_id, now)


def follow_policies(session: Session, unit_id: uuid.UUID, on: date, actor_id: uuid.UUID | None, now: datetime) -> int:
    """Let the periods that begin on a day or later follow the policies that hold for a unit now, as after a transfer.
    The number of deadlines moved."""
    lock_duties(session)
    moved = _follow(session, unit_id, on, now)
    if moved:
        append(session, now, Fact("deadlines_moved", "unit", unit_id, actor_id, {"moved": moved}))
    return moved


def _follow(session: Session, unit_id: uuid.UUID, from_on: date, now: datetime) -> int:
    """Let the periods that begin on or after a day and are not due yet follow the policies; the number moved."""
    moved = 0
    for found in _open_pieces(session, unit_id, from_on, now, lock=True):
        for one, basis, _ in _by_policy(session, found, None, now):
            one.usual_on, one.report_days = basis.usual_on, basis.report_days
        moved += len(settle(session, [row.obligation for row in found], now))
    return moved


def _open_pieces(
    session: Session, unit_id: uuid.UUID, from_on: date, now: datetime, *, lock: bool
) -> Iterator[list[OpenObligation]]:
    after: uuid.UUID | None = None
    while found := list_open_obligations(session, unit_id, from_on, now, after, CELLS_AT_A_TIME, lock=lock):
        after = found[-1].obligation.id
        yield found


def _by_policy(
    session: Session, found: list[OpenObligation], also: Policy | None, now: datetime
) -> Iterator[tuple[Obligation, Basis, Terms]]:
    """What the policies, with one that is not stored yet, make of each period. Those that would be late at once stay as
    they are: a rule that is dated back blames nobody."""
    bases = bases_of(session, [row.obligation for row in found])
    periods: dict[date, list[OpenObligation]] = {}
    for row in found:
        periods.setdefault(row.obligation.period_from, []).append(row)
    for day, rows in periods.items():
        cells = [row.obligation.unit_id for row in rows]
        policies = policies_with(session, cells, day, also) if also else policies_for(session, cells, day)
        for row in rows:
            if policy := policies.get(row.obligation.unit_id):
                usual_on = parse_period(row.obligation.period).day(row.usual_day or policy.usual_day)
                basis = replace(bases[row.obligation.id], usual_on=usual_on, report_days=policy.report_days)
                terms = terms_of(basis)
                if terms.window.due_at > now:
                    yield row.obligation, basis, terms


def settle_unit(session: Session, unit_id: uuid.UUID, now: datetime) -> int:
    """After a unit closed, or others were merged into it: bring what it has not reported to what follows from that;
    the number of periods that changed. A cell that closes owes a period only if its due day passed before."""
    lock_duties(session)
    return len(settle(session, lock_unjudged(session, unit_id), now))


@dataclass(frozen=True)
class MergerEffect:
    """What a merger would make of what the units owe: so many periods would be released, so many late ones stay
    theirs, and so many periods from the merger's own on are reported already, for the successor too."""

    released: int
    kept: int
    reported: int


def plan_merger(session: Session, unit_ids: Sequence[uuid.UUID], on: date) -> MergerEffect:
    """What merging units on a day would change; nothing does yet."""
    found = session.scalars(select(Obligation).where(Obligation.unit_id.in_(list(unit_ids)))).all()
    waiting = [one for one in found if one.reported_at is None and one.excepted_at is None]
    released = 0
    for basis in bases_of(session, waiting).values():
        closed = replace(basis.cell, closed_on=on, succeeded=True)
        released += terms_of(replace(basis, cell=closed)).excepted_at is not None
    reported = sum(one.reported_at is not None and on <= parse_period(one.period).last_day for one in found)
    return MergerEffect(released, len(waiting) - released, reported)


def settle_merger(
    session: Session, unit_ids: Sequence[uuid.UUID], successor_id: uuid.UUID, on: date, now: datetime
) -> None:
    """After units were merged: release what they do not owe any more, and let the successor owe the period of the
    merger, and those that have begun since, unless one of them reported it."""
    for unit_id in unit_ids:
        settle_unit(session, unit_id, now)
    today = local_day(now)
    months = takewhile(lambda month: month.first_day <= today, map(Month.of(on).plus, count()))
    quarters = takewhile(lambda quarter: quarter.first_day <= today, map(Quarter.of(on).plus, count()))
    make_obligations(session, [*months, *quarters], now, only=successor_id)
    settle_unit(session, successor_id, now)


def plan_day(session: Session, obligation: Obligation, day: date | None, actor_id: uuid.UUID, now: datetime) -> None:
    """Plan the period's meeting on a day, or go back to the usual day with None. The caller holds the obligation
    locked.

    It can be planned, and planned anew, until the report is due: planning never makes in time what is late already.
    Raises Refused with a sentence for a day that cannot be planned.
    """
    period = parse_period(obligation.period)
    if obligation.reported_at is not None:
        raise Refused(N_("Kỳ này đã có báo cáo rồi."))
    if obligation.excepted_at is not None or obligation.moved_on is not None:
        raise Refused(N_("Cấp trên đã quyết định về kỳ này, nên chi bộ không tự đổi ngày họp được nữa."))
    if not may_plan(obligation.due_at, now):
        raise Refused(N_("Đã quá hạn gửi báo cáo của kỳ này, nên không dự kiến lại ngày họp được nữa."))
    if day is not None and not contains(period, day):
        raise Refused(N_("Ngày này ngoài kỳ sinh hoạt. Muốn họp ngoài kỳ, đồng chí hãy đề nghị cấp trên cho lùi ngày."))
    if day is not None and day < local_day(now):
        raise Refused(N_("Ngày này đã qua. Đồng chí hãy chọn hôm nay hoặc một ngày sắp tới trong kỳ."))
    if day is None and not may_plan(window_of(period, obligation.usual_on, obligation.report_days).due_at, now):
        raise Refused(N_("Hạn theo ngày họp thường lệ đã qua rồi. Đồng chí hãy chọn một ngày khác trong kỳ."))
    obligation.planned_on = day
    settle(session, [obligation], now)
    payload = {"on": day.isoformat() if day else None}
    append(session, now, Fact("meeting_planned", "obligation", obligation.id, actor_id, payload))
