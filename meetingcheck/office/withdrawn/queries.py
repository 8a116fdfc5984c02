"""What cells sent, and then took back, in the order in which they took it back."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from meetingcheck.accounts.models import User
from meetingcheck.meetings.models import Document
from meetingcheck.orgs.models import Unit
from meetingcheck.orgs.queries import seen_below
from meetingcheck.photos.models import Photo

ROWS_A_PAGE = 30


@dataclass(frozen=True)
class Place:
    """Where a page of the list ends."""

    withdrawn_at: datetime
    id: uuid.UUID


@dataclass(frozen=True)
class Withdrawn:
    """A photo or a document, its unit, and who took it back."""

    thing: Photo | Document
    unit: Unit
    by: User | None

    @property
    def is_photo(self) -> bool:
        return isinstance(self.thing, Photo)

    @property
    def place(self) -> Place:
        assert self.thing.withdrawn_at is not None
        return Place(self.thing.withdrawn_at, self.thing.id)


def list_withdrawn(
    session: Session, below: Iterable[uuid.UUID], before: Place | None, today: date
) -> tuple[list[Withdrawn], Place | None]:
    """A page of what was sent and taken back in these units and below them, latest first; where the next one begins.

    What was taken back before it was sent is nobody's business but the cell's. Two queries in all.
    """
    units = list(below)
    found: list[Withdrawn] = []
    for model in (Photo, Document):
        rows = session.execute(_one_kind(model, units, before, today)).all()
        found += [Withdrawn(thing, unit, by) for thing, unit, by in rows]
    found.sort(key=lambda one: (one.place.withdrawn_at, one.place.id.bytes), reverse=True)
    page = found[:ROWS_A_PAGE]
    return page, page[-1].place if len(found) > ROWS_A_PAGE else None


def _one_kind(
    model: type[Photo] | type[Document], units: list[uuid.UUID], before: Place | None, today: date
) -> Select[Any, Unit, User]:
    query = (
        select(model, Unit, User)
        .join(Unit, Unit.id == model.unit_id)
        .outerjoin(User, User.id == model.withdrawn_by)
        .where(model.withdrawn_at.is_not(None), model.published_at.is_not(None))
        .where(model.unit_id.in_(seen_below(units, today)))
        .order_by(model.withdrawn_at.desc(), model.id.desc())
        .limit(ROWS_A_PAGE + 1)
    )
    if before is not None:
        same_moment = and_(model.withdrawn_at == before.withdrawn_at, model.id < before.id)
        query = query.where(or_(model.withdrawn_at < before.withdrawn_at, same_moment))
    return query
