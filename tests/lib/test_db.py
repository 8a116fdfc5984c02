"""Rows: who may write, what a transaction keeps, and that readers and writers do not wait for each other."""

import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta, timezone

import pytest
from flask import Flask
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError
from sqlalchemy.orm import Session

from meetingcheck.accounts.models import SignInFailure
from meetingcheck.lib.db import (
    TransactionOpen,
    db,
    insert_all_if_new,
    insert_if_new,
    read_transaction,
    write_transaction,
)
from meetingcheck.orgs.models import Unit, UnitKind
from tests.world import LONG_AGO, at

THREADS = 8
ROUNDS = 12
READ_ONLY = "read-?only"


@pytest.fixture
def rows(app: Flask) -> Iterator[Flask]:
    """An application whose context stands, with one kind of unit in its database."""
    with app.app_context():
        with write_transaction() as session:
            session.add(UnitKind(code="first", name="Đảng bộ", is_cell=False))
        yield app


def codes() -> set[str]:
    with read_transaction() as session:
        return set(session.scalars(select(UnitKind.code)))


def add_kind(session: Session, code: str) -> None:
    session.execute(insert(UnitKind).values(code=code, name="Chi bộ", is_cell=True))


def write_in_a_read_transaction() -> None:
    with read_transaction() as session:
        add_kind(session, "second")


def write_as_a_page_would() -> None:
    try:
        db.session.add(UnitKind(code="second", name="Chi bộ", is_cell=True))
        db.session.commit()
    finally:
        db.session.close()


def write_past_the_session() -> None:
    with db.engine.begin() as connection:
        connection.execute(insert(UnitKind).values(code="second", name="Chi bộ", is_cell=True))


def change_the_schema() -> None:
    with read_transaction() as session:
        session.execute(text("DROP TABLE sign_in_failure"))


@pytest.mark.parametrize(
    "write", [write_in_a_read_transaction, write_as_a_page_would, write_past_the_session, change_the_schema]
)
def test_the_database_refuses_a_write_outside_a_write_transaction(rows: Flask, write: Callable[[], None]) -> None:
    with pytest.raises(DBAPIError, match=READ_ONLY):
        write()
    assert codes() == {"first"}


def test_a_connection_that_wrote_is_read_only_again_afterwards(rows: Flask) -> None:
    with write_transaction() as session:
        add_kind(session, "second")
    with pytest.raises(DBAPIError, match=READ_ONLY), read_transaction() as session:
        add_kind(session, "third")
    with write_transaction() as session:
        add_kind(session, "fourth")
    assert codes() == {"first", "second", "fourth"}


@pytest.mark.parametrize("inner", [read_transaction, write_transaction])
@pytest.mark.parametrize("outer", [read_transaction, write_transaction])
def test_a_transaction_inside_another_is_refused(
    rows: Flask,
    outer: Callable[[], AbstractContextManager[Session]],
    inner: Callable[[], AbstractContextManager[Session]],
) -> None:
    with outer() as session:
        session.scalar(select(UnitKind.code))
        with pytest.raises(TransactionOpen), inner():
            pass
        assert session.scalar(select(UnitKind.code)) == "first", "the outer one goes on"


def test_a_write_after_a_read_that_nobody_ended_is_refused(rows: Flask) -> None:
    db.session.scalar(select(UnitKind.code))
    with pytest.raises(TransactionOpen), write_transaction():
        pass
    db.session.close()
    with write_transaction() as session:
        add_kind(session, "second")


def test_an_error_takes_everything_back(rows: Flask) -> None:
    def fail_half_way() -> None:
        with write_transaction() as session:
            add_kind(session, "second")
            raise LookupError

    with pytest.raises(LookupError):
        fail_half_way()
    assert codes() == {"first"}


def test_a_refused_row_takes_those_before_it_back(rows: Flask) -> None:
    def write_one_twice() -> None:
        with write_transaction() as session:
            add_kind(session, "second")
            add_kind(session, "first")

    with pytest.raises(IntegrityError):
        write_one_twice()
    assert codes() == {"first"}
    with write_transaction() as session:
        add_kind(session, "third")
    assert codes() == {"first", "third"}


def test_both_databases_check_references(rows: Flask) -> None:
    with pytest.raises(IntegrityError), write_transaction() as session:
        session.add(
            Unit(
                id=uuid.uuid4(),
                name="Chi bộ",
                name_sort=b"",
                name_search="",
                kind="no such kind",
                founded_on=LONG_AGO,
                created_at=at("2026-11-03T21:30+07:00"),
            )
        )
    with read_transaction() as session:
        assert session.scalar(select(func.count()).select_from(Unit)) == 0


def test_values_can_be_read_after_the_block(rows: Flask) -> None:
    with write_transaction() as session:
        written = UnitKind(code="second", name="Chi bộ", is_cell=True)
        session.add(written)
    with read_transaction() as session:
        found = session.scalars(select(UnitKind).where(UnitKind.code == "second")).one()
    assert (written.code, written.name, written.is_cell) == (found.code, found.name, found.is_cell)
    assert not db.session().in_transaction()


# --- instants


