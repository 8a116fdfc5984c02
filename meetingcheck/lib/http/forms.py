"""Reading a posted form: forgiving about how people write, one clear sentence at each field that is not understood."""

import re
import uuid
from collections.abc import Iterable
from datetime import date

from flask import request

from meetingcheck.lib.text import N_, has_unsafe_characters, one_line, storable

LONGEST_TYPED = 2_000  # characters kept of one field, for showing it again
DAY_FIRST = re.compile(r"(\d{1,2})[/.\- ](\d{1,2})[/.\- ](\d{4})")
YEAR_FIRST = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
EIGHT_DIGITS = re.compile(r"(\d{2})(\d{2})(\d{4})")
MONTH_FIRST = re.compile(r"(\d{1,2})[/.\- ](\d{4})")

DAY_WANTED = N_("Đồng chí hãy ghi ngày, ví dụ 03/11/2026.")
MONTH_WANTED = N_("Đồng chí hãy ghi tháng, ví dụ 11/2026.")
TOO_LONG = N_("Dòng này dài quá. Đồng chí hãy viết ngắn hơn.")
UNSAFE = N_("Dòng này có ký tự không dùng được. Đồng chí hãy gõ lại.")
CHOICE_WANTED = N_("Đồng chí hãy chọn một mục trong danh sách.")

Problems = dict[str, list[str]]


def parse_day(text: str) -> date | None:
    """A day as 3/11/2026, 03.11.2026, 03112026 or 2026-11-03; None for anything else."""
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


def parse_month(text: str) -> date | None:
    """The first day of a month written as 11/2026; None for anything else."""
    found = MONTH_FIRST.fullmatch(one_line(text))
    try:
        return date(int(found.group(2)), int(found.group(1)), 1) if found else None
    except ValueError:
        return None


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

    def day(self, name: str, wanted: str = DAY_WANTED) -> date | None:
        found = parse_day(self.typed.get(name, ""))
        if found is None:
            self.refuse(name, wanted)
        return found

    def month(self, name: str) -> date | None:
        found = parse_month(self.typed.get(name, ""))
        if found is None:
            self.refuse(name, MONTH_WANTED)
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
