"""The five places where a higher feature adds its piece to a lower one, without the lower one importing it.

A registry is filled while the application is made and read afterwards; each application has its own.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from flask import Flask, current_app
from sqlalchemy.orm import Session

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
    """Takes files of one kind over (uploads/rules.py says what the values are).

    `admit` gets what was announced about a file, asks for the right, and says where the file belongs, or aborts. `ask`
    asks for that right again before anything else is done about the file: with where it belongs, what the right is
    about besides, and what was announced.
    `consume` gets the whole file outside any transaction; what it answers is told to the sender.
    """

    admit: Callable[[Mapping[str, str]], Any]
    ask: Callable[[Session, uuid.UUID, uuid.UUID | None, Mapping[str, str]], None]
    consume: Callable[[Any, datetime], Mapping[str, str]]


@dataclass(frozen=True)
class SearchDocuments:
    """Gives the searchable texts of one feature since an instant."""

    list_documents: Callable[[datetime], list[tuple[str, str]]]


@dataclass(frozen=True)
class NamedObject:
    """An object of the store that a row names. The row also knows the SHA-256 of an original, not of what was made."""

    key: str
    sha256: str | None = None


@dataclass(frozen=True)
class ObjectKind:
    """Objects of the store under one prefix, and the rows that they belong to: what a backup must hold, and what a
    sweep must leave alone.

    `owner_of` is the row's id and SHA-256 in a key, None for a key that no row can have; `known` are those of the ids
    that have a row; `list_named` is every object that the rows rest on, by key.
    """

    prefix: str
    owner_of: Callable[[str], tuple[uuid.UUID, str] | None]
    known: Callable[[Session, set[uuid.UUID]], set[uuid.UUID]]
    list_named: Callable[[Session], list[NamedObject]]


@dataclass(frozen=True)
class Registries:
    page_slots: Registry[PageSlot] = field(default_factory=lambda: Registry("page slot"))
    job_handlers: Registry[JobHandler] = field(default_factory=lambda: Registry("job handler"))
    upload_consumers: Registry[UploadConsumer] = field(default_factory=lambda: Registry("upload consumer"))
    search_documents: Registry[SearchDocuments] = field(default_factory=lambda: Registry("search documents"))
    object_kinds: Registry[ObjectKind] = field(default_factory=lambda: Registry("kind of object"))


def registries_of(app: Flask) -> Registries:
    registries: Registries = app.extensions.setdefault(EXTENSION, Registries())
    return registries


def page_slots(place: str) -> list[tuple[str, dict[str, Any]]]:
    """Template and values of each piece to show at a place, in the order of their adding; for templates to include."""
    slots = [slot for _, slot in registries_of(current_app).page_slots.items() if slot.place == place]
    return [(slot.template, values) for slot in slots if (values := slot.context()) is not None]
