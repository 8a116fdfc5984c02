"""Each route names the right that it needs; a route that names none cannot be reached."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import current_app, request

PUBLIC = "public"  # everybody, signed in or not
SIGNED_IN = "signed_in"  # everybody who is signed in, about nothing but themselves

View = TypeVar("View", bound=Callable[..., Any])

ATTRIBUTE = "needed_right"
BY_LINK = "by_link"
BY_ADDRESS = "by_address"


def needs(right: str, *, by_link: bool = False, by_address: bool = False) -> Callable[[View], View]:
    """Name the right of a route. The view itself asks for it, about the unit that it loads.

    `by_link` opens it to sessions that a report link opened; those reach no other route. `by_address`: a token in the
    address is all that gives the right, whoever posts, so that no form of ours has to be there first.
    """

    def mark(view: View) -> View:
        setattr(view, ATTRIBUTE, str(right))
        setattr(view, BY_LINK, by_link)
        setattr(view, BY_ADDRESS, by_address)
        return view

    return mark


def right_of(endpoint: str) -> str | None:
    """The right that an endpoint names; static files are public."""
    if endpoint == "static":
        return PUBLIC
    return getattr(current_app.view_functions.get(endpoint), ATTRIBUTE, None)


def needed_right() -> str | None:
    """The right of the current request's route; None when there is no route or it names none."""
    return right_of(request.endpoint) if request.endpoint else None


def open_to_links() -> bool:
    """Whether the current request's route may be reached by a session that a report link opened."""
    return _is_marked(BY_LINK)


def open_by_address() -> bool:
    """Whether the current request's route takes a token in its address for the whole right."""
    return _is_marked(BY_ADDRESS)


def _is_marked(mark: str) -> bool:
    view = current_app.view_functions.get(request.endpoint) if request.endpoint else None
    return bool(getattr(view, mark, False))
