"""The office's import: a template, an upload, a preview, and the decision."""

import uuid
from io import BytesIO
from typing import TypeVar

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from meetingcheck.accounts.sessions import require_recent_proof, signed_in
from meetingcheck.lib.db import db, write_transaction
from meetingcheck.lib.http.requests import form_text
from meetingcheck.lib.http.rights import needs
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.services import services
from meetingcheck.lib.sheets import CSV, XLSX
from meetingcheck.lib.text import N_, has_unsafe_characters, one_line, storable
from meetingcheck.orgs.access import Right, ask
from meetingcheck.orgs.importing.actions import begin_applying, begin_run, read_again
from meetingcheck.orgs.importing.columns import ERRORS, Field
from meetingcheck.orgs.importing.faults import FILE_SENTENCES, Fault
from meetingcheck.orgs.importing.files import make_error_file, make_template_csv, make_template_xlsx
from meetingcheck.orgs.importing.outcomes import MAX_BYTES, Cell, FileProblem
from meetingcheck.orgs.importing.plan import Verdict
from meetingcheck.orgs.importing.queries import ROWS_PER_PAGE, find_run, list_all_rows, list_rows, list_runs, lock_run
from meetingcheck.orgs.importing.words import NOTES, fault_texts, problem_text, shown_row
from meetingcheck.orgs.models import ImportRow, ImportRun, ImportState, Unit
from meetingcheck.orgs.queries import find_unit, list_kinds

blueprint = Blueprint("importing", __name__)

T = TypeVar("T")

ALL = "all"
FILE_WANTED = N_("Đồng chí hãy chọn tệp danh sách, kiểu Excel (.xlsx) hoặc CSV.")


@blueprint.get("/units/<uuid:unit_id>/import")
@needs(Right.IMPORT)
def start(unit_id: uuid.UUID) -> str:
    return _start_page(_unit(unit_id), {})


def _start_page(unit: Unit, problems: dict[str, list[str]]) -> str:
    runs = list_runs(db.session(), unit.id)
    return render_template("orgs/import.html", unit=unit, runs=runs, problems=problems)


@blueprint.post("/units/<uuid:unit_id>/import")
@needs(Right.IMPORT)
def upload(unit_id: uuid.UUID) -> AnyResponse | tuple[str, int]:
    actor, now = signed_in(), services().now()
    file = request.files.get("file")
    content = file.stream.read(MAX_BYTES + 1) if file else b""
    problem = FILE_WANTED if not content else FILE_SENTENCES[FileProblem.TOO_LARGE]
    if not content or len(content) > MAX_BYTES:
        return _start_page(_unit(unit_id), {"file": [problem]}), 422
    name = one_line(storable((file.filename or "") if file else ""))
    name = "".join(char for char in name if not has_unsafe_characters(char))
    with write_transaction() as session:
        ask(session, actor, Right.IMPORT, _found(find_unit(session, unit_id)).id, local_day(now))
        run_id = begin_run(session, unit_id, name or "?", content, actor.user_id, now).id
    return redirect(url_for("importing.show", run_id=run_id), 303)


@blueprint.get("/units/<uuid:unit_id>/import/template.xlsx")
@needs(Right.IMPORT)
def template_xlsx(unit_id: uuid.UUID) -> Response:
    _unit(unit_id)
    kinds = [kind.name for kind in list_kinds(db.session())]
    return _download(make_template_xlsx(kinds, [gettext(note) for note in NOTES]), XLSX, "danh-sach-mau.xlsx")


@blueprint.get("/units/<uuid:unit_id>/import/template.csv")
@needs(Right.IMPORT)
def template_csv(unit_id: uuid.UUID) -> Response:
    _unit(unit_id)
    return _download(make_template_csv(), CSV, "danh-sach-mau.csv")


