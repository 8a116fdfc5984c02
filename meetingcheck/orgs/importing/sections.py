"""Under which superior a row of a list stands when the row does not say it: by the heads of sections above it. Pure.

"I. Đảng bộ xã A" stands over its cells; a superior that is written in the first row of its block counts for the block.
What can be read in two ways is not guessed: the rows are named as unclear, and the office says it.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from meetingcheck.lib.text import one_line, search_form
from meetingcheck.orgs.importing.columns import COMMITTEE, ERRORS, TITLES, Field, plain
from meetingcheck.orgs.importing.heads import Header
from meetingcheck.orgs.importing.outcomes import MAX_CELL_CHARS, MAX_COLUMNS, Cell, Line
from meetingcheck.orgs.importing.unitnames import unit_key, unit_name_in

NO_MARK, NUMBER, DECIMAL, DASH, LOWER, LETTER, ROMAN = "", "number", "decimal", "dash", "lower", "letter", "roman"
_STYLES = (
    (NUMBER, r"\d{1,4}[.)/]?"),
    (DECIMAL, r"\d{1,3}(?:\.\d{1,3})+\.?"),
    (DASH, r"[-+*•–]"),
    (ROMAN, r"[IVX]{1,6}[.)/:]?"),
    (LETTER, r"[A-ZĐ][.)/:]?"),
    (LOWER, r"[a-zđ][.)/:]?"),
)
_ABOUT_UNIT = {Field.CODE.value, Field.NAME.value, Field.KIND.value, Field.FOUNDED.value}
_ABOVE_CELLS = {ROMAN, LETTER}
_PREFIX = re.compile(r"(?:([IVX]{1,6}|[A-ZĐ]|[a-zđ]|\d{1,3}(?:\.\d{1,3})*)\s*[.)/:\-–]+|([-+*•–]))\s*(?=\S)")
_COMMITTEE = re.compile(r"dang bo (?!(?:truc thuoc|co so|bo phan)$)(?!chi bo\b).+")
# "I. XÃ MẪU" over the cells of a commune is its committee.
_ADMINISTRATIVE = re.compile("(?:xa|phuong|thi tran|thi xa|huyen|quan|thanh pho|dac khu|tinh) .+")
_NAMES_KIND = re.compile("(?:chi bo|dang bo|chi uy)\\b")
_KINDS_OF_UNITS = "(?:chi bộ|đảng bộ|chi, đảng bộ|chi bộ, đảng bộ|đảng bộ, chi bộ|tổ chức đảng|tổ chức cơ sở đảng)"
_GROUP_OF_PLACES = (
    "khối (?:các )?(?:xã|phường|nông thôn|thành thị|cơ quan|doanh nghiệp|đảng|chính quyền|nhà nước|hành chính|sự nghiệp"
    "|trường học|trường|giáo dục|y tế|lực lượng vũ trang|nội chính|đoàn thể|mặt trận|thôn|bản|tổ dân phố|đường phố"
    r"|dân cư|kinh tế|văn hóa|trực thuộc)\b[^\d]*(?:[:(]\s*\d.*)?"
)
_HEADING = re.compile(
    f"{_GROUP_OF_PLACES}|các {_KINDS_OF_UNITS}\\b(?: .*)?|{_KINDS_OF_UNITS}(?: (?:trực thuộc|cơ sở))+(?: đảng .*)?[:.]?"
)
_NAMED_IN_HEADING = re.compile(r".*\btrực thuộc (đảng (?:bộ|ủy|uỷ) .+)", re.IGNORECASE)


@dataclass
class _Row:
    """A row as far as it matters for who stands under whom."""

    line: Line
    cells: list[Cell]
    style: str = NO_MARK
    number: int | None = None
    name: str = ""
    is_unit: bool = False
    says_only_name: bool = False
    is_committee: bool = False
    is_heading: bool = False
    may_be_head: bool = False  # nothing but a name that says no kind
    is_indented: bool = False  # the name stands one column further right, under the same title
    is_across: bool = False  # the name stands outside the units' column
    parent: str = ""


@dataclass
class _Level:
    style: str
    superior: str
    block: set[str] = field(default_factory=set)  # how the rows below it are marked
    has_groups: bool = False  # heads without marks stand within it


@dataclass(frozen=True)
class Arranged:
    """Rows that say their superiors. `columns` and `texts` have a further column when the list had none for them."""

    lines: tuple[Line, ...]
    columns: dict[str, int]
    texts: tuple[str, ...]
    headings: tuple[int, ...]
    unclear: tuple[int, ...]


def arrange(lines: Sequence[Line], header: Header, *, are_parents_merged: bool) -> Arranged:
    """The rows with the superiors that sections and first rows of blocks give them."""
    if header.texts and header.texts[-1] == ERRORS:  # it came back from here: each row says its superior itself
        return Arranged(tuple(lines), header.columns, header.texts, (), ())
    rows = [_row_of(line, header) for line in lines]
    sections = _Sections(rows, header)
    sections.read()
    if Field.PARENT in header.columns and not are_parents_merged:
        _carry_down(rows, header)
    return _written(rows, header, sections.unclear)


# --- one row


def _row_of(line: Line, header: Header) -> _Row:
    cells = list(line.cells)
    row = _Row(line, cells)
    _take_from_aside(row, header)
    read = {name: cells[index] for name, index in header.columns.items() if index < len(cells) and cells[index] != ""}
    place = header.columns.get(Field.NAME)
    text = one_line(str(read.get(Field.NAME, "")))
    row.parent = one_line(str(read.get(Field.PARENT, "")))
    row.is_unit = bool(text) or Field.CODE in read
    if not text and not read and place is not None:
        text = _text_across(row, place)
    elif place is not None:
        before = [
            cell for index, cell in enumerate(cells[:place]) if cell != "" and index not in header.columns.values()
        ]
        _mark(row, before[-1] if before else "")
    if text and place is not None:
        _describe(row, text, place, set(read))
    return row


def _describe(row: _Row, text: str, place: int, read: set[str]) -> None:
    """What a row's name says of it. A section's head is a unit like others: its name belongs in the units' column."""
    prefix = _PREFIX.match(text)
    if prefix and _may_follow_mark(text[prefix.end() :]):
        if row.style == NO_MARK:
            _mark(row, prefix.group(1) or prefix.group(2))
        text = text[prefix.end() :]
    row.name = unit_name_in(text)
    row.says_only_name = read <= _ABOUT_UNIT
    row.is_committee = _is_committee(row.name)
    stands_alone = read <= {Field.NAME.value} and (row.style != NUMBER or row.is_across)
    row.is_heading = stands_alone and _HEADING.fullmatch(text.casefold()) is not None
    row.may_be_head = stands_alone and not row.is_heading and _NAMES_KIND.match(unit_key(row.name)) is None
    if row.is_across and (row.is_committee or row.is_heading or _is_administrative(row.name)):
        row.is_unit, row.cells = True, [cell if _style_of(str(cell)) else "" for cell in row.cells]
        row.cells += [""] * (place + 1 - len(row.cells))
        row.cells[place] = row.name
    elif row.is_committee:
        row.cells[place] = row.name


