"""The files that the import hands out: the template, and a list that comes back with its errors."""

from collections.abc import Sequence

from meetingcheck.lib.sheets import Cell, Sheet, write_csv, write_xlsx
from meetingcheck.orgs.importing.columns import TITLES, Field

WIDTHS = {
    Field.CODE: 12,
    Field.NAME: 34,
    Field.PARENT: 30,
    Field.KIND: 16,
    Field.FOUNDED: 16,
    Field.USUAL_DAY: 14,
    Field.PERSON: 26,
    Field.PHONE: 16,
    Field.EMAIL: 28,
    Field.ROLE: 24,
}
ROLE_NAMES = (
    "bí thư",
    "người gửi báo cáo",
    "cán bộ theo dõi",
    "quản trị",
    "người xem",
    "cấp ủy viên phụ trách",
)
# Invented, as everything in examples.
EXAMPLE = (
    ("DB01", "Đảng bộ xã Mẫu", "", "Đảng bộ", "03/02/1985", "", "Phạm Thị Dõi", "0912000001", "", "cán bộ theo dõi"),
    ("CB01", "Chi bộ Thôn Mẫu 1", "DB01", "Chi bộ", "19/05/1990", "3", "Nguyễn Văn An", "0912000002", "", "bí thư"),
    ("CB01", "", "", "", "", "", "Lê Đức Công", "0912000003", "", "người gửi báo cáo"),
    ("CB01", "", "", "", "", "", "Vũ Minh Đạo", "", "vuminhdao@mau.example", "cấp ủy viên phụ trách"),
    ("", "Chi bộ Tổ Mẫu 2", "Đảng bộ xã Mẫu", "Chi bộ", "01/07/2003", "5", "Trần Thị Bình", "0912000004", "", "bí thư"),
)


def make_template_xlsx(kinds: Sequence[str], notes: Sequence[str]) -> bytes:
    """An empty list to fill in, an example, and notes. `kinds` are the names of the kinds of unit."""
    titles, widths = list(TITLES.values()), [WIDTHS[field] for field in TITLES]
    order = list(TITLES)
    choices = {order.index(Field.KIND): list(kinds), order.index(Field.ROLE): list(ROLE_NAMES)}
    return write_xlsx(
        [
            Sheet("Danh sách", [titles], widths, choices=choices),
            Sheet("Ví dụ", [titles, *EXAMPLE], widths),
            Sheet("Hướng dẫn", [[note] for note in notes], [100], head_rows=0),
        ]
    )


def make_template_csv() -> bytes:
    """The same as CSV; lines that begin with # are not read, so the example may stay."""
    rows: list[Sequence[Cell]] = [list(TITLES.values())]
    rows += [[f"# {row[0]}".strip(), *row[1:]] for row in EXAMPLE]
    return write_csv(rows)


def make_error_file(title: str, header: Sequence[str], rows: Sequence[tuple[Sequence[Cell], str]]) -> bytes:
    """The list as it was read, with a last column `title` of what is wrong in each row."""
    width = max([len(header), *(len(cells) for cells, _ in rows)])
    body = [[*cells, *[""] * (width - len(cells)), reasons] for cells, reasons in rows]
    head = [*header, *[""] * (width - len(header)), title]
    return write_xlsx([Sheet("Danh sách", [head, *body], [*[18] * width, 60])])
