"""What people type into cells, as values: phones, days, roles. Pure."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from meetingcheck.accounts.rules import is_mail, is_phone, normal_login
from meetingcheck.lib.text import one_line, search_form
from meetingcheck.orgs.importing.outcomes import Cell

SECRETARY = "secretary"
WATCHER = "watcher"
"""In a list a watcher stands among the roles; in the tables it is none."""

_ROLES = {
    "secretary": "secretary",
    "reporter": "nguoi gui bao cao; nguoi gui; nguoi bao cao; gui bao cao; reporter",
    "reviewer": "can bo theo doi; theo doi; nguoi theo doi; can bo phu trach theo doi; reviewer",
    "administrator": "quan tri; quan tri vien; nguoi quan tri; quan tri he thong; administrator; admin",
    "reader": "nguoi xem; xem; chi xem; reader",
    WATCHER: "cap uy vien phu trach; cap uy phu trach; uy vien phu trach; watcher",
}
_ROLE_OF = {name.strip(): role for role, names in _ROLES.items() for name in names.split(";")}
_OF_CELL = "(?: (?:chi bo|cb|chi uy|cap uy)(?: .+)?)?"
_IS_SECRETARY = re.compile(f"(?:(?:dong chi|d/c) )?(?:(?:bi thu|bt){_OF_CELL}|btcb)")
# Of a body that is no cell's: whoever is deputy there may well be secretary here.
_OF_OTHER_BODY = "(?:doan|dang uy|dang bo|huyen uy|thi uy|quan uy|thanh uy|tinh uy|hoi|du)"
_DEPUTY = f"(?:pho |p[. ]*)(?:bi thu|btcb|bt)(?!\\w)(?! {_OF_OTHER_BODY}\\b)"
_IS_DEPUTY = re.compile(f"(?:(?:dong chi|d/c) )?{_DEPUTY}(?: .+)?")
_MENTIONS_DEPUTY = re.compile(f"(?<!\\w){_DEPUTY}")
_IS_OF_UNION = re.compile("(?:pho )?(?:bi thu|bt) doan(?: .+)?")
_IS_OVER = re.compile(r"\b(?:da|nguyen|nghi|thoi|cu)\b")  # somebody was it
# What the same person does besides, which is nothing to this product: head of a hamlet, member of a board. With its
# accents where it has any: whoever is called Trương is head ("trưởng") of nothing.
_OTHER_POST = re.compile(
    "(?:(?:tổ |ấp |thôn |bản |khu |xóm |đội )?trưởng|phó|p?ct|p[.]ct|chủ tịch|chủ nhiệm|giám đốc|hiệu trưởng|hiệu phó"
    "|bí thư đoàn|cán bộ|công chức|chỉ huy|kế toán|giáo viên|công an viên"
    "|(?:chi ủy|đảng ủy|huyện ủy|ủy|hội|đảng) viên|đảng ủy|thường vụ|ban thường vụ|uv|bch|btv"
    "|đuv|huv|tuv|cuv|uvbtv|uvtv|uvbch)(?: .+)?"
)
_OTHER_POST_PLAIN = re.compile(
    "(?:(?:to|ap|thon|ban|khu|xom|doi) truong|truong(?= (?:thon|ban|ap|khu|xom|to|doi|phong|nhom|cong an)\\b|$)|pho"
    "|p?ct|p[.]ct|chu tich|chu nhiem|giam doc|hieu truong|hieu pho|bi thu doan|can bo|cong chuc|chi huy|ke toan"
    "|giao vien|cong an vien|(?:chi uy|dang uy|huyen uy|uy|hoi|dang) vien|dang uy|thuong vu|ban thuong vu|uv|bch|btv"
    "|duv|huv|tuv|cuv|uvbtv|uvtv|uvbch)(?: .+)?"
)
_BETWEEN_ROLES = re.compile(
    r"\s*[,;+\n]\s*|(?<![dđ])\s*/\s*(?!c )|\s+(?:kiêm(?: nhiệm)?|kiem(?: nhiem)?|và|va)\s+|\s+[-–]\s+"
)

# What offices write where they have nothing to say.
_NOTHING = {"không", "không có", "ko", "ko có", "k có", "chưa", "chưa có", "khuyết", "còn khuyết", "đang khuyết"}
_NOTHING |= {"trống", "bỏ trống", "khuyet", "chua co", "khong co", "chưa kiện toàn", "chờ kiện toàn", "chưa bầu"}
_VACANT_BUT = re.compile(
    r"(?:(?:còn |đang |hiện )?(?:khuyết|khuyet)|(?:bỏ )?trống|chưa có|chua co|chưa bầu|(?:chưa|chờ) kiện toàn)"
    r"(?:\s*[-–(:;,/.]|\s+(?:bí thư|bi thu|bt)\b).*"
)
_NO_LETTERS = re.compile(r"[\W_]*")
_ABOUT_NUMBER = re.compile(r"\([^()\d]*\)|\b(?:zalo|sđt|sdt|đtdđ|đt|dt|dđ|tel|di động)\b[:.]?", re.IGNORECASE)

_BETWEEN_NUMBERS = re.compile(r"\s*[;,/&|\n]\s*|\s+[-–]\s+|\s+(?:và|hoặc)\s+")
_NUMBER_ASIDE = re.compile(r"([^()]+)\(\s*[^\W\d_][^()\d+]*([\d+][\d .+-]*)\)")  # "0912345678 (vợ: 0987654321)"
_MONTH = re.compile(r"(?:thang )?(\d{1,2})(?:\s*[/.\-]\s*| nam )(\d{4})")
_DAY_FIRST = re.compile(
    r"(?:ngay\s+)?(\d{1,2})(?:\s*[/.\-]\s*|\s+thang\s+|\s)(\d{1,2})(?:\s*[/.\-]\s*|\s+nam\s+|\s)(\d{2}|\d{4})"
)
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[t ][\d:.]*)?")
_SERIAL = re.compile(r"\d{5}(?:[.,]\d+)?")
_SERIAL_ORIGIN = date(1899, 12, 30)  # Excel counts a 29 February 1900 that never was
_SERIALS = range(7_000, 80_000)  # 1919 to 2119; smaller numbers are more likely years than days
_USUAL_DAY = re.compile(
    r"(?:ngay |mung |mong |ngay mung |ngay mong )?0?(\d{1,2})(?:[.,]0+)?(?: (?:hang|moi|cua) thang| duong)?"
)
_LAST_DAY = {"cuoi thang", "ngay cuoi thang", "ngay cuoi", "ngay cuoi cung", "ngay cuoi cung cua thang"}

_TONES = re.compile("[\u0300\u0301\u0303\u0309\u0323]")
ERROR_VALUES = {"#REF!", "#N/A", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!"}


def text_of(cell: Cell) -> str:
    """A cell as one line of text, NFC; a whole number without a decimal point."""
    return one_line(cell) if isinstance(cell, str) else str(cell)


def phone_of(cell: Cell) -> str | None:
    """A phone number in the normal form 0912345678; None when it is none.

    Offices' lists lose the leading zero, write +84 or 84, keep numbers as numbers, and add "(Zalo)" or a semicolon.
    """
    text = re.sub(r"[.,]0$", "", text_of(cell))
    bare = _ABOUT_NUMBER.sub("", text).strip(" ;,./:")
    for candidate in (text, f"0{text}", bare, f"0{bare}"):
        login = normal_login(candidate)
        if is_phone(login):
            return login
    return None


def phones_of(cell: Cell) -> list[str]:
    """The phone numbers of a cell that holds nothing else, one or several; none when any of them is none."""
    whole = phone_of(cell)
    if whole is not None:
        return [whole]
    text = text_of(cell)
    aside = _NUMBER_ASIDE.fullmatch(text)
    parts = aside.groups() if aside else _BETWEEN_NUMBERS.split(text)
    found = [phone_of(part) for part in parts if part.strip()]
    return list(dict.fromkeys(phone for phone in found if phone)) if all(found) else []


def says_nothing(text: str) -> bool:
    """Whether a cell only says that there is nothing: a dash, "không có", "khuyết"."""
    return _NO_LETTERS.fullmatch(text) is not None or text.casefold().strip(" .()") in _NOTHING


def says_vacant(text: str) -> bool:
    """Whether a cell of people says that nobody is it, whatever it adds: "Khuyết (đ/c Phó bí thư phụ trách)"."""
    return says_nothing(text) or _VACANT_BUT.fullmatch(text.casefold().strip(" (")) is not None


def mail_of(text: str) -> str | None:
    """A mail address in lower case; None when it is none."""
    login = normal_login(text)
    return login if is_mail(login) and not is_phone(login) and len(login) <= 120 else None


def roles_of(text: str) -> list[str] | None:
    """The roles that a cell names; None when one of them is unknown. Another post beside a role says nothing."""
    named = _posts_of(text)
    if any(post.is_deputy or post.is_over for post in named):
        return None
    roles = [post.role for post in named if post.role]
    unknown = [post for post in named if post.role is None]
    if unknown and not (roles and all(post.is_other for post in unknown)):
        return None
    return list(dict.fromkeys(roles))


def names_deputy(text: str) -> bool:
    """Whether a cell names a deputy secretary, which is no role here."""
    return any(post.is_deputy for post in _posts_of(text))


def mentions_deputy(text: str) -> bool:
    """Whether a deputy secretary is spoken of anywhere in a text."""
    return _MENTIONS_DEPUTY.search(search_form(text)) is not None


def names_other_posts(text: str) -> bool:
    """Whether a cell names nothing but posts of other bodies: head of a hamlet, member of a board."""
    named = _posts_of(text)
    return bool(named) and all(post.is_other and not post.is_deputy and not post.is_over for post in named)


def leaves_role_open(text: str) -> bool:
    """Whether a cell names only posts beside which the column's title still counts: a secretary of the youth union in
    a column of secretaries is not said to be the cell's."""
    return names_other_posts(text) and not any(_IS_OF_UNION.fullmatch(post.plain) for post in _posts_of(text))


