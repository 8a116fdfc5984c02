"""How offices write the names of units: with marks of a list before them, counts behind them, words cut short. Pure."""

import re
from functools import lru_cache

from meetingcheck.lib.text import one_line, search_form
from meetingcheck.orgs.importing.outcomes import MAX_ROWS
from meetingcheck.orgs.importing.values import same_name

_KEPT = 2 * MAX_ROWS  # each unit of the longest list is asked for several times
_KIND = r"(?:các )?(?:chi bộ|chi bo|đảng bộ|dang bo|đảng u[ỷy]|đảng ủy|dang uy|cb|đb|đu)\b"
_MARK = r"(?:[-+*•–·]+|\(?(?:\d{1,3}(?:\.\d{1,3})*|[ivx]{1,6}|[a-zđ])[.)/:\-]+)\s*"
_MARK_BEFORE_KIND = re.compile(f"{_MARK}(?={_KIND})", re.IGNORECASE)
_NUMBER_BEFORE_NAME = re.compile(r"(?:[-+*•–·]+|\d{1,3}[.)])\s+(?=[^\W\d_])")
_MEMBERS = re.compile(
    r"\s*[(:\-–]\s*(?:có |gồm )?\d+\s*(?:đảng viên|dang vien|đ/v|đv|đồng chí|đ/c|chi bộ)\b[^()]*\)?\.?$", re.IGNORECASE
)
_CUT_SHORT = (
    (re.compile(r"C\.?B\.? (?=\S)", re.IGNORECASE), "Chi bộ "),
    (re.compile(r"Đ\.?B\.? (?=\S)", re.IGNORECASE), "Đảng bộ "),
    (re.compile(r"Đ\.?U\.? (?=\S)", re.IGNORECASE), "Đảng ủy "),
)
# Its leading body stands for a committee.
_LEADING_BODY = re.compile(r"(?:đảng u[ỷy]|đảng ủy|dang uy)(?= \S)", re.IGNORECASE)
# What stands among units and is none: a title that gives the kind gives these none. Compared with accents where there
# are any: "Công an xã" is no "Cộng", "Sở Y tế" no "Số".
_NO_UNIT = re.compile(
    r"(?:khối(?! (?:phố )?\d| dân vận)|cụm(?! dân cư)|nhóm(?! trẻ)|tổng(?! công ty)|cộng(?! h[oò][aà])|gồm|trong đó"
    r"|ghi chú|lưu ý|số|danh sách|người|nơi nhận|t/m|k/t)(?!\w)"
)
_NO_UNIT_PLAIN = re.compile(
    r"(?:khoi(?! (?:pho )?\d| dan van)|cum(?! dan cu)|nhom(?! tre)|tong(?! cong ty)"
    r"|cong(?! (?:an|ty|doan|chung|thuong|nghiep|trinh|vien|hoa)\b)|gom|trong do|ghi chu|luu y"
    r"|so(?! (?:y te|giao duc|tai chinh|noi vu|xay dung|cong|nong|tu phap|van|khoa|ke hoach)\b)|danh sach|nguoi"
    r"|noi nhan|t/m|k/t)\b"
)


def unit_name_in(text: str, *, among_units: bool = False) -> str:
    """A unit's name without the marks and counts of a list. `among_units`: the column holds units of one kind, so that
    a number before a name that says no kind is a mark too."""
    name = _MARK_BEFORE_KIND.sub("", text, count=1) if _MARK_BEFORE_KIND.match(text) else text
    if among_units and _NUMBER_BEFORE_NAME.match(name):
        name = _NUMBER_BEFORE_NAME.sub("", name, count=1)
    name = _MEMBERS.sub("", name) or name
    for short, word in _CUT_SHORT:
        if short.match(name):
            return word + short.sub("", name, count=1)
    return name


@lru_cache(maxsize=_KEPT)
def canonical(name: str) -> str:
    """The form by which units' names are compared: Đảng ủy xã A is Đảng bộ xã A, and CB is Chi bộ."""
    tidy = unit_name_in(name)
    found = _LEADING_BODY.match(tidy)
    return f"Đảng bộ{tidy[found.end() :]}" if found else tidy


@lru_cache(maxsize=_KEPT)
def unit_key(name: str) -> str:
    return search_form(canonical(name))


def same_unit(one: str, other: str) -> bool:
    """Whether two names of units mean the same."""
    return same_name(canonical(one), canonical(other))


def takes_kind(name: str, *, is_listed: bool = False) -> bool:
    """Whether the title of its column may say of what kind a unit is: not of what may be no unit at all. `is_listed`:
    its row has a number and somebody in it, as only units' rows have."""
    plain, spelt = search_form(name), one_line(name).lower()
    no_unit = _NO_UNIT_PLAIN if plain == spelt else _NO_UNIT
    return name[:1].isalpha() and (is_listed or no_unit.match(spelt) is None)
