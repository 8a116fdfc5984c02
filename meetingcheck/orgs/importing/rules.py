"""What an imported list means beside what is there already: new, changed, the same, or wrong and why. Pure.

One row may hold a unit, a person with a role in that unit, or both; several rows may speak of the same unit or person.
A unit is known by its code, else by its superior and its name; a person by the phone number, else by the mail address.
Nothing is deleted because it is missing from a list.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from itertools import islice
from typing import Any

from meetingcheck.lib.text import N_, has_unsafe_characters, search_form
from meetingcheck.orgs.importing.columns import Field
from meetingcheck.orgs.importing.outcomes import MAX_CELL_CHARS, Cell, FileProblem, Line
from meetingcheck.orgs.importing.values import (
    ERROR_VALUES,
    WATCHER,
    day_of,
    mail_of,
    may_be_one_person,
    phone_of,
    roles_of,
    same_name,
    spelling,
    text_of,
    usual_day_of,
)

LONGEST_CODE = 40
LONGEST_NAME = 200
LONGEST_PERSON = 120
DEEPEST = 20
FIRST_DAY = date(1900, 1, 1)
PATH_SIGNS = (" / ", " > ", " \\ ")

FILE_SENTENCES = {
    FileProblem.EMPTY: N_("Tệp này trống. Đồng chí hãy chọn tệp danh sách."),
    FileProblem.TOO_LARGE: N_("Tệp này lớn hơn 5 MB. Đồng chí hãy chia danh sách thành nhiều tệp."),
    FileProblem.UNPACKS_TOO_LARGE: N_("Tệp này mở ra lớn hơn 50 MB. Đồng chí hãy chép danh sách sang một tệp mới."),
    FileProblem.TOO_MANY_PARTS: N_("Bên trong tệp có quá nhiều phần. Đồng chí hãy chép danh sách sang một tệp mới."),
    FileProblem.TOO_MANY_ROWS: N_("Danh sách dài hơn 20.000 dòng. Đồng chí hãy chia thành nhiều tệp."),
    FileProblem.TOO_MUCH_TEXT: N_("Danh sách có quá nhiều chữ. Đồng chí hãy bỏ bớt các cột không cần."),
    FileProblem.OLD_EXCEL: N_(
        "Đây là tệp Excel đời cũ (.xls). Đồng chí hãy mở bằng Excel, chọn Lưu thành (Save As), kiểu .xlsx, rồi gửi lại."
    ),
    FileProblem.BINARY_EXCEL: N_("Đây là tệp .xlsb. Đồng chí hãy mở bằng Excel, lưu thành .xlsx, rồi gửi lại."),
    FileProblem.OPEN_DOCUMENT: N_("Đây là tệp OpenDocument (.ods). Đồng chí hãy lưu thành .xlsx rồi gửi lại."),
    FileProblem.PASSWORD: N_("Tệp này có mật khẩu. Đồng chí hãy bỏ mật khẩu rồi gửi lại."),
    FileProblem.PICTURE: N_("Đây là một tấm ảnh, không phải danh sách. Đồng chí hãy gửi tệp Excel (.xlsx) hoặc CSV."),
    FileProblem.DOCUMENT: N_(
        "Đây là tệp văn bản (Word, PDF). Đồng chí hãy chép bảng sang Excel, lưu thành .xlsx, rồi gửi lại."
    ),
    FileProblem.UNKNOWN: N_("Hệ thống không đọc được loại tệp này. Đồng chí hãy gửi tệp Excel (.xlsx) hoặc CSV."),
    FileProblem.BROKEN: N_("Tệp này bị hỏng. Đồng chí hãy mở bằng Excel, lưu lại thành .xlsx, rồi gửi lại."),
    FileProblem.NO_HEADER: N_(
        "Không thấy dòng tiêu đề cột. Cần ít nhất cột Tên đơn vị hoặc Mã đơn vị và một cột nữa; đồng chí xem tệp mẫu."
    ),
    FileProblem.NO_ROWS: N_("Danh sách chưa có dòng nào dưới tiêu đề."),
    FileProblem.TOOK_TOO_LONG: N_("Đọc tệp này lâu quá nên đã dừng. Đồng chí hãy chép danh sách sang một tệp mới."),
    FileProblem.OUT_OF_MEMORY: N_("Tệp này cần quá nhiều bộ nhớ. Đồng chí hãy chép danh sách sang một tệp mới."),
    FileProblem.CRASHED: N_("Không đọc được tệp này. Đồng chí hãy chép danh sách sang một tệp mới."),
    FileProblem.FORGOTTEN: N_("Danh sách này để lâu quá 7 ngày nên đã được xóa. Đồng chí hãy gửi lại tệp."),
}
CHANGED_MEANWHILE = N_(
    "Dữ liệu trong hệ thống đã thay đổi từ lúc xem trước, nên chưa ghi gì. Đồng chí hãy xem lại bảng dưới đây."
)


class Verdict(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    ERROR = "error"


class Fault(StrEnum):
    """Why a row cannot be taken; each has its sentence in `FAULT_SENTENCES`."""

    UNSAFE = "unsafe"
    TOO_LONG = "too_long"
    FORMULA_ERROR = "formula_error"
    BAD_DAY = "bad_day"
    DAY_TO_COME = "day_to_come"
    BAD_USUAL_DAY = "bad_usual_day"
    BAD_PHONE = "bad_phone"
    BAD_EMAIL = "bad_email"
    BAD_ROLE = "bad_role"
    BAD_KIND = "bad_kind"
    UNIT_MISSING = "unit_missing"
    NAME_MISSING = "name_missing"
    KIND_MISSING = "kind_missing"
    KIND_CHANGES = "kind_changes"
    UNIT_DIFFERS = "unit_differs"
    UNIT_AMBIGUOUS = "unit_ambiguous"
    UNIT_FAULTY = "unit_faulty"
    CODE_ELSEWHERE = "code_elsewhere"
    CLOSED = "closed"
    PARENT_UNKNOWN = "parent_unknown"
    PARENT_AMBIGUOUS = "parent_ambiguous"
    PARENT_IS_CELL = "parent_is_cell"
    HAS_UNITS_BELOW = "has_units_below"
    CIRCLE = "circle"
    TOP_STAYS = "top_stays"
    CONTACT_MISSING = "contact_missing"
    PERSON_NAME_MISSING = "person_name_missing"
    ROLE_MISSING = "role_missing"
    ROLE_NOT_HERE = "role_not_here"
    PERSON_DIFFERS = "person_differs"
    CONTACT_OF_ANOTHER = "contact_of_another"
    PERSON_OF_OTHER_NAME = "person_of_other_name"
    PERSON_ELSEWHERE = "person_elsewhere"
    PERSON_DISABLED = "person_disabled"


FAULT_SENTENCES = {
    Fault.UNSAFE: N_("Có ký tự lạ không dùng được; hãy gõ lại ô này."),
    Fault.TOO_LONG: N_("Ô này dài quá."),
    Fault.FORMULA_ERROR: N_("Ô này là lỗi công thức của Excel."),
    Fault.BAD_DAY: N_("Ngày chưa đúng; hãy ghi ngày/tháng/năm, ví dụ 03/02/1990."),
    Fault.DAY_TO_COME: N_("Ngày thành lập chưa đến."),
    Fault.BAD_USUAL_DAY: N_("Ngày sinh hoạt thường lệ là một số từ 1 đến 31 (31 là ngày cuối tháng)."),
    Fault.BAD_PHONE: N_("Số điện thoại chưa đúng; cần đủ 10 số, ví dụ 0912345678."),
    Fault.BAD_EMAIL: N_("Địa chỉ email chưa đúng."),
    Fault.BAD_ROLE: N_(
        "Nhiệm vụ chưa đúng; hãy ghi: bí thư, người gửi báo cáo, cán bộ theo dõi, quản trị, người xem, hoặc "
        "cấp ủy viên phụ trách."
    ),
    Fault.BAD_KIND: N_("Không có loại này; các loại đang có: %(kinds)s."),
    Fault.UNIT_MISSING: N_("Thiếu mã hoặc tên đơn vị."),
    Fault.NAME_MISSING: N_("Mã này chưa có trong hệ thống; đơn vị mới cần có tên."),
    Fault.KIND_MISSING: N_("Đơn vị mới cần có loại; các loại đang có: %(kinds)s."),
    Fault.KIND_CHANGES: N_("Không đổi chi bộ thành đảng bộ, hay ngược lại, bằng danh sách được."),
    Fault.UNIT_DIFFERS: N_("Dòng này ghi về đơn vị khác với dòng %(line)s."),
    Fault.UNIT_AMBIGUOUS: N_("Có nhiều đơn vị tên này; hãy ghi mã hoặc đơn vị cấp trên."),
    Fault.UNIT_FAULTY: N_("Đơn vị của dòng này có lỗi ở dòng %(line)s."),
    Fault.CODE_ELSEWHERE: N_("Mã này đã dùng cho một đơn vị ngoài phạm vi của danh sách."),
    Fault.CLOSED: N_("Đơn vị này đã kết thúc hoạt động."),
    Fault.PARENT_UNKNOWN: N_("Không thấy đơn vị cấp trên này, trong danh sách cũng như trong phạm vi đã chọn."),
    Fault.PARENT_AMBIGUOUS: N_("Có nhiều đơn vị cấp trên tên này; hãy ghi mã, hoặc cả đường dẫn như A / B."),
    Fault.PARENT_IS_CELL: N_("Đơn vị cấp trên là chi bộ; chi bộ không có đơn vị trực thuộc."),
    Fault.HAS_UNITS_BELOW: N_("Đơn vị này có đơn vị trực thuộc, không thể là chi bộ."),
    Fault.CIRCLE: N_("Đơn vị không thể trực thuộc chính mình hoặc cấp dưới của mình, và không quá 20 cấp."),
    Fault.TOP_STAYS: N_("Đây là đơn vị cao nhất trong phạm vi đã chọn; không chuyển cấp trên của nó ở đây được."),
    Fault.CONTACT_MISSING: N_("Cần số điện thoại hoặc email của người này."),
    Fault.PERSON_NAME_MISSING: N_("Người mới cần có họ tên."),
    Fault.ROLE_MISSING: N_("Thiếu nhiệm vụ của người này."),
    Fault.ROLE_NOT_HERE: N_(
        "Nhiệm vụ này không có ở loại đơn vị này: bí thư, người gửi báo cáo, cấp ủy viên phụ trách là của chi bộ; "
        "cán bộ theo dõi, quản trị là của cấp trên."
    ),
    Fault.PERSON_DIFFERS: N_("Số điện thoại hoặc email này đã ghi cho người khác ở dòng %(line)s."),
    Fault.CONTACT_OF_ANOTHER: N_("Số điện thoại hoặc email này đang là của một người khác trong hệ thống."),
    Fault.PERSON_OF_OTHER_NAME: N_(
        "Trong hệ thống số điện thoại hoặc email này ghi tên khác hẳn; hãy kiểm tra, hoặc sửa tên người đó trước."
    ),
    Fault.PERSON_ELSEWHERE: N_(
        "Người này còn nhiệm vụ ở nơi ngoài phạm vi của đồng chí; đề nghị quản trị cấp trên làm việc này."
    ),
    Fault.PERSON_DISABLED: N_("Tài khoản của người này đã khóa; hãy mở lại trước."),
}


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
    """One row with what it says, what it would do, and what is wrong with it."""

    line: int
    shown: dict[str, str]
    new: list[str] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    faults: list[Found] = field(default_factory=list)

    @property
    def verdict(self) -> Verdict:
        if self.faults:
            return Verdict.ERROR
        if self.new:
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

    def counts(self) -> dict[str, int]:
        """Number of rows by verdict."""
        found = dict.fromkeys(map(str, Verdict), 0)
        for row in self.rows:
            found[row.verdict] += 1
        return found


# --- reading one row


@dataclass
class _Entry:
    """One row as values; a field that could not be read is missing and has a fault."""

    judged: Judged
    code: str = ""
    name: str = ""
    parent: str = ""
    kind: str | None = None
    founded: date | None = None
    usual_day: int | None = None
    person: str = ""
    phone: str | None = None
    email: str | None = None
    roles: tuple[str, ...] = ()

    @property
    def line(self) -> int:
        return self.judged.line

    @property
    def speaks_of_person(self) -> bool:
        return any(self.judged.shown.get(name) for name in _ABOUT_PERSON)

    def refuse(self, fault: Fault, where: Field | None = None, **params: str) -> None:
        self.judged.faults.append(Found(fault, where.value if where else None, params))


_LONGEST = {Field.CODE: LONGEST_CODE, Field.NAME: LONGEST_NAME, Field.PERSON: LONGEST_PERSON}
_ABOUT_PERSON = (Field.PERSON, Field.PHONE, Field.EMAIL, Field.ROLE)


def _read_entry(
    line: Line, columns: Mapping[str, int], default_role: str | None, kinds: Mapping[str, Kind], today: date
) -> _Entry:
    cells: dict[Field, Cell] = {}
    for name, index in columns.items():
        if index < len(line.cells) and (text := text_of(line.cells[index])):
            cells[Field(name)] = line.cells[index] if not isinstance(line.cells[index], str) else text
    shown = {where.value: text_of(cell) for where, cell in cells.items()}
    entry = _Entry(Judged(line.number, shown))
    for where, text in shown.items():
        _check_text(entry, Field(where), text)
    entry.code, entry.name, entry.parent, entry.person = (
        shown.get(where.value, "") for where in (Field.CODE, Field.NAME, Field.PARENT, Field.PERSON)
    )
    entry.kind = _kind_of(entry, shown.get(Field.KIND, ""), kinds)
    _read_days(entry, cells, today)
    _read_contacts(entry, cells)
    role_text = shown.get(Field.ROLE) or (default_role if entry.person else None)
    if role_text:
        roles = roles_of(role_text)
        if roles is None:
            entry.refuse(Fault.BAD_ROLE, Field.ROLE)
        entry.roles = tuple(roles or ())
    return entry


def _check_text(entry: _Entry, where: Field, text: str) -> None:
    if has_unsafe_characters(text):
        entry.refuse(Fault.UNSAFE, where)
    if len(text) > _LONGEST.get(where, MAX_CELL_CHARS):
        entry.refuse(Fault.TOO_LONG, where)
    if text in ERROR_VALUES:
        entry.refuse(Fault.FORMULA_ERROR, where)


def _kind_of(entry: _Entry, text: str, kinds: Mapping[str, Kind]) -> str | None:
    if not text:
        return None
    kind = kinds.get(search_form(text))
    if kind is None:
        entry.refuse(Fault.BAD_KIND, Field.KIND, kinds=_names_of(kinds.values()))
        return None
    return kind.code


def _names_of(kinds: Iterable[Kind]) -> str:
    return ", ".join(dict.fromkeys(kind.name for kind in kinds))


def _read_days(entry: _Entry, cells: Mapping[Field, Cell], today: date) -> None:
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


def _read_contacts(entry: _Entry, cells: Mapping[Field, Cell]) -> None:
    if Field.PHONE in cells:
        entry.phone = phone_of(cells[Field.PHONE])
        if entry.phone is None:
            entry.refuse(Fault.BAD_PHONE, Field.PHONE)
    if Field.EMAIL in cells:
        entry.email = mail_of(text_of(cells[Field.EMAIL]))
        if entry.email is None:
            entry.refuse(Fault.BAD_EMAIL, Field.EMAIL)


# --- units


@dataclass
class _Group:
    """All rows that speak of one unit, with what they say together."""

    entries: list[_Entry]
    code: str = ""
    name: str = ""
    parent: str = ""
    said: dict[str, tuple[Any, _Entry]] = field(default_factory=dict)  # the value and the row that says it
    id: uuid.UUID | None = None
    parent_id: uuid.UUID | None = None
    known: KnownUnit | None = None
    state: str = "waiting"
    kind: str | None = None

    @property
    def first(self) -> _Entry:
        return min(self.entries, key=lambda entry: entry.line)

    def has_failed(self) -> bool:
        return self.state == "faulty"

    def refuse(self, fault: Fault, where: Field | None = None, entry: _Entry | None = None, **params: str) -> None:
        (entry or self.first).refuse(fault, where, **params)
        self.state = "faulty"

    def take(self, entry: _Entry) -> None:
        """Add a row; what it says otherwise than an earlier one is a fault of that row."""
        self.entries.append(entry)
        said: tuple[tuple[Field, Any, Callable[[Any, Any], bool]], ...] = (
            (Field.CODE, entry.code, _same_code),
            (Field.NAME, entry.name, same_name),
            (Field.PARENT, entry.parent, same_name),
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


def _same_code(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def _equal(one: object, other: object) -> bool:
    return one == other


class _Units:
    """Finds out which unit each row means, and what becomes of the units."""

    def __init__(self, area: Area, run_id: uuid.UUID, kinds: Mapping[str, Kind]) -> None:
        self._area = area
        self._run_id = run_id
        self._kinds_by_name = kinds
        self._kinds = {kind.code: kind for kind in area.kinds}
        self._coded: dict[str, _Group] = {}
        self._named: dict[str, list[_Group]] = {}
        self._placed: dict[tuple[str, str], list[_Group]] = {}  # by name and superior
        self._planned: dict[tuple[uuid.UUID, str], list[_Group]] = {}  # by superior and name
        self._of_line: dict[int, _Group] = {}
        self._by_id: dict[uuid.UUID, _Group] = {}
        self._open = [unit for unit in area.units.values() if unit.closed_on is None or unit.closed_on > area.today]
        self._open_ids = {unit.id for unit in self._open}
        self._known_coded = {unit.code.casefold(): unit for unit in area.units.values() if unit.code}
        self._known_exact = {unit.code: unit for unit in area.units.values() if unit.code}
        self._elsewhere = {code.casefold() for code in area.codes_elsewhere}
        self._known_named: dict[str, list[KnownUnit]] = {}
        for unit in self._open:
            self._known_named.setdefault(search_form(unit.name), []).append(unit)
        self._has_children = {unit.parent_id for unit in self._open}

    # grouping

    def group(self, entries: Sequence[_Entry]) -> None:
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

    def _groups_like(self, entry: _Entry) -> list[_Group]:
        """The units of the list so far that a row without a code may mean, at most two."""
        plain = search_form(entry.name)
        if entry.parent:
            places = [(plain, search_form(entry.parent)), (plain, "")]
            groups = [group for place in places for group in self._placed.get(place, [])]
        else:
            groups = self._named.get(plain, [])
        alike = list(islice((group for group in groups if same_name(group.name, entry.name)), 2))
        exact = [group for group in alike if spelling(group.name) == spelling(entry.name)]
        return exact or alike

    def _join(self, entry: _Entry, group: _Group | None) -> None:
        if group is None:
            group = _Group([])
        had_name = bool(group.name)
        group.take(entry)
        self._of_line[entry.line] = group
        if group.code:
            self._coded[group.code.casefold()] = group
        if group.name and not had_name:
            plain = search_form(group.name)
            self._named.setdefault(plain, []).append(group)
            self._placed.setdefault((plain, search_form(group.parent)), []).append(group)

    # resolving

    def resolve_all(self) -> list[_Group]:
        """Every unit of the list once, found or planned; parents come before children."""
        resolved: list[_Group] = []
        for group in list({id(group): group for group in self._of_line.values()}.values()):
            self._resolve(group, resolved, 0)
        return resolved

    def group_of(self, entry: _Entry) -> _Group | None:
        return self._of_line.get(entry.line)

    def _resolve(self, group: _Group, resolved: list[_Group], depth: int) -> None:
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
            self._planned.setdefault((group.parent_id, search_form(group.name)), []).append(group)
        resolved.append(group)

    def _twin(self, group: _Group) -> _Group | None:
        """A new unit of the list that turns out to be this one: the superior was only written in another way."""
        assert group.parent_id is not None
        alike = self._planned.get((group.parent_id, search_form(group.name)), []) if group.name else []
        return next(
            (other for other in alike if same_name(other.name, group.name) and not (group.code and other.code)), None
        )

    def _merge(self, group: _Group, earlier: _Group) -> None:
        group.state, group.id = "merged", earlier.id
        # The superior was understood the same way, however it was written.
        group.said.pop(Field.PARENT.value, None)
        for entry in group.entries:
            earlier.take(replace(entry, parent=""))
            self._of_line[entry.line] = earlier

    def _parent_of(self, group: _Group, resolved: list[_Group], depth: int) -> uuid.UUID | None:
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

    def _is_top(self, group: _Group) -> bool:
        top = self._area.units[self._area.top]
        if group.code and top.code:
            return _same_code(group.code, top.code)
        return not group.code and same_name(group.name, top.name) and self._names_top_parent(group.parent)

    def _names_top_parent(self, text: str) -> bool:
        if self._area.top_parent is None:
            return False
        code, name = self._area.top_parent
        return same_name(text, name) or (code is not None and _same_code(text, code))

    def _units_called(self, text: str, asking: _Group, resolved: list[_Group], depth: int) -> list[uuid.UUID]:
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
        return []

    def _units_at(self, path: list[str], asking: _Group, resolved: list[_Group], depth: int) -> list[uuid.UUID]:
        plain = search_form(path[-1])
        candidates: dict[uuid.UUID, str] = {
            unit.id: unit.name for unit in self._known_named.get(plain, []) if same_name(unit.name, path[-1])
        }
        for group in list(self._named.get(plain, [])):
            if group is not asking and same_name(group.name, path[-1]):
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
            if current is None or not same_name(self.name(current), name):
                return False
        return True

    def _known(self, group: _Group, parent_id: uuid.UUID | None) -> KnownUnit | None:
        if group.code:
            known = self._known_exact.get(group.code) or self._known_coded.get(group.code.casefold())
            if known is None and group.code.casefold() in self._elsewhere:
                group.refuse(Fault.CODE_ELSEWHERE, Field.CODE)
            if known is not None and known.id not in self._open_ids:
                group.refuse(Fault.CLOSED, Field.CODE)
            if known is not None or not group.name:
                return known
        named = self._known_named.get(search_form(group.name), [])
        alike = [unit for unit in named if same_name(unit.name, group.name) and not (group.code and unit.code)]
        if parent_id is not None or group.code:
            alike = [unit for unit in alike if unit.parent_id == (parent_id or self._area.top)]
        exact = [unit for unit in alike if spelling(unit.name) == spelling(group.name)]
        alike = exact or alike
        if len(alike) > 1:
            group.refuse(Fault.UNIT_AMBIGUOUS, Field.NAME)
        return alike[0] if len(alike) == 1 else None

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
        group = self._by_id.get(unit_id)
        code = (group.kind if group else None) or (
            self._area.units[unit_id].kind if unit_id in self._area.units else None
        )
        kind = self._kinds.get(code) if code else None
        return kind is not None and kind.is_cell

    # what becomes of them

    def plan(self, groups: Sequence[_Group], plan: Plan) -> None:
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

    def _choose_kind(self, group: _Group) -> None:
        said = group.said.get(Field.KIND.value)
        group.kind = said[0] if said else group.known.kind if group.known else self._kind_by_name(group.name)
        if not group.known and not group.name:
            group.refuse(Fault.NAME_MISSING, Field.NAME)
        elif group.kind is None and not any(
            found.where == Field.KIND for entry in group.entries for found in entry.judged.faults
        ):
            group.refuse(Fault.KIND_MISSING, Field.KIND, kinds=_names_of(self._area.kinds))

    def _kind_by_name(self, name: str) -> str | None:
        """The kind whose name the unit's own begins with, the longest first: "Chi bộ Thôn Mẫu" is a Chi bộ."""
        plain = f"{search_form(name)} "
        fitting = [text for text in self._kinds_by_name if plain.startswith(f"{text} ")]
        return self._kinds_by_name[max(fitting, key=len)].code if fitting else None

    def _check_place(self, group: _Group, parents: set[uuid.UUID | None]) -> None:
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

    def _found(self, group: _Group, plan: Plan) -> None:
        assert group.id is not None
        assert group.parent_id is not None
        if group.kind is None:
            return
        group.first.judged.new.append("unit")
        said = {name: value for name, (value, _) in group.said.items()}
        founded = said.get(Field.FOUNDED.value) or self._area.today
        plan.units.append(
            UnitToFound(
                id=group.id,
                parent_id=group.parent_id,
                code=group.code or None,
                name=group.name,
                kind=group.kind,
                founded_on=founded,
                usual_day=said.get(Field.USUAL_DAY.value),
            )
        )

    def _change(self, group: _Group, plan: Plan) -> None:
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
        if group.code and not _only_less_spelt(known.name, group.name):  # with a code another name is a new name
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


