"""Bytes of an uploaded list in, a table out. Runs in the confined child only.

Nothing is evaluated and nothing is followed: of a formula the value that was last shown counts, links to other files
are dropped, macros are not even looked at.
"""

import csv
import io
import math
import re
import zipfile
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from itertools import islice

from openpyxl.reader.excel import load_workbook

from meetingcheck.lib.text import one_line, storable, visible
from meetingcheck.orgs.importing.columns import Header, find_header
from meetingcheck.orgs.importing.foot import split_foot
from meetingcheck.orgs.importing.legacy import convert, count_syllables, detect
from meetingcheck.orgs.importing.outcomes import (
    MAX_BYTES,
    MAX_CELL_CHARS,
    MAX_COLUMNS,
    MAX_ENTRIES,
    MAX_ROWS,
    MAX_TEXT_CHARS,
    MAX_UNPACKED_BYTES,
    Cell,
    FileProblem,
    FileRefused,
    Legacy,
    Line,
    Table,
)
from meetingcheck.orgs.importing.values import ERROR_VALUES

LONGEST_TITLE = 200  # rows above the header
SHEETS_LOOKED_AT = 10
SAMPLES = 3
COMMENT = "#"
LARGEST_EXACT = 1e15  # beyond it a number has lost digits already
DELIMITERS = ";\t,"

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"II*\0", b"MM\0*")
_DOCUMENTS = (b"%PDF", b"{\\rtf")
_MARKUP = (b"<html", b"<!doctype", b"<?xml", b"<table")
_SHEET = "xl/workbook.xml"
_MERGED = re.compile(rb'<mergeCell [^>]*?ref="([A-Z]{1,3})(\d{1,7}):[A-Z]{1,3}(\d{1,7})"')
_NUMBERING = re.compile(r"[\d.,() ]*|[IVX]{1,6}\.?|[a-zA-Z][.)]?")
_ESCAPED = re.compile(r"_x(00[01][0-9A-Fa-f])_")


@dataclass(frozen=True)
class Merged:
    """Cells of one column that were merged downwards: only the uppermost holds what all of them say. Rows from 1."""

    column: int
    first: int
    last: int


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
    sheets = _excel_sheets(data) if data.startswith(_ZIP) else iter([Sheet(_csv_rows(_csv_text(data)))])
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
            table = _table(header, readable if converted else lines, lines, legacy)
            return replace(table, lines=_spread(table.lines, sheet.merged), unread_sheets=sheet.others)
    raise FileRefused(FileProblem.NO_HEADER if seen_rows else FileProblem.NO_ROWS)


def _table(header: Header, lines: list[Line], as_stored: list[Line], legacy: Legacy | None) -> Table:
    body = [line for line in lines[header.below :] if not _is_comment(line)]
    if body and _numbers_columns(body[0]):
        del body[0]
    body, foot = split_foot([line for line in body if _says_something(line, header)], header)
    if not body:
        raise FileRefused(FileProblem.NO_ROWS)
    if len(body) > MAX_ROWS:
        raise FileRefused(FileProblem.TOO_MANY_ROWS)
    samples = _samples(as_stored[header.below :], legacy) if legacy else ()
    passed_over = tuple(line.number for line in foot)
    return Table(header.texts, header.columns, tuple(body), header.default_role, legacy, samples, (), passed_over)


def _spread(lines: Sequence[Line], merged: Sequence[Merged]) -> tuple[Line, ...]:
    """The rows, each with what the cells say that were merged downwards over it."""
    numbers = [line.number for line in lines]
    cells = [list(line.cells) for line in lines]
    visits = MAX_ROWS * MAX_COLUMNS  # a hostile file may name the same cells again and again
    for one in merged:
        start, end = bisect_left(numbers, one.first), bisect_left(numbers, one.last + 1)
        visits -= 1 + end - start
        if visits < 0:
            break
        if start == end or numbers[start] != one.first or one.column >= len(cells[start]):
            continue
        said = cells[start][one.column]
        for row in cells[start + 1 : end]:
            row += [""] * (one.column + 1 - len(row))
            row[one.column] = said if row[one.column] == "" else row[one.column]
    if sum(len(cell) for row in cells for cell in row if isinstance(cell, str)) > MAX_TEXT_CHARS:
        raise FileRefused(FileProblem.TOO_MUCH_TEXT)
    return tuple(Line(number, tuple(row)) for number, row in zip(numbers, cells, strict=True))


def _is_comment(line: Line) -> bool:
    first = str(next(filter(None, line.cells), ""))
    return first.startswith(COMMENT) and first not in ERROR_VALUES


def _says_something(line: Line, header: Header) -> bool:
    """Whether a row holds more than its number: rows are numbered in advance, and left empty."""
    is_read = any(index < len(line.cells) and line.cells[index] != "" for index in header.columns.values())
    return is_read or not all(_NUMBERING.fullmatch(str(cell)) for cell in line.cells)


def _numbers_columns(line: Line) -> bool:
    """Whether a row only numbers the columns, as (1), (2), (3) under the head of an official table."""
    cells = [str(cell).strip("()[] ") for cell in line.cells if cell != ""]
    return len(cells) > 1 and cells == [str(number) for number in range(1, len(cells) + 1)]


def _samples(lines: Iterable[Line], legacy: Legacy) -> tuple[tuple[str, str], ...]:
    texts = (cell for line in lines for cell in line.cells if isinstance(cell, str))
    changed = ((text, convert(text, legacy)) for text in texts)
    return tuple(islice(((old, new) for old, new in changed if old != new), SAMPLES))


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


