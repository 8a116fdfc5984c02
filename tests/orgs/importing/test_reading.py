"""Reading files: what is understood, and the one sentence for what is not. Hostile files reach the confined child."""

import io
import json
import struct
import subprocess
import unicodedata
import zipfile
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from meetingcheck.lib.sheets import Sheet, write_csv, write_xlsx
from meetingcheck.orgs.importing import legacy
from meetingcheck.orgs.importing.files import make_template_csv, make_template_xlsx
from meetingcheck.orgs.importing.outcomes import FileProblem, FileRefused, Legacy, Table
from meetingcheck.orgs.importing.parent import read_in_child, reading_command
from meetingcheck.orgs.importing.reader import read_table
from meetingcheck.orgs.importing.values import (
    day_of,
    mail_of,
    may_be_one_person,
    names_deputy,
    phone_of,
    roles_of,
    same_name,
    usual_day_of,
)
from tests.orgs.importing.conftest import HEAD, row, xlsx_of
from tests.photos import samples

TODAY = date(2026, 11, 3)
GOOD = xlsx_of(HEAD, row(code="C1", name="Chi bộ Thôn Mẫu"))
NAMES = ["Chi bộ Thôn Mẫu 1", "Nguyễn Văn Đức", "Trần Thị Bình", "Đảng bộ xã Vĩnh Phúc", "Lường Quyết Thắng", "Hoàng Ỷ"]


def problem_of(data: bytes) -> FileProblem:
    with pytest.raises(FileRefused) as refused:
        read_table(data, converted=False)
    return refused.value.problem


