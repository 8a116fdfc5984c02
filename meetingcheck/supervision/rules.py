"""How the board counts and filters. Pure."""

import uuid
from dataclasses import dataclass
from enum import StrEnum

from meetingcheck.duties.rules import ObligationState
from meetingcheck.lib.text import LONGEST_SEARCH, N_


class Group(StrEnum):
    """What the counts above the board count, each cell once; the values stand in the board's address."""

    REPORTED = "reported"
    LATE = "late"
    MISSING = "missing"
    EXCEPTED = "excepted"
    WAITING = "waiting"
    NO_PERIOD = "no_period"


MISSING = (ObligationState.LATE, ObligationState.MISSED)
WAITING = (ObligationState.UPCOMING, ObligationState.OPEN, ObligationState.DUE)


def group_of(state: ObligationState | None, *, moved: bool) -> Group:
    """A period that was moved counts as such until it is reported or too late again; None: nothing is owed. The same
    rule stands in SQL in `supervision.queries`; a test holds them equal."""
    if state is None:
        return Group.NO_PERIOD
    if state == ObligationState.EXCUSED or (moved and state in WAITING):
        return Group.EXCEPTED
    if state == ObligationState.REPORTED:
        return Group.REPORTED
    if state == ObligationState.REPORTED_LATE:
        return Group.LATE
    return Group.MISSING if state in MISSING else Group.WAITING


@dataclass(frozen=True)
class BoardFilter:
    """Which cells of a board are shown. `group` chooses by what became of the month; the rest narrows the scope that is
    counted: the committee directly above, the cells that one looks after oneself, words of the name."""

    group: Group | None = None
    parent: uuid.UUID | None = None
    mine: bool = False
    words: str = ""

    def as_query(self) -> dict[str, str]:
        """The filter as it stands in an address."""
        found = {
            "show": self.group.value if self.group else "",
            "parent": str(self.parent) if self.parent else "",
            "mine": "1" if self.mine else "",
            "q": self.words,
        }
        return {name: value for name, value in found.items() if value}


def parse_filter(show: str, parent: str, mine: str, words: str) -> BoardFilter:
    """The filter of an address; what cannot be understood filters nothing."""
    try:
        parent_id = uuid.UUID(parent) if parent else None
    except ValueError:
        parent_id = None
    group = Group(show) if show in set(Group) else None
    return BoardFilter(group, parent_id, mine == "1", words[:LONGEST_SEARCH].strip())


# Words for tables that leave the house; the pages have their own beside signs and colours.
STATE_WORDS: dict[str, str] = {
    "excused": N_("không tính kỳ này"),
    "moved": N_("đã lùi ngày"),
    "reported": N_("đã báo cáo"),
    "reported_late": N_("báo cáo muộn"),
    "upcoming": N_("chưa đến kỳ"),
    "open": N_("đang trong kỳ"),
    "due": N_("đến hạn gửi"),
    "late": N_("quá hạn chưa báo cáo"),
    "missed": N_("hết kỳ không có báo cáo"),
}
GROUP_WORDS: dict[Group, str] = {
    Group.REPORTED: N_("đã báo cáo"),
    Group.LATE: N_("báo cáo muộn"),
    Group.MISSING: N_("chưa có báo cáo"),
    Group.EXCEPTED: N_("lùi ngày, không tính"),
    Group.WAITING: N_("chưa đến hạn"),
    Group.NO_PERIOD: N_("không có kỳ"),
}
