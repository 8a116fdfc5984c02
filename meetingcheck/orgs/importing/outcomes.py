"""What reading an uploaded list gives: a table, or one named problem. The limits of security.md 22."""

from dataclasses import dataclass, field
from enum import StrEnum

MEBIBYTE = 1024 * 1024
MAX_BYTES = 5 * MEBIBYTE
MAX_UNPACKED_BYTES = 50 * MEBIBYTE
MAX_ENTRIES = 1_000
MAX_ROWS = 20_000
MAX_COLUMNS = 40
MAX_CELL_CHARS = 500
MAX_TEXT_CHARS = 15_000_000


class FileProblem(StrEnum):
    """Why a file could not be read as a list; each has its sentence in `rules.FILE_SENTENCES`."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    UNPACKS_TOO_LARGE = "unpacks_too_large"
    TOO_MANY_PARTS = "too_many_parts"
    TOO_MANY_ROWS = "too_many_rows"
    TOO_MUCH_TEXT = "too_much_text"
    OLD_EXCEL = "old_excel"
    BINARY_EXCEL = "binary_excel"
    OPEN_DOCUMENT = "open_document"
    PASSWORD = "password"  # noqa: S105 - the name of a problem
    PICTURE = "picture"
    DOCUMENT = "document"
    UNKNOWN = "unknown"
    BROKEN = "broken"
    NO_HEADER = "no_header"
    NO_ROWS = "no_rows"
    TOOK_TOO_LONG = "took_too_long"
    OUT_OF_MEMORY = "out_of_memory"
    CRASHED = "crashed"
    FORGOTTEN = "forgotten"


class FileRefused(Exception):
    """The file is no list that can be read."""

    def __init__(self, problem: FileProblem) -> None:
        super().__init__(problem.value)
        self.problem = problem


class Legacy(StrEnum):
    """Old encodings of Vietnamese, from the time before Unicode: letters that only their own fonts show right."""

    TCVN3 = "tcvn3"
    VNI = "vni"


Cell = str | int | float
"""A cell as it was read: a number, or a text. A date is a text as 2026-11-03; an empty cell is an empty text."""


@dataclass(frozen=True)
class Line:
    """One row of the sheet with something in it; `number` counts from 1 as office programs do."""

    number: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """The rows under a recognised header. `columns` says which column holds which field.

    `legacy` is the old encoding that the texts seem to be in; `samples` shows some texts before and after conversion.
    `unread_sheets` names the workbook's other sheets, `passed_over` the rows of totals and signatures by their numbers.
    `unit_word` is the kind that the title of the units' column says: "Chi bộ" for "Tên chi bộ".
    `unclear` are the rows, by their numbers, of which the list does not say for sure under which unit they stand.
    `hidden_rows` and `hidden_columns`, by their titles, were read although the office has hidden them.
    """

    header: tuple[str, ...]
    columns: dict[str, int]
    lines: tuple[Line, ...]
    default_role: str | None = None
    legacy: Legacy | None = None
    samples: tuple[tuple[str, str], ...] = field(default_factory=tuple)
    unread_sheets: tuple[str, ...] = ()
    passed_over: tuple[int, ...] = ()
    unit_word: str = ""
    unclear: tuple[int, ...] = ()
    hidden_rows: tuple[int, ...] = ()
    hidden_columns: tuple[str, ...] = ()
