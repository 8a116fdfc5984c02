"""Keeping what an upload says, and carrying out a plan: set by set, in the caller's one transaction."""

import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import case, delete, insert, or_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from meetingcheck.accounts.actions import end_sessions_of_all
from meetingcheck.accounts.models import User
from meetingcheck.lib.db import Base
from meetingcheck.lib.jobs import enqueue
from meetingcheck.lib.registries import JobKind
from meetingcheck.lib.text import name_sort_key, one_line, search_form, sort_key
from meetingcheck.orgs.actions import lock_tree, move_units
from meetingcheck.orgs.importing.columns import titles_as_understood
from meetingcheck.orgs.importing.outcomes import FileProblem, Table
from meetingcheck.orgs.importing.plan import Judged, Plan, Succession, UnitToFound
from meetingcheck.orgs.importing.values import WATCHER
from meetingcheck.orgs.models import (
    ImportRow,
    ImportRun,
    ImportState,
    Role,
    RoleAssignment,
    Unit,
    UnitParent,
    UnitScope,
    Watcher,
)
from meetingcheck.orgs.queries import active_scope
from meetingcheck.record.actions import Fact, append

READ = JobKind("orgs.read_import", lane="bulk", max_attempts=3)
APPLY = JobKind("orgs.apply_import", lane="bulk", max_attempts=3)
UNITS_IMPORTED = JobKind("orgs.units_imported", lane="alerts")
"""Said after an import; the features to the right, which know what units owe, take it from there."""

ROWS_AT_A_TIME = 2_000
SHOWN_PASSED_OVER = 100
LONGEST_FILE_NAME = 200


def begin_run(
    session: Session, unit_id: uuid.UUID, file_name: str, content: bytes, actor_id: uuid.UUID, now: datetime
) -> ImportRun:
    """Keep an uploaded file, to be read in the background; old letters are converted unless the office says no."""
    run = ImportRun(
        id=uuid.uuid4(),
        file_name=one_line(file_name)[:LONGEST_FILE_NAME],
        content=content,
        options={"unit": str(unit_id), "convert": True},
        state=ImportState.READING,
        counts={},
        uploaded_by=actor_id,
        uploaded_at=now,
    )
    session.add(run)
    session.flush()
    enqueue(session, READ, {"run": str(run.id)}, now)
    append(session, now, Fact("import_uploaded", "import_run", run.id, actor_id, {"unit": str(unit_id)}))
    return run


def read_again(session: Session, run: ImportRun, *, converted: bool, now: datetime) -> None:
    """Read the same file once more, old letters converted or left."""
    run.options = {**run.options, "convert": converted}
    run.state, run.problem, run.done, run.total = ImportState.READING, None, 0, 0
    session.flush()
    enqueue(session, READ, {"run": str(run.id)}, now)


def begin_applying(session: Session, run: ImportRun, actor_id: uuid.UUID, now: datetime) -> None:
    """Have a preview carried out in the background, in the name of whoever pressed the button."""
    run.state, run.problem, run.done = ImportState.APPLYING, None, 0
    session.flush()
    enqueue(session, APPLY, {"run": str(run.id), "actor": str(actor_id)}, now)


def refuse_run(session: Session, run: ImportRun, problem: FileProblem) -> None:
    """The file is no list that can be read; its bytes are not needed any more."""
    run.state, run.problem, run.content = ImportState.REFUSED, problem.value, b""
    session.flush()


def note_progress(session: Session, run_id: uuid.UUID, done: int, total: int) -> None:
    session.execute(update(ImportRun).where(ImportRun.id == run_id).values(done=done, total=total))


def forget_rows(session: Session, run_id: uuid.UUID) -> None:
    session.execute(delete(ImportRow).where(ImportRow.run_id == run_id))


def keep_rows(session: Session, run_id: uuid.UUID, table: Table, judged: Sequence[Judged], start: int) -> None:
    """Keep the verdicts on some rows, with the cells as they were read."""
    rows = [
        {
            "run_id": run_id,
            "line": one.line,
            "verdict": one.verdict.value,
            "values": {"cells": list(table.lines[start + index].cells), "shown": one.shown},
            "reasons": {
                "new": one.new,
                "changes": [asdict(change) for change in one.changes],
                "under": one.under,
                "notes": [note.value for note in one.notes],
                "faults": [
                    {"fault": found.fault.value, "where": found.where, "params": dict(found.params)}
                    for found in one.faults
                ],
            },
        }
        for index, one in enumerate(judged)
    ]
    _insert(session, ImportRow, rows)


