"""The rules of what is owed and what became of it, without a database."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meetingcheck.duties.rules import CellDates, Month, ObligationState, owes, state_of, window_of
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
    window = window_of(NOVEMBER, usual_day=3, report_days=2)
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
    window = window_of(NOVEMBER, usual_day=30, report_days=2)
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


MONTHS = st.builds(Month, st.integers(2016, 2040), st.integers(1, 12))
USUAL_DAYS = st.integers(1, 31)
REPORT_DAYS = st.integers(0, 20)


@given(MONTHS, USUAL_DAYS, REPORT_DAYS)
def test_the_three_instants_are_in_order(month: Month, usual_day: int, report_days: int) -> None:
    window = window_of(month, usual_day, report_days)
    assert window.opens_at < window.due_at <= window.closes_at
    assert local_day(window.opens_at) == month.first_day
    assert last_day_before(window.closes_at) == month.last_day + timedelta(days=report_days)


@given(MONTHS, st.integers(-60, 60))
def test_months_add_up(month: Month, months: int) -> None:
    moved = month.plus(months)
    assert moved.plus(-months) == month
    assert Month.parse(moved.code) == moved
    assert (moved.first_day > month.first_day) == (months > 0)


@given(st.dates(date(2016, 1, 1), date(2040, 1, 1)))
def test_a_local_day_begins_where_the_day_before_ends(day: date) -> None:
    assert end_of_day(day) == start_of_day(day + timedelta(days=1))
    assert last_day_before(end_of_day(day)) == day


@given(MONTHS, USUAL_DAYS, REPORT_DAYS, st.dates(date(2016, 1, 1), date(2041, 1, 1)))
def test_the_states_follow_each_other(month: Month, usual_day: int, report_days: int, day: date) -> None:
    """Without a report time only moves a period forward."""
    window = window_of(month, usual_day, report_days)
    period = Facts(window.opens_at, window.due_at, window.closes_at)
    order = [*["upcoming", "open", "due", "late", "missed"]]
    earlier, later = (order.index(state_of(period, start_of_day(day) + timedelta(hours=h))) for h in (0, 31))
    assert earlier <= later


def owed(cell: CellDates, month: Month, usual_day: int = 3) -> bool:
    return owes(cell, month, usual_day, window_of(month, usual_day, 2))


def test_nothing_is_owed_before_supervision() -> None:
    cell = CellDates(date(1990, 1, 1), None, date(2026, 9, 1))
    assert not owed(cell, Month(2026, 8))
    assert owed(cell, Month(2026, 9))
    assert not owed(CellDates(date(1990, 1, 1), None, None), Month(2026, 9))


def test_a_new_cell_owes_from_the_first_usual_day_on_or_after_its_founding() -> None:
    supervised = date(2020, 1, 1)
    assert owed(CellDates(date(2026, 9, 3), None, supervised), Month(2026, 9))
    assert not owed(CellDates(date(2026, 9, 4), None, supervised), Month(2026, 9))
    assert owed(CellDates(date(2026, 9, 4), None, supervised), Month(2026, 10))


def test_a_closing_cell_owes_only_what_was_due_before() -> None:
    supervised = date(2020, 1, 1)
    assert owed(CellDates(date(2015, 1, 1), date(2026, 9, 6), supervised), Month(2026, 9))
    assert not owed(CellDates(date(2015, 1, 1), date(2026, 9, 5), supervised), Month(2026, 9))
