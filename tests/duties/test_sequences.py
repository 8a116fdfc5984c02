"""Whatever is planned, asked, decided, undone, reported, closed and merged in whatever order: each period is owed
once, its instants are what decides it says, a miss is on record only for a closing, and nobody hears twice."""

import contextlib
import os
import uuid
from collections import Counter
from datetime import date, datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from meetingcheck.accounts.actions import NewUser, add_user
from meetingcheck.alerts.actions import LIFTED, MISSED, MISSED_OWN, close_periods
from meetingcheck.duties.actions import (
    change_policy,
    follow_usual_day,
    make_obligations,
    mark_reported,
    mark_unreported,
    plan_day,
)
from meetingcheck.duties.exceptions.actions import (
    Scope,
    Wish,
    ask_exception,
    decide_exception,
    set_exception,
    withdraw_exception,
)
from meetingcheck.duties.exceptions.queries import lock_exception
from meetingcheck.duties.models import ExceptionState, MissedEvent, Obligation, PeriodException
from meetingcheck.duties.queries import lock_obligation, state_expression
from meetingcheck.duties.rules import Month, Quarter, contains, parse_period, state_of, terms_of
from meetingcheck.duties.terms import bases_of
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.instants import local_day
from meetingcheck.messages.models import Message
from meetingcheck.office.merging.actions import Merger, merge
from meetingcheck.office.units.actions import close, reopen
from meetingcheck.orgs.actions import NewUnit, Refused, found_unit, give_role
from meetingcheck.orgs.models import Role, Unit
from tests.clock import START
from tests.world import LONG_AGO, World, add_thematic, policy_for

SOAK = bool(os.environ.get("MEETINGCHECK_SOAK"))
EXAMPLES, STEPS = (80, 40) if SOAK else (5, 14)
PERIODS = [Month(2026, 10).code, Month(2026, 11).code, Month(2026, 12).code, Quarter(2026, 4).code]
CELLS = st.integers(0, 2)
PERIOD = st.sampled_from(PERIODS)
DAYS = st.dates(date(2026, 9, 20), date(2027, 1, 20))
WISHES = st.builds(Wish, st.one_of(st.none(), DAYS), st.just("Mưa lũ"))


