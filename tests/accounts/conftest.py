"""The running site, as the pages' tests have them."""

from tests.pages.conftest import site

__all__ = ["site"]
