"""Bringing the database to the newest schema: on an own connection, by one node at a time."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.pool import NullPool

from meetingcheck.lib.db import WRITE, engine_options

FOLDER = Path(__file__).resolve().parents[2] / "migrations"
LOCK_NUMBER = 7_301_926  # PostgreSQL's advisory lock for migrations
LOCK_TIMEOUT = "10s"
STATEMENT_TIMEOUT = "10min"
NEWEST = "head"
EMPTY = "base"


class ForeignKeysBroken(RuntimeError):
    """A migration would leave rows that point to nothing; it was rolled back."""


def migrate(database_url: str, target: str = NEWEST) -> None:
    """Upgrade (or downgrade) to `target`, a revision, "head" or "base".

    Raises ForeignKeysBroken, and whatever the database raises; in each case nothing has changed.
    """
    _with_connection(database_url, lambda connection: _run(connection, target))


def pending(database_url: str) -> bool:
    """Whether the database lacks a migration."""
    engine = _engine(database_url)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision() != newest_revision()
    finally:
        engine.dispose()


def newest_revision() -> str:
    return ScriptDirectory.from_config(_config()).get_current_head() or EMPTY


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    return config


def _engine(database_url: str) -> Engine:
    options = {key: value for key, value in engine_options(database_url).items() if key == "connect_args"}
    return create_engine(database_url, poolclass=NullPool, **options)


def _with_connection(database_url: str, work: Callable[[Connection], None]) -> None:
    engine = _engine(database_url)
    if engine.dialect.name == "sqlite" and engine.url.database:
        Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True)
    try:
        with engine.connect().execution_options(**{WRITE: True}) as connection:
            # SQLite takes this only outside a transaction. With foreign keys on, rebuilding a table would delete the
            # rows that point to it.
            driver = connection.connection.driver_connection
            if isinstance(driver, sqlite3.Connection):
                driver.execute("PRAGMA foreign_keys=OFF")
            with connection.begin():
                work(connection)
                _check_foreign_keys(connection)
    finally:
        engine.dispose()


def _run(connection: Connection, target: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
        connection.execute(text(f"SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT}'"))
        connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK_NUMBER})"))
    config = _config()
    config.attributes["connection"] = connection
    current = MigrationContext.configure(connection).get_current_revision()
    if _is_older(target, current):
        command.downgrade(config, target)
    else:
        command.upgrade(config, target)


def _is_older(target: str, current: str | None) -> bool:
    """Revisions are numbered, so their order is that of their names."""
    if target == NEWEST or current is None:
        return False
    return target == EMPTY or target < current


def _check_foreign_keys(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        broken = connection.execute(text("PRAGMA foreign_key_check")).fetchall()
        if broken:
            raise ForeignKeysBroken(f"{len(broken)} rows point to nothing, the first in {broken[0][0]}")
