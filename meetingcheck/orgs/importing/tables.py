"""From the rows of a sheet to a table: what stands under a recognised header, row by row. Pure."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import islice

from meetingcheck.lib.text import one_line
from meetingcheck.orgs.importing.columns import Field, plain
from meetingcheck.orgs.importing.foot import split_foot
from meetingcheck.orgs.importing.heads import Header
from meetingcheck.orgs.importing.legacy import convert
from meetingcheck.orgs.importing.outcomes import (
    MAX_CELL_CHARS,
    MAX_COLUMNS,
    MAX_ROWS,
    MAX_TEXT_CHARS,
    FileProblem,
    FileRefused,
    Legacy,
    Line,
    Table,
)
from meetingcheck.orgs.importing.packages import Layout, Merged
from meetingcheck.orgs.importing.sections import arrange
from meetingcheck.orgs.importing.values import ERROR_VALUES

SAMPLES = 3
COMMENT = "#"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_GIVEN = re.compile(r"(?![xXvV]$)[^\W\d_]+(?: [^\W\d_]+)?")
# What else stands right of people's names, in a column without a title: sex, people, standing.
_NO_GIVEN = {
    *("nam", "nữ", "kinh", "tày", "nùng", "mông", "dao", "thái", "mường", "khmer", "hoa", "cao lan", "sán dìu"),
    *("có", "không", "chính thức", "dự bị", "đảng viên"),
}
_NUMBERING = re.compile(r"[\d.,() ]*|[IVX]{1,6}\.?|[a-zA-Z][.)]?")


def make_table(
    header: Header, lines: list[Line], as_stored: list[Line], legacy: Legacy | None, layout: Layout
) -> Table:
    """The table under a header. Raises FileRefused when nothing stands there, or too much."""
    body = [_on_one_line(line, header) for line in lines[header.below :] if not _is_comment(line)]
    body, heads = _without_heads(body, header)
    body, foot = split_foot([line for line in body if _says_something(line, header)], header)
    if len(body) > MAX_ROWS:
        raise FileRefused(FileProblem.TOO_MANY_ROWS)
    spread_out = spread(body, layout.merged)
    joined = join_names(spread_out, header)
    parents = header.columns.get(Field.PARENT)
    arranged = arrange(joined, header, are_parents_merged=any(one.column == parents for one in layout.merged))
    if not arranged.lines:
        raise FileRefused(FileProblem.NO_ROWS)
    return Table(
        header=arranged.texts,
        columns=arranged.columns,
        lines=arranged.lines,
        default_role=header.default_role,
        legacy=legacy,
        samples=_samples(as_stored[header.below :], legacy) if legacy else (),
        passed_over=tuple(sorted([*(line.number for line in [*heads, *foot]), *arranged.headings])),
        unit_word=header.unit_word,
        unclear=arranged.unclear,
        hidden_rows=tuple(line.number for line in arranged.lines if line.number in layout.hidden_rows),
        hidden_columns=tuple(
            header.texts[index] for index in sorted(header.columns.values()) if index in layout.hidden_columns
        ),
    )


def _on_one_line(line: Line, header: Header) -> Line:
    """A row without the line ends in its cells. Two names one under the other are two people: they stay apart."""
    if not any(isinstance(cell, str) and "\n" in cell for cell in line.cells):
        return line
    person = header.columns.get(Field.PERSON)
    cells = [cell.replace("\n", " ") if isinstance(cell, str) else cell for cell in line.cells]
    if person is not None and person < len(cells):
        parts = str(line.cells[person]).split("\n")
        are_names = all(" " in part and not part.startswith("(") for part in parts)
        if len(parts) > 1:
            cells[person] = ("; " if are_names else " ").join(parts)[: MAX_CELL_CHARS + 1]
    return Line(line.number, tuple(cells))


def _without_heads(lines: Sequence[Line], header: Header) -> tuple[list[Line], list[Line]]:
    """The rows, and those that only repeat the header or number its columns: below it, and on each further page."""
    rows, heads = list[Line](), list[Line]()
    below_head, numbers = True, None
    for line in lines:
        repeats = _repeats_head(line, header)
        if repeats or (below_head and _numbers_columns(line)) or line.cells == numbers:
            if below_head and not repeats:
                numbers = line.cells
            heads.append(line)
            below_head = repeats
            continue
        below_head = False
        rows.append(line)
    return rows, heads


def _repeats_head(line: Line, header: Header) -> bool:
    said = [(index, str(cell)) for index, cell in enumerate(line.cells) if cell != ""]
    return len(said) > 1 and any(
        all(index < len(row) and plain(text) == plain(row[index]) for index, text in said) for row in header.rows
    )


def join_names(lines: Sequence[Line], header: Header) -> Sequence[Line]:
    """The rows with a person's name in one cell where one title stands over two of them."""
    given, person = header.given, header.columns.get(Field.PERSON)
    if given is None or person is None or given in header.columns.values():
        return lines
    if not _are_given_names(_text_at(line, given) for line in lines):
        return lines
    joined = []
    for line in lines:
        cells = list(line.cells)
        if more := _text_at(line, given):
            cells[person], cells[given] = f"{_text_at(line, person)} {more}".strip()[: MAX_CELL_CHARS + 1], ""
        joined.append(Line(line.number, tuple(cells)))
    return joined


def _text_at(line: Line, index: int) -> str:
    return str(line.cells[index]) if index < len(line.cells) else ""


def _are_given_names(texts: Iterable[str]) -> bool:
    """Whether what stands right of people's names goes on with them: "Nguyễn Văn | An", and not a tick or a note."""
    said = [text for text in texts if text]
    only_words = all(_GIVEN.fullmatch(text) for text in said)
    return bool(said) and only_words and not all(text.casefold() in _NO_GIVEN for text in said)


def spread(lines: Sequence[Line], merged: Sequence[Merged]) -> list[Line]:
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
    return [Line(number, tuple(row)) for number, row in zip(numbers, cells, strict=True)]


def _is_comment(line: Line) -> bool:
    first = str(next(filter(None, line.cells), ""))
    return first.startswith(COMMENT) and first not in ERROR_VALUES


def _says_something(line: Line, header: Header) -> bool:
    """Whether a row holds more than its number: rows are numbered in advance, and left empty."""
    is_read = any(index < len(line.cells) and line.cells[index] != "" for index in header.columns.values())
    return is_read or not all(_NUMBERING.fullmatch(str(cell)) for cell in line.cells)


def _numbers_columns(line: Line) -> bool:
    """Whether a row only numbers the columns, as (1), (2), (3) or A, B, 1, 2 under the head of an official table."""
    cells = [str(cell).strip("()[] ") for cell in line.cells if cell != ""]
    letters = sum(1 for cell in cells if cell.isalpha())
    marks = [*_LETTERS[:letters], *(str(number) for number in range(1, len(cells) - letters + 1))]
    return len(cells) > 1 and [cell.upper() for cell in cells] == marks


def _samples(lines: Iterable[Line], legacy: Legacy) -> tuple[tuple[str, str], ...]:
    texts = (cell for line in lines for cell in line.cells if isinstance(cell, str))
    changed = ((one_line(text), one_line(convert(text, legacy))) for text in texts)
    return tuple(islice(((old, new) for old, new in changed if old != new), SAMPLES))
