"""Finding the header of a list: under titles, over one to three rows, whatever the office calls its columns. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from meetingcheck.orgs.importing.columns import (
    CELL,
    COMMITTEE,
    OF_CELLS,
    OF_COMMITTEES,
    SECRETARY,
    Field,
    field_of,
    is_somebody_else,
    plain,
)
from meetingcheck.orgs.importing.outcomes import Line

ROWS_LOOKED_AT = 30
FEWEST_FIELDS = 2
MOST_HEADER_ROWS = 3


@dataclass(frozen=True)
class Header:
    """A recognised header: the index of the first row below it, its texts, which column holds which field."""

    below: int
    texts: tuple[str, ...]
    columns: dict[str, int]
    default_role: str | None
    unit_word: str = ""


def find_header(lines: Sequence[Line]) -> Header | None:
    """The best header among the first rows; None when no row looks like one.

    A header names the unit and at least one thing more. Of two that say equally much the upper one is it.
    """
    best: Header | None = None
    for index in range(min(len(lines), ROWS_LOOKED_AT)):
        rows = [_texts(line) for line in lines[index : index + MOST_HEADER_ROWS]]
        for height in range(1, len(rows) + 1):
            if not _is_stack(rows[:height]):
                continue
            header = _read_stack(rows[:height], index + height)
            if _is_header(header) and (best is None or len(header.columns) > len(best.columns)):
                best = header
    return best


def _is_header(header: Header) -> bool:
    names_a_unit = Field.NAME in header.columns or Field.CODE in header.columns
    return names_a_unit and len(header.columns) >= FEWEST_FIELDS


def _texts(line: Line) -> list[str]:
    return [str(cell) for cell in line.cells]


def _is_stack(rows: Sequence[list[str]]) -> bool:
    """Whether rows may be one header: somewhere a lower one names a field where the one above it has merged cells."""
    if any(text.isdecimal() for row in rows[1:] for text in row):
        return False
    return len(rows) == 1 or any(_continues(upper, lower) for upper, lower in pairwise(rows))


def _continues(upper: list[str], lower: list[str]) -> bool:
    named = [index for index, text in enumerate(lower) if field_of(plain(text))]
    return any(index >= len(upper) or not upper[index] for index in named)


def _read_stack(rows: Sequence[list[str]], below: int) -> Header:
    """A header of some rows, whose upper cells may be merged over several columns. Each column may be read by its
    lowest text with what stands over it, and by that text alone."""
    over = [""] * len(rows)
    texts, readings = [], []
    for index in range(max(map(len, rows))):
        cells = [row[index] if index < len(row) else "" for row in rows]
        for depth, text in enumerate(cells):
            if text:
                over[depth:] = [text] + [""] * (len(rows) - depth - 1)
        own = next((text for text in reversed(cells) if text), "")
        above = [text for text in reversed(over) if text and text != own]
        texts.append(own)
        stacked = [*(f"{own} {text}" for text in above), *(f"{text} {own}" for text in above)]
        of_another = any(is_somebody_else(text) for text in above)
        readings.append([*above, *stacked] if of_another else [*stacked, own])
    return _read(texts, readings, below)


def _read(texts: Sequence[str], readings: Sequence[Sequence[str]], below: int) -> Header:
    found: dict[Field, list[tuple[int, bool]]] = {}
    others = []
    for index, candidates in enumerate(readings):
        field, is_secretarys = next((said for text in candidates if (said := field_of(plain(text)))), (None, False))
        if field is not None:
            found.setdefault(field, []).append((index, is_secretarys))
        elif any(is_somebody_else(text) for text in candidates):
            others.append(index)
    columns = {field.value: places[0][0] for field, places in found.items()}
    _choose_unit(columns, found, [plain(text) for text in texts])
    _choose_contacts(columns, found, others)
    is_secretarys = any(index == columns.get(Field.PERSON) and its for index, its in found.get(Field.PERSON, []))
    unit_title = plain(texts[columns[Field.NAME]]) if Field.NAME in columns else ""
    return Header(below, tuple(texts), columns, SECRETARY if is_secretarys else None, _kind_said(unit_title))


def _kind_said(title: str) -> str:
    """The kind that all units of a column are of by its title: all of "Tên chi bộ" are cells."""
    return CELL if OF_CELLS.match(title) else COMMITTEE if OF_COMMITTEES.match(title) else ""


def _choose_unit(columns: dict[str, int], found: dict[Field, list[tuple[int, bool]]], titles: Sequence[str]) -> None:
    """Of two columns of units, or of their codes, that of the cells names the unit, the other one its superior."""
    for field in (Field.CODE, Field.NAME):
        places = [index for index, _ in found.get(field, [])]
        of_cells = [index for index in places if OF_CELLS.match(titles[index])]
        above = [index for index in places if not OF_CELLS.match(titles[index])]
        if len(places) < 2 or not of_cells:
            continue
        columns[field.value] = of_cells[-1]
        if above and Field.PARENT not in found:
            columns[Field.PARENT.value] = above[0]


def _choose_contacts(
    columns: dict[str, int], found: dict[Field, list[tuple[int, bool]]], others: Sequence[int]
) -> None:
    """A number belongs to the person left of it, unless its title says whose it is; never to somebody else's."""
    person = columns.get(Field.PERSON)
    for field in (Field.PHONE, Field.EMAIL):
        places = found.get(field, [])
        if person is None or not places:
            continue
        said = [index for index, is_secretarys in places if is_secretarys]
        own = [index for index, _ in places if index > person and not any(person < one < index for one in others)]
        before = [index for index, _ in places if index < person and not any(one < index for one in others)]
        chosen = next(iter([*said, *own, *before]), None)
        if chosen is None:
            del columns[field.value]
        else:
            columns[field.value] = chosen
