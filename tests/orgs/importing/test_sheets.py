"""What a workbook shows and what it holds: hidden rows and columns, zeros before numbers, sheets, signs nobody sees."""

from collections.abc import Sequence

import pytest
from openpyxl import Workbook

from meetingcheck.lib.sheets import write_csv
from meetingcheck.orgs.importing.outcomes import FileProblem
from meetingcheck.orgs.importing.reader import read_table
from tests.orgs.importing.conftest import Office
from tests.orgs.importing.test_reading import problem_of, saved
from tests.orgs.importing.test_rules import faults, plan_of_file

TITLES = ["Mã", "Tên chi bộ", "Bí thư", "Điện thoại", "Số di động"]


def book_of(*rows: Sequence[object]) -> Workbook:
    book = Workbook()
    for cells in rows:
        book.active.append(list(cells))
    return book


def test_what_is_hidden_is_read_and_said(office: Office) -> None:
    book = book_of(
        TITLES,
        ["C1", "Chi bộ Một", "Hà Văn Mới", "0912000010", "0912000011"],
        ["C2", "Chi bộ Hai", "Hà Văn Hai", "0912000020", "0912000021"],
    )
    book.active.row_dimensions[3].hidden = True
    for column in ("A", "D"):
        book.active.column_dimensions[column].hidden = True
    run_id = office.upload(saved(book))
    assert office.faults(run_id) == {}
    page = office.page(run_id)
    assert "1 dòng đang ẩn trong tệp vẫn được đọc: dòng 3." in page
    assert "Cột đang ẩn trong tệp vẫn được đọc: Mã." in page
    assert [one.values["shown"]["phone"] for one in office.rows(run_id)] == ["0912000011", "0912000021"], (
        "of two columns the one that people see counts"
    )


def test_where_nothing_is_hidden_nothing_is_said() -> None:
    book = book_of(TITLES, ["C1", "Chi bộ Một"])
    book.active.row_dimensions[9].hidden = True
    book.active.column_dimensions["Z"].hidden = True
    table = read_table(saved(book), converted=False)
    assert (table.hidden_rows, table.hidden_columns) == ((), ())


@pytest.mark.parametrize(
    ("number_format", "value", "code"),
    [
        ("000", 1, "001"),
        ("0000;-0000", 12, "0012"),
        ('"CB"00', 7, "CB07"),
        ("\\C\\B000", 7, "CB007"),
        ("0", 7, "7"),
        ("General", 7, "7"),
        ("#,##0", 7, "7"),
    ],
)
def test_a_code_is_read_as_its_format_shows_it(number_format: str, value: int, code: str) -> None:
    book = book_of(TITLES, [value, "Chi bộ Một", "Hà Văn Mới", 912000010, ""])
    book.active["A2"].number_format = number_format
    book.active["D2"].number_format = "0000000000"
    plan = plan_of_file(saved(book))
    assert faults(plan) == {}
    assert [unit.code for unit in plan.units] == [code]
    assert [one.phone for one in plan.people] == ["0912000010"]


def test_a_head_without_rows_on_the_first_sheet_does_not_hide_the_list_on_the_second() -> None:
    book = book_of(TITLES)
    book.create_sheet("Xã Mẫu")
    for cells in (TITLES, ["C1", "Chi bộ Một"]):
        book["Xã Mẫu"].append(cells)
    table = read_table(saved(book), converted=False)
    assert [line.cells for line in table.lines] == [("C1", "Chi bộ Một")]
    assert table.unread_sheets == ("Sheet",)
    book["Xã Mẫu"].title = "Ví dụ"
    assert problem_of(saved(book)) is FileProblem.NO_ROWS, "examples are no rows"


def test_signs_without_width_are_left_out() -> None:
    plan = plan_of_file(write_csv([TITLES, ["C1", "Chi\u200b bộ Một\ufeff", "Hà Văn\u200d Mới", "\u200b0912000010"]]))
    assert faults(plan) == {}
    assert [unit.name for unit in plan.units] == ["Chi bộ Một"]
    assert [(one.name, one.phone) for one in plan.people] == [("Hà Văn Mới", "0912000010")]


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("Hà Văn Mới\nLê Thị Hai", ["several_people"]),
        ("Hà Văn Mới\n(Bí thư)", []),
        ("Hà Văn\nMới", []),
        ("Hà Văn Mới\n0912000010", []),
    ],
)
def test_two_names_one_under_the_other_are_two_people(typed: str, fault: list[str]) -> None:
    plan = plan_of_file(saved(book_of(TITLES, ["C1", "Chi bộ\nMột", typed, "0912000010"])))
    assert faults(plan).get(2, []) == fault
    assert [one.name for one in plan.people] == ([] if fault else ["Hà Văn Mới"])
