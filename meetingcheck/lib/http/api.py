"""What tells a program's request from a browser's: the path, the bearer token, and marks that no foreign form can set.

A form of another site can send a body and the cookies, but neither an Origin of ours nor a header of its own.
"""

from flask import request

from meetingcheck.lib.http.requests import SAFE_METHODS, own_origin

API_PATH = "/api/v1/"
OWN_HEADER, OWN_VALUE = "X-Requested-With", "meetingcheck"
BEARER = "Bearer"
# What a plain form can send; a page that knows what it does sends something else.
FORM_TYPES = frozenset({"", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain"})


def is_api() -> bool:
    """Whether the request is for the JSON interface."""
    return request.path.startswith(API_PATH)


def bearer_token() -> str | None:
    """The token that a program showed; None when it showed none, so that cookies count. Only the API takes one."""
    if not is_api():
        return None
    scheme, _, token = request.headers.get("Authorization", "").strip().partition(" ")
    return token.strip() if scheme.lower() == BEARER.lower() else None


def is_own_script() -> bool:
    """Whether a write by cookie comes from a script of our own pages: our Origin, our header, and no form's body."""
    has_body = bool(request.content_length) or "Transfer-Encoding" in request.headers
    return (
        own_origin(request.headers.get("Origin"))
        and request.headers.get(OWN_HEADER) == OWN_VALUE
        and not (has_body and request.mimetype in FORM_TYPES)
    )


def must_be_own_script() -> bool:
    """Whether the request is a write through the API that shows no token."""
    return is_api() and request.method not in SAFE_METHODS and bearer_token() is None
