"""How offices write the names of units: with marks of a list before them, counts behind them, words cut short. Pure."""

import re
from functools import lru_cache

from meetingcheck.lib.text import search_form
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
# What stands among units and is none: a title that gives the kind gives these none.
_NO_UNIT = re.compile(
    r"(?:khoi(?! (?:pho )?\d)|cum|nhom|tong|cong|gom|trong do|ghi chu|luu y|so|danh sach|nguoi|noi nhan|t/m|k/t)\b"
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


def takes_kind(name: str) -> bool:
    """Whether the title of its column may say of what kind a unit is: not of what may be no unit at all."""
    return name[:1].isalpha() and _NO_UNIT.match(search_form(name)) is None
