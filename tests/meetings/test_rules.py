"""What a check-in must say, what only deserves a hint, and how people write days and hours."""

import uuid
from dataclasses import replace
from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meetingcheck.meetings.forms import parse_check_in, parse_count, parse_day, parse_hour
from meetingcheck.meetings.rules import (
    CheckIn,
    Evidence,
    Expected,
    Field,
    Hint,
    attendance_tenths,
    check,
    content_sha256,
    hints,
    meeting_id_of,
    minutes_between,
)
from tests.world import GOOD_FIELDS

TODAY = date(2026, 11, 3)
NOVEMBER = Expected(date(2026, 11, 1), date(2026, 11, 30), date(2026, 12, 2), minimum_minutes=90)
ENOUGH = Evidence(overviews=1, minutes_pages=0)
GOOD = parse_check_in(GOOD_FIELDS)


def fields_of(check_in: CheckIn, evidence: Evidence = ENOUGH, today: date = TODAY) -> list[Field]:
    return [problem.field for problem in check(check_in, evidence, NOVEMBER, today)]


def test_a_whole_check_in_has_no_problem() -> None:
    assert fields_of(GOOD) == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"held_on": None}, Field.HELD_ON),
        ({"held_on": date(2026, 11, 4)}, Field.HELD_ON),
        ({"held_on": date(2026, 10, 31)}, Field.HELD_ON),
        ({"begins_at": None}, Field.BEGINS_AT),
        ({"ends_at": None}, Field.ENDS_AT),
        ({"ends_at": time(19, 30)}, Field.ENDS_AT),
        ({"ends_at": time(8, 0)}, Field.ENDS_AT),
        ({"total": None}, Field.TOTAL),
        ({"total": 0}, Field.TOTAL),
        ({"total": 10_000}, Field.TOTAL),
        ({"present": None}, Field.PRESENT),
        ({"present": 24}, Field.PRESENT),
        ({"absent_without_reason": None}, Field.ABSENT_WITHOUT_REASON),
        ({"absent_without_reason": 3}, Field.ABSENT_WITHOUT_REASON),
        ({"minutes_text": ""}, Field.MINUTES_PAGES),
        ({"minutes_text": "x" * 50_001}, Field.MINUTES_TEXT),
        ({"held_on": date(2026, 12, 3)}, Field.HELD_ON),
        ({"resolution_made": None}, Field.RESOLUTION_MADE),
    ],
)
def test_each_problem_stands_at_its_field(change: dict[str, object], field: Field) -> None:
    assert fields_of(replace(GOOD, **change)) == [field]


def test_an_empty_form_gets_a_sentence_at_every_required_field() -> None:
    empty = parse_check_in({})
    assert set(fields_of(empty, Evidence(0, 0))) == set(Field) - {Field.MINUTES_TEXT}


def test_pages_of_the_minutes_stand_for_their_text() -> None:
    assert fields_of(replace(GOOD, minutes_text=""), Evidence(1, 1)) == []
    assert fields_of(GOOD, Evidence(0, 3)) == [Field.OVERVIEW]


