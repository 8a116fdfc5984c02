"""From a posted form to a `CheckIn`: forgiving about how people write days and hours."""

import re
import uuid
from collections.abc import Mapping
from datetime import time

from meetingcheck.lib.http.forms import parse_day
from meetingcheck.lib.text import many_lines, one_line, storable
from meetingcheck.meetings.rules import CheckIn, Field

HOUR = re.compile(r"(\d{1,2})(?:[:.,hg ]+(\d{2}))?[hg']?", re.IGNORECASE)
COUNT = re.compile(r"([0-9]{1,6})(?: *(?:người|đồng chí|đ/c|đảng viên|đv))?", re.IGNORECASE)
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


def parse_hour(text: str) -> time | None:
    """An hour as 19:30, 19h30, 19.30, 19,30, 19 giờ 30, 1930, 19h or 19."""
    text = one_line(text).lower().replace("giờ", "h").replace("phút", "").replace(" ", "")
    found = FOUR_DIGITS.fullmatch(text) or HOUR.fullmatch(text)
    if found is None:
        return None
    try:
        return time(int(found.group(1)), int(found.group(2) or 0))
    except ValueError:
        return None


def parse_count(text: str) -> int | None:
    found = COUNT.fullmatch(one_line(text))
    return int(found.group(1)) if found else None


def parse_client_id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
