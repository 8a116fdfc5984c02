"""Reading one row of a list into values. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from meetingcheck.lib.text import has_unsafe_characters, search_form
from meetingcheck.orgs.importing.columns import Field
from meetingcheck.orgs.importing.faults import Fault, Note
from meetingcheck.orgs.importing.outcomes import MAX_CELL_CHARS, Cell, Line
from meetingcheck.orgs.importing.persons import Named, person_in
from meetingcheck.orgs.importing.plan import Found, Judged, Kind
from meetingcheck.orgs.importing.unitnames import canonical, same_unit, takes_kind, unit_key, unit_name_in
from meetingcheck.orgs.importing.values import (
    ERROR_VALUES,
    day_of,
    leaves_role_open,
    mail_of,
    mentions_deputy,
    names_deputy,
    phones_of,
    roles_of,
    says_nothing,
    text_of,
    usual_day_of,
)

LONGEST_CODE = 40
LONGEST_NAME = 200
LONGEST_PERSON = 120
FIRST_DAY = date(1900, 1, 1)


@dataclass
class Entry:
    """One row as values; a field that could not be read is missing and has a fault."""

    judged: Judged
    code: str = ""
    name: str = ""
    bare_name: str = ""  # as it was written, where the column's title gives the kind that stands before it
    parent: str = ""
    kind: str | None = None
    founded: date | None = None
    usual_day: int | None = None
    person: str = ""
    phone: str | None = None
    email: str | None = None
    roles: tuple[str, ...] = ()
    is_role_of_column: bool = False  # only the column's title says it
    is_place_unclear: bool = False

    @property
    def line(self) -> int:
        return self.judged.line

    @property
    def speaks_of_person(self) -> bool:
        return any(self.judged.shown.get(name) for name in _ABOUT_PERSON)

    def refuse(self, fault: Fault, where: Field | None = None, **params: str) -> None:
        self.judged.faults.append(Found(fault, where.value if where else None, params))


_LONGEST = {Field.CODE: LONGEST_CODE, Field.NAME: LONGEST_NAME, Field.PERSON: LONGEST_PERSON}
_MAY_BE_NOTHING = {Field.CODE, Field.FOUNDED, Field.USUAL_DAY, Field.PHONE, Field.EMAIL, Field.ROLE}
# Where a unit is, which offices call its sort ("Loại hình"), says nothing of its kind.
_SORTS_OF_PLACE = {
    *("nong thon", "thanh thi", "do thi", "khu dan cu", "thon", "to dan pho", "ban", "xa", "phuong", "thi tran"),
    *("co quan", "hanh chinh", "su nghiep", "co quan hanh chinh", "don vi su nghiep", "truong hoc", "giao duc", "y te"),
    *("doanh nghiep", "doanh nghiep nha nuoc", "doanh nghiep tu nhan", "quan su", "cong an", "luc luong vu trang"),
}
_ABOUT_PERSON = (Field.PERSON, Field.PHONE, Field.EMAIL, Field.ROLE)


def read_entry(
    line: Line,
    columns: Mapping[str, int],
    default_role: str | None,
    kinds: Mapping[str, Kind],
    today: date,
    unit_word: str = "",
) -> Entry:
    """One row as values. `default_role` and `unit_word` are what titles say of all rows: "Bí thư", "Tên chi bộ"."""
    cells: dict[Field, Cell] = {}
    for name, index in columns.items():
        if index < len(line.cells) and (text := text_of(line.cells[index])):
            cells[Field(name)] = line.cells[index] if not isinstance(line.cells[index], str) else text
    cells = {where: cell for where, cell in cells.items() if where not in _MAY_BE_NOTHING or not _is_nothing(cell)}
    shown = {where.value: text_of(cell) for where, cell in cells.items()}
    entry = Entry(Judged(line.number, shown))
    for where, text in shown.items():
        _check_text(entry, Field(where), text)
    named = _named(entry)
    entry.code, entry.parent = shown.get(Field.CODE, ""), unit_name_in(shown.get(Field.PARENT, ""))
    entry.kind = _kind_of(entry, shown.get(Field.KIND, ""), kinds)
    _read_name(entry, unit_word, kinds, is_listed=bool(entry.person) and _is_numbered(line, columns))
    _read_days(entry, cells, today)
    if not named.several:
        _read_contacts(entry, cells, named)
        _read_roles(entry, named.post, default_role)
    _show_as_understood(entry)
    return entry


def _is_numbered(line: Line, columns: Mapping[str, int]) -> bool:
    """Whether the first cell of a row is its number in the list."""
    first = line.cells[0] if line.cells else ""
    return 0 not in columns.values() and text_of(first).rstrip(".)").isdecimal()


def _read_name(entry: Entry, unit_word: str, kinds: Mapping[str, Kind], *, is_listed: bool) -> None:
    """The unit's name, with the kind before it that the column's title says and the name does not."""
    shown = entry.judged.shown
    text = shown.get(Field.NAME.value, "")
    if not text:
        return
    name = unit_name_in(text, among_units=bool(unit_word))
    may_take = bool(unit_word) and entry.kind is None and takes_kind(name, is_listed=is_listed)
    given = may_take and kind_named_in(canonical(name), kinds) is None
    entry.name, entry.bare_name = (f"{unit_word} {name}", name) if given else (name, "")
    shown[Field.NAME.value] = entry.name
    if entry.parent and _names_itself(entry, kinds):
        entry.parent = ""
        del shown[Field.PARENT.value]


def _names_itself(entry: Entry, kinds: Mapping[str, Kind]) -> bool:
    """Whether the superior is the unit itself: a committee's own row often holds its name in that column as well."""
    own = unit_key(entry.name)
    above = {entry.parent, *(f"{kind.name} {entry.parent}" for kind in kinds.values() if not kind.is_cell)}
    return any(unit_key(name) == own and same_unit(name, entry.name) for name in above)