class Life(RuleBasedStateMachine):
    """One committee with three cells and some months; every rule is one action of somebody."""

    world: World

    def __init__(self) -> None:
        super().__init__()
        self.now: datetime = START
        self.closings: set[datetime] = set()
        self.admin = self.world.users["administrator"]
        with self.world.app.app_context(), write_transaction() as session:
            place = NewUnit("Đảng bộ xã Đời", "dang_bo", LONG_AGO, self.world.root)
            self.committee = found_unit(session, place, None, START).id
            self.reviewer = self._person(session, self.committee, Role.REVIEWER)
            self.cells = []
            for number in range(3):
                place = NewUnit(f"Chi bộ Đời {number}", "chi_bo", LONG_AGO, self.committee)
                self.cells.append(found_unit(session, place, None, START).id)
                self._person(session, self.cells[-1], Role.SECRETARY)
            make_obligations(session, [parse_period(code) for code in PERIODS], START)

    def teardown(self) -> None:
        """Out of the way of the next life: nothing of this one is owed any more."""
        with self.world.app.app_context(), write_transaction() as session:
            session.execute(update(Obligation).where(Obligation.reported_at.is_(None)).values(reported_at=START))
            session.execute(update(Unit).where(Unit.id.in_(self.cells)).values(closed_on=LONG_AGO))

    def _person(self, session: Session, unit_id: uuid.UUID, role: Role) -> uuid.UUID:
        user = add_user(session, NewUser(f"{uuid.uuid4()}", "Nguyễn Văn Đời"), None, START)
        give_role(session, user.id, unit_id, role, LONG_AGO, None, START)
        return user.id

    def _rows(self, session: Session) -> list[Obligation]:
        found = select(Obligation).where(Obligation.unit_id.in_(self.cells)).order_by(Obligation.id)
        return list(session.scalars(found))

    def _find(self, session: Session, cell: int, period: str) -> Obligation | None:
        found = [one for one in self._rows(session) if (one.unit_id, one.period) == (self.cells[cell], period)]
        return lock_obligation(session, found[0].id) if found else None

    def _late_dues(self, session: Session) -> dict[uuid.UUID, datetime]:
        return {one.id: one.due_at for one in self._rows(session) if one.due_at <= self.now}

    @rule(days=st.integers(1, 20))
    def time_passes(self, days: int) -> None:
        self.now += timedelta(days=days, microseconds=1)

    @rule(cell=CELLS, period=PERIOD, day=st.one_of(st.none(), DAYS))
    def plan(self, cell: int, period: str, day: date | None) -> None:
        with self.world.app.app_context(), write_transaction() as session:
            one = self._find(session, cell, period)
            if one is None:
                return
            late = self._late_dues(session)
            try:
                plan_day(session, one, day, self.admin, self.now)
            except Refused:
                pass
            else:
                assert one.id not in late
                assert one.due_at > self.now or day is not None
            assert {row: due for row, due in self._late_dues(session).items() if row in late} == late

    @rule(cell=CELLS, period=PERIOD, wish=WISHES)
    def ask(self, cell: int, period: str, wish: Wish) -> None:
        with self.world.app.app_context(), write_transaction() as session:
            one = self._find(session, cell, period)
            if one is not None:
                with contextlib.suppress(Refused):
                    ask_exception(session, one, wish, self.admin, self.now)

    @rule(approved=st.booleans(), which=st.integers(0, 5))
    def decide(self, approved: bool, which: int) -> None:
        with self.world.app.app_context(), write_transaction() as session:
            if exception := self._exception(session, ExceptionState.ASKED, which):
                decide_exception(
                    session, exception, approved=approved, note="Vì thế", actor_id=self.reviewer, now=self.now
                )

    @rule(cell=st.one_of(st.none(), CELLS), period=PERIOD, wish=WISHES)
    def decide_for_an_area(self, cell: int | None, period: str, wish: Wish) -> None:
        unit = self.committee if cell is None else self.cells[cell]
        with self.world.app.app_context(), write_transaction() as session, contextlib.suppress(Refused):
            set_exception(session, Scope(unit, period), wish, self.reviewer, self.now)
        self.now += timedelta(seconds=1)

    @rule(which=st.integers(0, 5))
    def withdraw(self, which: int) -> None:
        with self.world.app.app_context(), write_transaction() as session:
            if exception := self._exception(session, ExceptionState.APPROVED, which):
                withdraw_exception(session, exception, self.reviewer, self.now)

    def _exception(self, session: Session, state: ExceptionState, which: int) -> PeriodException | None:
        units = [self.committee, *self.cells]
        found = select(PeriodException.id).where(PeriodException.state == state, PeriodException.unit_id.in_(units))
        ids = list(session.scalars(found.order_by(PeriodException.asked_at, PeriodException.id)))
        return lock_exception(session, ids[which % len(ids)]) if ids else None

    @rule(from_on=DAYS, usual_day=st.integers(1, 31), report_days=st.integers(0, 15))
    def set_a_policy(self, from_on: date, usual_day: int, report_days: int) -> None:
        policy = policy_for(self.committee, from_on, usual_day=usual_day, report_days=report_days)
        with self.world.app.app_context(), write_transaction() as session:
            late = self._late_dues(session)
            try:
                change_policy(session, policy, self.admin, self.now)
            except Refused:
                return
            assert late.items() <= {one.id: one.due_at for one in self._rows(session)}.items()

    @rule(cell=CELLS, day=st.integers(1, 31))
    def change_the_usual_day(self, cell: int, day: int) -> None:
        with self.world.app.app_context(), write_transaction() as session:
            session.get_one(Unit, self.cells[cell]).usual_day = day
            session.flush()
            follow_usual_day(session, self.cells[cell], self.admin, self.now)

    @rule(cell=CELLS, period=PERIOD)
    def report(self, cell: int, period: str) -> None:
        with self.world.app.app_context(), write_transaction() as session:
            one = self._find(session, cell, period)
            if one is not None and (one.reported_at is None or one.satisfied_by is not None):
                mark_reported(session, one, self.admin, self.now)

    @rule(cell=CELLS, period=PERIOD)
    def make_void(self, cell: int, period: str) -> None:
        with self.world.app.app_context(), write_transaction() as session:
            one = self._find(session, cell, period)
            if one is not None and one.reported_at is not None and one.satisfied_by is None:
                mark_unreported(session, one, self.admin, self.now)

    @rule()
    def periods_close(self) -> None:
        self.closings.add(self.now)
        with self.world.app.app_context(), write_transaction() as session:
            close_periods(session, self.now, 500)
        with self.world.app.app_context(), write_transaction() as session:
            assert close_periods(session, self.now, 500) == 0

    @rule()
    def background_work_is_done(self) -> None:
        self.world.clock.set(self.now)
        self.world.work("alerts")

    @rule(cell=CELLS)
    def end(self, cell: int) -> None:
        with self.world.app.app_context(), write_transaction() as session:
            unit = session.get_one(Unit, self.cells[cell])
            if unit.closed_on is None and sum(self._is_open(session, one) for one in self.cells) > 1:
                close(session, unit, local_day(self.now), "QĐ 1-QĐ/ĐU", self.admin, self.now)

    @rule(cell=CELLS)
    def take_the_end_back(self, cell: int) -> None:
        with self.world.app.app_context(), write_transaction() as session:
            unit = session.get_one(Unit, self.cells[cell])
            if unit.closed_on is not None and unit.successor_id is None:
                reopen(session, unit, self.admin, self.now)

    @rule(cell=CELLS, into=st.one_of(st.none(), CELLS))
    def merge(self, cell: int, into: int | None) -> None:
        with self.world.app.app_context(), write_transaction() as session:
            unit = session.get_one(Unit, self.cells[cell])
            today = local_day(self.now)
            new = NewUnit("Chi bộ Đời chung", "chi_bo", today, self.committee)
            successor = new if into is None else session.get_one(Unit, self.cells[into])
            try:
                made = merge(session, Merger([unit], successor, today, "QĐ 1"), self.admin, self.now)
            except Refused:
                session.rollback()
                return
            if made.id not in self.cells:
                self.cells.append(made.id)

    def _is_open(self, session: Session, unit_id: uuid.UUID) -> bool:
        return session.get_one(Unit, unit_id).closed_on is None

    @invariant()
    def each_period_is_what_decides_it(self) -> None:
        with self.world.app.app_context(), read_transaction() as session:
            rows = self._rows(session)
            waiting = [one for one in rows if one.reported_at is None or one.excepted_at is not None]
            bases = bases_of(session, waiting)
            events = self._events(session, rows)
            for one in waiting:
                terms = terms_of(bases[one.id])
                window = terms.window
                assert (one.opens_at, one.due_at, one.closes_at) == (
                    window.opens_at,
                    window.due_at,
                    window.closes_at,
                )
                assert (one.moved_on, one.excepted_at) == (terms.moved_on, terms.excepted_at)
                of_now = [at for at in events.get(one.id, []) if at >= one.closes_at]
                assert one.missed_at == min(of_now, default=None)

    @invariant()
    def nothing_is_owed_twice_and_python_and_sql_agree(self) -> None:
        with self.world.app.app_context(), read_transaction() as session:
            rows = self._rows(session)
            counted = Counter((one.unit_id, one.series, one.period) for one in rows)
            assert set(counted.values()) <= {1}
            ids = [one.id for one in rows]
            found = session.execute(
                select(Obligation.id, state_expression(self.now)).where(Obligation.id.in_(ids))
            ).all()
            assert dict(found) == {one.id: str(state_of(one, self.now)) for one in rows}

    @invariant()
    def a_miss_is_on_record_only_for_a_closing_and_nobody_hears_twice(self) -> None:
        with self.world.app.app_context(), read_transaction() as session:
            rows = self._rows(session)
            events = self._events(session, rows)
            assert {at for instants in events.values() for at in instants} <= self.closings
            own = Counter(
                (message.user_id, message.params["path"])
                for message in session.scalars(select(Message).where(Message.kind == MISSED_OWN))
            )
            for one in rows:
                path = f"/obligations/{one.id}/check-in"
                for (_, told), times in own.items():
                    assert told != path or times <= len(events.get(one.id, []))
            alerts = select(Message).where(Message.user_id == self.reviewer, Message.kind.in_([MISSED, LIFTED]))
            instants = Counter(
                (message.kind, message.params["period"], message.created_at) for message in session.scalars(alerts)
            )
            assert set(instants.values()) <= {1}
            heard = {at for kind, _, at in instants if kind == MISSED}
            assert heard == {at for instants in events.values() for at in instants}, "none is lost"

    @invariant()
    def the_period_of_a_merger_is_owed_once(self) -> None:
        with self.world.app.app_context(), read_transaction() as session:
            rows = {(one.unit_id, one.period): one for one in self._rows(session)}
            for cell in self.cells:
                unit = session.get_one(Unit, cell)
                if unit.successor_id is None or unit.closed_on is None:
                    continue
                for code in PERIODS:
                    if contains(parse_period(code), unit.closed_on):
                        own, next_one = rows.get((cell, code)), rows[unit.successor_id, code]
                        if own is not None and own.reported_at is not None:
                            assert next_one.reported_at is not None
                        elif own is not None:
                            assert own.excepted_at is not None

    def _events(self, session: Session, rows: list[Obligation]) -> dict[uuid.UUID, list[datetime]]:
        found: dict[uuid.UUID, list[datetime]] = {}
        ids = [one.id for one in rows]
        for event in session.scalars(select(MissedEvent).where(MissedEvent.obligation_id.in_(ids))):
            found.setdefault(event.obligation_id, []).append(event.at)
        return found


def test_any_sequence_of_events_leaves_each_period_owed_once_and_right(world: World) -> None:
    add_thematic(world)
    life = type("LifeHere", (Life,), {"world": world})
    run_state_machine_as_test(
        life,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
