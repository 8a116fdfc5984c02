"""Vietnamese from before Unicode: TCVN3 (fonts .VnTime) and VNI (fonts VNI-Times), recognised and converted.

Such text is made of Western letters that look Vietnamese in its own fonts only: "Chi bé Th«n MÉu" is "Chi bộ Thôn Mẫu"
in TCVN3. Which reading is right is decided by counting plausible Vietnamese syllables under each.
"""

import re
import string
import unicodedata
from collections.abc import Iterable, Sequence

from meetingcheck.orgs.importing.outcomes import Legacy

_TCVN3 = str.maketrans(
    "\xa1\xa2\xa3\xa4\xa5\xa6\xa7\xa8\xa9\xaa\xab\xac\xad\xae\xb5\xb6\xb7\xb8\xb9\xbb\xbc\xbd\xbe"
    "\xc6\xc7\xc8\xc9\xca\xcb\xcc\xce\xcf\xd0\xd1\xd2\xd3\xd4\xd5\xd6\xd7\xd8\xdc\xdd\xde\xdf"
    "\xe1\xe2\xe3\xe4\xe5\xe6\xe7\xe8\xe9\xea\xeb\xec\xed\xee\xef"
    "\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9\xfa\xfb\xfc\xfd\xfe",
    "ĂÂÊÔƠƯĐăâêôơưđàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ",
)

# In VNI a letter is followed by its mark; two letters with their own hooks, and a few signs, stand alone.
_TONES = {"ù": "\u0301", "ø": "\u0300", "û": "\u0309", "õ": "\u0303", "ï": "\u0323"}
_ROOFS = {"â": "", "á": "\u0301", "à": "\u0300", "å": "\u0309", "ã": "\u0303", "ä": "\u0323"}
_BOWLS = {"ê": "", "é": "\u0301", "è": "\u0300", "ú": "\u0309", "ü": "\u0303", "ë": "\u0323"}
_ALONE = {"ñ": "đ", "ö": "ư", "ô": "ơ", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "î": "ỵ"}


def _vni_table() -> dict[str, str]:
    pairs = {base + mark: base + tone for base in "aeouyôö" for mark, tone in _TONES.items()}
    pairs |= {base + mark: base + "\u0302" + tone for base in "aeo" for mark, tone in _ROOFS.items()}
    pairs |= {"a" + mark: "a\u0306" + tone for mark, tone in _BOWLS.items()}
    pairs = {pair: "".join(_ALONE.get(char, char) for char in spelt) for pair, spelt in pairs.items()} | _ALONE
    pairs = {pair: unicodedata.normalize("NFC", spelt) for pair, spelt in pairs.items()}
    capitals = {pair.upper(): spelt.upper() for pair, spelt in pairs.items()}
    mixed = {pair[0].upper() + pair[1:]: spelt[0].upper() + spelt[1:] for pair, spelt in pairs.items()}
    return pairs | mixed | capitals


_VNI = _vni_table()
_VNI_LETTERS = re.compile("|".join(sorted(map(re.escape, _VNI), key=len, reverse=True)))

_TONE_MARKS = re.compile("[\u0300\u0301\u0303\u0309\u0323]")
_SYLLABLE = re.compile(
    r"(?:ngh|ng|nh|ch|gh|gi|kh|ph|qu|th|tr|[bcdđghklmnpqrstvx])?"
    r"(?:uyê|uya|uyu|uây|oai|oao|oay|oeo|iêu|yêu|uôi|ươi|ươu|ai|ao|au|ay|âu|ây|eo|êu|ia|iê|iu|oa|oă|oe|oi|ôi|ơi|oo"
    r"|ua|uâ|uê|ui|uo|uô|uơ|uy|ưa|ưi|ươ|ưu|yê|[aăâeêioôơuưy])"
    r"(?:ng|nh|ch|[cmnpt])?"
)
_BETWEEN_WORDS = re.compile(r"[\s;,]+")
_LEAST_WORDS = 2


def convert(text: str, legacy: Legacy) -> str:
    """A text in Unicode, NFC. One that has Vietnamese letters of Unicode already stays as it is."""
    if text.isascii() or _is_unicode(text):
        return text
    if legacy is Legacy.VNI:
        return _VNI_LETTERS.sub(lambda found: _VNI[found.group()], text)
    converted = text.translate(_TCVN3)
    # TCVN3 had a font of capitals: where no small Western letter is left, the text was written in it.
    western = [char for char in text if char in string.ascii_letters]
    return converted.upper() if len(western) > 2 and all(char.isupper() for char in western) else converted


def convert_row(texts: Sequence[str], legacy: Legacy) -> list[str]:
    """The texts of one row in Unicode. Beside Unicode, what reads as well as it stands is Unicode too: Lê Tú."""
    is_mixed = any(map(_is_unicode, texts))
    converted = [convert(text, legacy) for text in texts]
    return [
        text if is_mixed and count_syllables(text) >= count_syllables(new) else new
        for text, new in zip(texts, converted, strict=True)
    ]


def detect(texts: Iterable[str]) -> Legacy | None:
    """The old encoding that the texts are in; None when they are plausible as they stand, or say too little.

    Texts with Vietnamese letters of Unicode do not count: old rows may have been pasted under a new header.
    """
    words = {word for text in texts if not _is_unicode(text) for word in _foreign_words(text)}
    as_they_stand = sum(map(is_syllable, words))
    found = {legacy: sum(is_syllable(convert(word, legacy)) for word in words) for legacy in Legacy}
    best = max(Legacy, key=lambda legacy: found[legacy])
    if found[best] < _LEAST_WORDS or found[best] * 2 < len(words) or found[best] < as_they_stand * 1.5:
        return None
    return best


def count_syllables(text: str) -> int:
    """How many of its words with other letters than Western ones could be Vietnamese syllables."""
    return sum(map(is_syllable, _foreign_words(text)))


def _is_unicode(text: str) -> bool:
    return any(ord(char) > 0xFF for char in text)


def _foreign_words(text: str) -> list[str]:
    return [] if text.isascii() else [word for word in _BETWEEN_WORDS.split(text) if not word.isascii()]


def is_syllable(word: str) -> bool:
    """Whether a word, punctuation aside, could be a Vietnamese syllable: its letters and at most one tone."""
    letters = unicodedata.normalize("NFD", word.strip(string.punctuation).lower())
    bare, tones = _TONE_MARKS.subn("", letters)
    return tones <= 1 and bool(_SYLLABLE.fullmatch(unicodedata.normalize("NFC", bare)))
