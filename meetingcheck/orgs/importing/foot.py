"""What stands in and under an office's list and speaks of no unit: totals, place and day, signatures. Pure."""

import re
from collections.abc import Sequence

from meetingcheck.orgs.importing.columns import plain
from meetingcheck.orgs.importing.outcomes import Line
from meetingcheck.orgs.importing.values import mail_of, phone_of

MOST_FOOT_ROWS = 40
MOST_SIGNERS = 4  # side by side

_TOTAL = re.compile(
    r"(?:tong cong|tong so|cong)(?: (?:la|co|toan|\d).*)?|tong|(?:tong )?cong (?:xa|phuong|dang bo|danh sach)\b.*"
    r"|danh sach (?:nay )?(?:co|gom|an dinh)\b.*|an dinh danh sach\b.*"
)
_SIGNATURE = re.compile(
    r"(?:nguoi|can bo) (?:lap|tong hop|ghi)(?: (?:bieu|bang|danh sach))?|lap bieu|(?:t ?m|k ?t|t ?l|thay mat) .+"
    r"|(?:thu truong|ky ten|xac nhan|noi nhan|ghi chu|luu y)\b.*|(?:.+ )?ngay(?: \d+)? thang(?: \d+)? nam(?: \d+)?"
)


def split_foot(lines: Sequence[Line]) -> tuple[list[Line], list[Line]]:
    """The rows that may speak of units, and those that do not: totals wherever they stand, signatures with all that
    follows them. Nothing that holds a phone number or an address is taken for either."""
    end = _begin_of_foot(lines)
    rows, foot = list[Line](), list(lines[end:])
    for line in lines[:end]:
        (foot if _is_total(line) else rows).append(line)
    return rows, sorted(foot, key=lambda line: line.number)


def _is_total(line: Line) -> bool:
    return _TOTAL.fullmatch(_first_text(line)) is not None and not _names_somebody(line)


def _begin_of_foot(lines: Sequence[Line]) -> int:
    """The index of the first row of the signatures; the number of rows when there are none."""
    begin = len(lines)
    for index in range(len(lines) - 1, max(len(lines) - 1 - MOST_FOOT_ROWS, -1), -1):
        filled = [cell for cell in lines[index].cells if cell != ""]
        if len(filled) > MOST_SIGNERS or _names_somebody(lines[index]):
            break
        if _SIGNATURE.fullmatch(_first_text(lines[index])):
            begin = index
    return begin


def _first_text(line: Line) -> str:
    """The first words of a row in their plainest form; a number before them counts the rows."""
    return plain(next((cell for cell in line.cells if isinstance(cell, str) and cell), ""))


def _names_somebody(line: Line) -> bool:
    return any(phone_of(cell) or mail_of(str(cell)) for cell in line.cells)
