"""The rows of a list that speak of one unit, with what they say together. Pure."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from meetingcheck.orgs.importing.columns import Field
from meetingcheck.orgs.importing.entries import Entry
from meetingcheck.orgs.importing.faults import Fault
from meetingcheck.orgs.importing.plan import KnownUnit
from meetingcheck.orgs.importing.unitnames import same_unit


@dataclass
class Group:
    """All rows that speak of one unit, with what they say together."""

    entries: list[Entry]
    code: str = ""
    name: str = ""
    bare_name: str = ""
    parent: str = ""
    said: dict[str, tuple[Any, Entry]] = field(default_factory=dict)  # the value and the row that says it
    id: uuid.UUID | None = None
    parent_id: uuid.UUID | None = None
    known: KnownUnit | None = None
    state: str = "waiting"
    kind: str | None = None

    @property
    def first(self) -> Entry:
        return min(self.entries, key=lambda entry: entry.line)

    def has_failed(self) -> bool:
        return self.state == "faulty"

    def refuse(self, fault: Fault, where: Field | None = None, entry: Entry | None = None, **params: str) -> None:
        (entry or self.first).refuse(fault, where, **params)
        self.state = "faulty"

    def take(self, entry: Entry) -> None:
        """Add a row; what it says otherwise than an earlier one is a fault of that row."""
        self.entries.append(entry)
        said: tuple[tuple[Field, Any, Callable[[Any, Any], bool]], ...] = (
            (Field.CODE, entry.code, same_code),
            (Field.NAME, entry.name, same_unit),
            (Field.PARENT, entry.parent, same_unit),
            (Field.KIND, entry.kind, _equal),
            (Field.FOUNDED, entry.founded, _equal),
            (Field.USUAL_DAY, entry.usual_day, _equal),
        )
        for where, value, alike in said:
            if value in (None, ""):
                continue
            earlier = self.said.setdefault(where.value, (value, entry))
            if not alike(earlier[0], value):
                entry.refuse(Fault.UNIT_DIFFERS, where, line=str(earlier[1].line))
        self.code, self.name, self.parent = (
            self.said[where.value][0] if where.value in self.said else ""
            for where in (Field.CODE, Field.NAME, Field.PARENT)
        )
        self.bare_name = self.said[Field.NAME.value][1].bare_name if self.name else ""


def same_code(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def _equal(one: object, other: object) -> bool:
    return one == other
