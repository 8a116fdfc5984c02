"""From the posted form to a merger."""

from collections.abc import Sequence
from datetime import date

from meetingcheck.lib.http.forms import TypedForm
from meetingcheck.lib.text import N_
from meetingcheck.office.merging.actions import Merger
from meetingcheck.office.units.forms import (
    LONGEST_CODE,
    LONGEST_DOCUMENT,
    LONGEST_UNIT_NAME,
    NAME_WANTED,
    USUAL_DAY_WANTED,
)
from meetingcheck.orgs.actions import NewUnit
from meetingcheck.orgs.models import Unit

NEW = "new"
DOCUMENT_WANTED = N_("Đồng chí hãy ghi quyết định sáp nhập: số, ký hiệu, ngày.")


def typed_merger(form: TypedForm, unit: Unit, beside: Sequence[Unit], parent: Unit, today: date) -> Merger | None:
    """A unit with those beside it that were ticked, into one of those beside it or into a new one; None with
    sentences at the fields when it is not whole."""
    on = form.day("merged_on")
    document = form.line("document", LONGEST_DOCUMENT, DOCUMENT_WANTED)
    by_id = {str(one.id): one for one in beside}
    chosen = form.choice("into", [NEW, *by_id])
    ticked = set(form.ids("with"))
    units = [unit, *(one for one in beside if one.id in ticked and str(one.id) != chosen)]
    into: Unit | NewUnit | None = by_id.get(chosen)
    if chosen == NEW:
        into = NewUnit(
            name=form.line("new_name", LONGEST_UNIT_NAME, NAME_WANTED),
            kind=unit.kind,
            founded_on=on or today,
            parent_id=parent.id,
            code=form.line("new_code", LONGEST_CODE) or None,
            usual_day=form.number("new_usual_day", 1, 31, USUAL_DAY_WANTED, optional=True),
        )
    return Merger(units, into, on, document) if into is not None and on is not None and not form.problems else None
