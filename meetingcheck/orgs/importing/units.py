"""Which unit each row of a list means, and what becomes of the units. Pure.

A unit is known by its code, else by its superior and its name.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import islice
from typing import Any

from meetingcheck.orgs.importing.columns import Field
from meetingcheck.orgs.importing.entries import Entry, kind_named_in, names_of
from meetingcheck.orgs.importing.faults import Fault
from meetingcheck.orgs.importing.groups import Group, same_code
from meetingcheck.orgs.importing.plan import Area, Change, Kind, KnownUnit, Plan, UnitToFound
from meetingcheck.orgs.importing.unitnames import canonical, same_unit, unit_key
from meetingcheck.orgs.importing.values import is_worse_spelt, spelling

DEEPEST = 20
PATH_SIGNS = (" / ", " > ", " \\ ")


class Units:
    """Finds out which unit each row means, and what becomes of the units."""

    def __init__(self, area: Area, run_id: uuid.UUID, kinds: Mapping[str, Kind]) -> None:
        self._area = area
        self._run_id = run_id
        self._kinds_by_name = kinds
        self._kinds = {kind.code: kind for kind in area.kinds}
        self._coded: dict[str, Group] = {}
        self._named: dict[str, list[Group]] = {}
        self._placed: dict[tuple[str, str], list[Group]] = {}  # by name and superior
        self._planned: dict[tuple[uuid.UUID, str], list[Group]] = {}  # by superior and name
        self._of_line: dict[int, Group] = {}
        self._by_id: dict[uuid.UUID, Group] = {}
        self._open = [unit for unit in area.units.values() if unit.closed_on is None or unit.closed_on > area.today]
        self._open_ids = {unit.id for unit in self._open}
        self._known_coded = {unit.code.casefold(): unit for unit in area.units.values() if unit.code}
        self._known_exact = {unit.code: unit for unit in area.units.values() if unit.code}
        self._elsewhere = {code.casefold() for code in area.codes_elsewhere}
        self._known_named: dict[str, list[KnownUnit]] = {}
        for unit in self._open:
            self._known_named.setdefault(unit_key(unit.name), []).append(unit)
        self._has_children = {unit.parent_id for unit in self._open}

    # grouping

    def group(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if entry.code:
                self._join(entry, self._coded.get(entry.code.casefold()))
        # Rows that say where the unit stands come first: they tell those of the same name apart.
        uncoded = [entry for entry in entries if entry.name and not entry.code]
        for entry in sorted(uncoded, key=lambda entry: not entry.parent):
            alike = self._groups_like(entry)
            if len(alike) > 1:
                entry.refuse(Fault.UNIT_AMBIGUOUS, Field.NAME)
            else:
                self._join(entry, alike[0] if alike else None)
        for entry in entries:
            if not entry.code and not entry.name and (entry.speaks_of_person or not entry.judged.faults):
                entry.refuse(Fault.UNIT_MISSING, Field.NAME)

    def _groups_like(self, entry: Entry) -> list[Group]:
        """The units of the list so far that a row without a code may mean, at most two."""
        plain = unit_key(entry.name)
        if entry.parent:
            places = [(plain, unit_key(entry.parent)), (plain, "")]
            groups = [group for place in places for group in self._placed.get(place, [])]
        else:
            groups = self._named.get(plain, [])
        alike = list(islice((group for group in groups if same_unit(group.name, entry.name)), 2))
        exact = [group for group in alike if spelling(group.name) == spelling(entry.name)]
        return exact or alike

    def _join(self, entry: Entry, group: Group | None) -> None:
        if group is None:
            group = Group([])
        had_name = bool(group.name)
        group.take(entry)
        self._of_line[entry.line] = group
        if group.code:
            self._coded[group.code.casefold()] = group
        if group.name and not had_name:
            plain = unit_key(group.name)
            self._named.setdefault(plain, []).append(group)
            self._placed.setdefault((plain, unit_key(group.parent)), []).append(group)

    # resolving

    def resolve_all(self) -> list[Group]:
        """Every unit of the list once, found or planned; parents come before children."""
        resolved: list[Group] = []
        for group in list({id(group): group for group in self._of_line.values()}.values()):
            self._resolve(group, resolved, 0)
        return resolved

    def group_of(self, entry: Entry) -> Group | None:
        return self._of_line.get(entry.line)

    def _resolve(self, group: Group, resolved: list[Group], depth: int) -> None:
        if group.state == "resolving" or depth > DEEPEST:
            group.refuse(Fault.CIRCLE, Field.PARENT)
        if group.state != "waiting":
            return
        group.state = "resolving"
        parent_id = self._parent_of(group, resolved, depth)
        if group.has_failed():
            return
        group.known = self._known(group, parent_id)
        if group.has_failed():
            return
        if group.known and not group.parent:
            parent_id = group.known.parent_id
        group.parent_id = parent_id if parent_id or group.known else self._area.top
        earlier = self._by_id.get(group.known.id) if group.known else self._twin(group)
        if earlier is not None:
            self._merge(group, earlier)
            return
        group.state = "resolved"
        group.id = group.known.id if group.known else uuid.uuid5(self._run_id, f"unit/{group.first.line}")
        self._by_id[group.id] = group
        if group.known is None and group.parent_id is not None:
            self._planned.setdefault((group.parent_id, unit_key(group.name)), []).append(group)
        resolved.append(group)

    def _twin(self, group: Group) -> Group | None:
        """A new unit of the list that turns out to be this one: the superior was only written in another way."""
        assert group.parent_id is not None
        alike = self._planned.get((group.parent_id, unit_key(group.name)), []) if group.name else []
        return next(
            (other for other in alike if same_unit(other.name, group.name) and not (group.code and other.code)), None
        )

    def _merge(self, group: Group, earlier: Group) -> None:
        group.state, group.id = "merged", earlier.id
        # The superior was understood the same way, however it was written.
        group.said.pop(Field.PARENT.value, None)
        for entry in group.entries:
            earlier.take(replace(entry, parent=""))
            self._of_line[entry.line] = earlier

    def _parent_of(self, group: Group, resolved: list[Group], depth: int) -> uuid.UUID | None:
        if not group.parent:
            return None
        if self._is_top(group):
            if not self._names_top_parent(group.parent):
                group.refuse(Fault.TOP_STAYS, Field.PARENT)
            return None
        found = self._units_called(group.parent, group, resolved, depth + 1)
        if not found:
            group.refuse(Fault.PARENT_UNKNOWN, Field.PARENT)
        elif len(found) > 1:
            group.refuse(Fault.PARENT_AMBIGUOUS, Field.PARENT)
        return found[0] if len(found) == 1 else None

    def _is_top(self, group: Group) -> bool:
        top = self._area.units[self._area.top]
        if group.code and top.code:
            return same_code(group.code, top.code)
        return not group.code and same_unit(group.name, top.name) and self._names_top_parent(group.parent)

    def _names_top_parent(self, text: str) -> bool:
        if self._area.top_parent is None:
            return False
        code, name = self._area.top_parent
        return same_unit(text, name) or (code is not None and same_code(text, code))

    def _units_called(self, text: str, asking: Group, resolved: list[Group], depth: int) -> list[uuid.UUID]:
        """The units that a superior's cell may mean: a code, a name, or a path of names from above."""
        coded = self._coded.get(text.casefold())
        if coded is not None and coded is not asking:
            self._resolve(coded, resolved, depth)
            return [coded.id] if coded.id else []
        known = self._known_exact.get(text) or self._known_coded.get(text.casefold())
        if known is not None:
            return [known.id]
        for path in _paths(text):
            found = self._units_at(path, asking, resolved, depth)
            if found:
                return found
        # A superior's cell often leaves out what a superior always is: "xã Mẫu" for "Đảng bộ xã Mẫu".
        committees = (kind.name for kind in self._area.kinds if not kind.is_cell)
        return [one for name in committees for one in self._units_at([f"{name} {text}"], asking, resolved, depth)]

    def _units_at(self, path: list[str], asking: Group, resolved: list[Group], depth: int) -> list[uuid.UUID]:
        plain = unit_key(path[-1])
        candidates: dict[uuid.UUID, str] = {
            unit.id: unit.name for unit in self._known_named.get(plain, []) if same_unit(unit.name, path[-1])
        }
        for group in list(self._named.get(plain, [])):
            if group is not asking and same_unit(group.name, path[-1]):
                self._resolve(group, resolved, depth)
                if group.id is not None:
                    candidates[group.id] = group.name
        found = [unit_id for unit_id in candidates if self._stands_at(unit_id, path[:-1])]
        exact = [unit_id for unit_id in found if spelling(candidates[unit_id]) == spelling(path[-1])]
        return exact or found

    def _stands_at(self, unit_id: uuid.UUID, above: Sequence[str]) -> bool:
        """Whether the units above bear these names, the nearest one last."""
        current: uuid.UUID | None = unit_id
        for name in reversed(above):
            current = self.parent_id(current) if current else None
            if current is None or not same_unit(self.name(current), name):
                return False
        return True

    def _known(self, group: Group, parent_id: uuid.UUID | None) -> KnownUnit | None:
        if group.code:
            known = self._known_exact.get(group.code) or self._known_coded.get(group.code.casefold())
            if known is None and group.code.casefold() in self._elsewhere:
                group.refuse(Fault.CODE_ELSEWHERE, Field.CODE)
            if known is not None and known.id not in self._open_ids:
                group.refuse(Fault.CLOSED, Field.CODE)
            if known is not None or not group.name:
                return known
        alike = self._known_called(group.name, group, parent_id)
        if not alike and group.bare_name:
            alike = self._known_called(group.bare_name, group, parent_id)
        if len(alike) > 1:
            group.refuse(Fault.UNIT_AMBIGUOUS, Field.NAME)
        return alike[0] if len(alike) == 1 else None

    def _known_called(self, name: str, group: Group, parent_id: uuid.UUID | None) -> list[KnownUnit]:
        named = self._known_named.get(unit_key(name), [])
        alike = [unit for unit in named if same_unit(unit.name, name) and not (group.code and unit.code)]
        if parent_id is not None or group.code:
            alike = [unit for unit in alike if unit.parent_id == (parent_id or self._area.top)]
        exact = [unit for unit in alike if spelling(unit.name) == spelling(name)]
        return exact or alike

    # the tree as it will be

    def name(self, unit_id: uuid.UUID) -> str:
        group = self._by_id.get(unit_id)
        return self._area.units[unit_id].name if unit_id in self._area.units else group.name if group else ""

    def parent_id(self, unit_id: uuid.UUID) -> uuid.UUID | None:
        if unit_id == self._area.top:
            return None
        group = self._by_id.get(unit_id)
        if group is not None:
            return group.parent_id
        return self._area.units[unit_id].parent_id if unit_id in self._area.units else None

    def is_cell(self, unit_id: uuid.UUID) -> bool:
        kind = self._kind_of(unit_id)
        return kind is not None and kind.is_cell

    def is_committee(self, unit_id: uuid.UUID) -> bool:
        """Whether it is known to be no cell."""
        kind = self._kind_of(unit_id)
        return kind is not None and not kind.is_cell

    def _kind_of(self, unit_id: uuid.UUID) -> Kind | None:
        group = self._by_id.get(unit_id)
        code = (group.kind if group else None) or (
            self._area.units[unit_id].kind if unit_id in self._area.units else None
        )
        return self._kinds.get(code) if code else None

    # what becomes of them

    def plan(self, groups: Sequence[Group], plan: Plan) -> None:
        for group in groups:
            if group.state == "resolved":
                self._choose_kind(group)
        parents = {group.parent_id for group in groups if group.state == "resolved"}
        for group in groups:
            if group.state == "resolved":
                self._check_place(group, parents)
        for group in groups:
            if group.state == "resolved":
                (self._change if group.known else self._found)(group, plan)
        for group in {id(group): group for group in self._of_line.values()}.values():
            if group.has_failed():
                faulty = next((entry for entry in group.entries if entry.judged.faults), group.first)
                for entry in group.entries:
                    if not entry.judged.faults:
                        entry.refuse(Fault.UNIT_FAULTY, line=str(faulty.line))

    def _choose_kind(self, group: Group) -> None:
        said = group.said.get(Field.KIND.value)
        group.kind = said[0] if said else group.known.kind if group.known else self._kind_by_name(group.name)
        if not group.known and not group.name:
            group.refuse(Fault.NAME_MISSING, Field.NAME)
        elif group.kind is None and not any(
            found.where == Field.KIND for entry in group.entries for found in entry.judged.faults
        ):
            group.refuse(Fault.KIND_MISSING, Field.KIND, kinds=names_of(self._area.kinds))

    def _kind_by_name(self, name: str) -> str | None:
        kind = kind_named_in(canonical(name), self._kinds_by_name)
        return kind.code if kind else None

    def _check_place(self, group: Group, parents: set[uuid.UUID | None]) -> None:
        assert group.id is not None
        if group.parent_id is not None and group.id != self._area.top and self.is_cell(group.parent_id):
            group.refuse(Fault.PARENT_IS_CELL, Field.PARENT)
        if self.is_cell(group.id) and group.id in parents and not group.known:
            return  # said at the units below
        if self.is_cell(group.id) and group.known and group.id in self._has_children:
            group.refuse(Fault.HAS_UNITS_BELOW, Field.KIND)
        current, steps = self.parent_id(group.id), 0
        while current is not None and current != group.id and steps <= DEEPEST:
            current, steps = self.parent_id(current), steps + 1
        if current is not None:
            group.refuse(Fault.CIRCLE, Field.PARENT)

    def _found(self, group: Group, plan: Plan) -> None:
        assert group.id is not None
        assert group.parent_id is not None
        if group.kind is None:
            return
        for entry in group.entries:
            if entry.is_place_unclear:
                group.refuse(Fault.SUPERIOR_UNCLEAR, Field.PARENT, entry)
        if group.has_failed():
            return
        group.first.judged.new.append("unit")
        group.first.judged.under = self.name(group.parent_id)
        said = {name: value for name, (value, _) in group.said.items()}
        founded = said.get(Field.FOUNDED.value) or self._area.today
        plan.units.append(
            UnitToFound(
                id=group.id,
                parent_id=group.parent_id,
                code=group.code or None,
                name=group.name if Field.KIND.value in said else canonical(group.name),
                kind=group.kind,
                founded_on=founded,
                usual_day=said.get(Field.USUAL_DAY.value),
            )
        )

    def _change(self, group: Group, plan: Plan) -> None:
        known = group.known
        assert known is not None
        old_kind, new_kind = self._kinds.get(known.kind), self._kinds.get(group.kind or known.kind)
        if old_kind and new_kind and old_kind.is_cell != new_kind.is_cell:
            group.refuse(Fault.KIND_CHANGES, Field.KIND)
            return
        current: dict[str, tuple[str, Any]] = {
            Field.CODE.value: ("code", known.code),
            Field.KIND.value: ("kind", known.kind),
            Field.FOUNDED.value: ("founded_on", known.founded_on),
            Field.USUAL_DAY.value: ("usual_day", known.usual_day),
        }
        if known.code:
            del current[Field.CODE.value]
        if group.code and self._is_new_name(known.name, group):  # with a code another name is a new name
            current[Field.NAME.value] = ("name", known.name)
        changes: dict[str, Any] = {}
        for where, (column, old) in current.items():
            if where in group.said and group.said[where][0] != old:
                value, entry = group.said[where]
                changes[column] = value
                entry.judged.changes.append(Change(where, self._shown(old), self._shown(value)))
        if changes:
            plan.unit_changes[known.id] = changes
        if known.id != self._area.top and group.parent_id and group.parent_id != known.parent_id:
            assert known.parent_id is not None
            plan.moves[known.id] = group.parent_id
            _, entry = group.said[Field.PARENT.value]
            change = Change(Field.PARENT.value, self.name(known.parent_id), self.name(group.parent_id))
            entry.judged.changes.append(change)

    def _is_new_name(self, old: str, group: Group) -> bool:
        """Whether a list names a known unit otherwise than by other capitals, lost accents, or words cut short."""
        names = [group.name, group.bare_name] if group.bare_name else [group.name]
        return not any(
            canonical(name).casefold() == canonical(old).casefold() or is_worse_spelt(old, name) for name in names
        )

    def _shown(self, value: Any) -> str:
        if isinstance(value, date):
            return value.strftime("%d/%m/%Y")
        kind = self._kinds.get(value) if isinstance(value, str) else None
        return "" if value is None else kind.name if kind else str(value)


def _paths(text: str) -> list[list[str]]:
    """What a superior's cell may mean as a path: the whole as one name first, for names that hold a sign themselves."""
    paths = [[text]]
    for sign in PATH_SIGNS:
        if sign in text:
            paths.append([part for part in (part.strip() for part in text.split(sign)) if part])
    return [path for path in paths if path]
