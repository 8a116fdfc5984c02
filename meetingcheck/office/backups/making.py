"""`backup`: rows first, then the objects that they name, then the manifest. Nobody is held up while it is made.

Objects are never overwritten, and while the lease is held none is deleted: what the rows name at the moment of the
snapshot is still there when its turn comes. No transaction of the application is open meanwhile.
"""

import sqlite3
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import psycopg
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from flask import Flask
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from meetingcheck.lib.db import write_transaction
from meetingcheck.lib.logs import log, log_error
from meetingcheck.lib.migrate import newest_revision, pending
from meetingcheck.lib.services import services_of
from meetingcheck.lib.storage import StorageError
from meetingcheck.office.backups.folder import NewBackup
from meetingcheck.office.backups.keys import keys_to_keep
from meetingcheck.office.backups.manifest import BackupError, KeptFile, KeptObject, LostObject, Manifest
from meetingcheck.office.backups.objects import copy_out, side_by_side
from meetingcheck.office.backups.rows import rows_of
from meetingcheck.office.models import BackupRun
from meetingcheck.photos.holding import Holding, HoldLost, ObjectsHeld
from meetingcheck.record.actions import Fact, append

Say = Callable[[str], None]
"""Takes one line about how far the work is."""

WAIT_S = 300.0
SAY_EVERY = 500  # objects
PROBLEM_LENGTH = 200
MEGABYTE = 1_000_000


def make_backup(
    app: Flask,
    path: Path,
    say: Say,
    *,
    recipient: X25519PublicKey | None = None,
    with_keys: bool = False,
    wait_s: float = WAIT_S,
) -> Manifest:
    """Make a backup in the folder `path`, which must not exist or be empty, and note the run for the office.

    Waits up to `wait_s` seconds for another backup, a sweep or a purge. Raises BackupError; then the folder is as it
    was before.
    """
    with in_one_sentence("The backup failed"):
        settings = services_of(app).settings
        if pending(settings.database_url):
            raise BackupError("The database lacks a migration: run `meetingcheck migrate` first.")
        with Holding(app, wait_s) as holding, _noted(app) as run:
            new = NewBackup(path, recipient)
            try:
                manifest = _fill(app, new, run.id, say, with_keys, holding)
                holding.ensure()
                new.finish(manifest)
            except BaseException:
                new.discard()
                raise
            run.objects, run.size, run.problem = len(manifest.objects), manifest.size, _what_is_lost(manifest)
    log("backup made", objects=run.objects, size=run.size, lost=len(manifest.lost))
    return manifest


def _fill(app: Flask, new: NewBackup, run_id: uuid.UUID, say: Say, with_keys: bool, holding: Holding) -> Manifest:
    services = services_of(app)
    made_at = services.now()
    rows = rows_of(services.settings.database_url, services.settings.data)
    say("Saving the rows.")
    with rows.snapshot() as snapshot:
        named = snapshot.objects
        kept_rows = new.write(rows.file, snapshot.chunks)
    say(f"Rows saved, {megabytes(kept_rows.size)}. Copying {len(named)} objects.")

    def progress(done: int, _copied: KeptObject | LostObject) -> None:
        if done % SAY_EVERY == 0 or done == len(named):
            holding.ensure()
            say(f"{done} of {len(named)} objects copied.")

    copied = side_by_side(lambda one: copy_out(services.storage, new, one), named, progress)
    return Manifest(
        product=version("meetingcheck"),
        made_at=made_at,
        run_id=run_id,
        database=rows.kind,
        migration=newest_revision(),
        rows=kept_rows,
        keys=_keep_keys(app, new) if with_keys else (),
        objects=tuple(one for one in copied if isinstance(one, KeptObject)),
        lost=tuple(one for one in copied if isinstance(one, LostObject)),
    )


def _what_is_lost(manifest: Manifest) -> str | None:
    if not manifest.lost:
        return None
    more = f" And {len(manifest.lost) - 1} more." if len(manifest.lost) > 1 else ""
    return (manifest.lost[0].why + more)[-PROBLEM_LENGTH:]


def _keep_keys(app: Flask, new: NewBackup) -> tuple[KeptFile, ...]:
    keys = keys_to_keep(services_of(app).settings)
    return tuple(new.write(f"keys/{name}", [value]) for name, value in keys.items())


@contextmanager
def _noted(app: Flask) -> Iterator[BackupRun]:
    """The run's row: there from the beginning, so that also a killed run is seen; finished or with its problem later.

    What the block sets on the row is kept.
    """
    now = services_of(app).now
    run = BackupRun(id=uuid.uuid4(), began_at=now(), objects=0, size=0)
    with app.app_context():
        with write_transaction() as session:
            session.add(BackupRun(id=run.id, began_at=run.began_at, objects=0, size=0))
        try:
            yield run
        except BaseException as error:
            with suppress(SQLAlchemyError):  # the first problem is the one to tell
                _note(run.id, now(), problem=sentence_for(error)[:PROBLEM_LENGTH])
            raise
        try:
            _note(run.id, now(), objects=run.objects, size=run.size, problem=run.problem)
        except SQLAlchemyError as error:  # the backup is whole all the same
            log_error("backup not noted", error)


def _note(run_id: uuid.UUID, now: datetime, **values: object) -> None:
    with write_transaction() as session:
        session.execute(update(BackupRun).where(BackupRun.id == run_id).values(finished_at=now, **values))
        append(session, now, Fact("backup_made" if "objects" in values else "backup_failed", "backup", run_id))


@contextmanager
def in_one_sentence(what: str) -> Iterator[None]:
    """Whatever goes wrong outside our own code ends as a BackupError."""
    try:
        yield
    except BackupError:
        raise
    except (OSError, StorageError, SQLAlchemyError, sqlite3.Error, psycopg.Error, ObjectsHeld, HoldLost) as error:
        raise BackupError(f"{what}: {sentence_for(error)}") from error


def sentence_for(error: BaseException) -> str:
    """What happened, in a line; from the database's errors without the values that a statement held."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}." if error.filename is None else f"{error.strerror}: {error.filename}."
    if isinstance(error, DBAPIError):
        error = error.orig or error
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def megabytes(size: int) -> str:
    return f"{size / MEGABYTE:.1f} MB"