@blueprint.get("/imports/<uuid:run_id>")
@needs(Right.IMPORT)
def show(run_id: uuid.UUID) -> str:
    """How far the reading or writing is; the preview; what became of it."""
    run, unit = _run(run_id)
    # Errors first: they are what there is to do.
    asked = request.args.get("show", Verdict.ERROR if run.counts.get(Verdict.ERROR) else ALL)
    only = Verdict(asked) if asked in set(Verdict) else None
    total = run.counts.get(only.value, 0) if only else sum(run.counts.values())
    pages = max(1, -(-total // ROWS_PER_PAGE))
    page = min(max(request.args.get("page", 1, type=int), 1), pages)
    return render_template(
        "orgs/import_run.html",
        run=run,
        unit=unit,
        problem=problem_text(run.problem),
        rows=[shown_row(row) for row in list_rows(db.session(), run.id, only, page)],
        verdicts=list(Verdict),
        only=only,
        page=page,
        pages=pages,
        unread=_unread_columns(run),
        may_apply=_may_be_applied(run),
    )


def _unread_columns(run: ImportRun) -> list[str]:
    """Titles of columns that nothing was taken from."""
    read = set(run.options.get("columns", {}).values())
    return [text for index, text in enumerate(run.options.get("header", [])) if text and index not in read]


def _may_be_applied(run: ImportRun) -> bool:
    counts = run.counts
    something = counts.get(Verdict.NEW, 0) + counts.get(Verdict.CHANGED, 0)
    return run.state == ImportState.PREVIEW and something > 0 and not counts.get(Verdict.ERROR, 0)


@blueprint.post("/imports/<uuid:run_id>/convert")
@needs(Right.IMPORT)
def convert(run_id: uuid.UUID) -> AnyResponse:
    """Read the file again, its old letters converted or, without the tick, as they stand."""
    actor, now = signed_in(), services().now()
    with write_transaction() as session:
        run = _found(find_run(session, run_id))
        ask(session, actor, Right.IMPORT, uuid.UUID(run.options["unit"]), local_day(now))
        run = lock_run(session, run_id)
        if run.state == ImportState.PREVIEW:
            read_again(session, run, converted=form_text("convert") == "1", now=now)
    return redirect(url_for("importing.show", run_id=run_id), 303)


@blueprint.post("/imports/<uuid:run_id>/apply")
@needs(Right.IMPORT)
def apply(run_id: uuid.UUID) -> AnyResponse:
    actor, now = signed_in(), services().now()
    with write_transaction() as session:
        run = _found(find_run(session, run_id))
        ask(session, actor, Right.IMPORT, uuid.UUID(run.options["unit"]), local_day(now))
    require_recent_proof(url_for("importing.show", run_id=run_id))
    with write_transaction() as session:
        ask(session, actor, Right.IMPORT, uuid.UUID(run.options["unit"]), local_day(now))
        run = lock_run(session, run_id)
        applied = _may_be_applied(run)
        if applied:
            begin_applying(session, run, actor.user_id, now)
    if not applied:
        flash(gettext("Danh sách này không còn chờ ghi. Đồng chí hãy xem tình trạng dưới đây."))
    return redirect(url_for("importing.show", run_id=run_id), 303)


@blueprint.get("/imports/<uuid:run_id>/errors.xlsx")
@needs(Right.IMPORT)
def errors(run_id: uuid.UUID) -> Response:
    """The list as it was read, with one more column that says what is wrong in each row."""
    run, _ = _run(run_id)
    parent = run.options.get("columns", {}).get(Field.PARENT)
    rows = [(_cells_sent_back(row, parent), " ".join(fault_texts(row))) for row in list_all_rows(db.session(), run.id)]
    file = make_error_file(ERRORS, run.options.get("titles", []), rows)
    return _download(file, XLSX, "danh-sach-co-loi.xlsx")


def _cells_sent_back(row: ImportRow, parent: int | None) -> list[Cell]:
    """A row's cells; where it was not clear which superior is meant a question asks for it, and is refused again."""
    cells: list[Cell] = list(row.values["cells"])
    if parent is not None and any(found["fault"] == Fault.SUPERIOR_UNCLEAR for found in row.reasons["faults"]):
        cells += [""] * (parent + 1 - len(cells))
        cells[parent] = "?"
    return cells


def _unit(unit_id: uuid.UUID) -> Unit:
    unit = _found(find_unit(db.session(), unit_id))
    ask(db.session(), signed_in(), Right.IMPORT, unit_id, local_day(services().now()))
    return unit


def _run(run_id: uuid.UUID) -> tuple[ImportRun, Unit]:
    run = _found(find_run(db.session(), run_id))
    return run, _unit(uuid.UUID(run.options["unit"]))


def _found(found: T | None) -> T:
    if found is None:
        abort(404)
    return found


def _download(data: bytes, mimetype: str, name: str) -> Response:
    return send_file(BytesIO(data), mimetype=mimetype, as_attachment=True, download_name=name, max_age=0)