def _named(entry: Entry) -> Named:
    """The person in the row's cell of names, without what stands beside the name."""
    shown = entry.judged.shown
    text = shown.get(Field.PERSON.value, "")
    if not text:
        return Named()
    named = person_in(text)
    entry.person = named.name
    if named.several:
        entry.refuse(Fault.SEVERAL_PEOPLE, Field.PERSON)
    elif named.name:
        shown[Field.PERSON.value] = named.name
    else:
        # Whoever can be called is somebody, though the name is missing.
        is_vacant = Field.PHONE.value not in shown and Field.EMAIL.value not in shown
        for where in (Field.PERSON, Field.ROLE) if is_vacant else (Field.PERSON,):
            shown.pop(where.value, None)
        entry.judged.notes += [Note.VACANT] if is_vacant else []
        if not is_vacant and mentions_deputy(text):
            entry.refuse(Fault.DEPUTY, Field.ROLE)
    return named


def _read_roles(entry: Entry, beside: str, default_role: str | None) -> None:
    """What the person does: by the row's own cell, by what stands beside the name, by the title of the column."""
    text = entry.judged.shown.get(Field.ROLE.value, "")
    if entry.person and (not text or leaves_role_open(text)):
        said_beside = "" if leaves_role_open(beside) else beside
        entry.is_role_of_column = bool(default_role) and not said_beside
        text = said_beside or default_role or text
    if not text:
        return
    roles = roles_of(text)
    if roles is None:
        entry.refuse(Fault.DEPUTY if names_deputy(text) else Fault.BAD_ROLE, Field.ROLE)
    entry.roles = tuple(roles or ())


def _show_as_understood(entry: Entry) -> None:
    """Days and phone numbers as they will be kept: a list holds 32907 or 912345678."""
    if entry.founded is not None:
        entry.judged.shown[Field.FOUNDED.value] = entry.founded.strftime("%d/%m/%Y")
    if entry.usual_day is not None:
        entry.judged.shown[Field.USUAL_DAY.value] = str(entry.usual_day)
    if entry.phone is not None:
        entry.judged.shown[Field.PHONE.value] = entry.phone


def _is_nothing(cell: Cell) -> bool:
    return isinstance(cell, str) and says_nothing(cell)


def _check_text(entry: Entry, where: Field, text: str) -> None:
    if has_unsafe_characters(text):
        entry.refuse(Fault.UNSAFE, where)
    if len(text) > _LONGEST.get(where, MAX_CELL_CHARS):
        entry.refuse(Fault.TOO_LONG, where)
    if text in ERROR_VALUES:
        entry.refuse(Fault.FORMULA_ERROR, where)


def _kind_of(entry: Entry, text: str, kinds: Mapping[str, Kind]) -> str | None:
    if not text:
        return None
    kind = kinds.get(search_form(text)) or kind_named_in(canonical(f"{text} x"), kinds)  # CB, Chi bộ cơ sở
    if kind is None and search_form(text) in _SORTS_OF_PLACE:
        del entry.judged.shown[Field.KIND.value]
        return None
    if kind is None:
        entry.refuse(Fault.BAD_KIND, Field.KIND, kinds=names_of(kinds.values()))
        return None
    return kind.code


def kind_named_in(name: str, kinds: Mapping[str, Kind]) -> Kind | None:
    """The kind whose name a unit's own begins with, the longest first: "Chi bộ Thôn Mẫu" is a Chi bộ."""
    plain = f"{search_form(name)} "
    fitting = [text for text in kinds if plain.startswith(f"{text} ")]
    return kinds[max(fitting, key=len)] if fitting else None


def names_of(kinds: Iterable[Kind]) -> str:
    return ", ".join(dict.fromkeys(kind.name for kind in kinds))


def _read_days(entry: Entry, cells: Mapping[Field, Cell], today: date) -> None:
    if Field.FOUNDED in cells:
        entry.founded = day_of(cells[Field.FOUNDED], today)
        if entry.founded is None or entry.founded < FIRST_DAY:
            entry.refuse(Fault.BAD_DAY, Field.FOUNDED)
        elif entry.founded > today:
            entry.refuse(Fault.DAY_TO_COME, Field.FOUNDED)
    if Field.USUAL_DAY in cells:
        entry.usual_day = usual_day_of(cells[Field.USUAL_DAY])
        if entry.usual_day is None:
            entry.refuse(Fault.BAD_USUAL_DAY, Field.USUAL_DAY)


def _read_contacts(entry: Entry, cells: Mapping[Field, Cell], named: Named) -> None:
    if Field.PHONE not in cells:
        entry.phone = named.phone
    if Field.PHONE in cells:
        phones = phones_of(cells[Field.PHONE])
        entry.phone = phones[0] if phones else None
        if not phones:
            entry.refuse(Fault.BAD_PHONE, Field.PHONE)
        entry.judged.notes += [Note.FIRST_PHONE] if len(phones) > 1 else []
    if Field.EMAIL in cells:
        entry.email = mail_of(text_of(cells[Field.EMAIL]))
        if entry.email is None:
            entry.refuse(Fault.BAD_EMAIL, Field.EMAIL)
