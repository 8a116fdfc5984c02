"""Reading a posted form: forgiving about how people write, one clear sentence at each field that is not understood."""

import re
import uuid
from collections.abc import Iterable
from datetime import date

from flask import request

from meetingcheck.lib.text import N_, has_unsafe_characters, one_line, storable

LONGEST_TYPED = 2_000  # characters kept of one field, for showing it again
DAY_FIRST = re.compile(r"(\d{1,2})[/.\- ](\d{1,2})[/.\- ](\d{4}|\d{2})")
YEAR_FIRST = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
EIGHT_DIGITS = re.compile(r"(\d{2})(\d{2})(\d{4})")
DAY_AND_MONTH = re.compile(r"(\d{1,2})[/.\- ](\d{1,2})")
MONTH_FIRST = re.compile(r"(\d{1,2})[/.\- ](\d{4}|\d{2})")
CENTURY = 2000  # a year of two digits is one of this century

DAY_WANTED = N_("Đồng chí hãy ghi ngày, ví dụ 03/11/2026.")
DAY_NOT_UNDERSTOOD = N_("Chưa hiểu ngày này. Đồng chí hãy ghi ngày, tháng, năm, ví dụ 03/11/2026.")
MONTH_WANTED = N_("Đồng chí hãy ghi tháng, ví dụ 11/2026.")
MONTH_NOT_UNDERSTOOD = N_("Chưa hiểu tháng này. Đồng chí hãy ghi tháng và năm, ví dụ 11/2026.")
TOO_LONG = N_("Dòng này dài quá. Đồng chí hãy viết ngắn hơn.")
UNSAFE = N_("Dòng này có ký tự không dùng được. Đồng chí hãy gõ lại.")
CHOICE_WANTED = N_("Đồng chí hãy chọn một mục trong danh sách.")

Problems = dict[str, list[str]]


def parse_day(text: str, within: tuple[date, date] | None = None) -> date | None:
    """A day as 3/11/2026, 3/11/26, 03.11.2026, 03112026 or 2026-11-03; None for anything else.

    With the first and the last day that are meant, 28/11 alone is that day `within` them or, when it lies outside, of
    the year of the first one.
    """
    text = one_line(text)
    if found := YEAR_FIRST.fullmatch(text):
        year, month, day = found.groups()
    elif found := DAY_FIRST.fullmatch(text) or EIGHT_DIGITS.fullmatch(text):
        day, month, year = found.groups()
    elif within is not None and (found := DAY_AND_MONTH.fullmatch(text)):
        day, month = found.groups()
        return _day_within(int(month), int(day), *within)
    else:
        return None
    return _day(read_year(year), int(month), int(day))


def _day_within(month: int, day: int, first: date, last: date) -> date | None:
    found = [one for year in range(first.year, last.year + 1) if (one := _day(year, month, day))]
    return next((one for one in found if first <= one <= last), found[0] if found else None)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def read_year(text: str) -> int:
    """A year of four digits, or of two: 26 is 2026."""
    return int(text) + (CENTURY if len(text) == len("26") else 0)


def parse_month(text: str) -> date | None:
    """The first day of a month written as 11/2026 or 11/26; None for anything else."""
    found = MONTH_FIRST.fullmatch(one_line(text))
    return _day(read_year(found.group(2)), int(found.group(1)), 1) if found else None


class TypedForm:
    """The fields of the posted form as typed, and the sentences that were found while reading them."""

    def __init__(self) -> None:
        self.typed = {name: storable(str(value))[:LONGEST_TYPED] for name, value in request.form.items()}
        self.problems: Problems = {}

    def refuse(self, name: str, sentence: str) -> None:
        """Put a sentence at a field; it is translated where it is shown."""
        self.problems.setdefault(name, []).append(sentence)

    def line(self, name: str, longest: int, wanted: str | None = None) -> str:
        """One line of text; `wanted` is the sentence for an empty one, None when it may be empty."""
        text = one_line(self.typed.get(name, ""))
        if not text and wanted:
            self.refuse(name, wanted)
        elif len(text) > longest:
            self.refuse(name, TOO_LONG)
        elif has_unsafe_characters(text):
            self.refuse(name, UNSAFE)
        return text

    def day(self, name: str, wanted: str = DAY_WANTED, within: tuple[date, date] | None = None) -> date | None:
        """A day, `within` which period when the year may be left out; `wanted` is the sentence for an empty field."""
        text = self.typed.get(name, "")
        found = parse_day(text, within)
        if found is None:
            self.refuse(name, DAY_NOT_UNDERSTOOD if one_line(text) else wanted)
        return found

    def month(self, name: str) -> date | None:
        text = self.typed.get(name, "")
        found = parse_month(text)
        if found is None:
            self.refuse(name, MONTH_NOT_UNDERSTOOD if one_line(text) else MONTH_WANTED)
        return found

    def number(self, name: str, low: int, high: int, wanted: str, *, optional: bool = False) -> int | None:
        """A whole number within the bounds; None with a sentence for anything else, without one for an empty field
        that is optional."""
        text = one_line(self.typed.get(name, ""))
        if optional and not text:
            return None
        found = int(text) if text.isascii() and text.isdecimal() and len(text) <= 6 else -1
        if not low <= found <= high:
            self.refuse(name, wanted)
            return None
        return found

    def choice(self, name: str, allowed: Iterable[str]) -> str:
        chosen = self.typed.get(name, "")
        if chosen not in set(allowed):
            self.refuse(name, CHOICE_WANTED)
        return chosen

    def ids(self, name: str) -> list[uuid.UUID]:
        """The ids of the boxes that were ticked; what is none is left out."""
        found = []
        for value in request.form.getlist(name):
            try:
                found.append(uuid.UUID(str(value)))
            except ValueError:
                continue
        return found
