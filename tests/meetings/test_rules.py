"""What a check-in must say, what only deserves a hint, and how people write days and hours."""

import random
import uuid
from dataclasses import replace
from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meetingcheck.lib.text import one_line
from meetingcheck.meetings.contents import content_of, content_sha256, details_from
from meetingcheck.meetings.forms import differences, parse_check_in, parse_count, parse_day, parse_hour, typed_from
from meetingcheck.meetings.rules import (
    Hint,
    absent_with_reason_of,
    attendance_tenths,
    base_of,
    check,
    hints,
    meeting_id_of,
    minutes_between,
    reordered,
)
from meetingcheck.meetings.values import (
    AbsenceReason,
    CheckIn,
    Details,
    Evidence,
    Expected,
    Field,
    GivenTask,
    GroupCounts,
    MeetingForm,
    MemberGroup,
    TaskAnswer,
)
from tests.world import GOOD_FIELDS

TODAY = date(2026, 11, 3)
NOVEMBER = Expected(
    first_day=date(2026, 11, 1),
    period_from=date(2026, 11, 1),
    period_last=date(2026, 11, 30),
    latest_day=date(2026, 12, 2),
    minimum_minutes=90,
)
ENOUGH = Evidence(overviews=1, minutes_pages=0)
GOOD = parse_check_in(GOOD_FIELDS)


def fields_of(check_in: CheckIn, evidence: Evidence = ENOUGH, today: date = TODAY) -> list[str]:
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
    assert set(fields_of(empty, Evidence(0, 0))) == {
        *(Field.OVERVIEW, Field.MINUTES_PAGES, Field.HELD_ON, Field.BEGINS_AT, Field.ENDS_AT),
        *(Field.TOTAL, Field.PRESENT, Field.ABSENT_WITHOUT_REASON, Field.RESOLUTION_MADE),
    }


def test_pages_of_the_minutes_stand_for_their_text() -> None:
    assert fields_of(replace(GOOD, minutes_text=""), Evidence(1, 1)) == []
    assert fields_of(GOOD, Evidence(0, 3)) == [Field.OVERVIEW]


def test_a_short_meeting_or_one_outside_the_period_is_a_hint_never_a_refusal() -> None:
    short = replace(GOOD, ends_at=time(20, 59))
    assert fields_of(short) == []
    assert hints(short, ENOUGH, NOVEMBER) == [Hint.SHORT_MEETING]
    assert hints(replace(GOOD, ends_at=time(21, 0)), ENOUGH, NOVEMBER) == []
    december = replace(GOOD, held_on=date(2026, 12, 1))
    assert check(december, ENOUGH, NOVEMBER, date(2026, 12, 2)) == []
    assert hints(december, ENOUGH, NOVEMBER) == [Hint.OUTSIDE_PERIOD]
    assert hints(replace(GOOD, absent_without_reason=1), ENOUGH, NOVEMBER) == [Hint.ABSENT_WITHOUT_REASON]


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
        ("03/11/26", date(2026, 11, 3)),
        ("03/11/026", None),
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
        ("7 giờ tối", time(19, 0)),
        ("7h30 tối", time(19, 30)),
        ("2 giờ chiều", time(14, 0)),
        ("7 giờ rưỡi tối", time(19, 30)),
        ("7 rưỡi tối", time(19, 30)),
        ("8h rưỡi", time(8, 30)),
        ("19 rưỡi", time(19, 30)),
        ("19:30:00", time(19, 30)),
        ("7 giờ sáng", time(7, 0)),
        ("1 giờ trưa", time(13, 0)),
        ("11h trưa", time(11, 0)),
        ("19h tối", time(19, 0)),
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


def with_details(**values: object) -> CheckIn:
    return replace(GOOD, details=Details(**values))  # type: ignore[arg-type]


def test_exempt_away_and_suspended_leave_the_base_and_an_exempt_one_who_comes_counts() -> None:
    said = replace(with_details(exempt=3, exempt_present=1, away=2, suspended=1), present=17, absent_without_reason=1)
    assert base_of(said) == 23 - 3 - 2 - 1 + 1
    assert absent_with_reason_of(said) == 0
    assert fields_of(said) == []
    assert fields_of(replace(said, present=19)) == [Field.PRESENT]