def keep_instant(instant: datetime) -> datetime:
    key = uuid.uuid4()
    with write_transaction() as session:
        session.add(SignInFailure(id=key, login_hash="x", at=instant))
    with read_transaction() as session:
        return session.scalars(select(SignInFailure.at).where(SignInFailure.id == key)).one()


@pytest.mark.parametrize(
    "instant",
    [
        at("2026-11-03T21:30:00.000001+07:00"),
        at("2026-11-03T14:30:00+00:00"),
        datetime(1990, 1, 1, 3, 59, 59, 999999, timezone(timedelta(hours=-11, minutes=-30))),
    ],
)
def test_an_instant_comes_back_aware_in_utc(rows: Flask, instant: datetime) -> None:
    kept = keep_instant(instant)
    assert kept == instant
    assert kept.tzinfo is UTC


def test_an_instant_does_not_depend_on_the_zone_of_the_database(rows: Flask) -> None:
    instant = at("2026-11-03T21:30:00+07:00")
    keep_instant(instant)
    with read_transaction() as session:
        if db.engine.dialect.name == "postgresql":
            session.execute(text("SET LOCAL TIME ZONE 'America/New_York'"))
        found = session.scalars(select(SignInFailure.at)).one()
        same = session.scalar(select(func.count()).select_from(SignInFailure).where(SignInFailure.at == instant))
    assert (found, found.tzinfo, same) == (instant, UTC, 1)


def test_instants_are_ordered_as_they_happened_whatever_their_zone(rows: Flask) -> None:
    early, late = at("2026-11-03T23:30:00+07:00"), at("2026-11-03T17:00:00+00:00")
    keep_instant(late)
    keep_instant(early)
    with read_transaction() as session:
        assert list(session.scalars(select(SignInFailure.at).order_by(SignInFailure.at))) == [early, late]


def test_an_instant_without_a_zone_is_refused(rows: Flask) -> None:
    naive = datetime(2026, 11, 3, 21, 30)  # noqa: DTZ001 - the mistake that is refused
    with pytest.raises(StatementError, match="time zone"):
        keep_instant(naive)
    with pytest.raises(StatementError, match="time zone"), read_transaction() as session:
        session.scalar(select(SignInFailure.id).where(SignInFailure.at < naive))


# --- inserting what may be there


def test_inserting_what_is_there_changes_nothing(rows: Flask) -> None:
    with write_transaction() as session:
        assert insert_if_new(session, UnitKind, {"code": "second", "name": "Chi bộ", "is_cell": True})
        assert not insert_if_new(session, UnitKind, {"code": "second", "name": "Tên khác", "is_cell": False})
    with read_transaction() as session:
        kept = session.get_one(UnitKind, "second")
        assert (kept.name, kept.is_cell) == ("Chi bộ", True)


def test_inserting_many_counts_the_new_ones(rows: Flask) -> None:
    many = [{"code": code, "name": "Chi bộ", "is_cell": True} for code in ("first", "second", "third")]
    with write_transaction() as session:
        assert insert_all_if_new(session, UnitKind, many) == 2
        assert insert_all_if_new(session, UnitKind, many) == 0
        assert insert_all_if_new(session, UnitKind, []) == 0
    assert codes() == {"first", "second", "third"}


def test_of_two_that_insert_the_same_at_once_one_does(rows: Flask) -> None:
    begin = threading.Barrier(THREADS)

    def insert_it(_number: int) -> bool:
        begin.wait()
        with rows.app_context(), write_transaction() as session:
            return insert_if_new(session, UnitKind, {"code": "second", "name": "Chi bộ", "is_cell": True})

    with ThreadPoolExecutor(THREADS) as pool:
        assert sorted(pool.map(insert_it, range(THREADS))) == [False] * (THREADS - 1) + [True]


# --- at the same time


def test_a_read_works_while_a_write_is_open(rows: Flask) -> None:
    with write_transaction() as session:
        add_kind(session, "second")
        with rows.app_context():
            assert codes() == {"first"}, "and sees nothing that is not committed"
    assert codes() == {"first", "second"}


def test_a_write_works_while_a_read_is_open(rows: Flask) -> None:
    with read_transaction() as session:
        session.scalar(select(UnitKind.code))
        with rows.app_context(), write_transaction() as other:
            add_kind(other, "second")
    assert codes() == {"first", "second"}


def test_many_threads_read_and_write_at_once_without_an_error(rows: Flask) -> None:
    """Each write reads first, as pages do: where a read lock had to grow, SQLite would fail at once."""
    begin = threading.Barrier(THREADS)

    def work(_number: int) -> list[int]:
        begin.wait()
        seen = []
        for _ in range(ROUNDS):
            with rows.app_context():
                with write_transaction() as session:
                    before = session.scalar(select(func.count()).select_from(SignInFailure))
                    now = at("2026-11-03T21:30+07:00")
                    session.add(SignInFailure(id=uuid.uuid4(), login_hash=str(before), at=now))
                with read_transaction() as session:
                    seen.append(session.scalar(select(func.count()).select_from(SignInFailure)) or 0)
        return seen

    with ThreadPoolExecutor(THREADS) as pool:
        for seen in pool.map(work, range(THREADS)):
            assert seen == sorted(seen), "nothing committed is lost from sight"
    with read_transaction() as session:
        assert session.scalar(select(func.count()).select_from(SignInFailure)) == THREADS * ROUNDS