def test_a_short_meeting_or_one_outside_the_period_is_a_hint_never_a_refusal() -> None:
    short = replace(GOOD, ends_at=time(20, 59))
    assert fields_of(short) == []
    assert hints(short, NOVEMBER) == [Hint.SHORT_MEETING]
    assert hints(replace(GOOD, ends_at=time(21, 0)), NOVEMBER) == []
    december = replace(GOOD, held_on=date(2026, 12, 1))
    assert check(december, ENOUGH, NOVEMBER, date(2026, 12, 2)) == []
    assert hints(december, NOVEMBER) == [Hint.OUTSIDE_PERIOD]
    assert hints(replace(GOOD, absent_without_reason=1), NOVEMBER) == [Hint.ABSENT_WITHOUT_REASON]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("03/11/2026", date(2026, 11, 3)),
        ("3/11/2026", date(2026, 11, 3)),
        (" 03.11.2026 ", date(2026, 11, 3)),
        ("03-11-2026", date(2026, 11, 3)),
        ("3 11 2026", date(2026, 11, 3)),
        ("03112026", date(2026, 11, 3)),
        ("2026-11-03", date(2026, 11, 3)),
        ("11/03/2026", date(2026, 3, 11)),
        ("31/02/2026", None),
        ("03/11/26", None),
        ("hôm qua", None),
        ("", None),
        ("00/00/0000", None),
        ("٠٣/١١/٢٠٢٦", date(2026, 11, 3)),
    ],
)
def test_days_as_people_write_them(text: str, day: date | None) -> None:
    assert parse_day(text) == day


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("19:30", time(19, 30)),
        ("19h30", time(19, 30)),
        ("19H30", time(19, 30)),
        ("19.30", time(19, 30)),
        ("1930", time(19, 30)),
        ("19g30", time(19, 30)),
        ("19h", time(19, 0)),
        ("7", time(7, 0)),
        ("7:5", None),
        ("19,30", time(19, 30)),
        ("19 giờ 30", time(19, 30)),
        ("7h30'", time(7, 30)),
        ("24:00", None),
        ("19:60", None),
        ("tối", None),
        ("", None),
    ],
)
def test_hours_as_people_write_them(text: str, hour: time | None) -> None:
    assert parse_hour(text) == hour


@given(st.text(max_size=40))
def test_no_text_is_too_strange_to_parse(text: str) -> None:
    parse_day(text)
    parse_hour(text)
    count = parse_count(text)
    assert count is None or count >= 0


@given(st.integers(0, 5000), st.integers(0, 5000))
def test_attendance_is_never_rounded_up(present: int, base: int) -> None:
    tenths = attendance_tenths(present, base)
    if base == 0:
        assert tenths is None
    else:
        assert tenths is not None
        assert tenths * base <= present * 1000 < (tenths + 1) * base


def test_896_of_1000_does_not_look_like_90_percent() -> None:
    assert attendance_tenths(8999, 10000) == 899


@given(st.times(), st.times())
def test_a_length_is_positive_or_unknown(begins: time, ends: time) -> None:
    minutes = minutes_between(begins, ends)
    assert (minutes is None) == (ends <= begins)
    assert minutes is None or 0 <= minutes < 24 * 60


def test_an_id_counts_only_with_cell_and_author() -> None:
    unit, author, client = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
    ids = {
        meeting_id_of(unit, author, client),
        meeting_id_of(uuid.uuid4(), author, client),
        meeting_id_of(unit, uuid.uuid4(), client),
        meeting_id_of(unit, author, uuid.uuid4()),
    }
    assert len(ids) == 4
    assert meeting_id_of(unit, author, client) in ids


def test_equal_content_however_it_was_written() -> None:
    other = {**GOOD_FIELDS, "held_on": "3.11.2026", "begins_at": "19h30", "total": " 23 "}
    assert content_sha256(parse_check_in(other)) == content_sha256(GOOD)
    assert content_sha256(replace(GOOD, present=20)) != content_sha256(GOOD)


@pytest.mark.parametrize(
    ("text", "count"), [("23", 23), (" 9 người", 9), ("21 đồng chí", 21), ("-1", None), ("9a", None)]
)
def test_counts_as_people_write_them(text: str, count: int | None) -> None:
    assert parse_count(text) == count


def test_what_nobody_sees_is_dropped_from_pasted_minutes() -> None:
    pasted = "\ufeffMột\x0bHai\r\n\uf0b7 Ba\u200b\u00ad bốn\u202e năm\x07\tsáu"
    assert parse_check_in({"minutes_text": pasted}).minutes_text == "Một\nHai\n• Ba bốn năm sáu"


def test_one_day_does_not_stand_for_a_month_long_past() -> None:
    """Else one meeting could be reported for two months, and never be put right."""
    problems = check(replace(GOOD, held_on=date(2027, 2, 3)), ENOUGH, NOVEMBER, date(2027, 2, 4))
    assert [problem.field for problem in problems] == [Field.HELD_ON]
