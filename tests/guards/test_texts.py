"""Texts: Vietnamese in NFC is the source, English is complete, and no page or mail has a word outside gettext."""

import re
import unicodedata
from io import BytesIO

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from jinja2 import Environment, nodes

from tests.guards.sources import PACKAGE, TOP, templates

CATALOGUE = PACKAGE / "translations" / "en" / "LC_MESSAGES" / "messages.po"
KEYWORDS = {"gettext": None, "ngettext": (1, 2), "_": None, "N_": None}
WORD = re.compile(r"[^\W\d_]{2,}")
MARKUP = re.compile(r"<!--.*?-->|<[^>]*>|&\w+;|[\w-]+=\"[^\"]*\"", re.DOTALL)
SPOKEN_ATTRIBUTE = re.compile(r"""(?:aria-label|title|alt|placeholder)=["']([^"'{]*[^\W\d_][^"'{]*)["']""")
# The name of a language is written in that language, whatever the page's.
OWN_NAMES = {"English", "Tiếng", "Việt"}


def messages_in_the_code() -> set[str]:
    found: set[str] = set()
    for path in sorted(PACKAGE.rglob("*.py")):
        found |= _extracted("python", path.read_bytes())
    for text in templates().values():
        found |= _extracted("jinja2.ext:babel_extract", text.encode())
    return found


def _extracted(method: str, source: bytes) -> set[str]:
    options = {"trimmed": "true"}
    found = set()
    for _line, message, _comments, _context in extract(method, BytesIO(source), KEYWORDS, (), options):
        found.add(message[0] if isinstance(message, tuple) else message)
    return found


def test_english_is_complete() -> None:
    with CATALOGUE.open("rb") as source:
        catalogue = read_po(source, locale="en")
    translated = {
        message.id[0] if isinstance(message.id, tuple) else message.id
        for message in catalogue
        if message.id and not message.fuzzy and (all(message.string) if message.pluralizable else message.string)
    }
    wanted = messages_in_the_code()
    assert not wanted - translated, "not translated"
    assert not translated - wanted, "no longer in the code"


def test_placeholders_survive_translation() -> None:
    placeholder = re.compile(r"%\(\w+\)[sd]")
    with CATALOGUE.open("rb") as source:
        for message in read_po(source, locale="en"):
            if not message.id:
                continue
            ids = message.id if isinstance(message.id, tuple) else (message.id,)
            strings = message.string if isinstance(message.string, tuple) else (message.string,)
            for text in strings:
                assert set(placeholder.findall(text)) == set(placeholder.findall(ids[-1])), ids


def test_the_source_is_vietnamese_in_nfc() -> None:
    for message in messages_in_the_code():
        assert unicodedata.is_normalized("NFC", message), message


@pytest.mark.parametrize("name", sorted(templates()))
def test_no_bare_words_in_templates(name: str) -> None:
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    tree = environment.parse(templates()[name])
    text = "".join(
        part.data
        for output in tree.find_all(nodes.Output)
        for part in output.nodes
        if isinstance(part, nodes.TemplateData)
    )
    # Elements may be cut by expressions; what lies between < and > is no text all the same.
    bare = set(WORD.findall(MARKUP.sub(" ", text))) - OWN_NAMES if name.endswith(".html") else set(WORD.findall(text))
    assert not bare, bare
    assert not SPOKEN_ATTRIBUTE.findall(templates()[name])


def test_no_host_or_path_of_a_machine_in_any_file() -> None:
    wrong = []
    for path in [*TOP.glob("*.*"), *PACKAGE.rglob("*"), *(TOP / "tests").rglob("*.py")]:
        if path.is_file() and path.suffix in {".py", ".toml", ".md", ".lock", ".html", ".js", ".css", ".txt"}:
            text = path.read_text(encoding="utf-8")
            if re.search(r"https?://[^\s\"']*(/simple/|/packages/|registry\.)", text):
                wrong.append(str(path))
    assert not [path for path in wrong if not path.endswith("test_texts.py")]