def names_past_post(text: str) -> bool:
    """Whether a cell names a secretary's post that somebody had: it gives no role."""
    return any(
        post.is_over and _IS_SECRETARY.fullmatch(" ".join(_IS_OVER.sub("", post.plain).split()))
        for post in _posts_of(text)
    )


@dataclass(frozen=True)
class _Post:
    plain: str
    role: str | None
    is_deputy: bool
    is_over: bool
    is_other: bool


@lru_cache(maxsize=1_000)  # a list of thousands names few posts
def _posts_of(text: str) -> tuple[_Post, ...]:
    spelt = unicodedata.normalize("NFC", one_line(text)).lower().replace("uỷ", "ủy")
    return tuple(_post(name) for name in (part.strip(" .:") for part in _BETWEEN_ROLES.split(spelt)) if name)


def _post(name: str) -> _Post:
    plain = search_form(name)
    other = _OTHER_POST_PLAIN if name == plain else _OTHER_POST
    return _Post(
        plain,
        SECRETARY if _IS_SECRETARY.fullmatch(plain) else _ROLE_OF.get(plain),
        _IS_DEPUTY.fullmatch(plain) is not None,
        _IS_OVER.search(plain) is not None,
        other.fullmatch(name) is not None,
    )


def day_of(cell: Cell, today: date) -> date | None:
    """A day as 03/02/1990, 3.2.90, 1990-02-03, "ngày 3 tháng 2 năm 1990" or as Excel's number of a day; else None.

    A month alone, 02/1990, is its first day, as in Excel.
    """
    text = search_form(text_of(cell))
    if _SERIAL.fullmatch(text):
        number = int(float(text.replace(",", ".")))
        return _SERIAL_ORIGIN + timedelta(days=number) if number in _SERIALS else None
    if found := _YEAR_FIRST.fullmatch(text):
        year, month, day = found.groups()
    elif found := _DAY_FIRST.fullmatch(text):
        day, month, year = found.groups()
    elif found := _MONTH.fullmatch(text):
        day, (month, year) = "1", found.groups()
    else:
        return None
    try:
        return date(_full_year(year, today), int(month), int(day))
    except ValueError:
        return None


