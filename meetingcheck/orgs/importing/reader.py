"""Bytes of an uploaded list in, a table out. Runs in the confined child only.

Nothing is evaluated and nothing is followed: of a formula the value that was last shown counts, links to other files
are dropped, macros are not even looked at.
"""

import io
import math
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from openpyxl.reader.excel import load_workbook

from meetingcheck.lib.text import one_line, storable, visible
from meetingcheck.orgs.importing.delimited import csv_rows, csv_text
from meetingcheck.orgs.importing.heads import find_header
from meetingcheck.orgs.importing.legacy import convert, detect
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
from meetingcheck.orgs.importing.packages import Merged, check_parts, merged_downwards
from meetingcheck.orgs.importing.tables import make_table

LONGEST_TITLE = 200  # rows above the header
SHEETS_LOOKED_AT = 10
LARGEST_EXACT = 1e15  # beyond it a number has lost digits already

_ZIP = b"PK\x03\x04"
_ESCAPED = re.compile(r"_x(00[01][0-9A-Fa-f])_")


@dataclass(frozen=True)
class Sheet:
    """One sheet of a workbook, or a whole text file; `others` are the sheets beside it that people see."""

    rows: Iterable[tuple[object, ...]]
    merged: Sequence[Merged] = ()
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
    sheets = _excel_sheets(data) if data.startswith(_ZIP) else iter([Sheet(csv_rows(csv_text(data)))])
    seen_rows = False
    for sheet in sheets:
        lines = _lines(sheet.rows)
        seen_rows = seen_rows or bool(lines)
        legacy = detect(cell for line in lines for cell in line.cells if isinstance(cell, str))
        readable = [_converted(line, legacy) for line in lines] if legacy else lines
        # A head in Unicode may stand over old rows: "Mã" would become another word.
        heads = [head for head in (find_header(readable), find_header(lines) if legacy else None) if head]
        header = max(heads, key=lambda head: len(head.columns), default=None)
        if header is not None:
            table = make_table(header, readable if converted else lines, lines, legacy, sheet.merged)
            return replace(table, unread_sheets=sheet.others)
    raise FileRefused(FileProblem.NO_HEADER if seen_rows else FileProblem.NO_ROWS)


def _converted(line: Line, legacy: Legacy) -> Line:
    cells = tuple(one_line(convert(cell, legacy)) if isinstance(cell, str) else cell for cell in line.cells)
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
    """What a cell says, as a number or one line of text; days as 2026-11-03."""
    if value is None:
        return ""
    if isinstance(value, str):
        # Not normalised yet: which letters these are is known only once the encoding is.
        return " ".join(storable(value)[: MAX_CELL_CHARS + 1].encode("utf-8", "replace").decode().split())
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
    for index, sheet in enumerate(seen):
        # The size that a sheet states about itself may be missing, wrong, or a million rows.
        sheet.reset_dimensions()
        rows = sheet.iter_rows(max_col=MAX_COLUMNS, values_only=True)
        part = zipfile.ZipFile(io.BytesIO(data)).read(sheet._worksheet_path)
        others = tuple(titles[:index] + titles[index + 1 :])
        yield Sheet((tuple(map(_unescaped, row)) for row in rows), merged_downwards(part), others)


def _unescaped(value: object) -> object:
    """Workbooks write the control characters that XML cannot hold as _x000D_."""
    if isinstance(value, str) and "_x" in value:
        return _ESCAPED.sub(lambda found: chr(int(found.group(1), 16)), value)
    return value
