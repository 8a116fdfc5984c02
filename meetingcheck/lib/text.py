"""Vietnamese text: one spelling in storage, accent-free search, alphabetical order as a stored key."""

import re
import unicodedata

from vn_collate import collate_key

DIGITS = re.compile(r"\d+")
SPACES = re.compile(r"\s+")
# Bidirectional marks can make a name read as another; control characters can break a header or a log line.
LONGEST_SEARCH = 100  # characters
MOST_SEARCH_WORDS = 10
UNSAFE_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
REPLACEMENT = "\ufffd"  # stands where a character could not be read
LINE_ENDS = re.compile("[\r\x0b\x0c\x85\u2028\u2029]")
WORD_BULLET = "\uf0b7"


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for "translate later"
    """Mark a text for translation where it is written; it is translated where it is shown."""
    return message


def one_line(text: str) -> str:
    """NFC, blanks collapsed, ends trimmed."""
    return SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip()


def many_lines(text: str) -> str:
    """NFC, line ends as newline, ends trimmed; what nobody can see is dropped.

    Texts pasted from a word processor or a chat bring its bullets, line breaks and invisible marks along.
    """
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n")
    text = LINE_ENDS.sub("\n", text).replace(WORD_BULLET, "•")
    return "\n".join(visible(line.replace("\t", " ")) for line in text.split("\n")).strip()


def storable(text: str) -> str:
    """The text as both databases can keep it: PostgreSQL has no NUL, so a sign stands for it that people can see."""
    return text.replace("\0", REPLACEMENT)


def has_unsafe_characters(text: str, *, allow_newlines: bool = False) -> bool:
    """Whether a text holds control, format or bidirectional characters that no one-line text needs, or unread ones."""
    return REPLACEMENT in text or any(
        unicodedata.category(char) in UNSAFE_CATEGORIES and not (allow_newlines and char in "\n\t") for char in text
    )


def visible(text: str) -> str:
    """The text without control, format and bidirectional characters."""
    return "".join(char for char in text if unicodedata.category(char) not in UNSAFE_CATEGORIES)


def search_form(text: str) -> str:
    """Lower case without accents, d for đ, so that "to mau" finds "Tổ Mẫu" in NFC and NFD alike."""
    decomposed = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return SPACES.sub(" ", "".join(char for char in decomposed if not unicodedata.combining(char))).strip()


def search_words(typed: str) -> list[str]:
    """What is looked for, word by word; each of them must be found in a name's search form."""
    return [word for word in search_form(typed[:LONGEST_SEARCH]).split(" ") if word][:MOST_SEARCH_WORDS]


def sort_key(text: str) -> bytes:
    """Vietnamese alphabetical order, word by word as in a dictionary, with numbers by value and capitals alike.

    Equal on both databases because it is plain bytes. A word's key ends with its lowest byte, so "An Giang" comes
    before "Anh", and a tone counts before the next word does.
    """
    words = DIGITS.sub(_number_by_value, one_line(text).lower()).split(" ")
    return b"".join(bytes.fromhex(collate_key(word)) for word in words)


def _number_by_value(found: re.Match[str]) -> str:
    """A number with the count of its digits before it: 2 is 012, 10 is 0210."""
    digits = found.group().lstrip("0") or "0"
    return f"{len(digits):02}{digits}"


def name_sort_key(name: str) -> bytes:
    """Order of people: by the given name, which is the last word, then by the rest."""
    *rest, given = one_line(name).split(" ")
    return sort_key(" ".join([given, *rest]))
