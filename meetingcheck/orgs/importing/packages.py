"""A workbook as the ZIP archive that it is: what may be opened, and what reading row by row does not tell.

Runs in the confined child only.
"""

import io
import re
import zipfile
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

_SHEET = "xl/workbook.xml"
_MERGED = re.compile(rb'<mergeCell [^>]*?ref="([A-Z]{1,3})(\d{1,7}):[A-Z]{1,3}(\d{1,7})"')


@dataclass(frozen=True)
class Merged:
    """Cells of one column that were merged downwards: only the uppermost holds what all of them say. Rows from 1."""

    column: int
    first: int
    last: int


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


def merged_downwards(part: bytes) -> list[Merged]:
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
