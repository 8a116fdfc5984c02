"""Obligations in both databases: made once, their state the same in Python and in SQL."""

import random
import uuid
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from meetingcheck.duties.actions import close_missed, make_obligations, mark_reported, set_policy
from meetingcheck.duties.models import MissedEvent, Obligation
from meetingcheck.duties.queries import REGULAR, lock_obligation, state_expression
from meetingcheck.duties.rules import Month, state_of
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.instants import ONE_DAY, end_of_day
from meetingcheck.orgs.actions import NewUnit, found_unit
from tests.world import SUPERVISED_FROM, World, at, excuse, policy_for

MANY = 300


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Obligation)) or 0


def test_making_them_again_makes_none(world: World) -> None:
    with world.app.app_context(), write_transaction() as session:
        before = count(session)
        months = [Month.of(SUPERVISED_FROM).plus(number) for number in range(4)]
        assert make_obligations(session, months, world.clock()) == 0
        assert count(session) == before == 4 * len(months)


def test_cells_founded_long_ago_owe_nothing_before_supervision(world: World) -> None:
    with world.app.app_context(), write_transaction() as session:
        for number in range(300):
            found_unit(
                session, NewUnit(f"Chi bộ {number}", "chi_bo", date(1990, 1, 1), world.committee), None, world.clock()
            )
        before = count(session)
        long_before = [Month(2025, number) for number in range(1, 13)] + [Month(2026, 8)]
        assert make_obligations(session, long_before, world.clock()) == 0
        assert make_obligations(session, [Month(2026, 9)], world.clock()) == 300
        assert count(session) == before + 300


def test_deadlines_follow_the_policy_of_the_periods_first_day_and_the_nearest_superior(world: World) -> None:
    with world.app.app_context(), write_transaction() as session:
        set_policy(session, policy_for(world.committee, date(2027, 1, 2), report_days=5), None, world.clock())
        make_obligations(session, [Month(2027, 1), Month(2027, 2)], world.clock())
    january, february = (world.obligation(world.cells[0], period) for period in ("2027-01", "2027-02"))
    elsewhere = world.obligation(world.other_cell, "2027-02")
    assert january.due_at == end_of_day(date(2027, 1, 5))
    assert february.due_at == end_of_day(date(2027, 2, 8))
    assert elsewhere.due_at == end_of_day(date(2027, 2, 5))


def test_a_cell_has_its_own_usual_day(world: World) -> None:
    with world.app.app_context(), write_transaction() as session:
        new = NewUnit("Chi bộ Cuối tháng", "chi_bo", date(2015, 1, 1), world.committee, usual_day=31)
        cell = found_unit(session, new, None, world.clock()).id
        make_obligations(session, [Month(2027, 2)], world.clock())
    assert world.obligation(cell, "2027-02").due_at == end_of_day(date(2027, 3, 2))


def test_python_and_sql_agree_on_every_state(world: World) -> None:
    """Random instants, and each boundary to the microsecond."""
    chance = random.Random(20261103)
    base = at("2026-11-01T00:00+07:00")

    def some() -> object:
        return base + timedelta(seconds=chance.randint(-5_000_000, 5_000_000), microseconds=chance.randint(0, 999_999))

    with world.app.app_context():
        with write_transaction() as session:
            for number in range(MANY):
                opens, due, closes = sorted(some() for _ in range(3))
                session.add(
                    Obligation(
                        id=uuid.uuid4(),
                        unit_id=world.cells[0],
                        series=REGULAR,
                        period=f"x{number}",
                        period_from=date(2026, 11, 1),
                        usual_on=date(2026, 11, 3),
                        report_days=2,
                        opens_at=opens,
                        due_at=due,
                        closes_at=closes,
                        reported_at=chance.choice([None, None, some(), due]),
                        excepted_at=chance.choice([None, None, None, some()]),
                    )
                )
        with read_transaction() as session:
            rows = list(session.scalars(select(Obligation).where(Obligation.period.like("x%"))))
            one = rows[0]
            edges = [one.opens_at, one.due_at, one.due_at - ONE_DAY, one.closes_at]
            microsecond = timedelta(microseconds=1)
            instants = [some() for _ in range(20)] + [
                edge + step for edge in edges for step in (-microsecond, timedelta(), microsecond)
            ]
            for now in instants:
                found = dict(session.execute(select(Obligation.id, state_expression(now))).all())
                assert {row.id: str(state_of(row, now)) for row in rows} == {row.id: found[row.id] for row in rows}


def test_closing_puts_each_miss_on_record_once(world: World) -> None:
    closing = at("2026-12-03T00:00+07:00")
    with world.app.app_context():
        with write_transaction() as session:
            before = close_missed(session, closing - timedelta(microseconds=1), 100)
        with write_transaction() as session:
            closed = close_missed(session, closing, 100)
            again = close_missed(session, closing, 100)
        with read_transaction() as session:
            events = session.scalar(select(func.count()).select_from(MissedEvent))
    assert {one.period for one in before} == {"2026-09", "2026-10"}
    assert {one.period for one in closed} == {"2026-11"}
    assert again == []
    assert events == len(before) + len(closed) == 12


def test_closing_takes_no_more_than_asked_and_forgets_none(world: World) -> None:
    closing = at("2026-12-03T00:00+07:00")
    sizes = []
    with world.app.app_context():
        for _ in range(4):
            with write_transaction() as session:
                sizes.append(len(close_missed(session, closing, 5)))
    assert sizes == [5, 5, 2, 0]


def test_an_excused_or_reported_period_is_not_missed(world: World) -> None:
    excused, reported = world.obligation(world.cells[0]), world.obligation(world.cells[1])
    with world.app.app_context():
        with write_transaction() as session:
            excuse(session, lock_obligation(session, excused.id), world.users["administrator"], world.clock())
            mark_reported(session, lock_obligation(session, reported.id), world.users["secretary2"], world.clock())
        with write_transaction() as session:
            closed = {one.id for one in close_missed(session, at("2026-12-03T00:00+07:00"), 100)}
    assert not {excused.id, reported.id} & closed