def _full_year(text: str, today: date) -> int:
    year = int(text)
    if len(text) == 4:
        return year
    return 2000 + year if year <= today.year % 100 else 1900 + year


def usual_day_of(cell: Cell) -> int | None:
    """A day of the month from 3, "ngày 3", "mùng 3 hằng tháng" or "cuối tháng" (31); None when it is none."""
    text = search_form(text_of(cell))
    if text in _LAST_DAY:
        return 31
    found = _USUAL_DAY.fullmatch(text)
    day = int(found.group(1)) if found else 0
    return day if 1 <= day <= 31 else None


def spelling(name: str) -> str:
    """A name without regard to capitals and to where in a word its tone stands: Hòa and Hoà are one."""
    words = unicodedata.normalize("NFD", one_line(name).casefold()).split(" ")
    return " ".join(_TONES.sub("", word) + "".join(_TONES.findall(word)) for word in words)


def same_name(one: str, other: str) -> bool:
    """Whether two names mean the same: alike but for tones' places, or one of them was typed without accents."""
    plain_one, plain_other = search_form(one), search_form(other)
    if plain_one != plain_other:
        return False
    spelt_one, spelt_other = spelling(one), spelling(other)
    return spelt_one == spelt_other or plain_one == spelt_one or plain_other == spelt_other


def may_be_one_person(one: str, other: str) -> bool:
    """Whether two names may be one person's, corrected: the given name is alike. Half the country is Nguyễn Văn."""
    words, others = search_form(one).split(), search_form(other).split()
    return not words or not others or words[-1] == others[-1]


def only_less_spelt(old: str, new: str) -> bool:
    """Whether a name is only typed without its accents: no reason to lose them."""
    return old != new and same_name(old, new) and search_form(new) == spelling(new) != spelling(old)


def is_worse_spelt(old: str, new: str) -> bool:
    """Whether a name differs in capitals or lost accents only: NGUYỄN VĂN AN does not replace Nguyễn Văn An."""
    return old.casefold() == new.casefold() or only_less_spelt(old, new)
