"""A real Chromium or Chrome for the tests, driven by Playwright.

Order: an installed one (Debian's among them), else Debian's unpacked by the set-up for a user without rights, else
Playwright's own. None: `NoBrowserError` with a sentence, never a silent skip. `python -m tests.engines.browser` prints
the one that is used.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, BrowserType, Page, Playwright, sync_playwright

INSTALLED_NAMES = ("chromium", "google-chrome", "google-chrome-stable", "chromium-browser", "chrome")
UNPACKED_FOLDER = Path(sys.prefix) / "browser"  # see .ci/setup

# No sandbox (containers have none), and nothing that talks to the maker on its own.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

# The small phone that the pages are made for.
PHONE: dict[str, Any] = {
    "viewport": {"width": 360, "height": 740},
    "screen": {"width": 360, "height": 740},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}}

# What a page that fits does not have: elements or text beyond the right edge. `overflow: hidden` on the body hides a
# scroll bar, not the loss, so boxes are measured; those inside a part that scrolls by itself are fine.
BEYOND_THE_EDGE = """asked => {
  const width = document.documentElement.clientWidth;
  if (width > asked) return ['the page: it does not take the width of the device'];
  const cuts = element => element !== document.body && getComputedStyle(element).overflowX !== 'visible';
  const cutByParent = element => {
    for (let at = element.parentElement; at; at = at.parentElement) if (cuts(at)) return true;
    return false;
  };
  const textRight = element => {
    const range = document.createRange();
    return Math.max(0, ...[...element.childNodes].filter(node => node.nodeType === Node.TEXT_NODE).map(node => {
      range.selectNode(node);
      return range.getBoundingClientRect().right;
    }));
  };
  const right = element => {
    const box = element.getBoundingClientRect();
    const own = box.width && box.height ? box.right : 0;
    return cuts(element) ? own : Math.max(own, textRight(element));
  };
  const name = element => element.tagName.toLowerCase() + (element.id && '#' + element.id)
    + [...element.classList].map(word => '.' + word).join('');
  const beyond = [...document.body.querySelectorAll('*')].filter(
    element => right(element) > width + 0.5 && !cutByParent(element));
  const innermost = beyond.filter(element => !beyond.some(other => other !== element && element.contains(other)));
  if (!innermost.length && document.documentElement.scrollWidth > width) return ['the page'];
  return innermost.slice(0, 10).map(name);
}"""


ANSWER_MS = 10_000  # what does not come within this time does not come
POLL_MS = 50


class NoBrowserError(RuntimeError):
    """No browser that starts; the text says what to do."""


@dataclass(frozen=True)
class BrowserProgram:
    """A browser's program and what its environment needs on top of ours."""

    path: Path
    environment: dict[str, str] = field(default_factory=dict)

    def starts(self) -> bool:
        """True when the program is there and its libraries are too."""
        try:
            answer = subprocess.run(
                [self.path, "--version"],
                env=os.environ | self.environment,
                capture_output=True,
                timeout=30,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        return answer.returncode == 0


# --- finding one


def _installed() -> BrowserProgram | None:
    """Chromium or Chrome on the PATH that starts: some systems have a stand-in that only tells how to install it."""
    found = (shutil.which(name) for name in INSTALLED_NAMES)
    programs = (BrowserProgram(Path(path)) for path in found if path)
    return next((program for program in programs if program.starts()), None)


def _unpacked_libraries() -> dict[str, str]:
    """The setting that lets programs find the unpacked libraries; empty when the set-up had to unpack none."""
    parents = (UNPACKED_FOLDER / "usr/lib", UNPACKED_FOLDER / "lib")
    libraries = [folder for parent in parents for folder in parent.glob("*-linux-gnu*")]
    folders = [folder for library in libraries for folder in (library, *library.glob("pulseaudio"))]
    return {"LD_LIBRARY_PATH": os.pathsep.join(map(str, folders))} if folders else {}


def _unpacked() -> BrowserProgram | None:
    """Debian's Chromium in the venv, with the libraries and fonts that were unpacked beside it."""
    program = BrowserProgram(
        UNPACKED_FOLDER / "usr/lib/chromium/chromium",
        _unpacked_libraries() | {"FONTCONFIG_FILE": str(UNPACKED_FOLDER / "fonts.conf")},
    )
    return program if program.starts() else None


def _playwrights_own(chromium: BrowserType) -> BrowserProgram | None:
    program = BrowserProgram(Path(chromium.executable_path))
    return program if program.starts() else None


def find_browser(chromium: BrowserType) -> BrowserProgram:
    """The first browser that starts, in the order of this module's first lines."""
    program = _installed() or _unpacked() or _playwrights_own(chromium)
    if program is None:
        raise NoBrowserError(
            "No Chromium or Google Chrome that starts was found: run `make setup-test`, or install one "
            "(on Debian: the package chromium)."
        )
    return program


# --- using one


@contextmanager
def _playwright() -> Iterator[Playwright]:
    """Playwright with its driver running. The driver has only our environment to find its libraries by."""
    before = dict(os.environ)
    os.environ.update(_unpacked_libraries())
    manager = sync_playwright()
    try:
        playwright = manager.start()
    except Exception as error:
        raise NoBrowserError(
            "Playwright's driver does not start; on a bare Debian it lacks the package libatomic1. "
            "Run `make setup-test`."
        ) from error
    finally:
        os.environ.clear()
        os.environ.update(before)
    try:
        yield playwright
    finally:
        playwright.stop()


@contextmanager
def launch_browser() -> Iterator[Browser]:
    """A running browser; closed at the end. One serves a whole test run, each test takes contexts of its own."""
    with _playwright() as playwright:
        program = find_browser(playwright.chromium)
        browser = playwright.chromium.launch(
            executable_path=program.path,
            args=list(FLAGS),
            headless=True,
            env=dict(os.environ | program.environment),
        )
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def open_context(
    browser: Browser,
    *,
    phone: bool = True,
    javascript: bool = True,
    locale: str = "vi-VN",
    base_url: str | None = None,
    **more: Any,
) -> Iterator[BrowserContext]:
    """A fresh profile: a small phone in Vietnamese unless said otherwise; `more` goes to Playwright's new_context."""
    settings: dict[str, Any] = {
        **(PHONE if phone else DESKTOP),
        "locale": locale,
        "timezone_id": "Asia/Ho_Chi_Minh",
        "java_script_enabled": javascript,
        "base_url": base_url,
        **more,
    }
    context = browser.new_context(**settings)
    context.set_default_timeout(ANSWER_MS)
    try:
        yield context
    finally:
        context.close()


@contextmanager
def open_to_programs(browser: Browser, profile: Path, port: int) -> Iterator[BrowserContext]:
    """A second browser with a profile of its own, which other programs can drive through a port of this machine."""
    program = find_browser(browser.browser_type)
    context = browser.browser_type.launch_persistent_context(
        profile,
        executable_path=program.path,
        args=[*FLAGS, f"--remote-debugging-port={port}"],
        headless=True,
        env=dict(os.environ | program.environment),
        locale="vi-VN",
        timezone_id="Asia/Ho_Chi_Minh",
    )
    context.set_default_timeout(ANSWER_MS)
    try:
        yield context
    finally:
        context.close()


def wait_for(page: Page, expression: str) -> None:
    """Ask the page until the JavaScript expression is true; AssertionError when it does not become so.

    Playwright's own waiting evaluates text inside the page, which a strict Content-Security-Policy forbids as soon as
    it has to ask twice.
    """
    deadline = time.monotonic() + ANSWER_MS / 1000
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, f"did not become true: {expression}"
        page.wait_for_timeout(POLL_MS)


def axe_violations(page: Page, *, ignore: tuple[str, ...] = ()) -> list[str]:
    """What axe-core finds wrong on the page as it stands: one line for each rule and element, empty when all is well.

    Works under a strict Content-Security-Policy: the rules are evaluated from outside, no script is put into the page.
    """
    if page.evaluate("matchMedia('(scripting: none)').matches"):
        raise ValueError("axe needs a page with JavaScript; without it its timers never fire.")
    results = Axe().run(page).response
    return [
        f"{violation['id']} ({violation['impact']}): {violation['help']}: {' '.join(map(str, node['target']))}"
        for violation in results["violations"]
        if violation["id"] not in ignore
        for node in violation["nodes"]
    ]


@contextmanager
def _viewport_width(page: Page, width: int) -> Iterator[None]:
    before = page.viewport_size
    page.set_viewport_size({"width": width, "height": before["height"] if before else PHONE["viewport"]["height"]})
    try:
        yield
    finally:
        if before:
            page.set_viewport_size(before)


def beyond_width(page: Page, width: int = 320) -> list[str]:
    """The innermost elements that reach beyond the right edge at this width."""
    with _viewport_width(page, width):
        return cast(list[str], page.evaluate(BEYOND_THE_EDGE, width))


def fits_width(page: Page, width: int = 320) -> bool:
    """True when nothing has to be scrolled sideways at this width."""
    return not beyond_width(page, width)


def screenshot(page: Page, path: Path, *, full_page: bool = True) -> Path:
    """Save a picture of the page, with animations at their end; the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path, full_page=full_page, animations="disabled", caret="hide")
    return path


def main() -> int:
    """Print the browser that the tests use; a sentence and status 1 when there is none."""
    try:
        with _playwright() as playwright:
            sys.stdout.write(f"Tests use the browser {find_browser(playwright.chromium).path}\n")
    except NoBrowserError as missing:
        sys.stderr.write(f"{missing}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
