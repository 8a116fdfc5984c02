"""What an import knows of the world, and what it plans to do. Pure."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from meetingcheck.orgs.importing.faults import Fault, Note


class Verdict(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    ERROR = "error"


@dataclass(frozen=True)
class KnownUnit:
    """A unit of the chosen area as it is today; `parent_id` of the topmost one lies outside."""

    id: uuid.UUID
    code: str | None
    name: str
    kind: str
    founded_on: date
    closed_on: date | None
    usual_day: int | None
    parent_id: uuid.UUID | None


@dataclass(frozen=True)
class KnownPerson:
    """A person of the installation. `own`: whoever imports may change them (security.md 3)."""

    id: uuid.UUID
    name: str
    login: str
    phone: str | None
    email: str | None
    disabled: bool
    own: bool


@dataclass(frozen=True)
class Kind:
    code: str
    name: str
    is_cell: bool


@dataclass(frozen=True)
class Area:
    """The chosen unit with all below it, the people of the installation, and what they do in the area."""

    top: uuid.UUID
    top_parent: tuple[str | None, str] | None  # code and name of the unit above the topmost one
    units: Mapping[uuid.UUID, KnownUnit]
    codes_elsewhere: frozenset[str]
    kinds: tuple[Kind, ...]
    roles_allowed: Mapping[bool, frozenset[str]]  # in cells, elsewhere
    people: Mapping[uuid.UUID, KnownPerson]
    held: frozenset[tuple[uuid.UUID, uuid.UUID, str]]  # person, unit, role; watchers included
    today: date


@dataclass(frozen=True)
class Found:
    """One thing that is wrong in a row."""

    fault: Fault
    where: str | None = None  # the field
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """One thing that a row changes, for people to see."""

    where: str  # the field
    old: str
    new: str


@dataclass
class Judged:
    """One row with what it says, what it would do, and what is wrong with it. `replaces`: a sitting secretary ends by
    it, which is a change, though the successor may be new. `notes`: what it says that is not taken. `under`: where a
    new unit will stand."""

    line: int
    shown: dict[str, str]
    new: list[str] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    faults: list[Found] = field(default_factory=list)
    replaces: bool = False
    notes: list[Note] = field(default_factory=list)
    under: str = ""

    @property
    def verdict(self) -> Verdict:
        if self.faults:
            return Verdict.ERROR
        if self.new and not self.replaces:
            return Verdict.NEW
        return Verdict.CHANGED if self.changes else Verdict.SAME


@dataclass(frozen=True)
class UnitToFound:
    id: uuid.UUID
    parent_id: uuid.UUID
    code: str | None
    name: str
    kind: str
    founded_on: date
    usual_day: int | None


@dataclass(frozen=True)
class PersonToAdd:
    id: uuid.UUID
    name: str
    phone: str | None
    email: str | None


@dataclass(frozen=True)
class Succession:
    """A cell's secretary whose role ends because the list names another one, and not this one."""

    unit_id: uuid.UUID
    before: uuid.UUID
    after: uuid.UUID


@dataclass
class Plan:
    """What is to be done, parents before children. Only a plan without a faulty row may be carried out."""

    rows: list[Judged]
    units: list[UnitToFound] = field(default_factory=list)
    unit_changes: dict[uuid.UUID, dict[str, Any]] = field(default_factory=dict)
    moves: dict[uuid.UUID, uuid.UUID] = field(default_factory=dict)
    people: list[PersonToAdd] = field(default_factory=list)
    person_changes: dict[uuid.UUID, dict[str, str]] = field(default_factory=dict)
    given: list[tuple[uuid.UUID, uuid.UUID, str]] = field(default_factory=list)
    succeeded: list[Succession] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """Number of rows by verdict."""
        found = dict.fromkeys(map(str, Verdict), 0)
        for row in self.rows:
            found[row.verdict] += 1
        return found