def zip_of(parts: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def with_part(name: str, data: bytes) -> bytes:
    """A good workbook with one part put in or replaced."""
    with zipfile.ZipFile(io.BytesIO(GOOD)) as archive:
        parts = {one: archive.read(one) for one in archive.namelist()}
    return zip_of(parts | {name: data})


def saved(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def text_table(*rows: str) -> str:
    return "\n".join(rows)


class TestFormats:
    def test_a_template_that_was_filled_in_is_read(self) -> None:
        assert problem_of(make_template_xlsx(["Chi bộ"], ["note"])) is FileProblem.NO_ROWS, "examples are no rows"
        assert problem_of(make_template_csv()) is FileProblem.NO_ROWS, "nor are lines that begin with #"

    @pytest.mark.parametrize("delimiter", [";", ",", "\t"])
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
    def test_text_files_of_all_sorts_say_the_same(self, encoding: str, delimiter: str) -> None:
        text = text_table("Mã đơn vị;Tên đơn vị;Họ tên", "C1;Chi bộ Thôn Mẫu;Nguyễn Văn Đức", "", "C2;Chi bộ Hai;")
        table = read_table(text.replace(";", delimiter).encode(encoding), converted=False)
        assert [line.cells for line in table.lines] == [
            ("C1", "Chi bộ Thôn Mẫu", "Nguyễn Văn Đức"),
            ("C2", "Chi bộ Hai"),
        ]
        assert [line.number for line in table.lines] == [2, 4]

    def test_windows_1258_is_read(self) -> None:
        table = read_table(
            windows_1258(text_table("Mã đơn vị;Tên đơn vị", *(f"C;{name}" for name in NAMES))), converted=False
        )
        assert [unicodedata.normalize("NFC", str(line.cells[1])) for line in table.lines] == NAMES
        assert table.legacy is None

    def test_quoted_fields_may_hold_delimiters_and_lines(self) -> None:
        table = read_table('Mã đơn vị;Tên đơn vị\nC1;"Chi bộ; Thôn\nMẫu"\n'.encode(), converted=False)
        assert table.lines[0].cells == ("C1", "Chi bộ; Thôn Mẫu")

    def test_dates_and_numbers_of_a_workbook_keep_their_meaning(self) -> None:
        book = Workbook()
        book.active.append(["Mã đơn vị", "Ngày thành lập", "Số điện thoại", "Ngày sinh hoạt"])
        book.active.append([12, date(1990, 2, 3), 912345678.0, 5])
        out = io.BytesIO()
        book.save(out)
        assert read_table(out.getvalue(), converted=False).lines[0].cells == (12, "1990-02-03", 912345678, 5)

    def test_a_formula_is_not_evaluated(self) -> None:
        book = Workbook()
        book.active.append(["Mã đơn vị", "Tên đơn vị"])
        book.active.append(["C1", '=HYPERLINK("http://mau.example","x")'])
        out = io.BytesIO()
        book.save(out)
        assert read_table(out.getvalue(), converted=False).lines[0].cells == ("C1",)

    def test_what_a_workbook_escapes_is_read_as_it_was_typed(self) -> None:
        head, cells = ["Mã đơn vị", "Tên đơn vị"], ["C1", "Một\r\nhai_x0041_\x07"]
        data = write_xlsx([Sheet("x", [head, cells])])
        assert read_table(data, converted=False).lines[0].cells == ("C1", "Một hai_x0041_\x07")

    def test_the_size_that_a_sheet_states_is_not_believed(self) -> None:
        sheet = zipfile.ZipFile(io.BytesIO(GOOD)).read("xl/worksheets/sheet1.xml").decode()
        before, _, rest = sheet.partition("<dimension")
        stated = f'{before}<dimension ref="A1:XFD1048576"{rest[rest.index("/>") :]}'
        table = read_table(with_part("xl/worksheets/sheet1.xml", stated.encode()), converted=False)
        assert len(table.lines) == 1

    def test_the_first_sheet_with_a_header_is_read(self) -> None:
        cover = Sheet("Bìa", [["Danh sách năm 2026"]])
        data = write_xlsx([cover, Sheet("Danh sách", [["Mã đơn vị", "Tên đơn vị"], ["C1", "Chi bộ Một"]])])
        assert read_table(data, converted=False).lines[0].cells == ("C1", "Chi bộ Một")

    def test_what_is_hidden_is_not_read_and_what_is_left_over_is_named(self) -> None:
        book = Workbook()
        book.active.title, book.active.sheet_state = "Nháp", "hidden"
        for title, name in (("Khối A", "Chi bộ Một"), ("Khối\u202e B", "Chi bộ Hai")):
            book.create_sheet(title)
            book[title].append(["Mã đơn vị", "Tên đơn vị"])
            book[title].append(["C1", name])
        book["Nháp"].append(["Mã đơn vị", "Tên đơn vị"])
        book["Nháp"].append(["C1", "Chi bộ Cũ"])
        table = read_table(saved(book), converted=False)
        assert table.lines[0].cells == ("C1", "Chi bộ Một")
        assert table.unread_sheets == ("Khối B",)

    def test_cells_merged_over_several_rows_count_for_each_of_them(self) -> None:
        book = Workbook()
        for cells in (
            ["Tên chi bộ", "Trực thuộc", "Họ tên", "Nhiệm vụ"],
            ["Chi bộ Một", "Đảng bộ A", "Nguyễn Văn An", "bí thư"],
            [None, None, "Lê Đức Công", "người gửi báo cáo"],
            ["Chi bộ Hai", None, "Vũ Minh Đạo", "bí thư"],
            ["Chi bộ Ba", None, "Trần Thị Bình", "bí thư"],
        ):
            book.active.append(cells)
        for place in ("A2:A3", "B2:B4"):
            book.active.merge_cells(place)
        lines = read_table(saved(book), converted=False).lines
        assert [line.cells[:2] for line in lines] == [
            ("Chi bộ Một", "Đảng bộ A"),
            ("Chi bộ Một", "Đảng bộ A"),
            ("Chi bộ Hai", "Đảng bộ A"),
            ("Chi bộ Ba", ""),
        ]

    def test_cells_merged_a_thousand_times_over_are_given_up(self) -> None:
        sheet = zipfile.ZipFile(io.BytesIO(GOOD)).read("xl/worksheets/sheet1.xml").decode()
        head, rows = sheet.partition("</sheetData>")[::2]
        more = "".join(f'<row r="{n}"><c r="B{n}"><v>{n}</v></c></row>' for n in range(3, 10_000))
        merged = '<mergeCells><mergeCell ref="A2:A1048576"/>' + '<mergeCell ref="Z9:Z1048576"/>' * 20_000
        data = with_part("xl/worksheets/sheet1.xml", f"{head}{more}</sheetData>{merged}</mergeCells>{rows}".encode())
        assert {line.cells[0] for line in read_table(data, converted=False).lines} == {"C1"}


class TestHeaders:
    def test_titles_above_and_other_words_are_understood(self) -> None:
        table = read_table(
            xlsx_of(
                ["ĐẢNG ỦY KHỐI"],
                [],
                ["DANH SÁCH CHI BỘ NĂM 2026"],
                ["STT", "TÊN CHI BỘ", "Trực thuộc", "Bí thư", "SĐT (di động)", "Ghi chú"],
                [1, "Chi bộ Một", "Đảng bộ A", "Nguyễn Văn An", 912345678, ""],
            ),
            converted=False,
        )
        assert table.columns == {"name": 1, "parent": 2, "person": 3, "phone": 4}
        assert table.default_role == "bí thư"
        assert [line.number for line in table.lines] == [5]

    def test_a_header_of_two_rows_with_merged_cells_is_understood(self) -> None:
        table = read_table(
            xlsx_of(
                ["TT", "Đơn vị", "", "Người phụ trách", "", ""],
                ["", "Mã", "Tên", "Họ tên", "Điện thoại", "Nhiệm vụ"],
                [1, "C1", "Chi bộ Một", "Nguyễn Văn An", "0912345678", "bí thư"],
            ),
            converted=False,
        )
        assert table.columns == {"code": 1, "name": 2, "person": 3, "phone": 4, "role": 5}
        assert len(table.lines) == 1

    def test_a_column_may_say_that_it_is_the_secretarys(self) -> None:
        merged = read_table(
            xlsx_of(
                ["TT", "Tên chi bộ", "Bí thư chi bộ", "", ""],
                ["", "", "Họ và tên", "Số điện thoại", "Email"],
                [1, "Chi bộ Một", "Nguyễn Văn An", 912345678, ""],
            ),
            converted=False,
        )
        flat = read_table(
            xlsx_of(
                ["TT", "Chi bộ", "Họ tên đồng chí Bí thư", "SĐT của Bí thư", "Email bí thư chi bộ", "SĐT phó bí thư"],
                [1, "Chi bộ Một", "Nguyễn Văn An", 912345678, "", 987654321],
            ),
            converted=False,
        )
        for table in (merged, flat):
            assert table.columns == {"name": 1, "person": 2, "phone": 3, "email": 4}
            assert table.default_role == "bí thư"

    @pytest.mark.parametrize(
        ("titles", "columns"),
        [
            ("TT|Tên tổ chức cơ sở đảng|Bí thư|Số ĐT|Ngày, tháng, năm thành lập", "name person phone founded"),
            ("Số TT|Tên chi bộ trực thuộc|Họ, tên bí thư|Số điện thoại liên hệ", "name person phone"),
            ("STT|Chi bộ, đảng bộ|Bí thư cấp ủy|SĐT liên hệ|Ngày thành lập (dd/mm/yyyy)", "name person phone founded"),
            ("STT|Chi, đảng bộ|Họ và tên Bí thư chi bộ|ĐTDĐ|Ngày QĐ thành lập", "name person phone founded"),
            ("STT|Tên chi bộ|Đồng chí Bí thư|Số máy|Đảng ủy", "name person phone parent"),
            ("Mã số chi bộ|Chi bộ|Tên đồng chí Bí thư|Tel|Đảng bộ cơ sở", "code name person phone parent"),
            ("TT|Tên chi bộ cơ sở|Bí thư (họ và tên)|Điện thoại Bí thư|Ngày họp chi bộ", "name person phone usual_day"),
            ("TT|Tên TCĐ|Họ và tên|Điện thoại di động|Chức vụ Đảng", "name person phone role"),
            ("TT|Tên đảng bộ, chi bộ|Người đại diện|Zalo|Lịch sinh hoạt định kỳ", "name person phone usual_day"),
        ],
    )
    def test_offices_call_their_columns_many_names(self, titles: str, columns: str) -> None:
        head = titles.split("|")
        table = read_table(xlsx_of(["DANH SÁCH CHI BỘ"], head, ["1", "Chi bộ Thôn", "An"]), converted=False)
        assert [name for name, _ in sorted(table.columns.items(), key=lambda item: item[1])] == columns.split()
        assert (table.default_role == "bí thư") == ("bí thư" in titles.lower())

    @pytest.mark.parametrize("numbers", [["(1)", "(2)", "(3)"], [1, 2, 3], ["[1]", "", "[2]"]])
    def test_a_row_that_numbers_the_columns_is_no_unit(self, numbers: list[object]) -> None:
        table = read_table(xlsx_of(["TT", "Tên chi bộ", "Bí thư"], numbers, [1, "Chi bộ Một", "An"]), converted=False)
        assert [line.cells for line in table.lines] == [(1, "Chi bộ Một", "An")]
        numbered = read_table(xlsx_of(["TT", "Tên chi bộ", "Bí thư"], [1, "2", "An"]), converted=False)
        assert len(numbered.lines) == 1

    def test_columns_of_others_are_left_alone(self) -> None:
        titles = [
            "Tên đơn vị",
            "Phó bí thư",
            "SĐT phó bí thư",
            "Bí thư Đoàn",
            "Ngày vào Đảng",
            "Số đảng viên",
            "Mã số thuế",
        ]
        table = read_table(xlsx_of([*titles, "Loại"], ["Chi bộ", "x"]), converted=False)
        assert table.columns == {"name": 0, "kind": 7}

    def test_a_header_of_three_rows_is_understood(self) -> None:
        rows = [
            ["TT", "Tên chi bộ", "Bí thư chi bộ", "", "", "Ngày họp"],
            ["", "", "Họ và tên", "Liên lạc", "", ""],
            ["", "", "", "Điện thoại", "Thư điện tử", ""],
            ["1", "Chi bộ Một", "Nguyễn Văn An", "0912345678", "an@example.vn", "3"],
        ]
        table = read_table(write_csv(rows), converted=False)
        assert table.columns == {"name": 1, "person": 2, "phone": 3, "email": 4, "usual_day": 5}
        assert table.default_role == "bí thư"
        assert [line.number for line in table.lines] == [4]

    @pytest.mark.parametrize(
        "foot",
        [
            [["", "Tổng cộng", "", "2"]],
            [
                ["", "Tổng số: 2 chi bộ"],
                ["", "", "Mẫu, ngày 3 tháng 11 năm 2026"],
                ["", "Người lập biểu", "T/M ĐẢNG ỦY"],
            ],
            [
                ["", "Danh sách này có 2 chi bộ./."],
                ["", "NGƯỜI LẬP"],
                ["", "(Ký, ghi rõ họ tên)"],
                ["", "Trần Thị Bình"],
            ],
            [["", "TM. BAN THƯỜNG VỤ"], ["", "PHÓ BÍ THƯ"], ["", "", "Trần Thị Bình"]],
            [["", "Ghi chú: số điện thoại có Zalo"], ["", "Nơi nhận:"], ["", "- Như trên"]],
            [["", "NGƯỜI LẬP", "", "T/M ĐẢNG ỦY"], ["", "", "", "PHÓ BÍ THƯ"], ["", "Trần Thị Bình", "", "Lê Văn Tư"]],
        ],
    )
    def test_totals_and_signatures_are_no_units(self, foot: list[list[str]]) -> None:
        rows = [
            ["TT", "Tên chi bộ", "Bí thư", "Điện thoại"],
            ["1", "Chi bộ Một", "Nguyễn Văn An", "0912345678"],
            ["2", "Chi bộ Ghi chép", "Lê Đức Công", "0912345679"],
        ]
        table = read_table(write_csv([*rows, *foot]), converted=False)
        assert [line.number for line in table.lines] == [2, 3]
        assert table.passed_over == tuple(range(4, 4 + len(foot)))

    def test_a_subtotal_is_passed_over_where_it_stands_and_numbers_alone_are_no_rows(self) -> None:
        rows = [
            ["TT", "Tên chi bộ", "Trực thuộc", "Điện thoại"],
            ["1", "Chi bộ Một", "Đảng bộ A", "0912345678"],
            ["", "Cộng", "", ""],
            ["2", "Chi bộ Tổng công ty Mẫu", "Đảng bộ B", "0912345679"],
            ["3", "Chi bộ Cộng Hòa", "Đảng bộ B", ""],
            ["4", "", "", ""],
        ]
        table = read_table(write_csv(rows), converted=False)
        assert [line.number for line in table.lines] == [2, 4, 5]
        assert table.passed_over == (3,)

    @pytest.mark.parametrize(
        "rows",
        [
            [
                ["Mã chi bộ", "Tên chi bộ", "Ngày họp"],
                ["VP-01", "Chi bộ Văn phòng", "3"],
                ["KT-02", "Chi bộ Kinh tế", "3"],
            ],
            [["STT", "Tên chi bộ", "Ngày họp"], ["", "Ghi chú: bổ sung sau", ""], ["1", "Chi bộ Một", "3"]],
            [["Tên đơn vị", "Bí thư"], ["Ghi chú: bổ sung sau", ""], ["Thôn Một", "Hà Văn Mới"]],
            [["Tên đơn vị", "Bí thư"], ["Người lập biểu", ""], ["Chi bộ Một", "Hà Văn Mới"]],
            [["STT", "Ngày thành lập", "Tên chi bộ"], ["1", "Ngày 3 tháng 2 năm 1990", "Chi bộ Một"]],
            [["Tên đơn vị", "Loại"], ["Cống 2", "Chi bộ"], ["Công Lập", "Chi bộ"]],
            [["Họ và tên", "Chi bộ", "Ngày họp"], ["Tống Công Toàn", "Chi bộ Một", "3"]],
            [["STT", "Tên chi bộ", "Ngày họp"], ["I. ĐẢNG BỘ XÃ A", "", ""], ["1", "Chi bộ Một", "3"]],
            [["STT", "Tên chi bộ", "Ngày họp"], ["1", "Chi bộ Một", "3"], ["#REF!", "Chi bộ Hai", "3"]],
        ],
    )
    def test_what_may_be_a_unit_is_never_passed_over(self, rows: list[list[str]]) -> None:
        table = read_table(write_csv(rows), converted=False)
        assert [line.number for line in table.lines] == list(range(2, len(rows) + 1))
        assert table.passed_over == ()

    @pytest.mark.parametrize(
        ("titles", "person", "phone"),
        [
            ("Chi bộ|Phó Bí thư|SĐT|Bí thư|SĐT", 3, 4),
            ("Chi bộ|Số điện thoại|Bí thư|SĐT Bí thư", 2, 3),
            ("Chi bộ|Số điện thoại|Bí thư", 2, 1),
            ("Chi bộ|Bí thư|Người cập nhật phần mềm|Điện thoại", 1, None),
            ("Chi bộ|Bí thư|Điện thoại|Phó bí thư|Điện thoại", 1, 2),
        ],
    )
    def test_a_number_belongs_to_the_person_beside_it(self, titles: str, person: int, phone: int | None) -> None:
        head = titles.split("|")
        columns = read_table(write_csv([head, ["x"] * len(head)]), converted=False).columns
        assert (columns["person"], columns.get("phone")) == (person, phone)

    def test_a_number_under_somebody_elses_head_is_not_the_secretarys(self) -> None:
        rows = [
            ["STT", "Chi bộ", "Ngày họp", "Bí thư", "Phó bí thư", ""],
            ["", "", "", "", "Họ tên", "SĐT"],
            ["1", "Chi bộ Một", "3", "Lê A", "Lê B", "0912345678"],
        ]
        assert "phone" not in read_table(write_csv(rows), converted=False).columns

    @pytest.mark.parametrize(
        ("titles", "columns"),
        [
            ("TT|Đảng bộ, chi bộ cơ sở|Chi bộ trực thuộc|Ngày họp", {"name": 2, "parent": 1, "usual_day": 3}),
            ("TT|Đơn vị|Chi bộ|Ngày họp", {"name": 2, "parent": 1, "usual_day": 3}),
            ("Mã đảng bộ|Tên đảng bộ|Mã chi bộ|Tên chi bộ", {"code": 2, "name": 3, "parent": 1}),
            ("Mã đảng bộ|Mã chi bộ|Tên chi bộ", {"code": 1, "name": 2, "parent": 0}),
            ("Tên chi bộ|Đảng bộ|Ngày họp", {"name": 0, "parent": 1, "usual_day": 2}),
        ],
    )
    def test_of_two_columns_of_units_the_cells_is_the_unit(self, titles: str, columns: dict[str, int]) -> None:
        head = titles.split("|")
        assert read_table(write_csv([head, ["x"] * len(head)]), converted=False).columns == columns

    def test_who_can_be_called_is_no_signature(self) -> None:
        rows = [
            ["Tên chi bộ", "Họ tên", "Điện thoại"],
            ["Ghi chú", "Nguyễn Văn An", "0912345678"],
            ["Tổng cộng", "Lê Đức Công", "0912345679"],
        ]
        table = read_table(write_csv(rows), converted=False)
        assert len(table.lines) == 2
        assert table.passed_over == ()

    def test_a_row_of_data_is_no_second_header(self) -> None:
        table = read_table(xlsx_of(["Tên đơn vị", "Mã", "Xyz"], ["Chi bộ", "M1", "Loại"]), converted=False)
        assert len(table.lines) == 1

    def test_header_without_accents_or_decomposed_is_understood(self) -> None:
        head = [unicodedata.normalize("NFD", title) for title in HEAD]
        assert len(read_table(xlsx_of(head, row(code="C1")), converted=False).columns) == len(HEAD)
        plain = ["ma don vi", "TEN DON VI", "don vi cap tren"]
        assert len(read_table(xlsx_of(plain, ["C1"]), converted=False).columns) == 3


def windows_1258(text: str) -> bytes:
    """As a Vietnamese Windows stores it: letters with their roofs, tones behind them."""
    out = b""
    for char in text:
        try:
            out += char.encode("cp1258")
        except UnicodeEncodeError:
            parts = unicodedata.normalize("NFD", char)
            tones = "".join(part for part in parts if part in "\u0300\u0301\u0303\u0309\u0323")
            letter = unicodedata.normalize("NFC", "".join(part for part in parts if part not in tones))
            out += letter.encode("cp1258") + tones.encode("cp1258")
    return out


TCVN3 = {chr(letter): chr(code) for code, letter in legacy._TCVN3.items()}
VNI = {letter: code for code, letter in reversed(legacy._VNI.items())}


def in_old_letters(text: str, which: Legacy) -> str:
    table = TCVN3 if which is Legacy.TCVN3 else VNI
    # TCVN3 has no capitals with tones: its writers changed the font.
    return "".join(table.get(char) or table.get(char.lower(), char) for char in text)


class TestOldLetters:
    @pytest.mark.parametrize("which", list(Legacy))
    def test_they_are_recognised_shown_and_converted_when_wanted(self, which: Legacy) -> None:
        rows = [[in_old_letters(text, which) for text in ("C1", name)] for name in NAMES]
        head = [in_old_letters(title, which) for title in ("Mã đơn vị", "Tên đơn vị")]
        data = xlsx_of(head, *rows)
        as_it_stands, converted = (read_table(data, converted=wanted) for wanted in (False, True))
        assert as_it_stands.legacy is converted.legacy is which
        assert as_it_stands.lines[0].cells == tuple(rows[0])
        assert as_it_stands.samples[0] == (rows[0][1], NAMES[0])
        assert [line.cells[1] for line in converted.lines][:5] == NAMES[:5]

    def test_a_text_file_in_tcvn3_is_recognised(self) -> None:
        text = text_table("Mã đơn vị;Tên đơn vị", *(f"C;{name}" for name in NAMES))
        table = read_table(in_old_letters(text, Legacy.TCVN3).encode("latin-1"), converted=True)
        assert table.legacy is Legacy.TCVN3
        assert [line.cells[1] for line in table.lines][:5] == NAMES[:5]

    def test_old_rows_under_a_new_header_are_recognised(self) -> None:
        table = read_table(xlsx_of(HEAD, row(name="Chi bé Th«n MÉu"), row(name="Chi bộ Tổ Tám")), converted=True)
        assert table.legacy is Legacy.TCVN3
        assert [line.cells[1] for line in table.lines] == ["Chi bộ Thôn Mẫu", "Chi bộ Tổ Tám"]

    def test_a_new_header_over_old_rows_keeps_all_its_columns(self) -> None:
        data = xlsx_of(["Mã", "Tên chi bộ", "Bí thư"], ["C1", "Chi bé Th«n MÉu", "NguyÔn V¨n §øc"])
        table = read_table(data, converted=True)
        assert table.columns == {"code": 0, "name": 1, "person": 2}
        assert table.header == ("Mã", "Tên chi bộ", "Bí thư")
        assert table.lines[0].cells == ("C1", "Chi bộ Thôn Mẫu", "Nguyễn Văn Đức")

    def test_the_font_of_capitals_gives_capitals(self) -> None:
        assert legacy.convert("CHI Bé TH¤N MÉU", Legacy.TCVN3) == "CHI BỘ THÔN MẪU"

    def test_beside_unicode_what_reads_well_as_it_stands_is_left(self) -> None:
        old = [["T1", "Chi bé Th«n MÉu H¹", "NguyÔn V¨n Tó"], ["T2", "Chi bé B¶n Phó Thä", "NguyÔn §øc C¶nh"]]
        rows = [["Mã", "Tên đơn vị", "Bí thư"], *old, ["T3", "Chi bộ Mẫu", "Lê Tú"], ["T4", "Chi bộ Mới", "TrÇn V¨n A"]]
        lines = read_table(write_csv(rows), converted=True).lines
        assert [line.cells[2] for line in lines] == ["Nguyễn Văn Tú", "Nguyễn Đức Cảnh", "Lê Tú", "Trần Văn A"]

    @pytest.mark.parametrize("texts", [NAMES, ["José", "café"], ["Chi bộ"], [], ["plain"]])
    def test_other_text_is_left_alone(self, texts: list[str]) -> None:
        assert legacy.detect(texts) is None

    @given(st.text())
    def test_converting_never_fails_nor_touches_unicode(self, text: str) -> None:
        for which in Legacy:
            converted = legacy.convert(text, which)
            assert converted == text or all(ord(char) <= 0xFF for char in text)


class TestRefusals:
    @pytest.mark.parametrize(
        ("data", "problem"),
        [
            (b"", FileProblem.EMPTY),
            (b"\0" * 100, FileProblem.EMPTY),
            (b"x" * (5 * 1024 * 1024 + 1), FileProblem.TOO_LARGE),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, FileProblem.OLD_EXCEL),
            (b"<html><table><tr><td>x</td></tr></table>", FileProblem.OLD_EXCEL),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), FileProblem.PASSWORD),
            (samples.jpeg(samples.scene(64, 48)), FileProblem.PICTURE),
            (samples.png(samples.scene(64, 48)), FileProblem.PICTURE),
            (samples.webp(samples.scene(64, 48)), FileProblem.PICTURE),
            (samples.heic(samples.scene(64, 48)), FileProblem.PICTURE),
            (b"%PDF-1.7\n", FileProblem.DOCUMENT),
            (zip_of({"word/document.xml": b"<x/>"}), FileProblem.DOCUMENT),
            (zip_of({"mimetype": b"x", "content.xml": b"<x/>"}), FileProblem.OPEN_DOCUMENT),
            (zip_of({"xl/workbook.bin": b"x"}), FileProblem.BINARY_EXCEL),
            (zip_of({"readme.txt": b"x"}), FileProblem.UNKNOWN),
            (b"\x7fELF\x02\x01\x01" + bytes(range(32)) * 9, FileProblem.UNKNOWN),
            (GOOD[:-40], FileProblem.BROKEN),
            (b"PK\x03\x04" + b"x" * 200, FileProblem.BROKEN),
            (with_part("xl/workbook.xml", b"<workbook"), FileProblem.BROKEN),
            (zip_of({"xl/workbook.xml": b"", **{f"x{n}": b"" for n in range(1000)}}), FileProblem.TOO_MANY_PARTS),
            (with_part("xl/media/zeros", b"\0" * 53_000_000), FileProblem.UNPACKS_TOO_LARGE),
            (b"just a letter to the office\nwithout any table", FileProblem.NO_HEADER),
            ("Mã đơn vị;Tên đơn vị\n".encode(), FileProblem.NO_ROWS),
            (write_csv([["Mã đơn vị", "Tên đơn vị"], *([n, "x"] for n in range(20_001))]), FileProblem.TOO_MANY_ROWS),
            (b" \r\n \t", FileProblem.EMPTY),
        ],
    )  # fmt: skip
    def test_each_has_its_name(self, data: bytes, problem: FileProblem) -> None:
        assert problem_of(data) is problem

    def test_text_repeated_by_reference_is_counted(self) -> None:
        """A workbook stores a text once and points to it often; what comes out is what counts."""
        rows = [["Mã đơn vị", "Tên đơn vị"], *([["x" * 500] * 40] * 1_000)]
        assert problem_of(write_xlsx([Sheet("x", rows)])) is FileProblem.TOO_MUCH_TEXT

    def test_entities_do_not_multiply(self) -> None:
        laughs = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
        bomb = f'<!DOCTYPE x [<!ENTITY l0 "lol">{laughs}]><sst><si><t>&l9;</t></si></sst>'
        assert read_problem(with_part("xl/sharedStrings.xml", bomb.encode())) in {FileProblem.BROKEN, None}

    def test_a_row_far_below_is_no_million_rows(self) -> None:
        sheet = zipfile.ZipFile(io.BytesIO(GOOD)).read("xl/worksheets/sheet1.xml").decode()
        far = sheet.replace('r="2"', 'r="1048576"').replace('"A2"', '"A1048576"').replace('"B2"', '"B1048576"')
        assert read_problem(with_part("xl/worksheets/sheet1.xml", far.encode())) in {None, FileProblem.BROKEN}

    @settings(max_examples=40, deadline=None)
    @given(st.data())
    def test_damaged_workbooks_end_in_a_table_or_a_name(self, data: st.DataObject) -> None:
        damaged = bytearray(GOOD)
        for position in data.draw(st.lists(st.integers(0, len(GOOD) - 1), min_size=1, max_size=6)):
            damaged[position] ^= data.draw(st.integers(1, 255))
        read_problem(bytes(damaged))

    @settings(max_examples=60, deadline=None)
    @given(st.binary(max_size=400))
    def test_any_bytes_end_in_a_table_or_a_name(self, data: bytes) -> None:
        read_problem(data)


