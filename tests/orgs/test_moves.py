"""Moving units: the scope table always says what the dated parents say."""

import uuid
from contextlib import suppress
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from meetingcheck.lib.db import write_transaction
from meetingcheck.orgs.actions import NewUnit, Refused, found_unit, move_unit, move_units
from meetingcheck.orgs.models import UnitParent, UnitScope
from tests.world import World

TODAY = date(2026, 11, 3)


class RolledBack(Exception):
    """Ends an example without keeping it."""


def scope_by_day(session: Session, day: date) -> set[tuple[uuid.UUID, uuid.UUID, int]]:
    """What the scope table says about a day."""
    rows = session.scalars(select(UnitScope))
    return {
        (row.ancestor, row.descendant, row.depth)
        for row in rows
        if row.from_on <= day and (row.to_on is None or row.to_on > day)
    }


def recomputed(session: Session, day: date) -> set[tuple[uuid.UUID, uuid.UUID, int]]:
    """The same from the dated parents alone. Before its first parent a unit is taken to have stood there already."""
    links: dict[uuid.UUID, list[UnitParent]] = {}
    for link in session.scalars(select(UnitParent).order_by(UnitParent.from_on)):
        links.setdefault(link.unit_id, []).append(link)

    def parent(unit: uuid.UUID) -> uuid.UUID | None:
        own = links.get(unit, [])
        there = [link for link in own if link.to_on is None or link.to_on > day]
        return there[0].parent_id if there else None

    found = set()
    for row in session.scalars(select(UnitScope).where(UnitScope.depth == 0, UnitScope.from_on <= day)):
        current, steps = row.descendant, 0
        while current is not None:
            found.add((current, row.descendant, steps))
            current, steps = parent(current), steps + 1
    return found


MOVES = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(0, 40), st.booleans()), min_size=1, max_size=8
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(MOVES)
def test_scope_equals_a_recomputation_from_parents(world: World, moves: list[tuple[int, int, int, bool]]) -> None:
    now = world.clock()
    with world.app.app_context(), suppress(RolledBack), write_transaction() as session:
        units = [world.committee, world.other_committee, *world.cells, world.other_cell]
        day, days = TODAY, {date(2015, 1, 1), date(2020, 1, 1), TODAY - timedelta(days=1)}
        for what, where, later, founding in moves:
            day += timedelta(days=later)
            unit, parent = units[what % len(units)], units[where % len(units)]
            if founding:
                units.append(
                    found_unit(session, NewUnit(f"Đảng bộ {len(units)}", "dang_bo", day, parent), None, now).id
                )
            else:
                try:
                    move_unit(session, unit, parent, day, None, now)
                except Refused:
                    assert (unit, parent) in {(up, down) for up, down, _ in scope_by_day(session, day)}
            session.expire_all()
            days |= {day - timedelta(days=1), day, day + timedelta(days=1)}
            for one in days:
                assert scope_by_day(session, one) == recomputed(session, one), one
        raise RolledBack


def test_several_units_move_at_once_as_if_nothing_lay_between(world: World) -> None:
    """Two units may change places: one at a time, the first step would be a circle."""
    now = world.clock()
    with world.app.app_context(), write_transaction() as session:
        below = found_unit(
            session, NewUnit("Đảng bộ bộ phận", "dang_bo", date(2016, 1, 1), world.committee), None, now
        ).id
        with pytest.raises(Refused):
            move_unit(session, world.committee, below, TODAY, None, now)
        move_units(session, {below: world.root, world.committee: below}, TODAY, None, now)
        session.expire_all()
        assert scope_by_day(session, TODAY) == recomputed(session, TODAY)
        assert (below, world.cells[0], 2) in scope_by_day(session, TODAY)
        assert (world.committee, below, 1) in scope_by_day(session, TODAY - timedelta(days=1))


def test_what_stays_true_is_left_alone(world: World) -> None:
    now = world.clock()
    with world.app.app_context(), write_transaction() as session:
        move_unit(session, world.cells[0], world.other_committee, TODAY, None, now)
        kept = session.scalars(
            select(UnitScope).where(UnitScope.descendant == world.cells[0], UnitScope.ancestor == world.root)
        ).all()
        assert [(row.from_on, row.to_on) for row in kept] == [(date(2015, 1, 1), None)]


def test_moved_back_on_the_same_day_leaves_no_empty_span(world: World) -> None:
    now = world.clock()
    with world.app.app_context(), write_transaction() as session:
        move_unit(session, world.cells[0], world.other_committee, TODAY, None, now)
        move_unit(session, world.cells[0], world.committee, TODAY, None, now)
        session.expire_all()
        spans = session.execute(select(UnitScope.from_on, UnitScope.to_on))
        assert all(to_on is None or to_on > from_on for from_on, to_on in spans)
        assert scope_by_day(session, TODAY) == recomputed(session, TODAY)