def _is_administrative(name: str) -> bool:
    return _ADMINISTRATIVE.fullmatch(search_form(name)) is not None


def _take_from_aside(row: _Row, header: Header) -> None:
    """Cells under their committees often stand one column further right, under the same title."""
    name, aside = header.columns.get(Field.NAME), header.aside
    if name is None or aside is None or aside in header.columns.values() or aside >= len(row.cells):
        return
    if row.cells[name] == "" and any(char.isalpha() for char in str(row.cells[aside])):
        row.cells[name], row.cells[aside] = row.cells[aside], ""
        row.is_indented = True


def _text_across(row: _Row, place: int) -> str:
    """The one text of a row that fills none of the read columns: a section's head, written across the table."""
    texts = [one_line(str(cell)) for cell in row.cells if cell != ""]
    marks, names = [text for text in texts if _style_of(text)], [text for text in texts if not _style_of(text)]
    if len(names) != 1 or len(marks) > 1:
        return ""
    row.is_across = True
    _mark(row, marks[0] if marks else "")
    return names[0]


def _may_follow_mark(text: str) -> bool:
    return _is_committee(text) or _is_administrative(text) or _HEADING.fullmatch(text.casefold()) is not None


def _is_committee(name: str) -> bool:
    return _COMMITTEE.fullmatch(unit_key(name)) is not None


