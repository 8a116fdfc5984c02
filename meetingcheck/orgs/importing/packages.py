"""A workbook as the ZIP archive that it is: what may be opened, and what reading row by row does not tell.

Runs in the confined child only.
"""

import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from meetingcheck.orgs.importing.outcomes import (
    MAX_COLUMNS,
    MAX_ENTRIES,
    MAX_ROWS,
    MAX_UNPACKED_BYTES,
    FileProblem,
    FileRefused,
)

LONGEST_FORMAT = 60  # Excel allows more, and no code is that long
_SHEET = "xl/workbook.xml"
_MERGED = re.compile(rb'<mergeCell [^>]*?ref="([A-Z]{1,3})(\d{1,7}):[A-Z]{1,3}(\d{1,7})"')

_HIDDEN_ROW = re.compile(rb'<row [^>]*?hidden="(?:1|true)"[^>]*>')
_HIDDEN_COLUMN = re.compile(rb'<col [^>]*?hidden="(?:1|true)"[^>]*>')
_ROW_NUMBER = re.compile(rb' r="(\d{1,7})"')
_COLUMN_FROM = re.compile(rb' min="(\d{1,5})"')
_COLUMN_TO = re.compile(rb' max="(\d{1,5})"')
_LITERAL = re.compile(r'"([^"]*)"|\\(.)')
_ZEROS = re.compile(r'((?:"[^"]*"|\\.)*)(0+)((?:"[^"]*"|\\.)*)')


@dataclass(frozen=True)
class Merged:
    """Cells of one column that were merged downwards: only the uppermost holds what all of them say. Rows from 1."""

    column: int
    first: int
    last: int


@dataclass(frozen=True)
class Layout:
    """What a sheet's rows do not tell: merged cells, and what the office has hidden. Rows from 1, columns from 0."""

    merged: Sequence[Merged] = ()
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Zeros:
    """A number's format that fills it up with zeros, and what it writes before and after it."""

    before: str
    digits: int
    after: str


def check_parts(data: bytes) -> None:
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


def layout_of(part: bytes) -> Layout:
    """How a sheet is laid out; reading row by row does not tell."""
    found = (
        Merged(_column_of(column), int(first), int(last))
        for column, first, last in _MERGED.findall(part)
        if int(first) < int(last)
    )
    rows = (_ROW_NUMBER.search(tag) for tag in _HIDDEN_ROW.findall(part))
    tags = islice(_HIDDEN_COLUMN.findall(part), MAX_COLUMNS)
    ends = ((_COLUMN_FROM.search(tag), _COLUMN_TO.search(tag)) for tag in tags)
    columns = (range(int(one.group(1)) - 1, min(int(last.group(1)), MAX_COLUMNS)) for one, last in ends if one and last)
    return Layout(
        merged=[one for one in islice(found, MAX_ROWS) if one.column < MAX_COLUMNS],
        hidden_rows=frozenset(int(number.group(1)) for number in rows if number),
        hidden_columns=frozenset(column for few in columns for column in few),
    )


def zeros_of(number_format: str) -> Zeros | None:
    """What a format like 000 or "CB"00 makes of a number; None for formats that keep it as it is."""
    found = _ZEROS.fullmatch(number_format.partition(";")[0]) if len(number_format) <= LONGEST_FORMAT else None
    if found is None or found.group(0) == "0":
        return None
    before, zeros, after = found.groups()
    return Zeros(_LITERAL.sub(r"\1\2", before), len(zeros), _LITERAL.sub(r"\1\2", after))


def _column_of(letters: bytes) -> int:
    """A column from 0 by its letters: A is 0, AA is 26."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number - 1
