"""One Excel file of a board, with the filters of the page that it was asked from and all its rows."""

import tempfile
import uuid

from flask import Blueprint, abort, request, send_file
from flask_babel import gettext
from werkzeug.wrappers import Response

from meetingcheck.accounts.sessions import signed_in
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.http.rights import needs
from meetingcheck.lib.services import services
from meetingcheck.lib.sheets import XLSX, write_long_xlsx
from meetingcheck.orgs.access import Right, ask
from meetingcheck.orgs.queries import find_unit
from meetingcheck.supervision.export.actions import note_export
from meetingcheck.supervision.export.tables import WIDTHS, file_name, table
from meetingcheck.supervision.forms import read_scope
from meetingcheck.supervision.queries import has_thematic, iterate_rows

blueprint = Blueprint("board_export", __name__)


@blueprint.post("/units/<uuid:unit_id>/board.xlsx")
@needs(Right.VIEW_BOARD)
def board_xlsx(unit_id: uuid.UUID) -> Response:
    """A post, because it is put on record."""
    scope = read_scope(request.form, unit_id, signed_in().user_id, services().now())
    with write_transaction() as session:
        unit = find_unit(session, unit_id)
        if unit is None:
            abort(404)
        ask(session, signed_in(), Right.VIEW_BOARD, unit_id, scope.today)
        note_export(session, scope)
    out = tempfile.TemporaryFile()  # noqa: SIM115 - sent, then closed, by the server
    with read_transaction() as session:
        thematic = has_thematic(session, scope.month.year)
        rows = table(iterate_rows(session, scope), scope.month, thematic=thematic, translate=gettext)
        write_long_xlsx(out, gettext("Bảng theo dõi"), rows, WIDTHS)
    out.seek(0)
    response = send_file(out, XLSX, as_attachment=True, download_name=file_name(unit.name, scope.month.code))
    response.headers["Cache-Control"] = "no-store"
    return response