# --- Excel


def _excel_sheets(data: bytes) -> Iterator[Sheet]:
    """The sheets that people see: what an office has hidden is an old list, or a help for its formulas."""
    _check_parts(data)
    book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    seen = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"][:SHEETS_LOOKED_AT]
    titles = [visible(one_line(storable(sheet.title)))[:MAX_CELL_CHARS] for sheet in seen]
    for index, sheet in enumerate(seen):
        # The size that a sheet states about itself may be missing, wrong, or a million rows.
        sheet.reset_dimensions()
        rows = sheet.iter_rows(max_col=MAX_COLUMNS, values_only=True)
        part = zipfile.ZipFile(io.BytesIO(data)).read(sheet._worksheet_path)
        others = tuple(titles[:index] + titles[index + 1 :])
        yield Sheet((tuple(map(_unescaped, row)) for row in rows), _merged_downwards(part), others)


def _merged_downwards(part: bytes) -> list[Merged]:
    """Which cells of a sheet are merged over several rows; reading row by row does not tell."""
    found = (
        Merged(_column_of(column), int(first), int(last))
        for column, first, last in _MERGED.findall(part)
        if int(first) < int(last)
    )
    return [one for one in islice(found, MAX_ROWS) if one.column < MAX_COLUMNS]


def _column_of(letters: bytes) -> int:
    """A column from 0 by its letters: A is 0, AA is 26."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number - 1


def _unescaped(value: object) -> object:
    """Workbooks write the control characters that XML cannot hold as _x000D_."""
    if isinstance(value, str) and "_x" in value:
        return _ESCAPED.sub(lambda found: chr(int(found.group(1), 16)), value)
    return value


def _check_parts(data: bytes) -> None:
    """Raises FileRefused for what is no workbook or would unpack to too much; unpacking stops at the stated sizes."""
    try:
        parts = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except (zipfile.BadZipFile, ValueError) as error:
        raise FileRefused(FileProblem.BROKEN) from error
    if len(parts) > MAX_ENTRIES:
        raise FileRefused(FileProblem.TOO_MANY_PARTS)
    if sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
        raise FileRefused(FileProblem.UNPACKS_TOO_LARGE)
    if any(part.flag_bits & 1 for part in parts):
        raise FileRefused(FileProblem.PASSWORD)
    names = {part.filename for part in parts}
    if _SHEET in names:
        return
    if "xl/workbook.bin" in names:
        raise FileRefused(FileProblem.BINARY_EXCEL)
    if "content.xml" in names and "mimetype" in names:
        raise FileRefused(FileProblem.OPEN_DOCUMENT)
    if any(name.startswith("word/") for name in names):
        raise FileRefused(FileProblem.DOCUMENT)
    raise FileRefused(FileProblem.UNKNOWN)


# --- CSV


def _csv_text(data: bytes) -> str:
    """The text of a CSV file. Raises FileRefused for what is another kind of file."""
    start = data[:512].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if data.startswith(_OLE):
        raise FileRefused(FileProblem.PASSWORD if _ENCRYPTED in data else FileProblem.OLD_EXCEL)
    if data.startswith(_PICTURES) or data[4:8] == b"ftyp" or (data.startswith(b"RIFF") and data[8:12] == b"WEBP"):
        raise FileRefused(FileProblem.PICTURE)
    if data.startswith(_DOCUMENTS):
        raise FileRefused(FileProblem.DOCUMENT)
    if start.startswith(_MARKUP) or data.startswith((b"\x09\x08", b"\x09\x00\x04\x00")):
        raise FileRefused(FileProblem.OLD_EXCEL)
    text = _decoded(data)
    if sum(char < " " and char not in "\t\r\n" for char in text[:4096]) > len(text[:4096]) // 50:
        raise FileRefused(FileProblem.UNKNOWN)
    return text


def _decoded(data: bytes) -> str:
    """UTF-16 with or without its mark, UTF-8, else the single-byte encodings of Vietnam.

    Among these Windows-1258 is what a Vietnamese Windows writes; where it makes no words, the bytes are kept as Western
    letters, which is what TCVN3 and VNI look like in any program.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    zeros = data[:4096].count(0)
    if zeros > len(data[:4096]) // 5:
        return data.decode("utf-16-le" if data[1:2] == b"\0" else "utf-16-be", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        western = data.decode("latin-1")
    windows = data.decode("cp1258", "replace")
    legacy = detect([western])
    if legacy is None or count_syllables(windows) >= count_syllables(convert(western, legacy)):
        return windows
    return western


def _csv_rows(text: str) -> Iterator[tuple[object, ...]]:
    """The rows by the delimiter that most of the first lines share; fields may span lines inside quotation marks."""
    first = [line for line in text.splitlines()[:50] if line.strip()]
    shared = {sign: sum(sign in line for line in first) for sign in DELIMITERS}
    delimiter = max(DELIMITERS, key=lambda sign: (shared[sign], sum(line.count(sign) for line in first)))
    csv.field_size_limit(MAX_BYTES)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    return (tuple(_plain(cell) for cell in row) for row in reader)


def _plain(cell: str) -> str:
    """Without the apostrophe by which exports keep a cell from being a formula."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in {"=", "+", "-", "@", "\t", "\r"} else cell
