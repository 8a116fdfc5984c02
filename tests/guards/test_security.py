"""What SECURITY.md says is shown by tests that exist."""

import re

from tests.guards.sources import TOP

NAMED = re.findall(r"`(tests/[^`]+)`", (TOP / "SECURITY.md").read_text(encoding="utf-8"))


def test_the_named_tests_exist() -> None:
    assert len(NAMED) > 20
    for name in NAMED:
        assert "def test_" in (TOP / name).read_text(encoding="utf-8"), name