def show_preview(session: Session, run: ImportRun, table: Table, plan: Plan, problem: str | None = None) -> None:
    """All rows are kept: the preview can be looked at."""
    run.options = {
        **run.options,
        "header": list(table.header),
        "columns": table.columns,
        "titles": titles_as_understood(table.header, table.columns, table.default_role, table.unit_word),
        "legacy": table.legacy.value if table.legacy else None,
        "samples": [list(sample) for sample in table.samples],
        "unread_sheets": list(table.unread_sheets),
        "passed_over": list(table.passed_over[:SHOWN_PASSED_OVER]),
        "hidden": len(table.hidden_rows),
        "hidden_rows": list(table.hidden_rows[:SHOWN_PASSED_OVER]),
        "hidden_columns": list(table.hidden_columns),
        "plan": fingerprint(plan),
        "replaced": len(plan.succeeded),
    }
    run.counts = plan.counts()
    run.state, run.problem, run.done, run.total = ImportState.PREVIEW, problem, len(plan.rows), len(plan.rows)
    session.flush()


def fingerprint(plan: Plan) -> str:
    """What the plan says about each row, in short: equal for the same file in the same world."""
    said = [
        [row.line, row.verdict, row.new, row.under, [asdict(change) for change in row.changes]] for row in plan.rows
    ]
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()


@dataclass(frozen=True)
class Prepared:
    """The rows of the tables, made before the transaction that writes them: sort keys take their time."""

    units: list[dict[str, Any]]
    unit_changes: list[dict[str, Any]]
    people: list[dict[str, Any]]
    person_changes: list[dict[str, Any]]


def prepare(plan: Plan, now: datetime) -> Prepared:
    return Prepared(
        units=[
            {
                "id": unit.id,
                "code": unit.code,
                **_named(unit.name),
                "kind": unit.kind,
                "founded_on": unit.founded_on,
                "usual_day": unit.usual_day,
                "created_at": now,
            }
            for unit in plan.units
        ],
        unit_changes=[
            {"id": unit_id, **changes, **(_named(changes["name"]) if "name" in changes else {})}
            for unit_id, changes in plan.unit_changes.items()
        ],
        people=[
            {
                "id": person.id,
                "login": person.phone or person.email,
                **_called(person.name),
                "phone": person.phone,
                "email": person.email,
                "language": "vi",
                "created_at": now,
            }
            for person in plan.people
        ],
        person_changes=[
            {"id": user_id, **changes, **(_called(changes["name"]) if "name" in changes else {})}
            for user_id, changes in plan.person_changes.items()
        ],
    )


def _named(name: str) -> dict[str, Any]:
    return {"name": name, "name_sort": sort_key(name), "name_search": search_form(name)}


def _called(name: str) -> dict[str, Any]:
    return {"name": name, "name_sort": name_sort_key(name), "name_search": search_form(name)}


def carry_out(
    session: Session, plan: Plan, prepared: Prepared, today: date, actor_id: uuid.UUID | None, now: datetime
) -> None:
    """Do what a plan without faults says. Units begin on their founding day, roles and moves today.

    Raises IntegrityError when a code or a login was taken meanwhile.
    """
    lock_tree(session)
    _insert(session, Unit, prepared.units)
    _place(session, plan.units)
    _update(session, Unit, prepared.unit_changes)
    if plan.moves:
        move_units(session, plan.moves, today, actor_id, now)
    _insert(session, User, prepared.people)
    _update(session, User, prepared.person_changes)
    _end_succeeded(session, plan.succeeded, today)
    _give(session, plan.given, today)
    append(session, now, *_facts(plan, today, actor_id))
    # The next sign-in is as strong as the new role needs, and whoever handed over has nothing open any more.
    changed = {user_id for user_id, _, role in plan.given if role != WATCHER} - {person.id for person in plan.people}
    end_sessions_of_all(session, changed | {one.before for one in plan.succeeded}, actor_id, now)
    enqueue(session, UNITS_IMPORTED, _what_follows(plan, today), now)


def _what_follows(plan: Plan, today: date) -> dict[str, Any]:
    """What the features to the right have to know."""
    return {
        "new_usual_day": [str(unit_id) for unit_id, changes in plan.unit_changes.items() if "usual_day" in changes],
        "moved": [str(unit_id) for unit_id in plan.moves],
        "on": today.isoformat(),
        "succeeded": [[str(one.unit_id), str(one.before), str(one.after)] for one in plan.succeeded],
    }


