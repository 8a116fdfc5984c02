"""Where somebody may be sent after a form: our own pages only."""

from collections.abc import Callable
from typing import TypeVar

from flask import current_app, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

HOME = "/"
NOWHERE_TO_GO = frozenset({None, "accounts.sign_in", "static"})
KEPT = "meetingcheck_kept_by_phones"

View = TypeVar("View", bound=Callable[..., object])


def takes_forms(path: str) -> bool:
    """Whether a form can be sent to this path, which is one of ours."""
    adapter = current_app.create_url_adapter(request)
    assert adapter is not None
    try:
        adapter.match(path, method="POST")
    except (HTTPException, RequestRedirect):
        return False
    return path.startswith("/") and not path.startswith("//")


def kept_by_phones(view: View) -> View:
    """Marks a page of which a phone shows the copy that it has kept before it asks the server."""
    setattr(view, KEPT, True)
    return view


def local_path(wanted: str) -> str:
    """`wanted` when it is a path that our own routes answer by GET; everything else goes home."""
    path, _, query = wanted.partition("?")
    if _endpoint_of(path, wanted) in NOWHERE_TO_GO:
        return HOME
    return f"{path}?{query}" if query else path


def just_entered(path: str) -> str:
    """The path, with a word in it that somebody has just signed in where a phone would else show first what it kept
    for another person. `path` is one of ours."""
    view = current_app.view_functions.get(_endpoint_of(path.partition("?")[0], path) or "")
    if not getattr(view, KEPT, False):
        return path
    return f"{path}{'&' if '?' in path else '?'}entered=1"


def _endpoint_of(path: str, wanted: str) -> str | None:
    """Which of our routes answers a path by GET; None for what is no path of ours."""
    if not path.startswith("/") or path.startswith(("//", "/\\")) or any(ord(char) < 32 for char in wanted):
        return None
    adapter = current_app.create_url_adapter(request)
    assert adapter is not None
    try:
        endpoint, _ = adapter.match(path, method="GET")
    except (HTTPException, RequestRedirect):
        return None
    return str(endpoint)
