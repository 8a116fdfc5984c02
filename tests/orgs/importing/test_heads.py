"""Heads of lists: lower titles, names in two columns, heads that a later page repeats, titles of a list sent back."""

from collections.abc import Sequence

import pytest

from meetingcheck.lib.sheets import write_csv
from meetingcheck.orgs.importing.columns import titles_as_understood
from meetingcheck.orgs.importing.outcomes import Table
from meetingcheck.orgs.importing.parent import read_in_child
from meetingcheck.orgs.importing.reader import read_table
from tests.orgs.importing.conftest import xlsx_of
from tests.orgs.importing.test_rules import faults, plan_of_file


def table_of(*rows: Sequence[object]) -> Table:
    return read_table(write_csv(rows), converted=False)


def test_lower_titles_under_one_merged_title_are_no_row() -> None:
    table = table_of(
        ["TT", "Tên chi bộ", "Họ và tên", "Chức vụ", "", "Điện thoại", ""],
        ["", "", "", "Chính quyền", "Đảng", "Cơ quan", "Di động"],
        [1, "Chi bộ Một", "Hà Văn Mới", "Trưởng thôn", "Bí thư", "02073812345", "0912000010"],
    )
    assert table.columns == {"name": 1, "person": 2, "role": 4, "phone": 6}
    assert [line.number for line in table.lines] == [3]
    assert [table.header[index] for index in (3, 5)] == ["Chức vụ Chính quyền", "Điện thoại Cơ quan"]


@pytest.mark.parametrize(
    "head",
    [
        [["TT", "Chi bộ", "Họ và tên", "", "Điện thoại", "Nhiệm vụ"]],
        [["TT", "Chi bộ", "Họ và tên", "", "Điện thoại", "Nhiệm vụ"], ["", "", "Họ đệm", "Tên", "", ""]],
        [["TT", "Chi bộ", "Họ", "Tên", "Điện thoại", "Nhiệm vụ"]],
    ],
)
def test_a_name_in_two_columns_is_one_name(head: list[list[str]]) -> None:
    rows = [
        [1, "Chi bộ Một", "Nguyễn Văn", "Mới", "0912000010", "bí thư"],
        [2, "Chi bộ Hai", "Hà Thị", "Bảo An", "0912000011", "bí thư"],
    ]
    plan = plan_of_file(xlsx_of(*head, *rows))
    assert faults(plan) == {}
    assert [one.name for one in plan.people] == ["Nguyễn Văn Mới", "Hà Thị Bảo An"]


@pytest.mark.parametrize("beside", ["x", "Nam", "Tày", "nghỉ từ tháng 3"])
def test_a_column_without_a_title_that_holds_no_names_is_none(beside: str) -> None:
    table = table_of(["TT", "Chi bộ", "Họ tên", "", "SĐT"], [1, "Chi bộ Một", "Hà Văn Mới", beside, "0912000010"])
    assert table.lines[0].cells[2:4] == ("Hà Văn Mới", beside)


@pytest.mark.parametrize(
    ("titles", "columns"),
    [
        ("TT|Tên|Chi bộ|Điện thoại", {"person": 1, "name": 2, "phone": 3}),
        ("TT|Họ và tên|Chi bộ|Tên|Điện thoại", {"person": 1, "name": 2, "phone": 4}),
        ("TT|Tên chi bộ||SĐT", {"name": 1, "phone": 3}),
        ("TT|Mã|Tên|Điện thoại", {"code": 1, "name": 2, "phone": 3}),
    ],
)
def test_a_bare_name_beside_cells_is_a_persons(titles: str, columns: dict[str, int]) -> None:
    head = titles.split("|")
    assert table_of(head, ["x" for _ in head]).columns == columns