def _end_succeeded(session: Session, succeeded: Sequence[Succession], today: date) -> None:
    """End the roles of secretaries who handed over, one by one: there are few. Who was to begin later never does."""
    for one in succeeded:
        session.execute(
            update(RoleAssignment)
            .where(
                RoleAssignment.user_id == one.before,
                RoleAssignment.unit_id == one.unit_id,
                RoleAssignment.role == Role.SECRETARY,
                or_(RoleAssignment.to_on.is_(None), RoleAssignment.to_on > today),
            )
            .values(to_on=case((RoleAssignment.from_on > today, RoleAssignment.from_on), else_=today))
            .execution_options(synchronize_session=False)
        )


def _place(session: Session, units: Sequence[UnitToFound]) -> None:
    """Each new unit under its parent and all above it, from its founding day on; parents come before children."""
    lines: dict[uuid.UUID, list[tuple[uuid.UUID, int]]] = {}
    known = {unit.parent_id for unit in units} - {unit.id for unit in units}
    for (above, unit_id), depth in active_scope(session, known).items():
        lines.setdefault(unit_id, []).append((above, depth))
    scope = []
    for unit in units:
        line = [(unit.id, 0), *((above, depth + 1) for above, depth in lines.get(unit.parent_id, []))]
        lines[unit.id] = line
        scope += [
            {"ancestor": above, "descendant": unit.id, "from_on": unit.founded_on, "to_on": None, "depth": depth}
            for above, depth in line
        ]
    _insert(session, UnitScope, scope)
    _insert(
        session,
        UnitParent,
        [
            {"unit_id": unit.id, "parent_id": unit.parent_id, "from_on": unit.founded_on, "to_on": None}
            for unit in units
        ],
    )


def _give(session: Session, given: Iterable[tuple[uuid.UUID, uuid.UUID, str]], today: date) -> None:
    """Roles and watchers from today on; one that ended today is taken up again."""
    roles, watchers = [], []
    for user_id, unit_id, role in given:
        row = {"user_id": user_id, "unit_id": unit_id, "from_on": today, "to_on": None}
        if role == WATCHER:
            watchers.append(row)
        else:
            roles.append({"id": uuid.uuid4(), **row, "role": Role(role)})
    _upsert(session, RoleAssignment, roles, ["user_id", "unit_id", "role", "from_on"])
    _upsert(session, Watcher, watchers, ["user_id", "unit_id", "from_on"])


def _facts(plan: Plan, today: date, actor_id: uuid.UUID | None) -> list[Fact]:
    ended = {"role": Role.SECRETARY.value, "to_on": today.isoformat()}
    return [
        *(Fact("unit_founded", "unit", unit.id, actor_id) for unit in plan.units),
        *(
            Fact("unit_changed", "unit", unit_id, actor_id, {"fields": sorted(changes)})
            for unit_id, changes in plan.unit_changes.items()
        ),
        *(Fact("user_added", "user", person.id, actor_id) for person in plan.people),
        *(
            Fact("user_changed", "user", user_id, actor_id, {"fields": sorted(changes)})
            for user_id, changes in plan.person_changes.items()
        ),
        *(
            Fact("watcher_named", "user", user_id, actor_id, {"unit": str(unit_id)})
            if role == WATCHER
            else Fact("role_given", "user", user_id, actor_id, {"unit": str(unit_id), "role": role})
            for user_id, unit_id, role in plan.given
        ),
        *(
            Fact("role_ended", "user", one.before, actor_id, {"unit": str(one.unit_id), **ended})
            for one in plan.succeeded
        ),
    ]


def _insert(session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Straight to the table: making objects of so many rows would take several times as long."""
    for start in range(0, len(rows), ROWS_AT_A_TIME):
        session.connection().execute(
            insert(Base.metadata.tables[model.__tablename__]), list(rows[start : start + ROWS_AT_A_TIME])
        )


def _update(session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Each row by its id; those that change the same columns go together."""
    by_columns: dict[frozenset[str], list[Mapping[str, Any]]] = {}
    for row in rows:
        by_columns.setdefault(frozenset(row), []).append(row)
    for alike in by_columns.values():
        session.execute(update(model), list(alike))


def _upsert(session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]], key: list[str]) -> None:
    make = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = make(Base.metadata.tables[model.__tablename__]).on_conflict_do_update(
        index_elements=key, set_={"to_on": None}
    )
    for start in range(0, len(rows), ROWS_AT_A_TIME):
        session.connection().execute(statement, list(rows[start : start + ROWS_AT_A_TIME]))
