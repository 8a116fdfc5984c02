"""From a posted form to a `CheckIn`: forgiving about how people write days and hours."""

import re
import uuid
from collections.abc import Mapping
from datetime import date, time

from meetingcheck.lib.text import many_lines, one_line, storable
from meetingcheck.meetings.rules import CheckIn, Field

DAY_FIRST = re.compile(r"(\d{1,2})[/.\- ](\d{1,2})[/.\- ](\d{4})")
YEAR_FIRST = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
EIGHT_DIGITS = re.compile(r"(\d{2})(\d{2})(\d{4})")
HOUR = re.compile(r"(\d{1,2})(?:[:.hg ]+(\d{1,2}))?[hg]?", re.IGNORECASE)
FOUR_DIGITS = re.compile(r"(\d{2})(\d{2})")
LONGEST_FIELD = 60_000  # characters; longer is cut, and the rule then says that it is too long

TEXT_FIELDS = tuple(field for field in Field if field not in {Field.OVERVIEW, Field.MINUTES_PAGES})


def typed_fields(form: Mapping[str, str]) -> dict[str, str]:
    """What was typed, as typed, for showing it again."""
    return {field.value: storable(str(form.get(field.value, "")))[:LONGEST_FIELD] for field in TEXT_FIELDS}


def parse_check_in(typed: Mapping[str, str]) -> CheckIn:
    """What the typed fields mean; None for what is empty or cannot be understood."""
    return CheckIn(
        held_on=parse_day(typed.get(Field.HELD_ON, "")),
        begins_at=parse_hour(typed.get(Field.BEGINS_AT, "")),
        ends_at=parse_hour(typed.get(Field.ENDS_AT, "")),
        total=parse_count(typed.get(Field.TOTAL, "")),
        present=parse_count(typed.get(Field.PRESENT, "")),
        absent_without_reason=parse_count(typed.get(Field.ABSENT_WITHOUT_REASON, "")),
        minutes_text=many_lines(typed.get(Field.MINUTES_TEXT, "")),
        resolution_made={"yes": True, "no": False}.get(typed.get(Field.RESOLUTION_MADE, "")),
    )


def parse_day(text: str) -> date | None:
    """A day as 3/11/2026, 03.11.2026, 03112026 or 2026-11-03."""
    text = one_line(text)
    if found := YEAR_FIRST.fullmatch(text):
        year, month, day = found.groups()
    elif found := DAY_FIRST.fullmatch(text) or EIGHT_DIGITS.fullmatch(text):
        day, month, year = found.groups()
    else:
        return None
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def parse_hour(text: str) -> time | None:
    """An hour as 19:30, 19h30, 19.30, 1930, 19h or 19."""
    text = one_line(text)
    found = FOUR_DIGITS.fullmatch(text) or HOUR.fullmatch(text)
    if found is None:
        return None
    try:
        return time(int(found.group(1)), int(found.group(2) or 0))
    except ValueError:
        return None


def parse_count(text: str) -> int | None:
    text = one_line(text)
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 6 else None


def parse_client_id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
