"""Finding the header of a list: under titles, over one to three rows, whatever the office calls its columns."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from meetingcheck.lib.text import N_, search_form
from meetingcheck.orgs.importing.outcomes import Line

ROWS_LOOKED_AT = 30
FEWEST_FIELDS = 2
MOST_HEADER_ROWS = 3


class Field(StrEnum):
    """What a column may hold."""

    CODE = "code"
    NAME = "name"
    PARENT = "parent"
    KIND = "kind"
    FOUNDED = "founded"
    USUAL_DAY = "usual_day"
    PERSON = "person"
    PHONE = "phone"
    EMAIL = "email"
    ROLE = "role"


# As they stand in the template, in its order; what the product writes, whatever the page's language.
TITLES = {
    Field.CODE: N_("Mã đơn vị"),
    Field.NAME: N_("Tên đơn vị"),
    Field.PARENT: N_("Đơn vị cấp trên"),
    Field.KIND: N_("Loại"),
    Field.FOUNDED: N_("Ngày thành lập"),
    Field.USUAL_DAY: N_("Ngày sinh hoạt thường lệ"),
    Field.PERSON: N_("Họ tên"),
    Field.PHONE: N_("Số điện thoại"),
    Field.EMAIL: N_("Email"),
    Field.ROLE: N_("Nhiệm vụ"),
}

_OTHER_NAMES = {
    Field.CODE: "ma; ma chi bo; ma dang bo; ma to chuc; ma to chuc dang; ma dv; ma so; ma so don vi; code; unit code",
    Field.NAME: "don vi; ten; chi bo; ten chi bo; ten to chuc; to chuc dang; ten to chuc dang; ten chi bo dang bo; "
    "unit; unit name; name",
    Field.PARENT: "cap tren; truc thuoc; thuoc; thuoc don vi; thuoc dang bo; dang bo; dang bo cap tren; don vi cha; "
    "to chuc dang cap tren; don vi cap tren truc tiep; ma don vi cap tren; ma cap tren; parent",
    Field.KIND: "loai don vi; loai hinh; loai to chuc; loai to chuc dang; loai hinh to chuc; kind; type",
    Field.FOUNDED: "thanh lap; ngay tl; ngay thang nam thanh lap; ngay thang thanh lap; founded",
    Field.USUAL_DAY: "ngay sinh hoat; ngay sinh hoat dinh ky; ngay sinh hoat thuong ky; ngay sinh hoat hang thang; "
    "sinh hoat dinh ky; sinh hoat thuong ky; lich sinh hoat; ngay hop; ngay hop dinh ky; ngay thuong le; usual day",
    Field.PERSON: "ho va ten; ho va ten nguoi phu trach; ho ten nguoi phu trach; nguoi phu trach; nguoi dung; can bo; "
    "ten nguoi dung; person; full name",
    Field.PHONE: "dien thoai; sdt; dt; so dt; so dien thoai di dong; dien thoai di dong; di dong; so di dong; "
    "dien thoai lien he; so zalo; zalo; phone; mobile",
    Field.EMAIL: "e mail; mail; thu dien tu; dia chi email; dia chi thu dien tu; hop thu",
    Field.ROLE: "vai tro; chuc vu; chuc danh; nhiem vu trong he thong; nhiem vu duoc giao; role",
}
# Families of titles: offices say whose number it is, which units are listed, how often they meet.
_UNIT = "(?:chi bo|dang bo|chi dang bo|chi bo dang bo|dang bo chi bo|to chuc(?: co so)? dang|don vi|tcd|tccsd|cb)"
_FAMILIES = (
    (Field.CODE, f"ma(?: so)? {_UNIT}"),
    (
        Field.PARENT,
        "(?:dang bo|dang uy)(?: (?:truc thuoc|co so|cap tren|truc tiep|quan ly))*"
        f"|(?:truc )?thuoc {_UNIT}"
        "|(?:don vi|cap uy|to chuc dang) (?:cap tren|quan ly)(?: truc tiep)?|cap tren truc tiep",
    ),
    (Field.NAME, f"(?:ten )?(?:cac )?{_UNIT}(?: (?:truc thuoc|co so))*"),
    (Field.FOUNDED, "ngay(?: thang nam)?(?: ra)?(?: quyet dinh| qd)? thanh lap(?: chi bo)?"),
    (
        Field.USUAL_DAY,
        "(?:ngay|lich|thoi gian) (?:sinh hoat|hop)(?: (?:chi bo|cb|dang|dinh ky|thuong ky|thuong le|hang thang))*",
    ),
    (
        Field.PERSON,
        "(?:ho ten|ho va ten|ten|nguoi)(?: (?:can bo|nguoi|dang vien))?(?: (?:phu trach|dai dien|lien he))?",
    ),
    (
        Field.PHONE,
        "(?:so )?(?:dien thoai|dtdd|sdt|dt|may|di dong|zalo|tel|phone|mobile)"
        "(?: (?:di dong|lien he|lien lac|ca nhan|zalo|co zalo))*",
    ),
    (Field.EMAIL, "(?:dia chi )?(?:e mail|email|mail|thu dien tu|hop thu)(?: (?:lien he|ca nhan))?"),
    (Field.ROLE, "(?:chuc vu|chuc danh|nhiem vu)(?: (?:dang|trong dang|chi bo|trong chi bo))?"),
)
# Columns of people that say what the people in them do.
_SECRETARY_NAMES = {
    "bi thu",
    "bi thu chi bo",
    "ten bi thu",
    "ho ten bi thu",
    "ho va ten bi thu",
    "ho ten bi thu chi bo",
}
SECRETARY = "bí thư"
# A title may say whose it is: "Số điện thoại bí thư", or "Họ và tên" under a merged "Bí thư chi bộ".
_OF_SECRETARY = re.compile(r"(?:^| )(?:cua )?(?:(?:dong chi|d c) )?bi thu(?: (?:chi bo|cap uy|chi uy|cb))?$")
# Whose name and number are not asked for.
_SOMEBODY_ELSE = re.compile(r"(?:ho (?:va )?ten |ten )?(?:pho|chi uy|dang uy vien|uy vien|nguoi|can bo|dong chi)\b")
_OF_CELLS = re.compile(r"(?:ma |ten )*(?:so )?(?:chi bo|cb)\b(?!.*dang bo)")
_ABOUT_PERSON = {Field.PERSON, Field.PHONE, Field.EMAIL}
_SIGNS = re.compile(r"\([^)]*\)|[^a-z0-9 ]+")


def plain(text: str) -> str:
    """A text in its plainest form: no accents, no signs, nothing in brackets."""
    return " ".join(_SIGNS.sub(" ", search_form(text)).split())


_FIELDS = {
    **{name.strip(): field for field, names in _OTHER_NAMES.items() for name in names.split(";")},
    **{plain(title): field for field, title in TITLES.items()},
    **dict.fromkeys(_SECRETARY_NAMES, Field.PERSON),
}


@dataclass(frozen=True)
class Header:
    """A recognised header: the index of the first row below it, its texts, which column holds which field."""

    below: int
    texts: tuple[str, ...]
    columns: dict[str, int]
    default_role: str | None


def find_header(lines: Sequence[Line]) -> Header | None:
    """The best header among the first rows; None when no row looks like one.

    A header names the unit and at least one thing more. Of two that say equally much the upper one is it.
    """
    best: Header | None = None
    for index in range(min(len(lines), ROWS_LOOKED_AT)):
        rows = [_texts(line) for line in lines[index : index + MOST_HEADER_ROWS]]
        for height in range(1, len(rows) + 1):
            if not _is_stack(rows[:height]):
                continue
            header = _read_stack(rows[:height], index + height)
            if _is_header(header) and (best is None or len(header.columns) > len(best.columns)):
                best = header
    return best


def _is_header(header: Header) -> bool:
    names_a_unit = Field.NAME in header.columns or Field.CODE in header.columns
    return names_a_unit and len(header.columns) >= FEWEST_FIELDS


def _texts(line: Line) -> list[str]:
    return [str(cell) for cell in line.cells]


def _is_stack(rows: Sequence[list[str]]) -> bool:
    """Whether rows may be one header: somewhere a lower one names a field where the one above it has merged cells."""
    if any(text.isdecimal() for row in rows[1:] for text in row):
        return False
    return len(rows) == 1 or any(_continues(upper, lower) for upper, lower in pairwise(rows))


def _continues(upper: list[str], lower: list[str]) -> bool:
    named = [index for index, text in enumerate(lower) if _field_of(plain(text))]
    return any(index >= len(upper) or not upper[index] for index in named)


def _read_stack(rows: Sequence[list[str]], below: int) -> Header:
    """A header of some rows, whose upper cells may be merged over several columns. Each column may be read by its
    lowest text with what stands over it, and by that text alone."""
    over = [""] * len(rows)
    texts, readings = [], []
    for index in range(max(map(len, rows))):
        cells = [row[index] if index < len(row) else "" for row in rows]
        for depth, text in enumerate(cells):
            if text:
                over[depth:] = [text] + [""] * (len(rows) - depth - 1)
        own = next((text for text in reversed(cells) if text), "")
        above = [text for text in reversed(over) if text and text != own]
        texts.append(own)
        stacked = [*(f"{own} {text}" for text in above), *(f"{text} {own}" for text in above)]
        of_another = any(_is_somebody_else(text) for text in above)
        readings.append([*above, *stacked] if of_another else [*stacked, own])
    return _read(texts, readings, below)


def _read(texts: Sequence[str], readings: Sequence[Sequence[str]], below: int) -> Header:
    found: dict[Field, list[tuple[int, bool]]] = {}
    others = []
    for index, candidates in enumerate(readings):
        field, is_secretarys = next((said for text in candidates if (said := _field_of(plain(text)))), (None, False))
        if field is not None:
            found.setdefault(field, []).append((index, is_secretarys))
        elif any(_is_somebody_else(text) for text in candidates):
            others.append(index)
    columns = {field.value: places[0][0] for field, places in found.items()}
    _choose_unit(columns, found, [plain(text) for text in texts])
    _choose_contacts(columns, found, others)
    is_secretarys = any(index == columns.get(Field.PERSON) and its for index, its in found.get(Field.PERSON, []))
    default_role = SECRETARY if is_secretarys and Field.ROLE not in columns else None
    return Header(below, tuple(texts), columns, default_role)


def _choose_unit(columns: dict[str, int], found: dict[Field, list[tuple[int, bool]]], titles: Sequence[str]) -> None:
    """Of two columns of units, or of their codes, that of the cells names the unit, the other one its superior."""
    for field in (Field.CODE, Field.NAME):
        places = [index for index, _ in found.get(field, [])]
        of_cells = [index for index in places if _OF_CELLS.match(titles[index])]
        above = [index for index in places if not _OF_CELLS.match(titles[index])]
        if len(places) < 2 or not of_cells:
            continue
        columns[field.value] = of_cells[-1]
        if above and Field.PARENT not in found:
            columns[Field.PARENT.value] = above[0]


def _choose_contacts(
    columns: dict[str, int], found: dict[Field, list[tuple[int, bool]]], others: Sequence[int]
) -> None:
    """A number belongs to the person left of it, unless its title says whose it is; never to somebody else's."""
    person = columns.get(Field.PERSON)
    for field in (Field.PHONE, Field.EMAIL):
        places = found.get(field, [])
        if person is None or not places:
            continue
        said = [index for index, is_secretarys in places if is_secretarys]
        own = [index for index, _ in places if index > person and not any(person < one < index for one in others)]
        before = [index for index, _ in places if index < person and not any(one < index for one in others)]
        chosen = next(iter([*said, *own, *before]), None)
        if chosen is None:
            del columns[field.value]
        else:
            columns[field.value] = chosen


def _is_somebody_else(title: str) -> bool:
    return _SOMEBODY_ELSE.match(plain(title)) is not None and _field_of(plain(title)) is None


def _field_of(plain: str) -> tuple[Field, bool] | None:
    """Which field a title names, and whether it is the secretary's; None when it names none."""
    if plain in _FIELDS:
        return _FIELDS[plain], plain in _SECRETARY_NAMES
    shorter, is_secretarys = _OF_SECRETARY.subn("", plain)
    if is_secretarys:
        field = Field.PERSON if shorter in {"", "ten"} else _family_of(shorter)
        return (field, True) if field in _ABOUT_PERSON else None
    family = _family_of(plain)
    return (family, False) if family else None


def _family_of(plain: str) -> Field | None:
    if plain in _FIELDS:
        return _FIELDS[plain]
    return next((field for field, titles in _FAMILIES if re.fullmatch(titles, plain)), None)
