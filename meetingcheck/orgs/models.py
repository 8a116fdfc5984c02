"""The tree of units, dated, and who does what in it."""

import uuid
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from meetingcheck.lib.db import Base, enum_type


class Role(StrEnum):
    SECRETARY = "secretary"
    REPORTER = "reporter"
    REVIEWER = "reviewer"
    ADMINISTRATOR = "administrator"
    READER = "reader"


class UnitKind(Base):
    """A kind of unit is data: names changed often. Cells hold the meetings that are reported."""

    __tablename__ = "unit_kind"

    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    is_cell: Mapped[bool]


class Unit(Base):
    """A node of the tree. Nothing is deleted: a unit that ended has `closed_on`, the first day on which it is no more.

    `usual_day` is the cell's own usual day of the month (31 means the last); without it the policy's counts.
    `supervised_from` is the first day of the first period that counts for this unit and all below it.
    `successor_id` is the unit that a closed one was merged into, `merged_by` the decision by which it
    was merged or ended.
    """

    __tablename__ = "unit"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    code: Mapped[str | None] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    name_sort: Mapped[bytes] = mapped_column(index=True)
    name_search: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(ForeignKey("unit_kind.code"))
    founded_on: Mapped[date]
    closed_on: Mapped[date | None]
    usual_day: Mapped[int | None]
    supervised_from: Mapped[date | None]
    successor_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("unit.id"), index=True)
    merged_by: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime]


class UnitParent(Base):
    """Under which unit another one stood, from a day on, until the first day on which it no longer did."""

    __tablename__ = "unit_parent"

    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("unit.id"), primary_key=True)
    from_on: Mapped[date] = mapped_column(primary_key=True)
    to_on: Mapped[date | None]
    parent_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("unit.id"), index=True)


class UnitScope(Base):
    """The closure of the tree: who stands above whom, how many steps, when. Kept by moves, rebuildable."""

    __tablename__ = "unit_scope"

    ancestor: Mapped[uuid.UUID] = mapped_column(ForeignKey("unit.id"), primary_key=True)
    descendant: Mapped[uuid.UUID] = mapped_column(ForeignKey("unit.id"), primary_key=True)
    from_on: Mapped[date] = mapped_column(primary_key=True)
    to_on: Mapped[date | None]
    depth: Mapped[int]

    __table_args__ = (Index("ix_unit_scope_descendant", "descendant", "depth"),)


class RoleAssignment(Base):
    """What a person does in a unit, from a day until the first day on which it no longer counts."""

    __tablename__ = "role_assignment"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("unit.id"), index=True)
    role: Mapped[Role] = mapped_column(enum_type(Role))
    from_on: Mapped[date]
    to_on: Mapped[date | None]

    __table_args__ = (UniqueConstraint("user_id", "unit_id", "role", "from_on"),)


class Watcher(Base):
    """A committee member who looks after a cell; alerts about it go to them first."""

    __tablename__ = "watcher"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("unit.id"), primary_key=True)
    from_on: Mapped[date] = mapped_column(primary_key=True)
    to_on: Mapped[date | None]

    __table_args__ = (Index("ix_watcher_unit_id", "unit_id"),)


class ImportState(StrEnum):
    READING = "reading"
    PREVIEW = "preview"
    APPLYING = "applying"
    APPLIED = "applied"
    REFUSED = "refused"


class ImportRun(Base):
    """One uploaded list of units, people and roles: read, shown, then applied as a whole or not at all.

    `counts` holds the number of rows by verdict, `done` how many rows were worked on, for showing progress.
    """

    __tablename__ = "import_run"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    file_name: Mapped[str] = mapped_column(String(200))
    content: Mapped[bytes]
    options: Mapped[dict[str, Any]]
    state: Mapped[ImportState] = mapped_column(enum_type(ImportState))
    problem: Mapped[str | None] = mapped_column(String(500))
    counts: Mapped[dict[str, Any]]
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    uploaded_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    uploaded_at: Mapped[datetime]
    applied_at: Mapped[datetime | None]


class ImportRow(Base):
    """One row of an import: what it says, and whether it is new, changed, the same, or wrong and why."""

    __tablename__ = "import_row"

    run_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("import_run.id", ondelete="CASCADE"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    verdict: Mapped[str] = mapped_column(String(16))
    values: Mapped[dict[str, Any]]
    reasons: Mapped[dict[str, Any]]

    __table_args__ = (Index("ix_import_row_run_id_verdict", "run_id", "verdict"),)
