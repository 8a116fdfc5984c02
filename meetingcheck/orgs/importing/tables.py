"""From the rows of a sheet to a table: what stands under a recognised header, row by row. Pure."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import islice

from meetingcheck.orgs.importing.foot import split_foot
from meetingcheck.orgs.importing.heads import Header
from meetingcheck.orgs.importing.legacy import convert
from meetingcheck.orgs.importing.outcomes import (
    MAX_COLUMNS,
    MAX_ROWS,
    MAX_TEXT_CHARS,
    FileProblem,
    FileRefused,
    Legacy,
    Line,
    Table,
)
from meetingcheck.orgs.importing.packages import Merged
from meetingcheck.orgs.importing.values import ERROR_VALUES

SAMPLES = 3
COMMENT = "#"
_NUMBERING = re.compile(r"[\d.,() ]*|[IVX]{1,6}\.?|[a-zA-Z][.)]?")


def make_table(header: Header, lines: list[Line], as_stored: list[Line], legacy: Legacy | None) -> Table:
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
    return Table(
        header.texts,
        header.columns,
        tuple(body),
        header.default_role,
        legacy,
        samples,
        (),
        passed_over,
        header.unit_word,
    )


def spread(lines: Sequence[Line], merged: Sequence[Merged]) -> tuple[Line, ...]:
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
