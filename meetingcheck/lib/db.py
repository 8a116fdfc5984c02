"""Rows: one session per request or job, read-only unless a write transaction is asked for.

SQLite: a read is a plain BEGIN with query_only, a write is BEGIN IMMEDIATE, so no transaction ever has to upgrade its
lock (plain BEGIN fails at once on upgrades; IMMEDIATE everywhere was measured at a fifth of the throughput).
PostgreSQL: a read is SET TRANSACTION READ ONLY. On both, the database refuses a write outside `write_transaction`.
"""

import enum
import sqlite3
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, TypeVar

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import JSON, Date, Engine, Enum, LargeBinary, MetaData, String, Uuid, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.orm import DeclarativeBase, Session

from meetingcheck.lib.instants import Instant

WRITE = "meetingcheck_write"
BUSY_TIMEOUT_MS = 10_000

E = TypeVar("E", bound=enum.Enum)


class TransactionOpen(RuntimeError):
    """A transaction was open where none may be."""


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own way to declare it
        datetime: Instant,
        date: Date,
        uuid.UUID: Uuid,
        str: String,
        bytes: LargeBinary,
        dict[str, Any]: JSON().with_variant(postgresql.JSONB(), "postgresql"),
    }


db = SQLAlchemy(metadata=Base.metadata, session_options={"expire_on_commit": False})


def enum_type(members: type[E], length: int = 32) -> Enum:
    """A text column holding the values of a StrEnum; `length` in characters leaves room for later members."""
    return Enum(members, native_enum=False, length=length, values_callable=lambda found: [m.value for m in found])


def engine_options(url: str) -> dict[str, Any]:
    """Options for `create_engine` that both the application and the migrations use."""
    if url.startswith("sqlite"):
        return {"connect_args": {"timeout": BUSY_TIMEOUT_MS / 1000}}
    return {"pool_pre_ping": True, "pool_size": 10, "max_overflow": 20, "connect_args": {"connect_timeout": 5}}


@event.listens_for(Engine, "connect")
def _prepare_connection(connection: Any, _record: Any) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")  # acknowledged means on the disk, also when the power fails
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    write = connection.get_execution_options().get(WRITE, False)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA query_only={'OFF' if write else 'ON'}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
    elif not write:
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")


@contextmanager
def write_transaction() -> Iterator[Session]:
    """The session in a write transaction, committed at the end, rolled back on an error. For edges only.

    Raises TransactionOpen when the session is already in a transaction: a read must be ended first.
    """
    session = _idle_session("a write transaction")
    session.connection(execution_options={WRITE: True})
    try:
        yield session
        session.commit()
    finally:
        session.close()


@contextmanager
def read_transaction() -> Iterator[Session]:
    """The session in a read-only transaction that ends with the block, so that slow work can follow it."""
    session = _idle_session("a read transaction")
    try:
        yield session
    finally:
        session.close()


def _idle_session(what: str) -> Session:
    session: Session = db.session()
    if session.in_transaction():
        raise TransactionOpen(f"{what} was asked for inside another transaction")
    return session


def insert_if_new(session: Session, model: type[Base], values: Mapping[str, Any]) -> bool:
    """Insert one row unless a unique constraint already holds it; True when it was inserted."""
    return insert_all_if_new(session, model, [values]) == 1


def insert_all_if_new(session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert the rows that no unique constraint already holds; the number of rows inserted."""
    if not rows:
        return 0
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    keys = model.__table__.primary_key  # counted by what comes back: drivers disagree about rowcount here
    inserted = session.execute(insert(model).values(list(rows)).on_conflict_do_nothing().returning(*keys))
    return len(inserted.all())
