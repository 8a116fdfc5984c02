"""The rows of a backup: one consistent state of the database, taken by the database's own means.

SQLite: its backup API makes a copy in one step. PostgreSQL: `pg_dump` and a query see the same exported snapshot.
Neither holds up anybody's work. A backup can be restored into the same kind of database only.
"""

import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from meetingcheck.lib.db import WRITE, Base, engine_options
from meetingcheck.lib.migrate import migrate
from meetingcheck.lib.registries import NamedObject
from meetingcheck.office.backups.postgres import Programs
from meetingcheck.office.objects import list_all_named

CHUNK_BYTES = 256 * 1024
VERSION_TABLE = "alembic_version"
STAGING = "backup-rows"

ListNamed = Callable[[Session], list[NamedObject]]
"""Finds the objects that the rows name."""

Finish = Callable[[Session], None]
"""What is done with restored rows, migrated, before they count; in a write transaction."""


@dataclass(frozen=True)
class Snapshot:
    """One state of the database: the objects that it names, and the file that brings it back."""

    objects: list[NamedObject]
    chunks: Iterable[bytes]


class Rows(Protocol):
    """How one kind of database is saved and brought back. `file` is the name of its rows in a backup."""

    kind: str
    file: str

    def snapshot(self, list_named: ListNamed = list_all_named) -> AbstractContextManager[Snapshot]:
        """Raises BackupError, and what the database raises."""

    def restore(self, chunks: Iterable[bytes], finish: Finish) -> None:
        """Put these rows in place of those of an empty installation, with the newest schema, and finish them.

        Raises BackupError, what the database raises and what `chunks` and `finish` raise; then the installation is
        as empty as it was.
        """


def rows_of(database_url: str, data: Path) -> Rows:
    """`data` is the private data folder; it needs room for a second copy of the rows."""
    kind = SqliteRows if database_url.startswith("sqlite") else PostgresRows
    return kind(database_url, data)


class SqliteRows:
    kind = "sqlite"
    file = "rows.sqlite3"

    def __init__(self, url: str, data: Path) -> None:
        self._path = make_url(url).database or ""
        self._data = data

    @contextmanager
    def snapshot(self, list_named: ListNamed = list_all_named) -> Iterator[Snapshot]:
        with self._staging() as copy:
            with closing(sqlite3.connect(self._path)) as source:
                source.execute("PRAGMA query_only=ON")
                _copy(source, copy)
            with _reading(f"sqlite:///{copy}") as session:
                objects = list_named(session)
            _into_one_file(copy)
            yield Snapshot(objects, _read(copy))

    def restore(self, chunks: Iterable[bytes], finish: Finish) -> None:
        with self._staging() as copy:
            with copy.open("wb") as file:
                file.writelines(chunks)
            _bring_up(f"sqlite:///{copy}", finish)
            with closing(sqlite3.connect(copy)) as source:
                _copy(source, Path(self._path))  # one transaction, whoever else has the file open

    @contextmanager
    def _staging(self) -> Iterator[Path]:
        """A place for a copy of the database; what a killed run left there goes first."""
        folder = self._data / STAGING
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(0o700, parents=True)
        try:
            yield folder / self.file
        finally:
            shutil.rmtree(folder, ignore_errors=True)


class PostgresRows:
    kind = "postgresql"
    file = "rows.pgdump"

    def __init__(self, url: str, data: Path) -> None:
        self._url = url
        self._data = data

    @contextmanager
    def snapshot(self, list_named: ListNamed = list_all_named) -> Iterator[Snapshot]:
        programs = Programs.find(self._url)
        with _reading(self._url, isolation_level="REPEATABLE READ") as session:
            # This transaction stays open while pg_dump runs, for it is what both see. It locks nothing.
            name = session.scalar(text("SELECT pg_export_snapshot()"))
            with closing(programs.dump(str(name))) as chunks:
                yield Snapshot(list_named(session), chunks)

    def restore(self, chunks: Iterable[bytes], finish: Finish) -> None:
        programs = Programs.find(self._url)
        try:
            self._drop_all()
            programs.restore(chunks, self._data)
            _bring_up(self._url, finish)
        except BaseException:
            self._drop_all()
            migrate(self._url)
            raise

    def _drop_all(self) -> None:
        names = ", ".join(f'"{name}"' for name in [*Base.metadata.tables, VERSION_TABLE])
        with _writing(self._url) as session:
            session.execute(text("SET LOCAL lock_timeout = '30s'"))
            session.execute(text(f"DROP TABLE IF EXISTS {names} CASCADE"))


def _bring_up(url: str, finish: Finish) -> None:
    migrate(url)
    with _writing(url) as session:
        finish(session)


@contextmanager
def _reading(url: str, **options: str) -> Iterator[Session]:
    engine = _engine(url).execution_options(**options)
    with Session(engine) as session:
        yield session


@contextmanager
def _writing(url: str) -> Iterator[Session]:
    engine = _engine(url).execution_options(**{WRITE: True})
    with Session(engine, expire_on_commit=False) as session, session.begin():
        yield session


def _engine(url: str) -> Engine:
    return create_engine(url, poolclass=NullPool, connect_args=engine_options(url)["connect_args"])


def _copy(source: sqlite3.Connection, place: Path) -> None:
    with closing(sqlite3.connect(place, timeout=60)) as target:
        source.backup(target)


def _into_one_file(path: Path) -> None:
    """Nothing of the database is left in a write-ahead log beside it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
