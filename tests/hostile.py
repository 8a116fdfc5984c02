"""A text that tries everything, and what a page that shows it must not have."""

import html
from html.parser import HTMLParser

from werkzeug.test import TestResponse

from meetingcheck.lib.text import one_line

HOSTILE = "\"'><img src=x onerror=a()></textarea><script>a()</script>{{7*7}}\r\nSet-Cookie: hostile=1\r\n=cmd|!A0\u202e"
HOSTILE_NAME = one_line(HOSTILE)
SPOKEN = html.escape("<script>a()</script>{{7*7}}", quote=False)


class _Elements(HTMLParser):
    """Every element of a page with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def assert_harmless(answer: TestResponse, status: int = 200) -> None:
    """No element, address or header of the page comes from the hostile text."""
    assert answer.status_code == status, answer.text
    assert "Set-Cookie: hostile" not in str(answer.headers)
    assert "hostile" not in str(answer.headers.getlist("Set-Cookie"))
    for tag, attributes in _Elements(answer.text).found:
        assert not [name for name in attributes if name.startswith("on")], (tag, attributes)
        assert "style" not in attributes
        for name in ("src", "href", "action"):
            address = attributes.get(name) or "/"
            assert address.startswith(("/", "#")), (tag, attributes)
            assert not address.startswith("//"), (tag, attributes)
        if tag in {"script", "img"}:
            assert (attributes["src"] or "").startswith(("/static/", "/photos/")), (tag, attributes)
        assert tag not in {"iframe", "object", "embed", "base"}
