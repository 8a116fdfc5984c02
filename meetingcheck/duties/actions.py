"""Making obligations and changing their facts. Callers commit."""

import uuid
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from meetingcheck.duties.models import MissedEvent, Obligation, Policy, Series
from meetingcheck.duties.queries import OwingCell, ids_to_close, list_owing_cells, list_series, policies_for
from meetingcheck.duties.rules import Month, owes, window_of
from meetingcheck.lib.db import insert_all_if_new, insert_if_new
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
