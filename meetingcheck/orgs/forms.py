"""Sentences at fields: what an action refuses is said where it was typed."""

from collections.abc import Iterator
from contextlib import contextmanager

from meetingcheck.lib.http.forms import TypedForm
from meetingcheck.lib.text import N_
from meetingcheck.orgs.actions import Refused, TypedPerson

LOGIN_WANTED = N_("Đồng chí hãy ghi số điện thoại hoặc email.")
LONGEST_NAME = 120


@contextmanager
def refusals_at(form: TypedForm, field: str) -> Iterator[None]:
    """Turn a refusal inside the block into a sentence at a field. The transaction belongs inside: it is rolled back."""
    try:
        yield
    except Refused as refused:
        form.refuse(field, str(refused))


def typed_person(form: TypedForm, prefix: str = "") -> TypedPerson:
    """The fields `login` and `name`, with a prefix where a page has several such forms."""
    return TypedPerson(form.line(f"{prefix}login", 120, LOGIN_WANTED), form.line(f"{prefix}name", LONGEST_NAME))
