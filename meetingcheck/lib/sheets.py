"""Tables written for office programs: every text stays a text, whatever it begins with."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from io import BytesIO, StringIO
from typing import IO

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"
LONGEST_CELL = 32_767  # characters; Excel's own limit
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
LAST_ROW = 1_048_575  # zero-based, Excel's own limit

Cell = str | int | float | None


@dataclass(frozen=True)
class Sheet:
    """One sheet. `widths` in characters by column; `choices` offers a list of texts in a column."""

    name: str
    rows: Sequence[Sequence[Cell]]
    widths: Sequence[int] = ()
    head_rows: int = 1
    choices: dict[int, list[str]] = field(default_factory=dict)


def write_xlsx(sheets: Sequence[Sheet]) -> bytes:
    """An Excel file. Texts are written as texts: none becomes a formula, a link or a number."""
    out = BytesIO()
    with Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        # "@" keeps the leading zero of what people type later.
        plain = book.add_format({"num_format": "@"})
        for sheet in sheets:
            page = book.add_worksheet(sheet.name)
            for column, width in enumerate(sheet.widths):
                page.set_column(column, column, width, plain)
            page.freeze_panes(sheet.head_rows, 0)
            for number, row in enumerate(sheet.rows):
                for column, cell in enumerate(row):
                    if isinstance(cell, str):
                        style = head if number < sheet.head_rows else plain
                        page.write_string(number, column, cell[:LONGEST_CELL], style)
                    elif cell is not None:
                        page.write_number(number, column, cell)
            _offer(page, sheet)
    return out.getvalue()


def write_long_xlsx(out: IO[bytes], name: str, rows: Iterable[Sequence[Cell]], widths: Sequence[int]) -> int:
    """One sheet of any length, written row by row as it comes, so that memory does not grow; the number of rows.

    The first row is the head. Texts are written as texts.
    """
    written = 0
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with Workbook(out, options) as book:
        head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        plain = book.add_format({"num_format": "@"})
        page = book.add_worksheet(name)
        for column, width in enumerate(widths):
            page.set_column(column, column, width)
        page.freeze_panes(1, 0)
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, str):
                    page.write_string(number, column, cell[:LONGEST_CELL], head if number == 0 else plain)
                elif cell is not None:
                    page.write_number(number, column, cell)
            written += 1
    return written


def _offer(page: Worksheet, sheet: Sheet) -> None:
    for column, texts in sheet.choices.items():
        if texts and len(",".join(texts)) <= 255:  # Excel's own limit
            offer = {"validate": "list", "source": texts, "error_type": "information"}
            page.data_validation(sheet.head_rows, column, LAST_ROW, column, offer)


def write_csv(rows: Sequence[Sequence[Cell]]) -> bytes:
    """UTF-8 with a mark that Excel recognises it by. What Excel would take for a formula gets an apostrophe."""
    out = StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerows([[_harmless(cell) for cell in row] for row in rows])
    return out.getvalue().encode("utf-8-sig")


def _harmless(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_SIGNS) else cell
