"""The four places where a higher feature adds its piece to a lower one, without the lower one importing it.

A registry is filled while the application is made and read afterwards; each application has its own.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from flask import Flask, current_app

T = TypeVar("T")

EXTENSION = "meetingcheck.registries"


class Registry(Generic[T]):
    """Named entries in the order of their adding; a name is taken once."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._entries: dict[str, T] = {}

    def add(self, name: str, entry: T) -> None:
        """Raises ValueError when the name is taken."""
        if name in self._entries:
            raise ValueError(f"{self._what} {name} is registered twice")
        self._entries[name] = entry

    def find(self, name: str) -> T | None:
        return self._entries.get(name)

    def items(self) -> list[tuple[str, T]]:
        return list(self._entries.items())


@dataclass(frozen=True)
class JobKind:
    """What is fixed about jobs of one kind; `every` makes it periodic, one job for each slot of that length."""

    name: str
    lane: str
    max_attempts: int = 12
    every: timedelta | None = None


@dataclass(frozen=True)
class JobHandler:
    """How jobs of one kind are done: `run` gets the job's parameters and the present instant, and may run twice."""

    kind: JobKind
    run: Callable[[dict[str, Any], datetime], None]


@dataclass(frozen=True)
class PageSlot:
    """A template that a higher feature shows at a named place of every page, with what it shows there."""

    place: str
    template: str
    context: Callable[[], dict[str, Any] | None]  # None: nothing is shown this time


@dataclass(frozen=True)
class UploadConsumer:
    """Takes a finished upload over: gets the upload's id and its bytes."""

    consume: Callable[[str, bytes], None]


@dataclass(frozen=True)
class SearchDocuments:
    """Gives the searchable texts of one feature since an instant."""

    list_documents: Callable[[datetime], list[tuple[str, str]]]


@dataclass(frozen=True)
class Registries:
    page_slots: Registry[PageSlot] = field(default_factory=lambda: Registry("page slot"))
    job_handlers: Registry[JobHandler] = field(default_factory=lambda: Registry("job handler"))
    upload_consumers: Registry[UploadConsumer] = field(default_factory=lambda: Registry("upload consumer"))
    search_documents: Registry[SearchDocuments] = field(default_factory=lambda: Registry("search documents"))


def registries_of(app: Flask) -> Registries:
    registries: Registries = app.extensions.setdefault(EXTENSION, Registries())
    return registries


def page_slots(place: str) -> list[tuple[str, dict[str, Any]]]:
    """Template and values of each piece to show at a place, in the order of their adding; for templates to include."""
    slots = [slot for _, slot in registries_of(current_app).page_slots.items() if slot.place == place]
    return [(slot.template, values) for slot in slots if (values := slot.context()) is not None]