def _mark(row: _Row, cell: Cell) -> None:
    text = one_line(str(cell))
    row.style = _style_of(text)
    row.number = int(re.sub(r"\D", "", text)) if row.style == NUMBER else None


def _style_of(text: str) -> str:
    return next((style for style, pattern in _STYLES if re.fullmatch(pattern, text)), NO_MARK)


# --- sections


class _Sections:
    """Goes through the rows from above and gives each the superior of its section."""

    def __init__(self, rows: Sequence[_Row], header: Header) -> None:
        self._rows = rows
        self._place_of_name = header.columns.get(Field.NAME)
        self._has_parents = Field.PARENT in header.columns
        # In the product's own template an empty superior means the chosen unit, as its notes say.
        parent = header.columns.get(Field.PARENT)
        self._is_template = parent is not None and plain(header.texts[parent]) == plain(TITLES[Field.PARENT])
        self._levels: list[_Level] = []
        self._order: dict[str, int] = {}  # marks in the order in which they came: the first is the uppermost
        self._are_numbered = any(row.style == NUMBER for row in rows if row.is_unit and not row.is_committee)
        self.unclear: set[int] = set()

    def read(self) -> None:
        is_unclear = False
        for index, row in enumerate(self._rows):
            following = self._rows[index + 1] if index + 1 < len(self._rows) else None
            before = self._rows[index - 1] if index else None
            if following is not None and self._may_be_head(row, following):
                if _is_administrative(row.name) and (row.style in _ABOVE_CELLS or following.number == 1):
                    self._make_committee(row)
                elif not self._has_parents:
                    self.unclear.add(row.line.number)
                    is_unclear = True
                    continue
            if row.is_heading:
                is_unclear = self._open_heading(row, before)
            elif row.is_committee:
                is_unclear = self._place_committee(row, before, following)
            elif row.is_unit:
                self._close_above(row)
                self._place(row, is_unclear)

    def _may_be_head(self, row: _Row, following: _Row) -> bool:
        """Whether a row that says no kind may be the head of those below it: it is marked otherwise than they are."""
        if not (row.may_be_head and row.is_unit and following.is_unit) or following.is_committee or following.parent:
            return False
        if row.style in _ABOVE_CELLS:
            return following.style not in {*_ABOVE_CELLS, NO_MARK}
        # "Trường Tiểu học A" alone in its row, and below it "Chi bộ 1".
        says_kind = _NAMES_KIND.match(unit_key(following.name)) is not None
        return row.style == NO_MARK and (following.style == NUMBER or says_kind)

    def _make_committee(self, row: _Row) -> None:
        row.name, row.is_committee = f"{COMMITTEE} {row.name}"[: MAX_CELL_CHARS + 1], True
        if self._place_of_name is not None:
            row.cells[self._place_of_name] = row.name

    def _open_heading(self, row: _Row, before: _Row | None) -> bool:
        """A head that names no unit, as "Khối nông thôn"; whether what stands below it is unclear."""
        named = _NAMED_IN_HEADING.fullmatch(row.name)
        if named:
            self._open(row.style, named.group(1))
            return False
        if row.style == NO_MARK:
            within = before is not None and (
                before.is_committee or (bool(self._levels) and self._levels[-1].has_groups)
            )
            if within and self._levels:
                self._levels[-1].has_groups = True
            unclear = not within and any(level.superior for level in self._levels)
            self._levels = self._levels if within else []
            return unclear and not self._has_parents
        self._cut(row.style)
        self._open(row.style, self._superior())
        return False

    def _place_committee(self, row: _Row, before: _Row | None, following: _Row | None) -> bool:
        """Whether it is unclear if the rows below a committee belong to it."""
        if not self._is_section(row, before, following):
            if row.style == NO_MARK:
                self._levels = [level for level in self._levels if level.style != NO_MARK]
            self._place(row, False)
            in_a_run = any(one is not None and one.is_committee for one in (before, following))
            goes_on = following is not None and following.is_unit and not following.is_committee
            listed = in_a_run and row.style == NUMBER
            return goes_on and not listed and not self._has_parents
        is_loose = row.style == NO_MARK and any(level.style != NO_MARK and level.superior for level in self._levels)
        self._cut(row.style)
        self._place(row, is_loose and not self._has_parents)
        above = self._superior()
        self._open(row.style, f"{above} / {row.name}" if above else row.name)
        return False

    def _is_section(self, row: _Row, before: _Row | None, following: _Row | None) -> bool:
        if row.style in _ABOVE_CELLS or row.is_across:
            return True
        if following is None or self._is_template:
            return False
        if following.is_indented and not row.is_indented:
            return True
        if row.style == NUMBER:
            return following.number != (row.number or 0) + 1
        if self._are_numbered:
            return following.style != NO_MARK
        beside = (one for one in (before, following) if one is not None)
        return row.says_only_name and not any(one.is_committee and one.says_only_name for one in beside)

    def _close_above(self, row: _Row) -> None:
        """A cell that is marked as the sections are stands beside them: "III. Chi bộ Công an"."""
        if not self._levels:
            return
        block = self._levels[-1].block
        goes_on = row.style in _ABOVE_CELLS or (row.style == NUMBER and block and NUMBER not in block)
        if goes_on and any(level.style == row.style for level in self._levels):
            self._cut(row.style)
            self._open(row.style, self._superior())
        else:
            block.add(row.style)

    def _cut(self, style: str) -> None:
        """Leave the sections at and below a style."""
        if style == NO_MARK:
            self._levels = []
            return
        depth = self._order.setdefault(style, len(self._order))
        self._levels = [level for level in self._levels if self._order.get(level.style, -1) < depth]

    def _open(self, style: str, superior: str) -> None:
        self._cut(style)
        self._levels.append(_Level(style, superior))

    def _superior(self) -> str:
        return self._levels[-1].superior if self._levels else ""

    def _place(self, row: _Row, is_unclear: bool) -> None:
        if row.parent:
            return
        if is_unclear:
            self.unclear.add(row.line.number)
        else:
            row.parent = self._superior()


