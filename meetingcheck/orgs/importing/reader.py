"""Bytes of an uploaded list in, a table out. Runs in the confined child only.

Nothing is evaluated and nothing is followed: of a formula the value that was last shown counts, links to other files
are dropped, macros are not even looked at.
"""

import io
import math
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any

from openpyxl.reader.excel import load_workbook

from meetingcheck.lib.text import one_line, search_form, storable, visible
from meetingcheck.orgs.importing.delimited import csv_rows, csv_text
from meetingcheck.orgs.importing.heads import find_header
from meetingcheck.orgs.importing.legacy import convert_row, detect
from meetingcheck.orgs.importing.outcomes import (
    MAX_BYTES,
    MAX_CELL_CHARS,
    MAX_COLUMNS,
    MAX_ROWS,
    MAX_TEXT_CHARS,
    Cell,
    FileProblem,
    FileRefused,
    Legacy,
    Line,
    Table,
)
from meetingcheck.orgs.importing.packages import Layout, check_parts, layout_of, zeros_of
from meetingcheck.orgs.importing.tables import make_table

LONGEST_TITLE = 200  # rows above the header
SHEETS_LOOKED_AT = 10
EXAMPLES = {"vi du", "huong dan", "example"}
"""Sheets, as the template has them, that are no list when the list itself is empty."""
LARGEST_EXACT = 1e15  # beyond it a number has lost digits already

_ZIP = b"PK\x03\x04"
# What chats and web pages leave between letters, and nobody sees. (A soft hyphen is a letter of TCVN3.)
_WITHOUT_WIDTH = dict.fromkeys((0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF))
_ESCAPED = re.compile(r"_x(00[01][0-9A-Fa-f])_")


@dataclass(frozen=True)
class Sheet:
    """One sheet of a workbook, or a whole text file; `others` are the sheets beside it that people see."""

    rows: Iterable[tuple[object, ...]]
    layout: Layout
    title: str = ""
    others: tuple[str, ...] = ()


def read_table(data: bytes, *, converted: bool) -> Table:
    """The table in a file, XLSX or CSV; texts from old encodings are converted when `converted` is wanted.

    Raises FileRefused, and nothing else, whatever the file.
    """
    try:
        return _read(data, converted)
    except FileRefused:
        raise
    except MemoryError:
        raise FileRefused(FileProblem.OUT_OF_MEMORY) from None
    except Exception as error:  # broken files break libraries in any way
        raise FileRefused(FileProblem.BROKEN) from error


def _read(data: bytes, converted: bool) -> Table:
    if not data.strip(b"\0\r\n\t "):
        raise FileRefused(FileProblem.EMPTY)
    if len(data) > MAX_BYTES:
        raise FileRefused(FileProblem.TOO_LARGE)
    sheets = _excel_sheets(data) if data.startswith(_ZIP) else iter([Sheet(csv_rows(csv_text(data)), Layout())])
    problem = FileProblem.NO_ROWS
    only_head = False
    for sheet in sheets:
        if only_head and search_form(sheet.title) in EXAMPLES:
            continue
        try:
            return replace(_sheet_table(sheet, converted), unread_sheets=sheet.others)
        except FileRefused as refused:
            if refused.problem is FileProblem.NO_ROWS:
                only_head = True  # the rows may stand on a sheet of their own
            elif refused.problem is FileProblem.NO_HEADER:
                problem = refused.problem
            elif refused.problem is not FileProblem.EMPTY:
                raise
    raise FileRefused(FileProblem.NO_ROWS if only_head else problem)


def _sheet_table(sheet: Sheet, converted: bool) -> Table:
    lines = _lines(sheet.rows)
    legacy = detect(cell for line in lines for cell in line.cells if isinstance(cell, str))
    readable = [_converted(line, legacy) for line in lines] if legacy else lines
    hidden = sheet.layout.hidden_columns
    # A head in Unicode may stand over old rows: "Mã" would become another word.
    heads = [head for head in (find_header(readable, hidden), find_header(lines, hidden) if legacy else None) if head]
    header = max(heads, key=lambda head: len(head.columns), default=None)
    if header is None:
        raise FileRefused(FileProblem.NO_HEADER if lines else FileProblem.EMPTY)
    return make_table(header, readable if converted else lines, lines, legacy, sheet.layout)


