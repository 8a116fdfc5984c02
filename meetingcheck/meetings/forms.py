"""From a posted form to a `CheckIn` and back: forgiving about how people write days, hours and numbers."""

import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from functools import partial
from typing import TypeVar

from meetingcheck.lib.http.forms import parse_day
from meetingcheck.lib.text import many_lines, one_line, storable
from meetingcheck.meetings.values import (
    AbsenceReason,
    CheckIn,
    Details,
    Field,
    GivenTask,
    GroupCounts,
    MeetingForm,
    MemberGroup,
    TaskAnswer,
)

HOUR = re.compile(r"(\d{1,2})(?:[:.,hg ]+(\d{2}))?(?::\d{2})?[hg']?", re.IGNORECASE)
HALF_PAST = re.compile(r" *h? *rưỡi")
PART_OF_DAY = re.compile(r"\s*(sáng|trưa|chiều|tối|đêm)$")
NOON = 12
COUNT = re.compile(r"([0-9]{1,6})(?: *(?:người|đồng chí|đ/c|đảng viên|đv))?", re.IGNORECASE)
FOUR_DIGITS = re.compile(r"(\d{2})(\d{2})")
MOST_FIELDS = 400  # of one form; more are left out

FILE_FIELDS = frozenset(
    {
        Field.OVERVIEW,
        Field.MINUTES_PAGES,
        Field.MINUTES_FILE,
        Field.RESOLUTION_FILE,
        Field.RESOLUTION_PAGES,
        Field.ATTENDANCE_LIST,
    }
)
PARTS = ("present", "absent_with_reason", "absent_without_reason")
TASK = re.compile(r"task_(\d{1,2})_(what|who|until)")
ANSWER = re.compile(r"answer_([0-9a-f]{32})(_note)?")
GROUP_FIELDS = {f"{group}_{part}" for group in MemberGroup for part in PARTS}
REASON_FIELDS = {f"reason_{reason}" for reason in AbsenceReason}
PLAIN_FIELDS = {field.value for field in Field if field not in FILE_FIELDS} | GROUP_FIELDS | REASON_FIELDS

T = TypeVar("T")
DONE, NOT_DONE = "done", "not_done"


def typed_fields(form: Mapping[str, str]) -> dict[str, str]:
    """What was typed, as typed and whole, for showing it again; a form's text is limited as it arrives."""
    names = [name for name in form if name in PLAIN_FIELDS or TASK.fullmatch(name) or ANSWER.fullmatch(name)]
    return {name: storable(str(form[name])) for name in names[:MOST_FIELDS]}


def parse_check_in(typed: Mapping[str, str], within: tuple[date, date] | None = None) -> CheckIn:
    """What the typed fields mean; None for what is empty or cannot be understood. `within` are the first and the last
    day on which the meeting may have been: a day without a year is looked for there."""
    unclear: set[str] = set()
    return CheckIn(
        held_on=_understood(partial(parse_day, within=within), typed, Field.HELD_ON, unclear),
        begins_at=_understood(parse_hour, typed, Field.BEGINS_AT, unclear),
        ends_at=_understood(parse_hour, typed, Field.ENDS_AT, unclear),
        total=_understood(parse_count, typed, Field.TOTAL, unclear),
        present=_understood(parse_count, typed, Field.PRESENT, unclear),
        absent_without_reason=_understood(parse_count, typed, Field.ABSENT_WITHOUT_REASON, unclear),
        minutes_text=many_lines(typed.get(Field.MINUTES_TEXT, "")),
        resolution_made={"yes": True, "no": False}.get(typed.get(Field.RESOLUTION_MADE, "")),
        details=_parse_details(typed, unclear),
        told_by=one_line(typed.get(Field.TOLD_BY, "")),
        unclear=frozenset(unclear),
    )


def _parse_details(typed: Mapping[str, str], unclear: set[str]) -> Details:
    def line(field: Field) -> str:
        return one_line(typed.get(field, ""))

    def lines(field: Field) -> str:
        return many_lines(typed.get(field, ""))

    def count(name: str) -> int | None:
        return _understood(parse_count, typed, name, unclear)

    return Details(
        place=line(Field.PLACE),
        form=_parse_form(typed.get(Field.FORM, "")),
        absent_with_reason=count(Field.ABSENT_WITH_REASON),
        exempt=count(Field.EXEMPT) or 0,
        exempt_present=count(Field.EXEMPT_PRESENT) or 0,
        away=count(Field.AWAY) or 0,
        suspended=count(Field.SUSPENDED) or 0,
        groups=tuple(_parse_groups(typed, unclear)),
        reasons=tuple(
            (reason, number) for reason in AbsenceReason if (number := count(f"reason_{reason}")) is not None
        ),
        absent_names=lines(Field.ABSENT_NAMES),
        chair=line(Field.CHAIR),
        minute_taker=line(Field.MINUTE_TAKER),
        combined=typed.get(Field.COMBINED, "") == "yes",
        topic=line(Field.TOPIC),
        guests=lines(Field.GUESTS),
        superior=line(Field.SUPERIOR),
        resolution_text=lines(Field.RESOLUTION_TEXT),
        tasks=tuple(_parse_tasks(typed, unclear)),
        answers=tuple(_parse_answers(typed)),
    )


def _understood(parse: Callable[[str], T | None], typed: Mapping[str, str], name: str, unclear: set[str]) -> T | None:
    """What a field means; one in which something was written that means nothing is noted."""
    text = one_line(typed.get(name, ""))
    found = parse(text)
    if text and found is None:
        unclear.add(str(name))
    return found


def _parse_form(text: str) -> MeetingForm | None:
    return MeetingForm(text) if text in set(MeetingForm) else None


