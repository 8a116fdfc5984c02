"""What stands in a cell of people: a name, and all that offices write beside it. Pure."""

import re
from dataclasses import dataclass, replace

from meetingcheck.lib.text import search_form
from meetingcheck.orgs.importing.values import (
    mentions_deputy,
    names_deputy,
    names_other_posts,
    names_past_post,
    phone_of,
    roles_of,
    says_vacant,
)

_NUMBER = re.compile(
    r"(?:(?:sđt|sdt|đt|dt|tel|zalo|số)\s*[:.]?\s*)?((?<!\d)(?:\+?84|0)(?:[ .\-]?\d){8,10}(?!\d))", re.IGNORECASE
)
_ONLY_NAME = re.compile(r"[^\W\d_]+(?: [^\W\d_]+)*")
_ASIDE = re.compile(r"\s*\(([^()]*)\)\s*(?=$|[;,])")
_BETWEEN = re.compile(r"\s*[;,:&+]\s*|\s+[-–]\s+|\s+và\s+|(?<!đ)(?<!Đ)(?<!ông)(?<!Ông)\s*/\s*")
_COMRADE = re.compile(r"(?:đ/c|đ\.c|đc|đồng chí)(?:\s*[.:]\s*|\s+)", re.IGNORECASE)
_SIR_OR_MADAM = re.compile(r"(?:ông/bà|bà/ông|ông|bà)(?:\s*[.:]\s*|\s+)", re.IGNORECASE)
_POST_BEFORE = re.compile(r"bí thư(?: chi bộ)? ", re.IGNORECASE)
# Whoever is called Ông Thế Sơn keeps the family name; before these it is none.
_FAMILY = re.compile(
    "(?:nguyen|tran|le|pham|hoang|huynh|phan|vu|vo|dang|bui|do|ho|ngo|duong|ly|dinh|doan|trinh|mai|dao|ha|luong|cao|lo|vi"
    "|quang|ma|nong|trieu|giang|vang|sung|luc|chu|ta|kieu|thai|to|lam|truong) .+"
)


@dataclass(frozen=True)
class Named:
    """What a cell says of a person. `post` is what stands beside the name; `several`: it names more than one."""

    name: str = ""
    phone: str | None = None
    post: str = ""
    several: bool = False


def person_in(text: str) -> Named:
    """The one person in a cell; no name when the seat is vacant. What is not understood stays part of the name."""
    if says_vacant(text):
        return Named()
    named = _named_in(text)
    # Whatever else is not understood, a deputy must not become the secretary.
    return replace(named, post="phó bí thư") if mentions_deputy(named.name) else named


def _named_in(text: str) -> Named:
    if _ONLY_NAME.fullmatch(text) and " và " not in text and _without_title(text) == text:
        return Named(text)
    numbers = [phone for phone in map(phone_of, _NUMBER.findall(text)) if phone]
    rest = _NUMBER.sub(" ", text) if numbers else text
    asides = [aside.strip() for aside in _ASIDE.findall(rest)]
    if all(not aside or _is_post(aside) for aside in asides):
        rest = _ASIDE.sub("", rest)
    else:
        asides = []
    parts = [part for part in (part.strip(" .-") for part in _BETWEEN.split(_without_title(rest.strip()))) if part]
    posts = [part for part in parts if _is_post(part) and (part != parts[0] or roles_of(part) or names_deputy(part))]
    names = [name for name in (_without_title(part) for part in parts if part not in posts) if name]
    phone = numbers[0] if len(set(numbers)) == 1 else None
    if len(names) > 1 and _may_be_name(names[0]) and all(name.replace(" ", "").isalpha() for name in names):
        return Named(text, several=True)
    if len(names) != 1:
        return Named(text)
    return Named(names[0], phone, ", ".join([*posts, *filter(None, asides)]))


def _is_post(text: str) -> bool:
    return bool(roles_of(text)) or names_deputy(text) or names_past_post(text) or names_other_posts(text)


def _without_title(name: str) -> str:
    bare = _COMRADE.sub("", name, count=1) if _COMRADE.match(name) else name
    if _POST_BEFORE.match(bare) and _FAMILY.fullmatch(search_form(rest := _POST_BEFORE.sub("", bare, count=1))):
        return rest
    if _SIR_OR_MADAM.match(bare):
        called = _SIR_OR_MADAM.sub("", bare, count=1)
        if len(called.split()) > 2 or _FAMILY.fullmatch(search_form(called)):
            return called
    return bare


def _may_be_name(text: str) -> bool:
    words = text.split()
    return 2 <= len(words) <= 6 and all(word.replace("'", "").isalpha() for word in words)
