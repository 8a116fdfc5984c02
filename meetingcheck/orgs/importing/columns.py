"""What offices call the columns of their lists. Pure."""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum

from meetingcheck.lib.text import N_, search_form


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

ERRORS = "Lỗi"
"""The title of the last column of a list that comes back with what is wrong in it."""

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
    (Field.NAME, f"(?:ten )?(?:cac )?{_UNIT}(?: (?:truc thuoc|co so|duoc phan cong|phu trach|theo doi|sinh hoat))*"),
    (Field.FOUNDED, "ngay(?: thang nam)?(?: ra)?(?: quyet dinh| qd)? thanh lap(?: chi bo)?"),
    (
        Field.USUAL_DAY,
        "(?:ngay|lich|thoi gian) (?:sinh hoat|sh|hop)(?: (?:chi bo|cb|dang|dinh ky|thuong ky|thuong le|hang thang))*",
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
CELL = "Chi bộ"
COMMITTEE = "Đảng bộ"
_OF_THE_SECRETARY = {
    Field.PERSON: "Họ tên bí thư",
    Field.PHONE: "Số điện thoại bí thư",
    Field.EMAIL: "Email bí thư",
}
# A title may say whose it is: "Số điện thoại bí thư", or "Họ và tên" under a merged "Bí thư chi bộ".
_OF_SECRETARY = re.compile(r"(?:^| )(?:cua )?(?:(?:dong chi|d c) )?bi thu(?: (?:chi bo|cap uy|chi uy|cb))?$")
# Whose name and number are not asked for.
_SOMEBODY_ELSE = re.compile(r"(?:ho (?:va )?ten |ten )?(?:pho|chi uy|dang uy vien|uy vien|nguoi|can bo|dong chi)\b")
_IN_CHARGE = re.compile(r"can bo\b.*|.*\b(?:lien he|phu trach|dai dien)")
OF_CELLS = re.compile(r"(?:ma |ten )*(?:so )?(?:chi bo|cb)\b(?!.*dang bo)")
OF_COMMITTEES = re.compile(r"ten (?:cac )?dang bo\b(?!.*chi bo)")
# A person's name in two columns.
FAMILY_NAMES = {"ho", "ho dem", "ho va dem", "ho va ten dem", "ho va chu dem", "ho lot", "ho va chu lot", "ho chu dem"}
GIVEN_NAMES = {"ten", "ten goi"}
# What stands under a title that is merged over several columns.
_LOWER_TITLES = {
    *("chinh quyen", "dang", "doan the", "trong dang", "kiem nhiem", "khac", "co quan", "nha rieng", "ban", "co dinh"),
    *("nam", "nu", "tong so", "chinh thuc", "du bi", "so", "ngay", "thang", "ngay thang", "chinh", "phu", "cap"),
}
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


def is_somebody_else(title: str) -> bool:
    return _SOMEBODY_ELSE.match(plain(title)) is not None and field_of(plain(title)) is None


def is_in_charge(title: str) -> bool:
    """Whether a plain title is of people to ask or in charge."""
    return _IN_CHARGE.fullmatch(title) is not None


def is_lower_title(text: str) -> bool:
    """Whether a text may part a title that stands over it."""
    words = plain(text)
    return words in _LOWER_TITLES | FAMILY_NAMES | GIVEN_NAMES or field_of(words) is not None


def field_of(plain: str) -> tuple[Field, bool] | None:
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


def titles_as_understood(
    texts: Sequence[str], columns: Mapping[str, int], default_role: str | None, unit_word: str
) -> list[str]:
    """One row of titles that says of each column what was understood: merged heads do not survive as they stood."""
    titles = {index: TITLES[Field(name)] for name, index in columns.items()}
    if default_role:
        titles |= {columns[field]: title for field, title in _OF_THE_SECRETARY.items() if field in columns}
    if unit_word:
        words = {Field.CODE: f"Mã {unit_word.lower()}", Field.NAME: f"Tên {unit_word.lower()}"}
        titles |= {columns[field]: title for field, title in words.items() if field in columns}
    width = max([len(texts), *(index + 1 for index in titles)])
    return [titles.get(index, texts[index] if index < len(texts) else "") for index in range(width)]
