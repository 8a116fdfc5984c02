"""A running site, for browsers."""

from dataclasses import dataclass

from playwright.sync_api import Page

from tests.world import PASSWORD, World


@dataclass(frozen=True)
class Site:
    address: str
    world: World

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
