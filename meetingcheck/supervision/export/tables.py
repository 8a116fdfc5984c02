"""The exported board: its head, its rows, its name. Pure."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from meetingcheck.duties.rules import ROMAN, Month
from meetingcheck.lib.text import N_, search_form
from meetingcheck.supervision.queries import MONTHS, Row, Square
from meetingcheck.supervision.rules import GROUP_WORDS, STATE_WORDS, Group

NOT_SAFE = re.compile(r"[^a-z0-9]+")
LONGEST_NAME = 60  # characters
WIDTHS = (6, 14, 40, 34, *[16] * (MONTHS + len(ROMAN)))
HEAD = (N_("STT"), N_("Mã"), N_("Chi bộ"), N_("Cấp ủy trực tiếp"))

Cell = str | int | None


def file_name(unit_name: str, month_code: str) -> str:
    """A name that every system can keep: lower-case ASCII, what it is, whose, and when."""
    name = NOT_SAFE.sub("-", search_form(unit_name)).strip("-")[:LONGEST_NAME].strip("-")
    return f"bang-theo-doi-{name or 'don-vi'}-{month_code}.xlsx"


def table(
    rows: Iterable[Row], month: Month, *, thematic: bool, translate: Callable[[str], str]
) -> Iterator[list[Cell]]:
    """The head, then one line for each cell with each period's state in words. Up to the chosen month it is said where
    nothing is owed; what comes after may only not be known yet."""
    year = month.year
    months = [f"{number:02}/{year:04}" for number in range(1, MONTHS + 1)]
    quarters = [f"{number}/{year:04}" for number in ROMAN] if thematic else []
    begun = [number <= month.month for number in (*range(1, MONTHS + 1), *range(1, MONTHS + 1, 3))]
    yield [*(translate(word) for word in HEAD), *months, *quarters]
    words = {state: translate(word) for state, word in STATE_WORDS.items()}
    nothing = translate(GROUP_WORDS[Group.NO_PERIOD])
    for number, row in enumerate(rows, start=1):
        squares = [*row.squares, *(row.quarters if thematic else [])]
        states = [
            _shown(square, words) if square is not None else nothing if known else None
            for square, known in zip(squares, begun, strict=False)
        ]
        yield [number, row.unit.code, row.unit.name, row.parent_name, *states]


def _shown(square: Square, words: Mapping[str, str]) -> str:
    shown = square.shown
    return f"{words[shown]}: {square.moved_on:%d/%m/%Y}" if shown == "moved" else words[shown]