@pytest.mark.parametrize(
    ("details", "field"),
    [
        ({"exempt": 1, "exempt_present": 2}, Field.EXEMPT_PRESENT),
        ({"exempt": 20, "away": 4}, Field.EXEMPT),
        ({"absent_with_reason": 1}, Field.ABSENT_WITH_REASON),
        ({"absent_with_reason": 3}, Field.ABSENT_WITH_REASON),
        ({"groups": ((MemberGroup.OFFICIAL, GroupCounts(20, 2, 0)),)}, Field.GROUPS),
        ({"groups": ((MemberGroup.OFFICIAL, GroupCounts(21, 1, 0)),)}, Field.GROUPS),
        ({"reasons": ((AbsenceReason.ILL, 2), (AbsenceReason.WORK, 1))}, Field.REASONS),
        ({"combined": True}, Field.TOPIC),
        ({"place": "x" * 201}, Field.PLACE),
        ({"chair": "An\u202eNguyễn"}, Field.CHAIR),
        ({"resolution_text": "x" * 5_001}, Field.RESOLUTION_TEXT),
        ({"tasks": (GivenTask("", "An", None),)}, Field.TASKS),
        ({"tasks": (GivenTask("Vận động", "An", date(2026, 11, 2)),)}, Field.TASKS),
        ({"tasks": (GivenTask("Vận động\u200f"),)}, Field.TASKS),
        ({"tasks": tuple(GivenTask(f"Việc {number}") for number in range(21))}, Field.TASKS),
    ],
)
def test_each_problem_of_the_folded_part_stands_at_its_field(details: dict[str, object], field: Field) -> None:
    assert fields_of(with_details(**details)) == [field]


@pytest.mark.parametrize(
    "details",
    [
        {"absent_with_reason": 2},
        {"groups": ((MemberGroup.OFFICIAL, GroupCounts(20, 2, 0)), (MemberGroup.PROBATIONARY, GroupCounts(1)))},
        {"reasons": ((AbsenceReason.ILL, 1), (AbsenceReason.OTHER, 1))},
        {"combined": True, "topic": "Học tập và làm theo Bác"},
        {"tasks": (GivenTask("Vận động hiến đất", "đ/c An", date(2026, 11, 3)),)},
    ],
)
def test_the_folded_part_may_say_more(details: dict[str, object]) -> None:
    assert fields_of(with_details(**details)) == []


@pytest.mark.parametrize(
    ("name", "text", "field"),
    [
        ("exempt", "hai", Field.EXEMPT),
        ("official_present", "x", "official_present"),
        ("reason_ill", "-1", "reason_ill"),
        ("task_1_until", "cuối tháng", "task_1_until"),
        ("held_on", "hôm qua", Field.HELD_ON),
        ("begins_at", "chập tối", Field.BEGINS_AT),
        ("present", "hai mươi", Field.PRESENT),
    ],
)
def test_what_was_written_and_not_understood_is_never_taken_for_nothing(name: str, text: str, field: str) -> None:
    typed = {**GOOD_FIELDS, "task_1_what": "Vận động", name: text}
    assert fields_of(parse_check_in(typed)) == [field]


def test_what_a_cell_tells_on_the_telephone_needs_a_name_and_no_evidence_yet() -> None:
    expected = replace(NOVEMBER, by_telephone=True)
    bare = replace(GOOD, minutes_text="")
    assert [one.field for one in check(bare, Evidence(0, 0), expected, TODAY)] == [Field.TOLD_BY]
    named = replace(bare, told_by="đ/c Nguyễn Văn An, bí thư")
    assert check(named, Evidence(0, 0), expected, TODAY) == []
    assert hints(named, Evidence(0, 0), expected) == [Hint.FEW_OVERVIEWS, Hint.NO_MINUTES]


def test_policy_may_ask_for_less_or_more_evidence() -> None:
    closed_topic = replace(NOVEMBER, overviews_asked=0, minutes_asked=False)
    assert check(replace(GOOD, minutes_text=""), Evidence(0, 0), closed_topic, TODAY) == []
    two = replace(NOVEMBER, overviews_asked=2)
    assert check(GOOD, ENOUGH, two, TODAY) == []
    assert hints(GOOD, ENOUGH, two) == [Hint.FEW_OVERVIEWS]
    names = replace(NOVEMBER, absent_names_asked=True)
    assert [one.field for one in check(GOOD, ENOUGH, names, TODAY)] == [Field.ABSENT_NAMES]


def test_one_sitting_for_both_meetings_is_measured_by_its_own_length() -> None:
    both = replace(with_details(combined=True, topic="Chuyên đề"), ends_at=time(21, 15))
    assert hints(both, ENOUGH, NOVEMBER) == [Hint.SHORT_MEETING], "105 minutes, 120 are asked"
    assert hints(replace(both, ends_at=time(21, 30)), ENOUGH, NOVEMBER) == []


def test_an_extra_meeting_belongs_to_no_period() -> None:
    extra = Expected(date(2025, 11, 2), None, None, TODAY, minimum_minutes=0)
    assert check(replace(GOOD, held_on=date(2026, 2, 27)), ENOUGH, extra, TODAY) == []
    assert hints(replace(GOOD, held_on=date(2026, 2, 27)), ENOUGH, extra) == []
    long_ago = check(replace(GOOD, held_on=date(2016, 11, 3)), ENOUGH, extra, TODAY)
    assert [one.field for one in long_ago] == [Field.HELD_ON]


