"""From the forms on a unit's page to values."""

import uuid
from datetime import date

from meetingcheck.lib.http.forms import TypedForm
from meetingcheck.lib.text import N_
from meetingcheck.orgs.actions import NewUnit, UnitFacts

NAME_WANTED = N_("Đồng chí hãy ghi tên tổ chức đảng.")
USUAL_DAY_WANTED = N_("Ngày họp thường lệ từ 1 đến 31, hoặc để trống.")
CLOSING_DOCUMENT_WANTED = N_("Đồng chí hãy ghi quyết định kết thúc hoạt động: số, ký hiệu, ngày.")
LONGEST_UNIT_NAME = 200
LONGEST_CODE = 40
LONGEST_DOCUMENT = 200


def typed_facts(form: TypedForm) -> UnitFacts:
    return UnitFacts(
        name=form.line("unit_name", LONGEST_UNIT_NAME, NAME_WANTED),
        code=form.line("code", LONGEST_CODE) or None,
        usual_day=form.number("usual_day", 1, 31, USUAL_DAY_WANTED, optional=True),
    )


def typed_child(form: TypedForm, parent_id: uuid.UUID, kinds: set[str], today: date) -> NewUnit:
    """A new unit below another. The founding day may be left out: today then."""
    founded = form.day("child_founded_on") if form.typed.get("child_founded_on", "").strip() else today
    return NewUnit(
        name=form.line("child_name", LONGEST_UNIT_NAME, NAME_WANTED),
        kind=form.choice("child_kind", kinds),
        founded_on=founded or today,
        parent_id=parent_id,
        code=form.line("child_code", LONGEST_CODE) or None,
        usual_day=form.number("child_usual_day", 1, 31, USUAL_DAY_WANTED, optional=True),
    )
