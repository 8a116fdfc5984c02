"""Noting that a table left the house. Callers commit."""

from sqlalchemy.orm import Session

from meetingcheck.record.actions import Fact, append
from meetingcheck.supervision.queries import Scope


def note_export(session: Session, scope: Scope) -> None:
    """Who took which board; the words that were searched for are not kept, they may be a name."""
    facts = {
        "month": scope.month.code,
        "show": scope.filter.group.value if scope.filter.group else None,
        "parent": str(scope.filter.parent) if scope.filter.parent else None,
        "mine": scope.filter.mine,
        "searched": bool(scope.filter.words),
    }
    append(session, scope.now, Fact("exported", "unit", scope.committee_id, scope.viewer_id, facts))
