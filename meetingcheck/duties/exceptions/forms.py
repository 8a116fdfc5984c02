"""From the posted forms to what is to become of a period."""

import re
import uuid
from collections.abc import Iterable, Mapping
from datetime import date

from meetingcheck.duties.exceptions.actions import Scope, Wish
from meetingcheck.duties.exceptions.rules import days_to_move_to
from meetingcheck.duties.rules import ROMAN, Month, PeriodType, Quarter, parse_period, type_of
from meetingcheck.lib.http.forms import TypedForm, parse_month, read_year
from meetingcheck.lib.text import N_, one_line

LONGEST_REASON = 500
LONGEST_DOCUMENT = 200
MOVE, EXCUSE = "move", "excuse"
ALL_SERIES = "all"
QUARTER = re.compile(r"(?:quý\s*)?(IV|I{1,3}|[1-4])[/.\- ](\d{4}|\d{2})", re.IGNORECASE)

REASON_WANTED = N_("Đồng chí hãy ghi lý do.")
NOTHING_ASKED = N_("Không có đề nghị nào đang chờ trả lời.")
DOCUMENT_WANTED = N_("Đồng chí hãy ghi văn bản quyết định: số, ký hiệu, ngày.")
PERIOD_WANTED = N_("Đồng chí hãy ghi tháng hoặc quý, ví dụ 11/2026 hoặc Quý IV/2026.")
PERIOD_NOT_UNDERSTOOD = N_("Chưa hiểu kỳ này. Đồng chí hãy ghi tháng hoặc quý, ví dụ 11/2026 hoặc Quý IV/2026.")
QUARTER_WANTED = N_("Loại sinh hoạt này tính theo quý. Đồng chí hãy ghi quý, ví dụ Quý IV/2026.")
WHOLE_MONTH_WANTED = N_("Loại sinh hoạt này tính theo tháng. Đồng chí hãy ghi tháng, ví dụ 11/2026.")
PERIOD_TOO_FAR = N_("Kỳ này ở trước kỳ đầu tiên được theo dõi, hoặc còn xa quá. Đồng chí hãy kiểm tra lại năm.")
NEW_DAY_WANTED = N_("Đồng chí hãy ghi ngày họp mới, ví dụ 12/11/2026.")


def typed_wish(form: TypedForm, period: str | None, *, document_wanted: bool) -> Wish | None:
    """What the form asks for; None with sentences at the fields when it is not whole. The year of the new day may be
    left out when the period is known."""
    what = form.choice("what", [MOVE, EXCUSE])
    within = days_to_move_to(parse_period(period)) if period else None
    moved_to: date | None = form.day("moved_to", NEW_DAY_WANTED, within) if what == MOVE else None
    reason = form.line("reason", LONGEST_REASON, REASON_WANTED)
    document = form.line("document", LONGEST_DOCUMENT, DOCUMENT_WANTED) if document_wanted else None
    return None if form.problems else Wish(moved_to, reason, document)


def typed_scope(form: TypedForm, units: Iterable[uuid.UUID], series: Mapping[str, PeriodType]) -> Scope | None:
    """For whom and which period: one of the units offered, with all below it. `series` says whether each is owed by
    the month or by the quarter."""
    typed = form.typed.get("period", "")
    period = parse_typed_period(typed)
    if period is None:
        form.refuse("period", PERIOD_NOT_UNDERSTOOD if one_line(typed) else PERIOD_WANTED)
    unit_id = form.choice("for_unit", [str(unit) for unit in units])
    chosen = form.choice("series", [ALL_SERIES, *series])
    if period is None or form.problems:
        return None
    wanted = series.get(chosen)
    if wanted is not None and wanted != type_of(parse_period(period)):
        form.refuse("period", QUARTER_WANTED if wanted == PeriodType.QUARTER else WHOLE_MONTH_WANTED)
        return None
    return Scope(uuid.UUID(unit_id), period, None if chosen == ALL_SERIES else chosen)


def parse_typed_period(text: str) -> str | None:
    """The code of a month written as 11/2026, or of a quarter written as IV/2026, 'Quý 4/2026' or its code."""
    text = one_line(text)
    if first_day := parse_month(text):
        # "4/2026" alone is a month; a quarter by its number needs the word.
        return Month.of(first_day).code
    try:
        return Quarter.parse(text).code
    except ValueError:
        pass
    found = QUARTER.fullmatch(text)
    if found is None:
        return None
    number = found.group(1).upper()
    quarter = ROMAN.index(number) + 1 if number in ROMAN else int(number)
    return Quarter(read_year(found.group(2)), quarter).code
