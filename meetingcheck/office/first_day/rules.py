"""What a fresh installation begins with. Pure."""

from dataclasses import dataclass
from datetime import date

TEST_MAIL = "office.test_mail"


@dataclass(frozen=True)
class DefaultKind:
    code: str
    name: str
    is_cell: bool


# Names change often, so kinds are data; these two are what every installation begins with.
DEFAULT_KINDS = (DefaultKind("dang_bo", "Đảng bộ", False), DefaultKind("chi_bo", "Chi bộ", True))
# What the Party's guidance has asked for lately; offered, never set without the office's word.
SUGGESTED = {"usual_day": "3", "report_days": "2", "minimum_minutes": "90"}


def may_begin_with(first_day: date, today: date) -> bool:
    """Supervision begins with this month or a later one: nobody owes what lies behind."""
    return first_day >= today.replace(day=1)
