"""Where somebody may be sent after a form: our own pages only."""

from flask import current_app, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

HOME = "/"
NOWHERE_TO_GO = frozenset({"accounts.sign_in", "static"})


def local_path(wanted: str) -> str:
    """`wanted` when it is a path that our own routes answer by GET; everything else goes home."""
    path, _, query = wanted.partition("?")
    if not path.startswith("/") or path.startswith(("//", "/\\")) or any(ord(char) < 32 for char in wanted):
        return HOME
    adapter = current_app.create_url_adapter(request)
    assert adapter is not None
    try:
        endpoint, _ = adapter.match(path, method="GET")
    except (HTTPException, RequestRedirect):
        return HOME
    if endpoint in NOWHERE_TO_GO:
        return HOME
    return f"{path}?{query}" if query else path
