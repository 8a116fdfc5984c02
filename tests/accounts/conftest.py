"""The running site and the browser, as the pages' tests have them."""

from tests.pages.conftest import browser, site

__all__ = ["browser", "site"]
