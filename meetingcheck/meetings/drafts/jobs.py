"""Each day: who began a report and did not send it hears so. And drafts pass on when a cell's secretary changes."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from meetingcheck.lib.db import write_transaction
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.registries import JobKind
from meetingcheck.meetings.drafts.actions import PASS_DRAFTS, pass_drafts
from meetingcheck.meetings.drafts.news import tell_unsent
from meetingcheck.meetings.drafts.queries import list_unsent
from meetingcheck.meetings.drafts.rules import unsent_between
from meetingcheck.orgs.queries import secretaries_of

__all__ = ["PASS_DRAFTS", "TELL_UNSENT", "pass_drafts_on_the_day", "tell_of_unsent"]

TELL_UNSENT = JobKind("meetings.tell_unsent", lane="alerts", every=timedelta(days=1))
AT_A_TIME = 200


def pass_drafts_on_the_day(params: dict[str, Any], now: datetime) -> None:
    """The handover may have been taken back since: whoever is secretary on the day keeps what is theirs."""
    unit_id, to_id = uuid.UUID(params["unit"]), uuid.UUID(params["to"])
    with write_transaction() as session:
        secretaries = secretaries_of(session, [unit_id], local_day(now)).get(unit_id, [])
        left = [one for one in map(uuid.UUID, params["from"]) if one not in secretaries]
        if to_id in secretaries and left:
            pass_drafts(session, unit_id, left, to_id, None, now)


def tell_of_unsent(_params: dict[str, Any], now: datetime) -> None:
    """Running it twice tells nobody twice."""
    after = None
    while True:
        with write_transaction() as session:
            portion = list_unsent(session, unsent_between(now), after, AT_A_TIME)
            for draft in portion:
                tell_unsent(session, draft, now)
            after = portion[-1].id if portion else None
        if len(portion) < AT_A_TIME:
            return
