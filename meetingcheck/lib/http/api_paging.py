"""Lists a page at a time: `next` is where the following page begins, to be handed back as `after`. Nobody reads it."""

import base64
import binascii
import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Generic, TypeVar

from meetingcheck.lib.http.api_problems import refuse_field
from meetingcheck.lib.http.api_schemas import AskedQuery, Text
from meetingcheck.lib.text import N_

PAGE = 50  # entries
LONGEST_PLACE = 300  # characters
PLACE_WANTED = N_("Chỗ này cần đúng chuỗi “next” của trang trước.")

T = TypeVar("T")


class After(AskedQuery):
    after = Text(LONGEST_PLACE, load_default=None, metadata={"description": "The `next` of the page before."})


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page; `next` is None on the last one."""

    items: Sequence[T]
    next: str | None


def page_of(found: Sequence[T], place: Callable[[T], Sequence[Any]]) -> Page[T]:
    """A page from a list that was asked for with one entry more than a page holds."""
    items = found[:PAGE]
    return Page(items, write_place(place(items[-1])) if len(found) > PAGE else None)


def write_place(values: Sequence[Any]) -> str:
    text = json.dumps([_written(value) for value in values], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _written(value: Any) -> str | int:
    if isinstance(value, int):
        return value
    return value.isoformat() if isinstance(value, date) else str(value)


def read_place(text: str | None, *readers: Callable[[Any], Any]) -> tuple[Any, ...] | None:
    """What a place says, by one reader for each of its values; answers 422 for what no page ever made."""
    if text is None:
        return None
    try:
        values = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return tuple(read(value) for read, value in zip(readers, values, strict=True))
    except (ValueError, TypeError, AttributeError, RecursionError, OverflowError, binascii.Error):
        refuse_field("after", PLACE_WANTED)


def an_instant(value: Any) -> datetime:
    return datetime.fromisoformat(value).astimezone(UTC)


def a_day(value: Any) -> date:
    return date.fromisoformat(value)


def an_id(value: Any) -> uuid.UUID:
    return uuid.UUID(value)
