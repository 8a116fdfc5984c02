"""A running site, for browsers."""

from dataclasses import dataclass

from playwright.sync_api import BrowserContext, Page

from tests.engines.store import RunningStore
from tests.world import PASSWORD, TOKEN, World


@dataclass(frozen=True)
class Site:
    address: str
    world: World
    store: RunningStore

    def sign_in(self, page: Page, login: str) -> None:
        page.goto(f"{self.address}/sign-in")
        page.fill("#login", login)
        page.fill("#password", PASSWORD)
        page.click("main button.btn")
        page.wait_for_url(lambda url: "/sign-in" not in url)
        if page.url.endswith("/second-factor"):
            page.fill("#code", self.world.code())
            page.click("main button.btn")
            page.wait_for_url(lambda url: "/second-factor" not in url)

    def sign_in_without_a_page(self, browser: BrowserContext, login: str) -> None:
        """As `sign_in`, but nothing of the site has run in the browser since."""
        found = TOKEN.search(browser.request.get(f"{self.address}/sign-in").text())
        assert found is not None
        form = {"csrf_token": found.group(1), "login": login, "password": PASSWORD}
        answer = browser.request.post(f"{self.address}/sign-in", form=form, headers={"Origin": self.address})
        assert "/sign-in" not in answer.url
