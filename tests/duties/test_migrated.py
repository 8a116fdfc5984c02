"""What was owed before the tables changed is owed on the same terms afterwards."""

from sqlalchemy import create_engine, select, text
from sqlalchemy.pool import NullPool

from meetingcheck.duties.actions import make_obligations
from meetingcheck.duties.models import Obligation
from meetingcheck.duties.rules import Month, terms_of
from meetingcheck.duties.terms import bases_of
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.migrate import NEWEST, migrate
from meetingcheck.orgs.actions import NewUnit, found_unit
from tests.world import LONG_AGO, World

BEFORE = "0002"


def test_usual_days_and_days_for_reporting_are_told_from_the_instants(world: World) -> None:
    url = world.app.config["SQLALCHEMY_DATABASE_URI"]
    with world.app.app_context(), write_transaction() as session:
        place = NewUnit("Chi bộ Cuối tháng", "chi_bo", LONG_AGO, world.committee, usual_day=31)
        found_unit(session, place, None, world.clock())
        make_obligations(session, [Month(2027, 2)], world.clock())
    before = facts(world)
    migrate(url, BEFORE)
    migrate(url, NEWEST)
    assert facts(world) == before
    with world.app.app_context(), read_transaction() as session:
        rows = list(session.scalars(select(Obligation)))
        bases = bases_of(session, rows)
        for one in rows:
            window = terms_of(bases[one.id]).window
            assert (one.opens_at, one.due_at, one.closes_at) == (window.opens_at, window.due_at, window.closes_at)


def facts(world: World) -> list[tuple[object, ...]]:
    with world.app.app_context(), read_transaction() as session:
        rows = session.scalars(select(Obligation).order_by(Obligation.id))
        return [(one.id, one.usual_on, one.report_days, one.due_at, one.closes_at) for one in rows]


def test_the_index_of_what_is_to_close_keeps_its_condition(database_url: str) -> None:
    """A table that was rebuilt would carry it along without one."""
    for target in (BEFORE, NEWEST):
        migrate(database_url, target)
        engine = create_engine(database_url, poolclass=NullPool)
        with engine.connect() as connection:
            if database_url.startswith("sqlite"):
                which = "SELECT sql FROM sqlite_master WHERE name = 'ix_obligation_to_close'"
            else:
                which = "SELECT indexdef FROM pg_indexes WHERE indexname = 'ix_obligation_to_close'"
            assert "WHERE" in connection.execute(text(which)).scalar_one()
