"""A phone's browser with a profile that outlives it."""

import contextlib
import os
import signal
from pathlib import Path

from playwright.sync_api import BrowserContext, BrowserType, Error, Page

from tests.engines.browser import ANSWER_MS, FLAGS, PHONE, find_browser
from tests.engines.processes import processes


class PhoneProfile:
    """A small phone whose browser keeps its profile in a folder, in a process of its own: it can be killed and started
    again, and finds what it has kept. Chromium writes cookies down every half minute only, or when it is closed."""

    def __init__(self, chromium: BrowserType, folder: Path) -> None:
        self._chromium, self._folder = chromium, folder
        self._context: BrowserContext | None = None

    @property
    def context(self) -> BrowserContext:
        assert self._context is not None, "the browser does not run"
        return self._context

    def start(self) -> None:
        program = find_browser(self._chromium)
        self._context = self._chromium.launch_persistent_context(
            self._folder,
            executable_path=program.path,
            args=list(FLAGS),
            headless=True,
            env=dict(os.environ | program.environment),
            locale="vi-VN",
            timezone_id="Asia/Ho_Chi_Minh",
            **PHONE,
        )
        self._context.set_default_timeout(ANSWER_MS)

    def close(self) -> None:
        """As somebody closes it. Nothing happens when it does not run."""
        if self._context is not None:
            with contextlib.suppress(Error):
                self._context.close()
            self._context = None

    def kill(self) -> None:
        """Kill -9 the whole browser, as the system does when it wants the memory."""
        for pid, (_, command) in processes():
            if f"--user-data-dir={self._folder} " in command and "--type=" not in command:
                os.killpg(os.getpgid(pid), signal.SIGKILL)
        self.close()

    def kill_tab(self, page: Page) -> None:
        """End a page's process at once: it hears of nothing, unlike one that is closed."""
        with page.expect_event("crash"), contextlib.suppress(Error):
            page.goto("chrome://kill")