def _converted(line: Line, legacy: Legacy) -> Line:
    texts = iter(convert_row([cell for cell in line.cells if isinstance(cell, str)], legacy))
    cells = tuple(one_line(next(texts)) if isinstance(cell, str) else cell for cell in line.cells)
    return Line(line.number, cells)


def _lines(rows: Iterable[tuple[object, ...]]) -> list[Line]:
    """The rows that hold something, with their numbers."""
    lines: list[Line] = []
    chars = 0
    for number, row in enumerate(rows, start=1):
        cells = [_cell(value) for value in row[:MAX_COLUMNS]]
        while cells and cells[-1] == "":
            cells.pop()
        if not cells:
            continue
        chars += sum(len(cell) for cell in cells if isinstance(cell, str))
        if chars > MAX_TEXT_CHARS:
            raise FileRefused(FileProblem.TOO_MUCH_TEXT)
        lines.append(Line(number, tuple(cells)))
        if len(lines) > MAX_ROWS + LONGEST_TITLE:
            raise FileRefused(FileProblem.TOO_MANY_ROWS)
    return lines


def _cell(value: object) -> Cell:
    """What a cell says, as a number or a text with its lines; days as 2026-11-03."""
    if value is None:
        return ""
    if isinstance(value, str):
        # Not normalised yet: which letters these are is known only once the encoding is.
        text = storable(value)[: MAX_CELL_CHARS + 1].encode("utf-8", "replace").decode().translate(_WITHOUT_WIDTH)
        if "\n" not in text:
            return " ".join(text.split())
        return "\n".join(filter(None, (" ".join(part.split()) for part in text.split("\n"))))
    if isinstance(value, datetime | date):
        return value.isoformat()[:10]
    if isinstance(value, bool | time):
        return str(value)
    if isinstance(value, int | float) and math.isfinite(value) and abs(value) < LARGEST_EXACT:
        return int(value) if value == int(value) else float(value)
    return str(value)[:MAX_CELL_CHARS]


def _excel_sheets(data: bytes) -> Iterator[Sheet]:
    """The sheets that people see: what an office has hidden is an old list, or a help for its formulas."""
    check_parts(data)
    book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    seen = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"][:SHEETS_LOOKED_AT]
    titles = [visible(one_line(storable(sheet.title)))[:MAX_CELL_CHARS] for sheet in seen]
    pads = any(zeros_of(form) for form in book._number_formats)  # else plain values, which are read faster
    for index, sheet in enumerate(seen):
        # The size that a sheet states about itself may be missing, wrong, or a million rows.
        sheet.reset_dimensions()
        rows = sheet.iter_rows(max_col=MAX_COLUMNS, values_only=not pads)
        part = zipfile.ZipFile(io.BytesIO(data)).read(sheet._worksheet_path)
        read = ((tuple(map(_padded, row)) if pads else row) for row in rows)
        others = tuple(titles[:index] + titles[index + 1 :])
        yield Sheet((tuple(map(_unescaped, row)) for row in read), layout_of(part), titles[index], others)


def _padded(cell: Any) -> object:
    """A number as its format shows it, where that fills it up with zeros: 1 is shown as 001."""
    value = cell.value
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0 or value != int(value):
        return value
    shown = zeros_of(cell.number_format)
    return f"{shown.before}{int(value):0{shown.digits}}{shown.after}" if shown else value


def _unescaped(value: object) -> object:
    """Workbooks write the control characters that XML cannot hold as _x000D_."""
    if isinstance(value, str) and "_x" in value:
        return _ESCAPED.sub(lambda found: chr(int(found.group(1), 16)), value)
    return value
