"""Which person each row of a list means, and what becomes of the people. Pure.

A person is known by the phone number, else by the mail address.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from meetingcheck.orgs.importing.columns import Field
from meetingcheck.orgs.importing.entries import Entry
from meetingcheck.orgs.importing.faults import Fault, Note
from meetingcheck.orgs.importing.groups import Group
from meetingcheck.orgs.importing.plan import Area, Change, KnownPerson, PersonToAdd, Plan, Succession
from meetingcheck.orgs.importing.units import Units
from meetingcheck.orgs.importing.values import SECRETARY, WATCHER, is_worse_spelt, may_be_one_person, same_name


@dataclass
class ListedPerson:
    """One person of the list."""

    entry: Entry
    id: uuid.UUID
    known: KnownPerson | None
    name: str
    phone: str | None
    email: str | None

    @property
    def name_now(self) -> str:
        return self.name or (self.known.name if self.known else "")


class People:
    """Finds out which person each row means, and what becomes of the people."""

    def __init__(self, area: Area, run_id: uuid.UUID) -> None:
        self._area = area
        self._run_id = run_id
        self._known: dict[str, KnownPerson] = {}
        for person in area.people.values():
            for contact in {person.login, person.phone, person.email} - {None}:
                self._known.setdefault(str(contact), person)
        # A login is somebody's own; a phone number or an address may stand at several.
        self._known |= {person.login: person for person in area.people.values()}
        self._listed: dict[str, ListedPerson] = {}
        self._of_id: dict[uuid.UUID, ListedPerson] = {}
        self._given: dict[tuple[uuid.UUID, uuid.UUID, str], Entry] = {}
        self._named: set[tuple[uuid.UUID, uuid.UUID]] = set()  # secretaries that the list names, with their cells
        self._first_named: dict[uuid.UUID, Entry] = {}  # who the list says is secretary of a new cell
        self._secretaries: dict[uuid.UUID, list[uuid.UUID]] = {}
        for user_id, unit_id, role in sorted(area.held, key=str):
            if role == SECRETARY:
                self._secretaries.setdefault(unit_id, []).append(user_id)

    def plan(self, entries: Sequence[Entry], units: Units, plan: Plan) -> None:
        speaking = [entry for entry in entries if entry.speaks_of_person]
        for entry in sorted(speaking, key=lambda entry: entry.phone is None):
            self._plan_entry(entry, units, plan)
        for person in self._of_id.values():
            self._plan_person(person, plan)
        self._succeed(plan)

    def _plan_entry(self, entry: Entry, units: Units, plan: Plan) -> None:
        if any(found.fault is Fault.SEVERAL_PEOPLE for found in entry.judged.faults):
            return
        group = units.group_of(entry)
        if entry.is_role_of_column and group is not None and self._is_left_out(entry, group, units):
            entry.judged.notes.append(Note.COMMITTEE_SECRETARY)
            return
        if not entry.roles and not any(found.where == Field.ROLE for found in entry.judged.faults):
            entry.refuse(Fault.ROLE_MISSING, Field.ROLE)
        if entry.phone is None and entry.email is None:
            if not any(found.where in {Field.PHONE, Field.EMAIL} for found in entry.judged.faults):
                entry.refuse(Fault.CONTACT_MISSING, Field.PHONE)
            return
        if group is not None and self._means_another_unit(entry, group, units):
            return
        person = self._person_of(entry)
        if person is None or group is None or group.id is None or group.has_failed():
            return
        self._give(entry, person, group.id, units.is_cell(group.id), plan)

    def _is_left_out(self, entry: Entry, group: Group, units: Units) -> bool:
        """Whether a column of secretaries names a committee's: lists of cells hold the committees above them too."""
        return group.id is not None and units.is_committee(group.id) and SECRETARY in entry.roles

    def _means_another_unit(self, entry: Entry, group: Group, units: Units) -> bool:
        """Whether a new cell without a code has another secretary already: then two cells bear one name, which are told
        apart by a column that is not understood."""
        if group.id is None or group.known is not None or group.code or SECRETARY not in entry.roles:
            return False
        if not units.is_cell(group.id):
            return False
        first = self._first_named.setdefault(group.id, entry)
        shared = {first.phone, first.email} & {entry.phone, entry.email} - {None}
        if shared or (same_name(first.person, entry.person) and not (first.phone and entry.phone)):
            return False
        entry.refuse(Fault.NAMESAKE, Field.NAME, line=str(first.line))
        return True

    def _person_of(self, entry: Entry) -> ListedPerson | None:
        contacts = [contact for contact in (entry.phone, entry.email) if contact]
        listed = self._listed.get(contacts[0]) or (self._listed.get(contacts[-1]) if entry.phone is None else None)
        if listed is not None:
            return self._same(entry, listed)
        if any(contact in self._listed for contact in contacts):
            other = next(self._listed[contact] for contact in contacts if contact in self._listed)
            entry.refuse(Fault.PERSON_DIFFERS, Field.EMAIL, line=str(other.entry.line))
            return None
        known = self._known_person(entry)
        if entry.judged.faults and known is None and not entry.person:
            return None
        if known is None and not entry.person:
            entry.refuse(Fault.PERSON_NAME_MISSING, Field.PERSON)
            return None
        if known is not None and known.id in self._of_id:
            return self._same(entry, self._of_id[known.id])
        person_id = known.id if known else uuid.uuid5(self._run_id, f"person/{contacts[0]}")
        person = ListedPerson(entry, person_id, known, entry.person, entry.phone, entry.email)
        self._of_id[person_id] = person
        self._listed |= dict.fromkeys(contacts, person)
        return person

    def _same(self, entry: Entry, person: ListedPerson) -> ListedPerson | None:
        """A further row about a person of the list; it may add what the first one left out."""
        names_differ = entry.person and person.name and not same_name(entry.person, person.name)
        mails_differ = entry.email and person.email and entry.email != person.email
        phones_differ = entry.phone and person.phone and entry.phone != person.phone
        if names_differ or mails_differ or phones_differ:
            entry.refuse(Fault.PERSON_DIFFERS, Field.PERSON, line=str(person.entry.line))
            return None
        person.name, person.email = person.name or entry.person, person.email or entry.email
        person.phone = person.phone or entry.phone
        self._listed |= {contact: person for contact in (person.phone, person.email) if contact}
        return person

    def _known_person(self, entry: Entry) -> KnownPerson | None:
        """Who it is of those whom the installation knows: by the phone number, else by the address."""
        by_phone = self._known.get(entry.phone) if entry.phone else None
        by_email = self._known.get(entry.email) if entry.email else None
        if by_phone is not None:
            if by_email is not None and by_email.id != by_phone.id:
                entry.refuse(Fault.CONTACT_OF_ANOTHER, Field.EMAIL)
            return by_phone
        if by_email is not None and entry.phone and by_email.phone not in {None, entry.phone}:
            # A changed phone number is the office's own page, where it is asked who they are.
            entry.refuse(Fault.CONTACT_OF_ANOTHER, Field.EMAIL)
            return None
        return by_email

    def _give(self, entry: Entry, person: ListedPerson, unit_id: uuid.UUID, is_cell: bool, plan: Plan) -> None:
        allowed = self._area.roles_allowed[is_cell]
        for role in entry.roles:
            if role not in allowed:
                entry.refuse(Fault.ROLE_NOT_HERE, Field.ROLE)
                continue
            given = (person.id, unit_id, role)
            if role == SECRETARY:
                self._named.add((person.id, unit_id))
            if given in self._area.held or given in self._given:
                continue
            if person.known is not None and not self._may_change(entry, person.known):
                return
            self._given[given] = entry
            plan.given.append(given)
            entry.judged.new.append(WATCHER if role == WATCHER else f"role:{role}")

    def _succeed(self, plan: Plan) -> None:
        """A cell has a new secretary: whoever was it and is not named again has handed over."""
        ended: set[tuple[uuid.UUID, uuid.UUID]] = set()
        for after, unit_id, role in plan.given:
            for before in self._secretaries.get(unit_id, []) if role == SECRETARY else []:
                if (before, unit_id) not in self._named | ended:
                    ended.add((before, unit_id))
                    plan.succeeded.append(Succession(unit_id, before, after))
                    change = Change(Field.ROLE.value, self._area.people[before].name, self._of_id[after].name_now)
                    judged = self._given[after, unit_id, role].judged
                    judged.changes.append(change)
                    judged.replaces = True

    def _may_change(self, entry: Entry, known: KnownPerson) -> bool:
        if known.own and not known.disabled:
            return True
        fault = Fault.PERSON_DISABLED if known.own else Fault.PERSON_ELSEWHERE
        if not any(found.fault == fault for found in entry.judged.faults):
            entry.refuse(fault, Field.PERSON)
        return False

    def _plan_person(self, person: ListedPerson, plan: Plan) -> None:
        known = person.known
        if known is None:
            plan.people.append(PersonToAdd(person.id, person.name, person.phone, person.email))
            person.entry.judged.new.insert(0, "person")
            return
        if person.name and not may_be_one_person(known.name, person.name):
            # A mistyped number must not rename a stranger.
            person.entry.refuse(Fault.PERSON_OF_OTHER_NAME, Field.PERSON)
            return
        changes = {
            column: Change(where.value, old or "", new)
            for column, where, old, new in (
                ("name", Field.PERSON, known.name, person.name),
                ("phone", Field.PHONE, known.phone, person.phone),
                ("email", Field.EMAIL, known.email, person.email),
            )
            if new and new != old and not (where is Field.PERSON and is_worse_spelt(old or "", new))
        }
        # What is known of somebody is shown to nobody who may not change it.
        if changes and self._may_change(person.entry, known):
            person.entry.judged.changes += changes.values()
            plan.person_changes[known.id] = {column: change.new for column, change in changes.items()}
