"""What ended long ago is forgotten; what still counts, and what the record says, stays."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import func, select

from meetingcheck.accounts.actions import make_enrolment, make_link, open_session, pin_device, unpin_device
from meetingcheck.accounts.api_tokens.actions import issue_token
from meetingcheck.accounts.models import (
    ApiToken,
    Device,
    Enrolment,
    OneTimeLink,
    PersonalToken,
    SignInFailure,
    UserSession,
)
from meetingcheck.accounts.personal_tokens.actions import ensure_mail_token, switch_calendar_on
from meetingcheck.accounts.rules import LinkPurpose
from meetingcheck.accounts.sweep import SWEEP_ACCESS, sweep_access
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.jobs import Worker
from meetingcheck.lib.tokens import new_token
from meetingcheck.meetings.links.actions import make_report_link
from meetingcheck.meetings.links.jobs import SWEEP_LINKS, sweep_links
from meetingcheck.meetings.models import ReportLink
from meetingcheck.office.people.queries import last_seen
from meetingcheck.record.models import RecordEntry
from tests.accounts.ways import count
from tests.world import World

MODELS = (UserSession, OneTimeLink, Enrolment, ApiToken, PersonalToken, Device, SignInFailure, ReportLink)
DAY = timedelta(days=1)


def leave_all(world: World, now: datetime) -> None:
    """One of each that ends by itself or was ended, as of an instant."""
    user_id = world.users["secretary1"]
    obligation = world.obligation(world.cells[0])
    with world.app.app_context(), write_transaction() as session:
        open_session(session, user_id, now)
        phone = pin_device(session, user_id, new_token(), "Chrome · Android", now)
        open_session(session, user_id, now, device_id=phone)
        unpin_device(session, phone, None, now)
        make_link(session, user_id, LinkPurpose.RESET, None, now)
        make_enrolment(session, user_id, world.cells[0], None, now)
        issue_token(session, user_id, "", now)
        switch_calendar_on(session, user_id, now)
        ensure_mail_token(session, user_id, "key", now)
        session.add(SignInFailure(id=uuid.uuid4(), login_hash="0" * 64, at=now))
        make_report_link(session, obligation, user_id, None, now)


def counts(world: World) -> dict[str, int]:
    return {model.__name__: count(world, model) for model in MODELS}


def sweep(world: World) -> None:
    with world.app.app_context():
        sweep_access({}, world.clock())
        sweep_links({}, world.clock())


def test_nothing_goes_before_thirty_days_past_its_end(world: World) -> None:
    leave_all(world, world.clock())
    before = counts(world)
    world.clock.advance(days=29)
    sweep(world)
    assert counts(world) == before


def test_what_ended_long_ago_goes_and_what_counts_stays(world: World) -> None:
    now = world.clock()
    leave_all(world, now)
    world.clock.advance(days=120)
    leave_all(world, world.clock())
    with world.app.app_context(), read_transaction() as session:
        said = session.scalar(select(func.count()).select_from(RecordEntry))
    sweep(world)
    found = counts(world)
    assert found == {
        "UserSession": 2,
        "OneTimeLink": 1,
        "Enrolment": 1,
        "ApiToken": 1,
        "PersonalToken": 3,  # the mail's, and two of the calendar, of which one ended just now
        "Device": 1,
        "SignInFailure": 1,
        "ReportLink": 1,
    }
    sweep(world)
    assert counts(world) == found, "twice is once"
    with world.app.app_context(), read_transaction() as session:
        assert session.scalar(select(func.count()).select_from(RecordEntry)) == said, "the record forgets nothing"


def test_when_somebody_was_last_here_is_still_known(world: World) -> None:
    leave_all(world, world.clock())
    seen, user_id = world.clock(), world.users["secretary1"]
    world.clock.advance(days=400)
    sweep(world)
    with world.app.app_context(), read_transaction() as session:
        assert last_seen(session, user_id) == seen


def test_it_happens_by_itself_once_a_day(world: World) -> None:
    leave_all(world, world.clock())
    world.clock.advance(days=120)
    worker = Worker(world.app, "bulk")
    worker.plan_periodic()
    worker.run_due()
    assert count(world, OneTimeLink) == 0
    assert count(world, ReportLink) == 0
    assert (SWEEP_ACCESS.every, SWEEP_LINKS.every) == (DAY, DAY)