def _parse_groups(typed: Mapping[str, str], unclear: set[str]) -> Iterator[tuple[MemberGroup, GroupCounts]]:
    for group in MemberGroup:
        counts = GroupCounts(*(_understood(parse_count, typed, f"{group}_{part}", unclear) for part in PARTS))
        if counts.counted:
            yield group, counts


def _parse_tasks(typed: Mapping[str, str], unclear: set[str]) -> Iterator[GivenTask]:
    """Rows in which anything was written, in the order of their numbers."""
    numbers = sorted({int(found.group(1)) for name in typed if (found := TASK.fullmatch(name))})
    for number in numbers:
        what, who, until = (one_line(typed.get(f"task_{number}_{part}", "")) for part in ("what", "who", "until"))
        if not (what or who or until):
            continue
        until_on = _understood(parse_day, typed, f"task_{number}_until", unclear)
        yield GivenTask(what, who, until_on)


def _parse_answers(typed: Mapping[str, str]) -> Iterator[TaskAnswer]:
    for name in sorted(typed):
        found = ANSWER.fullmatch(name)
        if found and not found.group(2) and typed[name] in {DONE, NOT_DONE}:
            note = one_line(typed.get(f"{name}_note", ""))
            yield TaskAnswer(uuid.UUID(found.group(1)), typed[name] == DONE, note)


def typed_from(check_in: CheckIn) -> dict[str, str]:
    """What a person would have typed to say this: for correcting what was sent."""
    details = check_in.details
    typed = {
        Field.HELD_ON: _day(check_in.held_on),
        Field.BEGINS_AT: check_in.begins_at.strftime("%H:%M") if check_in.begins_at else "",
        Field.ENDS_AT: check_in.ends_at.strftime("%H:%M") if check_in.ends_at else "",
        Field.TOTAL: _number(check_in.total),
        Field.PRESENT: _number(check_in.present),
        Field.ABSENT_WITHOUT_REASON: _number(check_in.absent_without_reason),
        Field.MINUTES_TEXT: check_in.minutes_text,
        Field.RESOLUTION_MADE: {True: "yes", False: "no", None: ""}[check_in.resolution_made],
        Field.TOLD_BY: check_in.told_by,
        Field.FORM: details.form or "",
        Field.ABSENT_WITH_REASON: _number(details.absent_with_reason),
        Field.COMBINED: "yes" if details.combined else "",
    }
    for field in (Field.EXEMPT, Field.EXEMPT_PRESENT, Field.AWAY, Field.SUSPENDED):
        typed[field] = _number(getattr(details, field) or None)
    for field in (
        Field.PLACE,
        Field.CHAIR,
        Field.MINUTE_TAKER,
        Field.TOPIC,
        Field.GUESTS,
        Field.SUPERIOR,
        Field.RESOLUTION_TEXT,
        Field.ABSENT_NAMES,
    ):
        typed[field] = getattr(details, field)
    return {**{field.value: text for field, text in typed.items() if text}, **_typed_rows(details)}


def _typed_rows(details: Details) -> dict[str, str]:
    typed = {}
    for group, counts in details.groups:
        typed.update({f"{group}_{part}": _number(getattr(counts, part)) for part in PARTS})
    typed.update({f"reason_{reason}": str(count) for reason, count in details.reasons})
    for number, task in enumerate(details.tasks, start=1):
        row = {"what": task.what, "who": task.who, "until": _day(task.until_on)}
        typed.update({f"task_{number}_{part}": text for part, text in row.items()})
    for answer in details.answers:
        typed[f"answer_{answer.task_id.hex}"] = DONE if answer.done else NOT_DONE
        typed[f"answer_{answer.task_id.hex}_note"] = answer.note
    return typed


def _day(day: date | None) -> str:
    return day.strftime("%d/%m/%Y") if day else ""


def _number(number: int | None) -> str:
    return "" if number is None else str(number)


@dataclass(frozen=True)
class Change:
    """One field that differs: its name, what stood there, what stands now, both as typed."""

    name: str
    before: str
    after: str


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> list[Change]:
    """What changed from one typed form to another, in the order of the page."""
    names = [*before, *(name for name in after if name not in before)]
    return [
        Change(name, before.get(name, ""), after.get(name, ""))
        for name in names
        if before.get(name, "") != after.get(name, "")
    ]


def as_said(typed: Mapping[str, str], within: tuple[date, date] | None = None) -> dict[str, str]:
    """The fields in the one spelling of what they mean, so that 19h and 19:00 are no difference; one that cannot be
    understood stays as typed. `within` as in `parse_check_in`."""
    check_in = parse_check_in(typed, within)
    return {**typed_from(check_in), **{name: typed[name] for name in check_in.unclear}}


def parse_hour(text: str) -> time | None:
    """An hour as 19:30, 19h30, 19.30, 19,30, 19 giờ 30, 1930, 19h, 19, 19:30:00, 7 giờ tối, 7 rưỡi tối or 2h chiều."""
    text = one_line(text).lower()
    part = PART_OF_DAY.search(text)
    text = HALF_PAST.sub("h30", PART_OF_DAY.sub("", text).replace("giờ", "h").replace("phút", "")).replace(" ", "")
    found = FOUR_DIGITS.fullmatch(text) or HOUR.fullmatch(text)
    if found is None:
        return None
    hour = int(found.group(1))
    if part and hour < NOON and (part.group(1) in {"chiều", "tối", "đêm"} or (part.group(1) == "trưa" and hour <= 2)):
        hour += NOON
    try:
        return time(hour, int(found.group(2) or 0))
    except ValueError:
        return None


def parse_count(text: str) -> int | None:
    found = COUNT.fullmatch(one_line(text))
    return int(found.group(1)) if found else None


def parse_uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
