"""A form that was sent after the proof of who somebody is became too old: kept, sealed, in the page that asks again.

It is sealed by this installation, for this session, for half an hour, and says itself where it goes, so nobody else can
make one. A form that holds a secret is not kept: it is typed once more.
"""

import json
import uuid
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from meetingcheck.accounts.keys import seal, unseal

PURPOSE = "kept form"
KEPT_FOR = timedelta(minutes=30)
MOST_CHARS = 20_000  # of all names and values together
SECRET_FIELDS = frozenset({"password", "pin", "again", "code", "passkey", "token"})
OUR_FIELDS = frozenset({"csrf_token", "next"})


@dataclass(frozen=True)
class KeptForm:
    """Where a form was sent, what stood in it, and the page that it stands on."""

    to: str
    back: str
    fields: list[tuple[str, str]]


def worth_keeping(fields: list[tuple[str, str]]) -> list[tuple[str, str]] | None:
    """What is kept of a form, an empty list for a button alone; None when it holds a secret or is too much."""
    typed = [(name, value) for name, value in fields if name not in OUR_FIELDS]
    chars = sum(len(name) + len(value) for name, value in typed)
    if chars > MOST_CHARS or SECRET_FIELDS & {name for name, _ in typed}:
        return None
    return typed


def seal_form(secret_key: str, form: KeptForm, session_id: uuid.UUID, now: datetime) -> str:
    said = {**asdict(form), "session": session_id.hex, "at": now.isoformat()}
    return seal(secret_key, PURPOSE, json.dumps(said)).decode()


def unseal_form(secret_key: str, sealed: str, session_id: uuid.UUID, now: datetime) -> KeptForm | None:
    """The form again; None when it was sealed for another session, too long ago, or not by us."""
    text = unseal(secret_key, PURPOSE, sealed.encode())
    if text is None:
        return None
    said = json.loads(text)
    age = now - datetime.fromisoformat(said["at"])
    if said["session"] != session_id.hex or not timedelta() <= age < KEPT_FOR:
        return None
    return KeptForm(said["to"], said["back"], [(name, value) for name, value in said["fields"]])
