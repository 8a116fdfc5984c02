"""One Excel file of the board: the same filters, all rows, every text a text, on record."""

import uuid
from io import BytesIO

from flask.testing import FlaskClient
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.sheets import XLSX, write_long_xlsx
from meetingcheck.orgs.models import Unit
from meetingcheck.record.models import RecordEntry, RecordPayload
from meetingcheck.supervision.export.tables import file_name
from meetingcheck.supervision.queries import ROWS_A_PAGE
from tests.supervision.test_board import add_cells, report
from tests.world import World, token_of

FORMULA = "=cmd|' /C calc'!A0"


def export(client: FlaskClient, unit_id: uuid.UUID, **query: str) -> TestResponse:
    form = {"csrf_token": token_of(client.get("/messages")), **query}
    return client.post(f"/units/{unit_id}/board.xlsx", data=form)


def sheet_of(answer: TestResponse) -> Worksheet:
    assert answer.status_code == 200
    assert answer.mimetype == XLSX
    sheet = load_workbook(BytesIO(answer.data)).active
    assert isinstance(sheet, Worksheet)
    return sheet


def test_all_rows_of_the_board_are_in_the_file_in_its_order(world: World) -> None:
    add_cells(world, ROWS_A_PAGE + 5)
    report(world, "secretary1", 0)
    rows = list(sheet_of(export(world.sign_in("reviewer"), world.committee, month="2026-11")).values)
    assert rows[0][:5] == ("STT", "Mã", "Chi bộ", "Cấp ủy trực tiếp", "01/2026")
    assert len(rows) == 1 + ROWS_A_PAGE + 8
    assert [row[0] for row in rows[1:]] == list(range(1, ROWS_A_PAGE + 9))
    assert rows[-1][2:4] == ("Chi bộ Thôn Mẫu 1", "Đảng bộ xã Mẫu")
    assert rows[-1][14] == "đã báo cáo"
    assert rows[1][14] == "đang trong kỳ" or rows[1][14] == "đến hạn gửi"


def test_the_filters_of_the_page_count(world: World) -> None:
    report(world, "secretary1", 0)
    reviewer = world.sign_in("reviewer")
    rows = list(sheet_of(export(reviewer, world.committee, month="2026-11", show="reported")).values)
    assert [row[2] for row in rows[1:]] == ["Chi bộ Thôn Mẫu 1"]
    rows = list(sheet_of(export(reviewer, world.committee, month="2026-11", q="mau 10")).values)
    assert [row[2] for row in rows[1:]] == ["Chi bộ Thôn Mẫu 10"]


def test_texts_that_look_like_formulas_stay_texts(world: World) -> None:
    names = [FORMULA, "+84912345678", "@SUM(A1)"]
    with world.app.app_context(), write_transaction() as session:
        for cell, name in zip(world.cells, names, strict=True):
            session.execute(update(Unit).where(Unit.id == cell).values(name=name))
    sheet = sheet_of(export(world.sign_in("reviewer"), world.committee))
    found = {sheet.cell(row=row, column=3) for row in range(2, 5)}
    assert {cell.value for cell in found} == set(names)
    assert {cell.data_type for cell in found} == {"s"}


def test_an_export_is_on_record_without_what_was_searched_for(world: World) -> None:
    export(world.sign_in("reviewer"), world.committee, month="2026-11", q="Nguyễn Văn A", show="missing")
    with world.app.app_context(), read_transaction() as session:
        entry, payload = session.execute(
            select(RecordEntry, RecordPayload)
            .join(RecordPayload, RecordPayload.entry_id == RecordEntry.id)
            .where(RecordEntry.action == "exported")
        ).one()
    assert (entry.subject_id, entry.actor_id) == (world.committee, world.users["reviewer"])
    assert payload.payload["month"] == "2026-11"
    assert payload.payload["searched"] is True
    assert "Nguyễn" not in str(payload.payload)


def test_the_file_has_a_name_that_every_system_can_keep(world: World) -> None:
    answer = export(world.sign_in("reviewer"), world.committee, month="2026-11")
    name = "bang-theo-doi-dang-bo-xa-mau-2026-11.xlsx"
    assert answer.headers["Content-Disposition"] == f"attachment; filename={name}"
    assert answer.headers["Cache-Control"] == "no-store"
    assert file_name('Đảng bộ "><img>\u202e/../x', "2026-11") == "bang-theo-doi-dang-bo-img-x-2026-11.xlsx"
    assert file_name("***", "2026-11") == "bang-theo-doi-don-vi-2026-11.xlsx"


def test_nobody_takes_the_board_of_another_committee(world: World) -> None:
    other = world.sign_in("other_reviewer")
    assert export(other, world.committee).status_code == 404
    assert export(other, world.root).status_code == 404
    assert export(world.sign_in("secretary1"), world.cells[0]).status_code == 403


def test_the_button_carries_the_filters(world: World) -> None:
    reviewer = world.sign_in("reviewer")
    page = reviewer.get(f"/units/{world.committee}/board?month=2026-11&show=missing&q=mau").text
    form = page[page.index("board.xlsx") :]
    form = form[: form.index("</form>")]
    for name, value in (("month", "2026-11"), ("show", "missing"), ("q", "mau")):
        assert f'name="{name}" value="{value}"' in form


def test_a_long_table_is_written_as_it_comes() -> None:
    out = BytesIO()
    assert write_long_xlsx(out, "Bảng", ([number, f"=dòng {number}"] for number in range(12_000)), [6, 20]) == 12_000
    rows = list(load_workbook(BytesIO(out.getvalue()), read_only=True).active.values)
    assert len(rows) == 12_000
    assert rows[11_999] == (11_999, "=dòng 11999")


def test_where_nothing_is_owed_is_said_up_to_the_chosen_month(world: World) -> None:
    rows = list(sheet_of(export(world.sign_in("reviewer"), world.committee, month="2026-09")).values)
    for row in rows[1:]:
        assert set(row[4:12]) == {"không có kỳ"}
        assert row[12] not in {None, "không có kỳ"}, "September is owed"
