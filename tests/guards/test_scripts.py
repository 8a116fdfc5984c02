"""Scripts and styles run as they are written on Chrome 90 and Safari 15: nothing that came later, unless asked for."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.engines.node import find_node, install
from tests.guards.sources import PACKAGE

LINTERS = Path(__file__).parent / "scripts"
SCRIPTS = sorted((PACKAGE / "static" / "js").rglob("*.js"))
STYLES = sorted((PACKAGE / "static" / "css").rglob("*.css"))
# What the browsers' data do not tell the linter, being members of things whose kind it cannot see.
LATER = {
    ".showPicker": "Chrome 99",
    "AbortSignal.timeout": "Chrome 103",
    "AbortSignal.any": "Chrome 116",
    ".requestSubmit": "Safari 16",
    ".submitter": "Safari 15.4",
    ".showModal": "Safari 15.4",
    ".checkVisibility": "Chrome 105",
    ".createWritable": "Safari 26",
}
# What is newer and may be there all the same: (file, part of the sentence) and what happens without it.
ACCEPTED = {
    ("queue.js", "navigator.locks"): "asked for first; without it two tabs may both send, and the server keeps one",
    ("app.css", ": :focus-visible"): "Safari 15 shows its own ring; each time a rule by itself",
    ("app.css", '"css-focus-visible"'): "the same",
    ("app.css", '"css-content-visibility"'): "inside @supports",
    ("app.css", '"css-touch-action"'): "a desktop without a touch screen has no use for it",
    ("app.css", '"css3-cursors-grab"'): "a phone has no pointer",
    ("app.css", "cursor"): "a phone has no pointer",
    ("app.css", '"extended-system-fonts"'): "the next font of the list",
    ("app.css", "font-family: ui-monospace"): "the next font of the list",
    ("app.css", "accent-color"): "the browser's own colour",
    ("app.css", "overflow-wrap: anywhere"): "word-break stands beside it",
    ("app.css", "user-select"): "-webkit-user-select stands beside it",
}


def lint(files: list[Path]) -> list[tuple[str, str]]:
    """The name of each file with what the oldest browsers lack in it."""
    install(LINTERS)
    command = [find_node().program, "lint.mjs", json.dumps(list(LATER)), *map(str, files)]
    said = subprocess.run(command, cwd=LINTERS, capture_output=True, text=True, check=True)
    return [(Path(one["file"]).name, f"{one['line']}: {one['message']}") for one in json.loads(said.stdout)]


@pytest.fixture(scope="module")
def linted() -> list[tuple[str, str]]:
    assert len(SCRIPTS) > 8
    assert STYLES
    return lint([*SCRIPTS, *STYLES])


def test_nothing_is_newer_than_the_oldest_browsers(linted: list[tuple[str, str]]) -> None:
    accepted = ACCEPTED.keys()
    assert [one for one in linted if not any(one[0] == name and part in one[1] for name, part in accepted)] == []


def test_what_is_accepted_is_still_there(linted: list[tuple[str, str]]) -> None:
    assert {one for one in ACCEPTED if not any(one[0] == name and one[1] in said for name, said in linted)} == set()


NEWER_SCRIPTS = (
    *("class A { #x = 1; }", "class A { static { } }", "class A { x = 1; }", "await 1;", "const r = /a/d;"),
    *("[1].at(0);", "[1].findLast(Boolean);", "[1].toSorted();", 'Object.hasOwn({}, "a");', "Object.groupBy([], x);"),
    *("crypto.randomUUID();", "structuredClone({});", 'navigator.locks.request("a", x);', "new OffscreenCanvas(1, 1);"),
    *("AbortSignal.timeout(1);", 'new BroadcastChannel("a");', 'new CompressionStream("gzip");', "x.showModal();"),
    *("requestIdleCallback(x);", "navigator.userAgentData;", "form.requestSubmit();", "event.submitter;"),
)
NEWER_STYLES = (
    *("a:has(b) { color: red }", "a { height: 100dvh }", "a { overflow: clip }", "a { translate: 1px }"),
    *("a { color: oklch(50% .1 20) }", "a { text-wrap: balance }", "a { scrollbar-gutter: stable }"),
    *("@layer x { a { color: red } }", "@container (width > 1px) { a { color: red } }", ".a { .b & { color: red } }"),
    *("@media (400px <= width) { a { color: red } }", "a { accent-color: red }", "a::backdrop { color: red }"),
)
OLD_ENOUGH = "const x = {...y, z: a?.b ?? c}; x.d ??= 1; 'a'.replaceAll('a', 'b'); Promise.any([]); [1].flatMap(x);"
STYLES_OLD_ENOUGH = "a { inset: 0; gap: 1px; aspect-ratio: 1; width: min(1px, 2px); clip-path: inset(50%) }"


def test_the_linters_see_what_is_too_new(tmp_path: Path) -> None:
    parts = {f"{number}.js": text for number, text in enumerate(NEWER_SCRIPTS)}
    parts |= {f"{number}.css": text for number, text in enumerate(NEWER_STYLES)}
    parts |= {"old.js": OLD_ENOUGH, "old.css": STYLES_OLD_ENOUGH}
    for name, text in parts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    refused = {name for name, _ in lint([tmp_path / name for name in parts])}
    assert {text for name, text in parts.items() if name not in refused} == {OLD_ENOUGH, STYLES_OLD_ENOUGH}
