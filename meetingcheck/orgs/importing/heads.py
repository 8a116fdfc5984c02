"""Finding the header of a list: under titles, over one to three rows, whatever the office calls its columns. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from meetingcheck.lib.text import one_line
from meetingcheck.orgs.importing.columns import (
    CELL,
    COMMITTEE,
    FAMILY_NAMES,
    GIVEN_NAMES,
    OF_CELLS,
    OF_COMMITTEES,
    SECRETARY,
    Field,
    field_of,
    is_in_charge,
    is_lower_title,
    is_somebody_else,
    plain,
)
from meetingcheck.orgs.importing.outcomes import MAX_CELL_CHARS, Line

ROWS_LOOKED_AT = 30
FEWEST_FIELDS = 2
MOST_HEADER_ROWS = 3


@dataclass(frozen=True)
class Header:
    """A recognised header: the index of the first row below it, its texts, which column holds which field.

    `given` is a column that goes on with the person's name, `aside` one that goes on with the unit's: under one title.
    `rows` are the texts of the header row by row, by which it is known when a later page repeats it.
    """

    below: int
    texts: tuple[str, ...]
    columns: dict[str, int]
    default_role: str | None
    unit_word: str = ""
    given: int | None = None
    aside: int | None = None
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class _Column:
    """One column of a header: its lowest text, what stands over that from below upwards, and how it may be read."""

    own: str
    above: tuple[str, ...] = ()
    readings: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return " ".join([*reversed(self.above), self.own])[:MAX_CELL_CHARS]


def find_header(lines: Sequence[Line], hidden: frozenset[int] = frozenset()) -> Header | None:
    """The best header among the first rows; None when no row looks like one. `hidden` columns yield to seen ones.

    A header names the unit and at least one thing more. Of two that say equally much the upper one is it, with all its
    rows of lower titles.
    """
    best: Header | None = None
    for index in range(min(len(lines), ROWS_LOOKED_AT)):
        rows = [_texts(line) for line in lines[index : index + MOST_HEADER_ROWS]]
        for height in range(1, len(rows) + 1):
            if not _is_stack(rows[:height]):
                continue
            header = _read_stack(rows[:height], index + height, hidden)
            goes_on = (
                best is not None
                and (best.below, len(best.rows)) == (header.below - 1, height - 1)
                and _subdivides(rows[height - 2], rows[height - 1])
            )
            if _is_header(header) and (best is None or goes_on or len(header.columns) > len(best.columns)):
                best = header
    return best


def _is_header(header: Header) -> bool:
    names_a_unit = Field.NAME in header.columns or Field.CODE in header.columns
    return names_a_unit and len(header.columns) >= FEWEST_FIELDS


def _texts(line: Line) -> list[str]:
    return [one_line(str(cell)) for cell in line.cells]


def _is_stack(rows: Sequence[list[str]]) -> bool:
    """Whether rows may be one header: somewhere a lower one names a field where the one above it has merged cells."""
    if any(text.isdecimal() for row in rows[1:] for text in row):
        return False
    return len(rows) == 1 or any(
        _continues(upper, lower) or _subdivides(upper, lower) for upper, lower in pairwise(rows)
    )


def _continues(upper: list[str], lower: list[str]) -> bool:
    named = [index for index, text in enumerate(lower) if field_of(plain(text))]
    return any(index >= len(upper) or not upper[index] for index in named)


def _subdivides(upper: list[str], lower: list[str]) -> bool:
    """Whether a row only parts the titles above it, as "Chính quyền | Đảng" under one "Chức vụ"."""
    said = [index for index, text in enumerate(lower) if text]
    under_merged = any(index >= len(upper) or not upper[index] for index in said)
    return len(said) > 1 and under_merged and all(is_lower_title(lower[index]) for index in said)


def _read_stack(rows: Sequence[list[str]], below: int, hidden: frozenset[int]) -> Header:
    """A header of some rows, whose upper cells may be merged over several columns. Each column may be read by its
    lowest text with what stands over it, and by that text alone."""
    over = [""] * len(rows)
    columns = []
    for index in range(max(map(len, rows))):
        cells = [row[index] if index < len(row) else "" for row in rows]
        for depth, text in enumerate(cells):
            if text:
                over[depth:] = [text] + [""] * (len(rows) - depth - 1)
        own = next((text for text in reversed(cells) if text), "")
        if not own:
            columns.append(_Column(""))
            continue
        above = tuple(text for text in reversed(over) if text and text != own)
        stacked = [*(f"{own} {text}" for text in above), *(f"{text} {own}" for text in above)]
        of_another = any(is_somebody_else(text) for text in above)
        columns.append(_Column(own, above, (*above, *stacked) if of_another else (*stacked, own)))
    return replace(_read(columns, below, hidden), rows=tuple(map(tuple, rows)))


def _read(read: Sequence[_Column], below: int, hidden: frozenset[int]) -> Header:
    found: dict[Field, list[tuple[int, bool]]] = {}
    others = []
    given = _given_name(read)
    for index, column in enumerate(read):
        field, is_secretarys = next(
            (said for text in column.readings if (said := field_of(plain(text)))), (None, False)
        )
        if given is not None and index in (given - 1, given):
            of_secretary = any(field_of(plain(text)) == (Field.PERSON, True) for text in column.above)
            field, is_secretarys = (Field.PERSON, of_secretary) if index < given else (None, False)
        if field is not None:
            found.setdefault(field, []).append((index, is_secretarys))
        elif any(is_somebody_else(text) for text in column.readings):
            others.append(index)
    _prefer_seen(found, hidden)
    _choose_name(found, read)
    _choose_person(found, [plain(column.own) for column in read])
    columns = {field.value: places[0][0] for field, places in found.items()}
    _choose_unit(columns, found, [plain(column.own) for column in read])
    others += [index for index, _ in found.get(Field.PERSON, []) if index != columns.get(Field.PERSON)]
    _choose_contacts(columns, found, others)
    is_secretarys = any(index == columns.get(Field.PERSON) and its for index, its in found.get(Field.PERSON, []))
    taken = set(columns.values())
    return Header(
        below=below,
        texts=tuple(column.own if index in taken else column.text for index, column in enumerate(read)),
        columns=columns,
        default_role=SECRETARY if is_secretarys else None,
        unit_word=_kind_said(plain(read[columns[Field.NAME]].own)) if Field.NAME in columns else "",
        given=given if given is not None else _untitled_after(columns.get(Field.PERSON), read),
        aside=_untitled_after(columns.get(Field.NAME), read),
    )


def _given_name(read: Sequence[_Column]) -> int | None:
    """The second of two columns "Họ đệm | Tên"."""
    for index, (one, other) in enumerate(pairwise(read), start=1):
        if plain(one.own) in FAMILY_NAMES and plain(other.own) in GIVEN_NAMES:
            return index
    return None


def _untitled_after(index: int | None, read: Sequence[_Column]) -> int | None:
    """The column without a title right of another; when nothing is right of that, the one beyond the header."""
    if index is None or (index + 1 < len(read) and read[index + 1].own):
        return None
    return index + 1


def _prefer_seen(found: dict[Field, list[tuple[int, bool]]], hidden: frozenset[int]) -> None:
    for field, places in found.items():
        seen = [place for place in places if place[0] not in hidden]
        found[field] = seen or places


def _choose_name(found: dict[Field, list[tuple[int, bool]]], read: Sequence[_Column]) -> None:
    """A bare "Tên" beside another column of units is a person's, or nothing."""
    names = found.get(Field.NAME, [])
    bare = [place for place in names if not read[place[0]].above and plain(read[place[0]].own) in GIVEN_NAMES]
    if not bare or len(bare) == len(names):
        return
    found[Field.NAME] = [place for place in names if place not in bare]
    found.setdefault(Field.PERSON, bare)


def _choose_person(found: dict[Field, list[tuple[int, bool]]], titles: Sequence[str]) -> None:
    """Beside a column of secretaries, one of whom to ask or of who is in charge is somebody else's."""
    places = found.get(Field.PERSON, [])
    if any(is_secretarys for _, is_secretarys in places):
        found[Field.PERSON] = sorted(places, key=lambda place: is_in_charge(titles[place[0]]))


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
