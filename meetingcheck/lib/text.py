"""Vietnamese text: one spelling in storage, accent-free search, alphabetical order as a stored key."""

import re
import unicodedata

from vn_collate import collate_key

DIGITS = re.compile(r"\d+")
SPACES = re.compile(r"\s+")
# Bidirectional marks can make a name read as another; control characters can break a header or a log line.
UNSAFE_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
DIGIT_WIDTH = 6


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for "translate later"
    """Mark a text for translation where it is written; it is translated where it is shown."""
    return message


def one_line(text: str) -> str:
    """NFC, blanks collapsed, ends trimmed."""
    return SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip()


def many_lines(text: str) -> str:
    """NFC, line ends as newline, ends trimmed."""
    return unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").strip()


def has_unsafe_characters(text: str, *, allow_newlines: bool = False) -> bool:
    """Whether a text holds control, format or bidirectional characters that no one-line text needs."""
    return any(
        unicodedata.category(char) in UNSAFE_CATEGORIES and not (allow_newlines and char in "\n\t") for char in text
    )


def search_form(text: str) -> str:
    """Lower case without accents, d for đ, so that "to mau" finds "Tổ Mẫu" in NFC and NFD alike."""
    decomposed = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return SPACES.sub(" ", "".join(char for char in decomposed if not unicodedata.combining(char))).strip()


def sort_key(text: str) -> bytes:
    """Vietnamese alphabetical order with numbers by value; equal on both databases because it is plain bytes."""
    padded = DIGITS.sub(lambda found: found.group().zfill(DIGIT_WIDTH), one_line(text))
    return bytes.fromhex(collate_key(padded))


def name_sort_key(name: str) -> bytes:
    """Order of people: by the given name, which is the last word, then by the rest."""
    *rest, given = one_line(name).split(" ")
    return sort_key(" ".join([given, *rest]))