counts = st.integers(0, 9_999)
lines = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=30).map(one_line)
details = st.builds(
    Details,
    place=lines,
    form=st.none() | st.sampled_from(MeetingForm),
    absent_with_reason=st.none() | counts,
    exempt=counts,
    exempt_present=counts,
    away=counts,
    suspended=counts,
    groups=st.dictionaries(
        st.sampled_from(MemberGroup), st.builds(GroupCounts, counts, st.none() | counts, counts)
    ).map(lambda found: tuple((group, found[group]) for group in MemberGroup if group in found)),
    reasons=st.dictionaries(st.sampled_from(AbsenceReason), counts).map(
        lambda found: tuple((reason, found[reason]) for reason in AbsenceReason if reason in found)
    ),
    chair=lines,
    combined=st.booleans(),
    topic=lines,
    tasks=st.lists(
        st.builds(GivenTask, lines, lines, st.none() | st.dates(min_value=date(1000, 1, 1))), max_size=5
    ).map(tuple),
    answers=st.lists(
        st.builds(TaskAnswer, st.uuids(), st.booleans(), lines), max_size=3, unique_by=lambda one: one.task_id
    ).map(lambda found: tuple(sorted(found, key=lambda one: one.task_id.hex))),
)
check_ins = st.builds(
    CheckIn,
    held_on=st.dates(min_value=date(1000, 1, 1)),
    begins_at=st.times().map(lambda one: one.replace(second=0, microsecond=0, fold=0)),
    ends_at=st.times().map(lambda one: one.replace(second=0, microsecond=0, fold=0)),
    total=counts,
    present=counts,
    absent_without_reason=counts,
    minutes_text=lines,
    resolution_made=st.booleans(),
    details=details,
    told_by=lines,
    unclear=st.just(frozenset()),
)


@given(check_ins)
def test_what_was_said_comes_back_from_the_form_and_from_storage(said: CheckIn) -> None:
    assert parse_check_in(typed_from(said)) == said
    assert details_from(content_of(said)["details"]) == said.details
    assert differences(typed_from(said), typed_from(said)) == []


@given(check_ins, st.integers(0, 50), st.integers(0, 50))
def test_present_and_absent_make_the_base_or_there_is_a_sentence(said: CheckIn, evidence: int, minutes: int) -> None:
    expected = replace(NOVEMBER, first_day=date.min, latest_day=date.max)
    if check(said, Evidence(evidence, minutes), expected, date.max) == []:
        base, excused = base_of(said), absent_with_reason_of(said)
        assert base is not None
        assert excused is not None
        assert said.present is not None
        assert said.absent_without_reason is not None
        assert said.present + excused + said.absent_without_reason == base


def test_differences_name_what_changed() -> None:
    before, after = typed_from(GOOD), typed_from(replace(with_details(place="Nhà văn hóa"), present=20))
    changed = differences(before, after)
    assert [(one.name, one.before, one.after) for one in changed] == [
        ("present", "21", "20"),
        ("place", "", "Nhà văn hóa"),
    ]


def test_what_is_empty_and_what_is_not_understood_get_different_sentences() -> None:
    empty, unclear = (
        parse_check_in({**GOOD_FIELDS, "held_on": ""}),
        parse_check_in({**GOOD_FIELDS, "held_on": "hôm qua"}),
    )
    [first], [second] = (check(said, ENOUGH, NOVEMBER, TODAY) for said in (empty, unclear))
    assert (first.field, second.field) == (Field.HELD_ON, Field.HELD_ON)
    assert second.sentence.startswith("Chưa hiểu")
    assert not first.sentence.startswith("Chưa hiểu")


def test_a_day_without_a_year_is_looked_for_within_the_period() -> None:
    november = (date(2026, 11, 1), date(2026, 12, 2))
    for typed, day in (("3/11", date(2026, 11, 3)), ("1/12", date(2026, 12, 1)), ("03/11/26", date(2026, 11, 3))):
        assert parse_check_in({"held_on": typed}, november).held_on == day
    assert parse_check_in({"held_on": "3/11"}).unclear == {"held_on"}


@given(st.lists(st.uuids(), unique=True, max_size=6), st.lists(st.uuids(), max_size=3), st.randoms())
def test_an_order_moves_what_it_names_and_nothing_else(
    present: list[uuid.UUID], foreign: list[uuid.UUID], chance: random.Random
) -> None:
    named = [one for one in present if chance.random() < 0.5]
    chance.shuffle(named)
    after = reordered(present, [*foreign, *named, *named])
    assert sorted(after) == sorted(present)
    assert [one for one in after if one in named] == named
    assert [one for one in present if one not in named] == [one for one in after if one not in named]
    assert all(a == b for a, b in zip(present, after, strict=True) if a not in named)
