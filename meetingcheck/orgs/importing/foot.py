"""What stands in and under an office's list and speaks of no unit: totals, place and day, signatures. Pure.

A row that is wrongly taken for one is a unit that nobody misses; one that is wrongly taken for a unit is a fault that
somebody sees. So only what is sure is passed over.
"""

import re
from collections.abc import Sequence

from meetingcheck.lib.text import one_line
from meetingcheck.orgs.importing.heads import Header
from meetingcheck.orgs.importing.outcomes import Line
from meetingcheck.orgs.importing.values import mail_of, phone_of

MOST_FOOT_ROWS = 40
MOST_SIGNERS = 4  # side by side

_TOTAL = re.compile(
    r"(?:tổng(?: cộng| số)?|cộng|tong cong|tong so)[.:]?"
    r"(?: \d+.*|:.*| (?:là|có|toàn (?:xã|huyện|đảng bộ|danh sách))\b.*)?"
    r"|danh sách (?:này )?(?:có|gồm)\b.*|ấn định danh sách\b.*"
)
# A total of a part: "Cộng khối nông thôn", "Cộng I: 4"; a number of units or members: "Chi bộ trực thuộc: 4".
_COUNT = re.compile(
    r"(?:tổng(?: cộng| số)?|cộng) (?:khối|mục|phần|nhóm|toàn)\b.*"
    r"|(?:tổng cộng|cộng) (?:[ivx]{1,6}|[a-zđ])(?:[:.,( ]+\d.*|[:.]?)"
    r"|(?:tổng cộng|tổng|cộng) (?:xã|phường|thị trấn|đặc khu|huyện|đảng bộ|đảng ủy)\b[^\d]*[^\w]\d+ "
    r"(?:chi bộ|đảng bộ|đảng viên|tổ chức đảng|đ/v|đv)\b.*"
    r"|(?:số |các )*(?:chi bộ|đảng bộ|đảng viên|tổ chức đảng)(?: trực thuộc| cơ sở)*\s*[:=]\s*\d+.*"
)
_MARK = re.compile(r"[*•–-]+|[ivx]{1,6}[.)]?|[a-zđ][.)]?")
_SIGNATURE = re.compile(
    r"(?:người|cán bộ) (?:lập|tổng hợp|ghi)(?: (?:biểu|bảng|danh sách))?[.:]?|(?:lập biểu|nơi nhận)[.:]?"
    r"|(?:ghi chú|lưu ý):.*"
    r"|(?:t[./]\s?m|k[./]\s?t|t[./]\s?l|tm\.|kt\.|tl\.|thay mặt)\W.+|tm (?:đảng ủy|đảng bộ|ban|chi ủy|cấp ủy)\b.*"
    r"|(?:thủ trưởng|xác nhận của)\b.*"
)
_NOTE = re.compile("ghi chú|lưu ý|nơi nhận")
_NAMES_UNIT = re.compile(r"(?:chi bộ|đảng bộ|đảng ủy|cb|đb)\b")
_PLACE_AND_DAY = re.compile(r"(?:.+, ?)?ngày\b.*\btháng\b.*\bnăm\b.*")


def split_foot(lines: Sequence[Line], header: Header) -> tuple[list[Line], list[Line]]:
    """The rows that may speak of units, and those that do not: totals wherever they stand, signatures with all that
    follows them. Nothing that holds a phone number or an address, or is numbered, is taken for a signature."""
    end = _begin_of_foot(lines, header)
    rows, foot = list[Line](), list(lines[end:])
    for line in lines[:end]:
        (foot if _is_total(line) else rows).append(line)
    return rows, sorted(foot, key=lambda line: line.number)


def _is_total(line: Line) -> bool:
    texts = [_said(cell) for cell in line.cells if isinstance(cell, str) and cell and not cell.isdecimal()]
    said = texts[1:] if len(texts) > 1 and _MARK.fullmatch(texts[0]) else texts  # "*" or "III" in the first column
    is_total = len(said) == 1 and (_TOTAL.fullmatch(said[0]) or _COUNT.fullmatch(said[0])) is not None
    return is_total and not _names_somebody(line)


def _begin_of_foot(lines: Sequence[Line], header: Header) -> int:
    """The index of the first row of the signatures; the number of rows when there are none."""
    begin, only_names = len(lines), False
    for index in range(len(lines) - 1, max(len(lines) - 1 - MOST_FOOT_ROWS, -1), -1):
        line = lines[index]
        if _is_total(line):
            continue
        if _is_signature(line):
            # Names of two signers side by side fill two columns, as a unit and its secretary do.
            if not only_names or _is_sure(line):
                begin, only_names = index, False
        elif _may_be_unit(line, header):
            if not _may_be_signers(line):
                break
            only_names = True
    return begin


def _may_be_signers(line: Line) -> bool:
    """Whether a row holds nothing but words, and no name of a unit: whoever signs, and as what."""
    texts = [cell for cell in line.cells if cell != ""]
    return len(texts) <= MOST_SIGNERS and all(
        isinstance(text, str) and not any(char.isdigit() for char in text) and not _NAMES_UNIT.match(_said(text))
        for text in texts
    )


def _is_sure(line: Line) -> bool:
    """Whether a signature is more than a note, which may stand anywhere in a list."""
    return _NOTE.match(_said(str(next(cell for cell in line.cells if cell != "")))) is None


def _is_signature(line: Line) -> bool:
    filled = [cell for cell in line.cells if cell != ""]
    first = _said(str(filled[0]))
    place_and_day = len(filled) == 1 and _PLACE_AND_DAY.fullmatch(first) is not None
    signed = _SIGNATURE.fullmatch(first) is not None and len(filled) <= MOST_SIGNERS
    return (place_and_day or signed) and not _names_somebody(line)


def _may_be_unit(line: Line, header: Header) -> bool:
    """A row that is numbered, that can be called, or that fills two of the columns that are read."""
    first = next(cell for cell in line.cells if cell != "")
    read = [index for index in header.columns.values() if index < len(line.cells) and line.cells[index] != ""]
    return not isinstance(first, str) or first.rstrip(".").isdecimal() or len(read) > 1 or _names_somebody(line)


def _said(text: str) -> str:
    return one_line(text).casefold()


def _names_somebody(line: Line) -> bool:
    return any(phone_of(cell) or mail_of(str(cell)) for cell in line.cells)