def read_problem(data: bytes) -> FileProblem | None:
    try:
        read_table(data, converted=True)
    except FileRefused as refused:
        return refused.problem
    return None


def said_of(**changes: object) -> bytes:
    fields = {"header": [], "columns": {}, "lines": [], "default_role": None, "legacy": None, "samples": []}
    return json.dumps(fields | changes).encode()


def posing_as_child(program: str) -> list[str]:
    """A child that a hostile file has taken over."""
    return reading_command("import os, struct, time\nos.write(1, b'R')\n" + program)


class TestTheChild:
    def test_it_reads_what_an_unconfined_reader_reads(self) -> None:
        text = text_table("Mã đơn vị;Tên đơn vị", *(f"C;{name}" for name in NAMES))
        for data in (
            GOOD,
            text.encode(),
            text.encode("utf-16"),
            windows_1258(text),
            in_old_letters(text, Legacy.TCVN3).encode("latin-1"),
            xlsx_of(["Mã đơn vị", "Ngày thành lập"], ["C1", date(1990, 2, 3)], [True, 1.5]),
        ):
            assert read_in_child(data, converted=True) == read_table(data, converted=True)

    def test_it_names_the_same_problems(self) -> None:
        for data in (b"%PDF-1.7", GOOD[:-40], b"letter\nwithout table", samples.jpeg(samples.scene(64, 48))):
            with pytest.raises(FileRefused) as refused:
                read_in_child(data, converted=False)
            assert refused.value.problem is problem_of(data)

    @pytest.mark.parametrize(
        "action",
        [
            "open('/etc/passwd')",
            "socket.socket()",
            "os.fork()",
            "os.execv('/bin/true', ['true'])",
            "os.listdir('/')",
            "open('/proc/self/environ')",
        ],
    )
    def test_it_can_do_nothing_else(self, action: str) -> None:
        program = (
            "import json, os, socket\n"
            "from meetingcheck.orgs.importing import child\n"
            "child.prime()\nchild.confine()\n"
            f"try:\n    {action}\n    said = 'done'\n"
            "except OSError as error:\n    said = 'refused'\n"
            "print(json.dumps([said, dict(os.environ)]))\n"
        )
        finished = subprocess.run(reading_command(program), env={"SECRET": "x"}, capture_output=True, check=True)
        assert json.loads(finished.stdout) == ["refused", {}]

    @pytest.mark.parametrize(
        "said",
        [
            b"{",
            b"[]",
            b'{"problem": "unheard"}',
            said_of(columns={"password": 1}),
            said_of(lines=[[1, {"a": 1}]]),
            said_of(lines=[[1, "x" * 600]]),
            said_of(lines=[[-1, "x"]]),
            said_of(legacy="klingon"),
            b'{"header": [], "columns": {}, "lines": [[1, NaN]], "default_role": null, "legacy": null, "samples": []}',
        ],
    )  # fmt: skip
    def test_an_answer_without_sense_is_not_believed(self, said: bytes) -> None:
        program = f"os.write(1, {struct.pack('>I', len(said)) + said!r})\ntime.sleep(60)"
        with pytest.raises(FileRefused) as refused:
            read_in_child(GOOD, converted=False, command=posing_as_child(program))
        assert refused.value.problem is FileProblem.CRASHED

    def test_an_endless_answer_is_cut_off(self) -> None:
        program = "os.write(1, b'\\xff\\xff\\xff\\xff')\ntime.sleep(60)"
        with pytest.raises(FileRefused) as refused:
            read_in_child(GOOD, converted=False, command=posing_as_child(program))
        assert refused.value.problem is FileProblem.CRASHED

    def test_a_child_that_says_nothing_is_ended(self) -> None:
        with pytest.raises(FileRefused) as refused:
            read_in_child(GOOD, converted=False, seconds=0.3, command=posing_as_child("time.sleep(60)"))
        assert refused.value.problem is FileProblem.TOOK_TOO_LONG


