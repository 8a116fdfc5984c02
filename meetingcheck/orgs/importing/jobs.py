"""Reading and applying an import in the background, with progress."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.registries import JobKind
from meetingcheck.orgs.actions import lock_tree
from meetingcheck.orgs.importing.actions import (
    ROWS_AT_A_TIME,
    carry_out,
    fingerprint,
    forget_rows,
    keep_rows,
    note_progress,
    prepare,
    refuse_run,
    show_preview,
)
from meetingcheck.orgs.importing.faults import CHANGED_MEANWHILE
from meetingcheck.orgs.importing.outcomes import FileProblem, FileRefused, Table
from meetingcheck.orgs.importing.parent import read_in_child
from meetingcheck.orgs.importing.plan import Area, Plan, Verdict
from meetingcheck.orgs.importing.queries import find_run, load_area, lock_run
from meetingcheck.orgs.importing.rules import judge_table
from meetingcheck.orgs.models import ImportRow, ImportRun, ImportState
from meetingcheck.orgs.queries import find_root
from meetingcheck.record.actions import Fact, append

FORGET = JobKind("orgs.forget_imports", lane="bulk", every=timedelta(hours=6))
KEEP = timedelta(days=7)  # a list is personal data: it goes when nobody is likely to come back to it


def read_import(params: dict[str, Any], now: datetime) -> None:
    """Read an uploaded file and show what it would do. Running it twice shows the same."""
    run_id = uuid.UUID(params["run"])
    with read_transaction() as session:
        run = find_run(session, run_id)
    if run is None or run.state != ImportState.READING:
        return
    try:
        table = read_in_child(run.content, converted=bool(run.options["convert"]))
    except FileRefused as refused:
        with write_transaction() as session:
            refuse_run(session, lock_run(session, run_id), refused.problem)
        return
    with write_transaction() as session:
        note_progress(session, run_id, 0, len(table.lines))
        forget_rows(session, run_id)
    _, plan = _judge(run, table, run.uploaded_by, now)
    _keep_preview(run_id, table, plan, None)


def _judge(run: ImportRun, table: Table, actor_id: uuid.UUID, now: datetime) -> tuple[Area, Plan]:
    with read_transaction() as session:
        area = load_area(session, uuid.UUID(run.options["unit"]), actor_id, local_day(now))
    return area, judge_table(table, area, run.id)


def _keep_preview(run_id: uuid.UUID, table: Table, plan: Plan, problem: str | None) -> None:
    """Piece by piece, so that nobody waits long for the database; shown when the last piece is there."""
    for start in range(0, len(plan.rows), ROWS_AT_A_TIME):
        piece = plan.rows[start : start + ROWS_AT_A_TIME]
        with write_transaction() as session:
            keep_rows(session, run_id, table, piece, start)
            note_progress(session, run_id, start + len(piece), len(plan.rows))
    with write_transaction() as session:
        show_preview(session, lock_run(session, run_id), table, plan, problem)


def apply_import(params: dict[str, Any], now: datetime) -> None:
    """Carry out a preview as a whole, or not at all; back to the preview when the world changed since.

    Running it twice changes nothing: what is applied is applied.
    """
    run_id, actor_id = uuid.UUID(params["run"]), uuid.UUID(params["actor"])
    with read_transaction() as session:
        run = find_run(session, run_id)
    if run is None or run.state != ImportState.APPLYING:
        return
    table = read_in_child(run.content, converted=bool(run.options["convert"]))
    area, plan = _judge(run, table, actor_id, now)
    if fingerprint(plan) == run.options["plan"] and not plan.counts()["error"]:
        prepared = prepare(plan, now)
        with write_transaction() as session:
            note_progress(session, run_id, len(plan.rows) // 2, len(plan.rows))
        try:
            with write_transaction() as session:
                held = lock_run(session, run_id)
                lock_tree(session)
                if load_area(session, area.top, actor_id, area.today) == area:
                    carry_out(session, plan, prepared, area.today, actor_id, now)
                    held.state, held.applied_at, held.done = ImportState.APPLIED, now, len(plan.rows)
                    held.content = b""
                    append(session, now, Fact("import_applied", "import_run", run_id, actor_id, plan.counts()))
                    return
        except IntegrityError:
            pass  # a code or a login was taken between the look and the lock
        _, plan = _judge(run, table, actor_id, now)
    with write_transaction() as session:
        forget_rows(session, run_id)
    _keep_preview(run_id, table, plan, CHANGED_MEANWHILE)


class NothingBelow(Exception):
    """There is no unit yet that a list could be read into."""


def import_at_once(content: bytes, now: datetime, *, dry_run: bool) -> Plan:
    """Read a list into the root and carry it out, from the command line; what it meant, row by row.

    Old letters are converted. Nothing is changed by a dry run, nor when a row is faulty. Raises FileRefused,
    NothingBelow, and IntegrityError when somebody else changed the same at this moment.
    """
    table = read_in_child(content, converted=True)
    today = local_day(now)
    with read_transaction() as session:
        root = find_root(session, today)
        if root is None:
            raise NothingBelow
        area = load_area(session, root.id, None, today)
    plan = judge_table(table, area, uuid.uuid4())
    if dry_run or plan.counts()[Verdict.ERROR]:
        return plan
    prepared = prepare(plan, now)
    with write_transaction() as session:
        carry_out(session, plan, prepared, today, None, now)
    return plan


def forget_imports(_params: dict[str, Any], now: datetime) -> None:
    """Delete old lists; that there was an import stays on record."""
    with write_transaction() as session:
        old = ImportRun.uploaded_at < now - KEEP
        session.execute(delete(ImportRow).where(ImportRow.run_id.in_(select(ImportRun.id).where(old))))
        session.execute(
            update(ImportRun)
            .where(old, ImportRun.state.in_([ImportState.READING, ImportState.PREVIEW, ImportState.APPLYING]))
            .values(state=ImportState.REFUSED, problem=FileProblem.FORGOTTEN.value, content=b"")
        )