# --- blocks


def _carry_down(rows: Sequence[_Row], header: Header) -> None:
    """A superior that stands only in the first row of its block counts for the block. A list that repeats one means
    what it leaves empty."""
    own_title = plain(header.texts[header.columns[Field.PARENT]]) == plain(TITLES[Field.PARENT])
    place = header.columns[Field.PARENT]
    cells = [row for row in rows if row.is_unit and not row.is_committee and not row.is_heading]
    said = [str(row.cells[place]) if place < len(row.cells) else "" for row in cells]
    named = [text for text in said if text]
    if not said or not said[0] or len(named) == len(said) or len({search_form(text) for text in named}) < len(named):
        return
    blocks = sum(1 for text, after in pairwise(said) if text and not after)
    if blocks < (2 if own_title else 1):
        return
    current = ""
    for row, text in zip(cells, said, strict=True):
        current = text or current
        row.parent = row.parent or current


# --- the rows as they are handed on


def _written(rows: Iterable[_Row], header: Header, unclear: set[int]) -> Arranged:
    rows = list(rows)
    kept = [row for row in rows if not row.is_heading]
    columns, texts = header.columns, header.texts
    if unclear or any(row.parent for row in kept):
        place = columns.get(Field.PARENT)
        if place is None:
            width = max([len(texts), *(len(row.cells) for row in kept)])
            place = min(width, MAX_COLUMNS - 1)
            columns = {**columns, Field.PARENT.value: place}
            texts = (*texts[:place], *[""] * (place - len(texts)), TITLES[Field.PARENT])
        for row in kept:
            row.cells += [""] * (place + 1 - len(row.cells) if row.parent else 0)
            if row.parent:
                row.cells[place] = row.parent[: MAX_CELL_CHARS + 1]
    return Arranged(
        lines=tuple(Line(row.line.number, tuple(row.cells)) for row in kept),
        columns=columns,
        texts=texts,
        headings=tuple(row.line.number for row in rows if row.is_heading),
        unclear=tuple(sorted(unclear)),
    )