class TestValues:
    @pytest.mark.parametrize(
        "typed",
        [
            912345678,
            912345678.0,
            "0912345678",
            "912345678",
            "+84912345678",
            "84912345678",
            "84 912.345.678",
            "912345678.0",
        ],
    )
    def test_a_phone_number_however_written_is_one(self, typed: str | int | float) -> None:
        assert phone_of(typed) == "0912345678"

    @pytest.mark.parametrize("typed", ["", "12", "không có", 84, "0012345678", "09123456789012"])
    def test_what_is_no_phone_number_is_none(self, typed: str | int) -> None:
        assert phone_of(typed) is None

    @pytest.mark.parametrize(
        "typed",
        [
            "03/02/1990",
            "3/2/1990",
            "3.2.90",
            "03-02-1990",
            "1990-02-03",
            32907,
            "32907",
            "ngày 3 tháng 2 năm 1990",
            32907.5,
        ],
    )
    def test_a_day_however_written_is_one(self, typed: str | int | float) -> None:
        assert day_of(typed, TODAY) == date(1990, 2, 3)

    @pytest.mark.parametrize("typed", ["31/02/1990", "1990", 1990, "hôm qua", "13/13/2020", "", 99999999])
    def test_what_is_no_day_is_none(self, typed: str | int) -> None:
        assert day_of(typed, TODAY) is None

    @given(st.dates(date(1920, 1, 1), date(2100, 1, 1)))
    def test_each_day_survives_being_written(self, day: date) -> None:
        serial = (day - date(1899, 12, 30)).days
        for typed in (day.isoformat(), day.strftime("%d/%m/%Y"), f"{day.day}.{day.month}.{day.year}"):
            assert day_of(typed, TODAY) == day
        assert serial < 10_000 or day_of(serial, TODAY) == day_of(str(serial), TODAY) == day

    @pytest.mark.parametrize(
        ("typed", "day"),
        [
            *((5, 5), ("05", 5), ("5.0", 5), ("ngày 5", 5), ("Mùng 3 hằng tháng", 3), ("cuối tháng", 31), (31, 31)),
            *((0, None), (32, None), ("3-5", None), ("thứ hai", None)),
        ],
    )  # fmt: skip
    def test_usual_days(self, typed: str | int, day: int | None) -> None:
        assert usual_day_of(typed) == day

    @pytest.mark.parametrize(
        ("typed", "roles"),
        [
            ("Bí thư chi bộ thôn Mẫu 1", ["secretary"]),
            ("BT chi bộ", ["secretary"]),
            ("Đ/c Bí thư", ["secretary"]),
            ("Bí thư kiêm Trưởng thôn", ["secretary"]),
            ("Bí thư chi bộ - Trưởng ban công tác mặt trận", ["secretary"]),
            ("Trưởng thôn, bí thư", ["secretary"]),
            ("Bí thư / người gửi báo cáo", ["secretary", "reporter"]),
            ("Bí thư, người gửi báo cao nhất", None),
            ("Bí thư chi bộ (đã nghỉ)", None),
            ("Nguyên Bí thư chi bộ", None),
            ("Phó bí thư", None),
            ("Bí thư Đảng ủy", None),
            ("Trưởng thôn", None),
            ("Đảng viên", None),
        ],
    )
    def test_what_offices_write_for_a_post(self, typed: str, roles: list[str] | None) -> None:
        assert roles_of(typed) == roles
        assert names_deputy(typed) == (typed == "Phó bí thư")

    def test_roles(self) -> None:
        assert roles_of("Bí thư") == ["secretary"]
        assert roles_of("BI THU; người xem") == ["secretary", "reader"]
        assert roles_of("Cấp ủy viên phụ trách") == ["watcher"]
        assert roles_of("vua") is None

    def test_mails(self) -> None:
        assert mail_of(" An@Mau.Example ") == "an@mau.example"
        assert mail_of("an tại mẫu") is None

    def test_names_alike(self) -> None:
        assert same_name("Chi bộ Thôn Hoà", "CHI BỘ thôn Hòa")
        assert same_name("chi bo thon mau", "Chi bộ Thôn Mẫu")
        assert not same_name("Chi bộ Thôn Mẫu", "Chi bộ Thôn Mậu")
        assert may_be_one_person("Nguyễn Văn An", "Nguyen Van An")
        assert not may_be_one_person("Nguyễn Văn An", "Nguyễn Thị Bình")


def test_csv_exports_hold_no_formula() -> None:
    text = write_csv([["=1+1", "+84", "-1", "@x", "\tx", "an", 5]]).decode("utf-8-sig")
    assert text == "'=1+1;'+84;'-1;'@x;'\tx;an;5\r\n"


def test_what_was_exported_reads_the_same() -> None:
    table = read_table(write_csv([["Mã đơn vị", "Tên đơn vị"], ["=cmd|x", "-a"]]), converted=False)
    assert isinstance(table, Table)
    assert table.lines[0].cells == ("=cmd|x", "-a")
