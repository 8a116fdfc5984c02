"""Standing tokens of a person, one purpose each: where they lead, and how a mail's token is made for each mail."""

import uuid

from meetingcheck.accounts.keys import keyed_hash

MAIL_TOKEN_LENGTH = 32  # hexadecimal digits: 128 bits


def mail_token(secret_key: str, token_id: uuid.UUID) -> str:
    """The token that stops a person's mail. It stands in every mail but is kept as its hash only, so it follows from
    the row's id in a way that nobody else can go."""
    return keyed_hash(secret_key, "unsubscribe", str(token_id))[:MAIL_TOKEN_LENGTH]


def mail_page_path(token: str) -> str:
    """The page of a mail's link, without the host. The token stands in the fragment, which no log sees."""
    return f"/mail#{token}"


def one_click_path(token: str) -> str:
    """Where a mail program posts by itself (RFC 8058); it knows no fragments, so the token is part of the path."""
    return f"/mail/{token}"


def calendar_path(token: str) -> str:
    """What a calendar program fetches; it knows no fragments, so the token is part of the path."""
    return f"/calendar/{token}.ics"
