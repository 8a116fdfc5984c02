"""The rules of what is owed and what became of it, without a database."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meetingcheck.duties.rules import (
    Basis,
    CellDates,
    Month,
    ObligationState,
    PeriodType,
    Quarter,
    Standing,
    contains,
    may_plan,
    owes,
    parse_period,
    period_of,
    state_of,
    terms_of,
    type_of,
    window_of,
)
from meetingcheck.lib.instants import end_of_day, last_day_before, local_day, start_of_day
from tests.world import at

NOVEMBER = Month(2026, 11)


@dataclass(frozen=True)
class Facts:
    opens_at: datetime
    due_at: datetime
    closes_at: datetime
    reported_at: datetime | None = None
    excepted_at: datetime | None = None


def facts(reported_at: datetime | None = None, excepted_at: datetime | None = None) -> Facts:
    window = window_of(NOVEMBER, date(2026, 11, 3), report_days=2)
    return Facts(window.opens_at, window.due_at, window.closes_at, reported_at, excepted_at)


@pytest.mark.parametrize(
    ("now", "state"),
    [
        ("2026-10-31T23:59:59.999999+07:00", ObligationState.UPCOMING),
        ("2026-11-01T00:00+07:00", ObligationState.OPEN),
        ("2026-11-04T23:59:59.999999+07:00", ObligationState.OPEN),
        ("2026-11-05T00:00+07:00", ObligationState.DUE),
        ("2026-11-05T23:59:59.999999+07:00", ObligationState.DUE),
        ("2026-11-06T00:00+07:00", ObligationState.LATE),
        ("2026-12-02T23:59:59.999999+07:00", ObligationState.LATE),
        ("2026-12-03T00:00+07:00", ObligationState.MISSED),
    ],
)
def test_the_state_of_a_month_without_a_report(now: str, state: ObligationState) -> None:
    assert state_of(facts(), at(now)) == state


@pytest.mark.parametrize(
    ("reported_at", "state"),
    [
        ("2026-11-03T21:30+07:00", ObligationState.REPORTED),
        ("2026-11-05T23:59:59+07:00", ObligationState.REPORTED),
        ("2026-11-06T00:00+07:00", ObligationState.REPORTED_LATE),
        ("2027-02-01T08:00+07:00", ObligationState.REPORTED_LATE),
    ],
)
def test_a_report_counts_in_time_until_the_end_of_the_due_day(reported_at: str, state: ObligationState) -> None:
    for now in (at("2026-11-10T00:00+07:00"), at("2027-06-01T00:00+07:00")):
        assert state_of(facts(reported_at=at(reported_at)), now) == state


def test_excused_comes_before_all_else() -> None:
    both = facts(reported_at=at("2026-11-03T21:30+07:00"), excepted_at=at("2026-11-20T08:00+07:00"))
    assert state_of(both, at("2027-06-01T00:00+07:00")) == ObligationState.EXCUSED


def test_a_meeting_on_the_last_day_reported_two_days_later_is_in_time() -> None:
    window = window_of(NOVEMBER, date(2026, 11, 30), report_days=2)
    late_meeting = Facts(window.opens_at, window.due_at, window.closes_at, reported_at=at("2026-12-02T23:00+07:00"))
    assert state_of(late_meeting, at("2026-12-03T00:00+07:00")) == ObligationState.REPORTED


@pytest.mark.parametrize(
    ("month", "usual_day", "day"),
    [
        (Month(2026, 2), 31, date(2026, 2, 28)),
        (Month(2028, 2), 30, date(2028, 2, 29)),
        (Month(2026, 4), 31, date(2026, 4, 30)),
        (Month(2026, 11), 3, date(2026, 11, 3)),
    ],
)
def test_day_31_is_the_last_day_of_a_short_month(month: Month, usual_day: int, day: date) -> None:
    assert month.day(usual_day) == day


@pytest.mark.parametrize(
    ("period", "code", "shown", "first_day", "last_day"),
    [
        (Month(2026, 11), "2026-11", "11/2026", date(2026, 11, 1), date(2026, 11, 30)),
        (Month(2028, 2), "2028-02", "02/2028", date(2028, 2, 1), date(2028, 2, 29)),
        (Quarter(2026, 4), "2026-Q4", "Quý IV/2026", date(2026, 10, 1), date(2026, 12, 31)),
        (Quarter(2027, 1), "2027-Q1", "Quý I/2027", date(2027, 1, 1), date(2027, 3, 31)),
    ],
)
def test_a_period_is_a_month_or_a_quarter(
    period: Month | Quarter, code: str, shown: str, first_day: date, last_day: date
) -> None:
    assert (period.code, period.shown, period.first_day, period.last_day) == (code, shown, first_day, last_day)
    assert parse_period(code) == period
    assert period_of(type_of(period), last_day) == period_of(type_of(period), first_day) == period


@pytest.mark.parametrize("code", ["", "2026", "2026-13", "2026-00", "2026-Q0", "2026-Q5", "2026-Q04", "x-Q1", "0-Q1"])
def test_what_is_no_period_is_refused(code: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_period(code)


def test_the_usual_day_of_a_quarter_is_that_of_its_last_month() -> None:
    assert Quarter(2026, 4).day(3) == date(2026, 12, 3)
    assert Quarter(2026, 2).day(31) == date(2026, 6, 30)


WINDOWS = {
    "usual day": (NOVEMBER, date(2026, 11, 3), "2026-11-01", "2026-11-05", "2026-12-02"),
    "planned later": (NOVEMBER, date(2026, 11, 20), "2026-11-01", "2026-11-22", "2026-12-02"),
    "on the last day": (NOVEMBER, date(2026, 11, 30), "2026-11-01", "2026-12-02", "2026-12-02"),
    "moved forward out of the period": (NOVEMBER, date(2026, 12, 12), "2026-11-01", "2026-12-14", "2026-12-14"),
    "moved back before the period": (NOVEMBER, date(2026, 10, 28), "2026-10-28", "2026-10-30", "2026-12-02"),
    "a quarter": (Quarter(2026, 4), date(2026, 12, 3), "2026-10-01", "2026-12-05", "2027-01-02"),
}


@pytest.mark.parametrize("name", WINDOWS)
def test_the_instants_of_a_meeting_on_a_day(name: str) -> None:
    period, day, opens, due, closes = WINDOWS[name]
    window = window_of(period, day, report_days=2)
    assert window.opens_at == start_of_day(date.fromisoformat(opens))
    assert (last_day_before(window.due_at), last_day_before(window.closes_at)) == (
        date.fromisoformat(due),
        date.fromisoformat(closes),
    )


MONTHS = st.builds(Month, st.integers(2016, 2040), st.integers(1, 12))
PERIODS = st.one_of(MONTHS, st.builds(Quarter, st.integers(2016, 2040), st.integers(1, 4)))
USUAL_DAYS = st.integers(1, 31)
REPORT_DAYS = st.integers(0, 20)


@given(PERIODS, USUAL_DAYS, REPORT_DAYS, st.data())
def test_the_three_instants_are_in_order(
    period: Month | Quarter, usual_day: int, report_days: int, data: st.DataObject
) -> None:
    """For the usual day, and for every day that the meeting may be planned on or moved to."""
    near = st.dates(period.first_day - timedelta(days=31), period.last_day + timedelta(days=92))
    for day in (period.day(usual_day), data.draw(near)):
        window = window_of(period, day, report_days)
        assert window.opens_at < window.due_at <= window.closes_at
        assert local_day(window.opens_at) == min(period.first_day, day)
        assert last_day_before(window.closes_at) == max(period.last_day, day) + timedelta(days=report_days)


@given(PERIODS, REPORT_DAYS, st.data())
def test_a_meeting_reported_within_the_days_for_reporting_is_in_time_when_it_was_planned_on_its_day(
    period: Month | Quarter, report_days: int, data: st.DataObject
) -> None:
    day = data.draw(st.dates(period.first_day, period.last_day))
    reported_at = start_of_day(day) + timedelta(minutes=data.draw(st.integers(0, (report_days + 1) * 1440 - 1)))
    window = window_of(period, day, report_days)
    one = Facts(window.opens_at, window.due_at, window.closes_at, reported_at)
    assert state_of(one, reported_at) == ObligationState.REPORTED


@given(PERIODS, st.integers(-60, 60))
def test_periods_add_up(period: Month | Quarter, periods: int) -> None:
    moved = period.plus(periods)
    assert moved.plus(-periods) == period
    assert parse_period(moved.code) == moved
    assert (moved.first_day > period.first_day) == (periods > 0)
    assert period.plus(1).first_day == period.last_day + timedelta(days=1)


@given(st.dates(date(2016, 1, 1), date(2040, 1, 1)), st.sampled_from(PeriodType))
def test_each_day_lies_in_one_period_of_a_type(day: date, period_type: PeriodType) -> None:
    period = period_of(period_type, day)
    assert contains(period, day)
    assert not contains(period.plus(1), day)
    assert not contains(period.plus(-1), day)


@given(st.dates(date(2016, 1, 1), date(2040, 1, 1)))
def test_a_local_day_begins_where_the_day_before_ends(day: date) -> None:
    assert end_of_day(day) == start_of_day(day + timedelta(days=1))
    assert last_day_before(end_of_day(day)) == day


@given(PERIODS, USUAL_DAYS, REPORT_DAYS, st.dates(date(2016, 1, 1), date(2041, 1, 1)))
def test_the_states_follow_each_other(period: Month | Quarter, usual_day: int, report_days: int, day: date) -> None:
    """Without a report time only moves a period forward."""
    window = window_of(period, period.day(usual_day), report_days)
    facts = Facts(window.opens_at, window.due_at, window.closes_at)
    order = ["upcoming", "open", "due", "late", "missed"]
    earlier, later = (order.index(state_of(facts, start_of_day(day) + timedelta(hours=h))) for h in (0, 31))
    assert earlier <= later


def basis(
    cell: CellDates,
    period: Month | Quarter = NOVEMBER,
    *exceptions: Standing,
    usual_day: int = 3,
    planned_on: date | None = None,
) -> Basis:
    return Basis(period, period.day(usual_day), 2, planned_on, exceptions, cell)


def owed(cell: CellDates, period: Month | Quarter, usual_day: int = 3) -> bool:
    return owes(basis(cell, period, usual_day=usual_day))


LONG_AGO, SUPERVISED = date(2015, 1, 1), date(2020, 1, 1)


def test_nothing_is_owed_before_supervision() -> None:
    cell = CellDates(date(1990, 1, 1), None, date(2026, 9, 1))
    assert not owed(cell, Month(2026, 8))
    assert owed(cell, Month(2026, 9))
    assert not owed(cell, Quarter(2026, 3)), "it began before the first period that counts"
    assert owed(cell, Quarter(2026, 4))
    assert not owed(CellDates(date(1990, 1, 1), None, None), Month(2026, 9))


def test_a_new_cell_owes_from_the_first_usual_day_on_or_after_its_founding() -> None:
    assert owed(CellDates(date(2026, 9, 3), None, SUPERVISED), Month(2026, 9))
    assert not owed(CellDates(date(2026, 9, 4), None, SUPERVISED), Month(2026, 9))
    assert owed(CellDates(date(2026, 9, 4), None, SUPERVISED), Month(2026, 10))
    assert owed(CellDates(date(2026, 9, 3), None, SUPERVISED), Quarter(2026, 3))
    assert not owed(CellDates(date(2026, 9, 4), None, SUPERVISED), Quarter(2026, 3))


def test_a_closing_cell_owes_only_what_was_due_before() -> None:
    assert owed(CellDates(LONG_AGO, date(2026, 9, 6), SUPERVISED), Month(2026, 9))
    assert not owed(CellDates(LONG_AGO, date(2026, 9, 5), SUPERVISED), Month(2026, 9))
    assert owed(CellDates(LONG_AGO, date(2026, 9, 6), SUPERVISED), Quarter(2026, 3))
    assert not owed(CellDates(LONG_AGO, date(2026, 9, 5), SUPERVISED), Quarter(2026, 3))


def test_the_month_of_a_merger_is_the_successors() -> None:
    merged_on = date(2026, 11, 15)
    predecessor = CellDates(LONG_AGO, merged_on, SUPERVISED, succeeded=True)
    assert not owed(predecessor, NOVEMBER), "though its due day had passed"
    assert owed(predecessor, Month(2026, 10))
    successor = CellDates(merged_on, None, SUPERVISED, merged=(merged_on,))
    assert owed(successor, NOVEMBER), "though its usual day had passed when it was founded"
    assert not owed(successor, Month(2026, 10))
    assert last_day_before(terms_of(basis(successor)).window.due_at) == date(2026, 12, 2), "until the period closes"
    older = CellDates(LONG_AGO, None, SUPERVISED, merged=(merged_on,))
    assert last_day_before(terms_of(basis(older)).window.due_at) == date(2026, 11, 5)


CELL = CellDates(LONG_AGO, None, SUPERVISED)
EARLY, LATE = at("2026-11-01T08:00+07:00"), at("2026-11-02T08:00+07:00")


def test_a_moved_day_goes_before_the_planned_one_and_that_before_the_usual_one() -> None:
    planned = date(2026, 11, 10)
    assert last_day_before(terms_of(basis(CELL, planned_on=planned)).window.due_at) == date(2026, 11, 12)
    moved = terms_of(basis(CELL, NOVEMBER, Standing(1, EARLY, date(2026, 12, 5)), planned_on=planned))
    assert (moved.moved_on, last_day_before(moved.window.due_at)) == (date(2026, 12, 5), date(2026, 12, 7))
    excused = terms_of(basis(CELL, NOVEMBER, Standing(1, EARLY, None), planned_on=planned))
    assert (excused.excepted_at, last_day_before(excused.window.due_at)) == (EARLY, date(2026, 11, 12))


@pytest.mark.parametrize(
    ("exceptions", "moved_on"),
    [
        ([Standing(2, LATE, None), Standing(0, EARLY, date(2026, 11, 20))], date(2026, 11, 20)),
        ([Standing(1, LATE, date(2026, 11, 21)), Standing(1, EARLY, date(2026, 11, 20))], date(2026, 11, 21)),
        ([Standing(1, EARLY, date(2026, 11, 20)), Standing(1, LATE, None)], None),
    ],
)
def test_the_nearest_exception_counts_and_of_equals_the_last(exceptions: list[Standing], moved_on: date | None) -> None:
    for order in (exceptions, exceptions[::-1]):
        terms = terms_of(basis(CELL, NOVEMBER, *order))
        assert (terms.moved_on, terms.excepted_at is None) == (moved_on, moved_on is not None)


def test_what_is_late_cannot_be_planned_into_time() -> None:
    due_at = window_of(NOVEMBER, date(2026, 11, 3), 2).due_at
    assert may_plan(due_at, due_at - timedelta(microseconds=1))
    assert not may_plan(due_at, due_at)
