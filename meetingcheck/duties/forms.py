"""From a posted form to the values of a policy."""

import uuid
from datetime import date

from meetingcheck.duties.models import Policy
from meetingcheck.lib.http.forms import TypedForm
from meetingcheck.lib.text import N_

MOST_REPORT_DAYS = 15
LONGEST_MEETING_MINUTES = 600
LONGEST_DOCUMENT = 200
MOST_OVERVIEWS = 5
COMBINED_MINUTES, OVERVIEWS = 120, 1  # where a form does not ask
YES, NO = "yes", "no"

USUAL_DAY_WANTED = N_("Đồng chí hãy ghi ngày trong tháng, từ 1 đến 31; 31 là ngày cuối tháng.")
REPORT_DAYS_WANTED = N_("Đồng chí hãy ghi số ngày, từ 0 đến 15.")
MINUTES_WANTED = N_("Đồng chí hãy ghi số phút, từ 0 đến 600.")
OVERVIEWS_WANTED = N_("Đồng chí hãy ghi số ảnh, từ 0 đến 5.")
DOCUMENT_WANTED = N_("Đồng chí hãy ghi văn bản quy định: số, ký hiệu, ngày.")


def typed_policy(form: TypedForm, unit_id: uuid.UUID, from_on: date | None) -> Policy | None:
    """The policy that the form describes, not stored yet; None with sentences at the fields when it is not whole."""
    usual_day = form.number("usual_day", 1, 31, USUAL_DAY_WANTED)
    report_days = form.number("report_days", 0, MOST_REPORT_DAYS, REPORT_DAYS_WANTED)
    minutes = form.number("minimum_minutes", 0, LONGEST_MEETING_MINUTES, MINUTES_WANTED)
    combined = form.number("combined_minutes", 0, LONGEST_MEETING_MINUTES, MINUTES_WANTED, optional=True)
    overviews = form.number("overviews_asked", 0, MOST_OVERVIEWS, OVERVIEWS_WANTED, optional=True)
    document = form.line("document", LONGEST_DOCUMENT, DOCUMENT_WANTED)
    if form.problems or from_on is None or usual_day is None or report_days is None or minutes is None:
        return None
    return Policy(
        id=uuid.uuid4(),
        unit_id=unit_id,
        from_on=from_on,
        usual_day=usual_day,
        report_days=report_days,
        minimum_minutes=minutes,
        combined_minutes=COMBINED_MINUTES if combined is None else combined,
        overviews_asked=OVERVIEWS if overviews is None else overviews,
        minutes_asked=form.typed.get("minutes_asked", YES) == YES,
        absent_names_asked=form.typed.get("absent_names_asked", NO) == YES,
        document=document,
    )