@pytest.mark.parametrize(
    ("titles", "columns"),
    [
        ("STT|Tên chi bộ|Họ tên bí thư|Người liên hệ|SĐT liên hệ", {"name": 1, "person": 2}),
        ("STT|Tên chi bộ|Họ tên bí thư|Họ tên người phụ trách|Số điện thoại", {"name": 1, "person": 2}),
        ("STT|Tên chi bộ|Người liên hệ|SĐT liên hệ|Họ tên bí thư|SĐT bí thư", {"name": 1, "person": 4, "phone": 5}),
        ("STT|Tên chi bộ|Cán bộ phụ trách|Bí thư|SĐT", {"name": 1, "person": 3, "phone": 4}),
        ("STT|Tên chi bộ|Họ tên bí thư|SĐT|Người liên hệ|SĐT liên hệ", {"name": 1, "person": 2, "phone": 3}),
    ],
)
def test_the_number_of_a_second_person_is_not_the_secretarys(titles: str, columns: dict[str, int]) -> None:
    head = titles.split("|")
    assert table_of(head, ["x" for _ in head]).columns == columns


@pytest.mark.parametrize("marks", [["A", "B", "1", "2"], ["(1)", "(2)", "(3)", "(4)"], ["a", "b", "c", "1"]])
def test_a_head_that_a_page_repeats_and_marks_of_columns_are_no_rows(marks: list[str]) -> None:
    head = ["TT", "Tên chi bộ", "Bí thư", "Điện thoại"]
    rows = [["1", f"Chi bộ {name}", "Hà Văn Mới", "0912000010"] for name in ("Một", "Hai", "Ba")]
    table = table_of(head, marks, rows[0], head, marks, rows[1], marks, rows[2])
    assert [line.number for line in table.lines] == [3, 6, 8]
    assert table.passed_over == (2, 4, 5, 7)


@pytest.mark.parametrize(
    "rows",
    [
        [["TT", "Tên chi bộ", "Bí thư", "SĐT"], [1, "Thôn Một", "Hà Văn Mới", "0912000010"]],
        [["TT", "Chi bộ", "Bí thư", "Phó bí thư", "SĐT bí thư", "SĐT"], [1, "Thôn Một", "Hà A", "Hà B", "091", "092"]],
        [
            ["TT", "Tên chi bộ", "Phó bí thư", "", "Bí thư chi bộ", "", ""],
            ["", "", "Họ và tên", "Điện thoại", "Họ và tên", "Điện thoại", "Email"],
            [1, "Thôn Một", "Hà B", "0912000011", "Hà A", "0912000010", ""],
        ],
        [
            ["TT", "Đơn vị", "", "Họ và tên", "", "Chức vụ", ""],
            ["", "Mã", "Tên", "Họ đệm", "Tên", "Chính quyền", "Đảng"],
            [1, "C1", "Chi bộ Một", "Hà Văn", "Mới", "Trưởng thôn", "Bí thư"],
        ],
        [["Mã đảng bộ", "Tên đảng bộ", "Mã chi bộ", "Tên chi bộ"], ["D1", "Đảng bộ A", "C1", "Chi bộ Một"]],
    ],
)
def test_the_titles_of_a_list_that_is_sent_back_are_understood_the_same(rows: list[list[object]]) -> None:
    table = table_of(*rows)
    titles = titles_as_understood(table.header, table.columns, table.default_role, table.unit_word)
    again = table_of([*titles, "Lỗi"], *([*line.cells] for line in table.lines))
    said = (table.columns, table.default_role, table.unit_word)
    assert (again.columns, again.default_role, again.unit_word) == said, titles
    assert [line.cells for line in again.lines] == [tuple(map(str, line.cells)) for line in table.lines]


def test_long_titles_and_names_reach_the_office_all_the_same() -> None:
    long = "Dài " * 124
    rows = [
        ["TT", long, "Bí thư", "", long],
        ["", "Tên chi bộ", "Họ đệm", "Tên", long],
        [1, "Chi bộ Một", long, long, ""],
    ]
    table = read_in_child(write_csv(rows), converted=False)
    assert table == read_table(write_csv(rows), converted=False)