# --- people


@dataclass
class _Person:
    """One person of the list."""

    entry: _Entry
    id: uuid.UUID
    known: KnownPerson | None
    name: str
    phone: str | None
    email: str | None


class _People:
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
        self._listed: dict[str, _Person] = {}
        self._of_id: dict[uuid.UUID, _Person] = {}
        self._given: set[tuple[uuid.UUID, uuid.UUID, str]] = set()

    def plan(self, entries: Sequence[_Entry], units: _Units, plan: Plan) -> None:
        speaking = [entry for entry in entries if entry.speaks_of_person]
        for entry in sorted(speaking, key=lambda entry: entry.phone is None):
            self._plan_entry(entry, units, plan)
        for person in self._of_id.values():
            self._plan_person(person, plan)

    def _plan_entry(self, entry: _Entry, units: _Units, plan: Plan) -> None:
        if not entry.roles and not any(found.where == Field.ROLE for found in entry.judged.faults):
            entry.refuse(Fault.ROLE_MISSING, Field.ROLE)
        if entry.phone is None and entry.email is None:
            if not any(found.where in {Field.PHONE, Field.EMAIL} for found in entry.judged.faults):
                entry.refuse(Fault.CONTACT_MISSING, Field.PHONE)
            return
        person = self._person_of(entry)
        group = units.group_of(entry)
        if person is None or group is None or group.id is None or group.has_failed():
            return
        self._give(entry, person, group.id, units.is_cell(group.id), plan)

    def _person_of(self, entry: _Entry) -> _Person | None:
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
        person = _Person(entry, person_id, known, entry.person, entry.phone, entry.email)
        self._of_id[person_id] = person
        self._listed |= dict.fromkeys(contacts, person)
        return person

    def _same(self, entry: _Entry, person: _Person) -> _Person | None:
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

    def _known_person(self, entry: _Entry) -> KnownPerson | None:
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

    def _give(self, entry: _Entry, person: _Person, unit_id: uuid.UUID, is_cell: bool, plan: Plan) -> None:
        allowed = self._area.roles_allowed[is_cell]
        for role in entry.roles:
            if role not in allowed:
                entry.refuse(Fault.ROLE_NOT_HERE, Field.ROLE)
                continue
            given = (person.id, unit_id, role)
            if given in self._area.held or given in self._given:
                continue
            if person.known is not None and not self._may_change(entry, person.known):
                return
            self._given.add(given)
            plan.given.append(given)
            entry.judged.new.append(WATCHER if role == WATCHER else f"role:{role}")

    def _may_change(self, entry: _Entry, known: KnownPerson) -> bool:
        if not known.own:
            entry.refuse(Fault.PERSON_ELSEWHERE, Field.PERSON)
        elif known.disabled:
            entry.refuse(Fault.PERSON_DISABLED, Field.PERSON)
        return known.own and not known.disabled

    def _plan_person(self, person: _Person, plan: Plan) -> None:
        known = person.known
        if known is None:
            plan.people.append(PersonToAdd(person.id, person.name, person.phone, person.email))
            person.entry.judged.new.insert(0, "person")
            return
        if person.name and not may_be_one_person(known.name, person.name):
            # A mistyped number must not rename a stranger.
            person.entry.refuse(Fault.PERSON_OF_OTHER_NAME, Field.PERSON)
            return
        changes: dict[str, str] = {}
        for column, where, old, new in (
            ("name", Field.PERSON, known.name, person.name),
            ("phone", Field.PHONE, known.phone, person.phone),
            ("email", Field.EMAIL, known.email, person.email),
        ):
            if new and new != old and not (where is Field.PERSON and _only_less_spelt(old or "", new)):
                changes[column] = new
                person.entry.judged.changes.append(Change(where.value, old or "", new))
        if changes and self._may_change(person.entry, known):
            plan.person_changes[known.id] = changes


def _only_less_spelt(old: str, new: str) -> bool:
    """Whether a name is only typed without its accents: no reason to lose them."""
    return old != new and same_name(old, new) and search_form(new) == spelling(new) != spelling(old)


# --- the whole list


def judge(
    lines: Sequence[Line], columns: Mapping[str, int], default_role: str | None, area: Area, run_id: uuid.UUID
) -> Plan:
    """What the rows of a list mean beside what the area holds already. Same input, same plan, ids included."""
    kinds = {search_form(text): kind for kind in area.kinds for text in (kind.code, kind.name)}
    entries = [_read_entry(line, columns, default_role, kinds, area.today) for line in lines]
    plan = Plan([entry.judged for entry in entries])
    units = _Units(area, run_id, kinds)
    units.group(entries)
    groups = units.resolve_all()
    units.plan(groups, plan)
    _People(area, run_id).plan(entries, units, plan)
    return plan
