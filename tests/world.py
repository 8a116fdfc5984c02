"""A small world to test in: one committee over three cells, with people, made through the product's own actions."""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO

import pyotp
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from meetingcheck.accounts.actions import NewUser, add_user, keep_authenticator
from meetingcheck.accounts.factors import SEALED_FOR
from meetingcheck.accounts.keys import seal
from meetingcheck.accounts.models import Authenticator
from meetingcheck.duties.actions import make_obligations, set_policy
from meetingcheck.duties.exceptions.actions import TELL_CELLS, Scope, Wish, set_exception
from meetingcheck.duties.models import Obligation, Policy, Series
from meetingcheck.duties.queries import REGULAR, THEMATIC
from meetingcheck.duties.rules import Month, PeriodType, Quarter
from meetingcheck.duties.series.actions import ensure_series
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.jobs import LANES, Job, Worker
from meetingcheck.lib.services import services_of
from meetingcheck.orgs.actions import NewUnit, ensure_kind, found_unit, give_role
from meetingcheck.orgs.models import Role
from tests.clock import SetClock

PASSWORD = "một mật khẩu dài"
PASSWORD_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)  # as real, but quick
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
LONG_AGO = date(2015, 1, 1)
SUPERVISED_FROM = date(2026, 9, 1)
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
CLIENT_ID = re.compile(r'name="client_id" value="([^"]+)"')


@dataclass(frozen=True)
class World:
    """Ids of what was made. Logins are the names of people: secretary1, reviewer, leader, administrator, stranger."""

    app: Flask
    clock: SetClock
    root: uuid.UUID
    committee: uuid.UUID
    cells: tuple[uuid.UUID, ...]
    other_committee: uuid.UUID
    other_cell: uuid.UUID
    users: dict[str, uuid.UUID]

    def sign_in(self, login: str) -> FlaskClient:
        """A browser in which that person is signed in."""
        client = self.app.test_client()
        page = client.get("/sign-in")
        answer = client.post("/sign-in", data={"csrf_token": token_of(page), "login": login, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        if answer.location == "/second-factor":
            page = client.get("/second-factor")
            answer = client.post("/second-factor/code", data={"csrf_token": token_of(page), "code": self.code()})
            assert answer.status_code == 303, answer.text
        return client

    def code(self, secret: str = TOTP_SECRET) -> str:
        """The present code of the reviewers' and administrators' authenticator app, as if it had not been used yet."""
        with self.app.app_context(), write_transaction() as session:
            session.execute(update(Authenticator).values(last_step=0))
        return pyotp.TOTP(secret).at(self.clock())

    def obligation(self, cell: uuid.UUID, period: str = "2026-11") -> Obligation:
        with self.app.app_context(), read_transaction() as session:
            return session.scalars(
                select(Obligation).where(Obligation.unit_id == cell, Obligation.period == period)
            ).one()

    def work(self, *lanes: str) -> None:
        """Do all background work that is due."""
        for lane in lanes or LANES:
            Worker(self.app, lane).run_due()


def token_of(page: TestResponse) -> str:
    found = TOKEN.search(page.text)
    assert found, page.text
    return found.group(1)


def make_world(app: Flask, clock: SetClock) -> World:
    now = clock()
    with app.app_context(), write_transaction() as session:
        ensure_kind(session, "dang_bo", "Đảng bộ", is_cell=False)
        ensure_kind(session, "chi_bo", "Chi bộ", is_cell=True)
        root = found_unit(
            session, NewUnit("Đảng bộ Mẫu", "dang_bo", LONG_AGO, supervised_from=SUPERVISED_FROM), None, now
        ).id
        committee = found_unit(session, NewUnit("Đảng bộ xã Mẫu", "dang_bo", LONG_AGO, root), None, now).id
        other = found_unit(session, NewUnit("Đảng bộ xã Khác", "dang_bo", LONG_AGO, root), None, now).id
        cells = tuple(
            found_unit(session, NewUnit(f"Chi bộ Thôn Mẫu {number}", "chi_bo", LONG_AGO, committee), None, now).id
            for number in (1, 2, 10)
        )
        other_cell = found_unit(session, NewUnit("Chi bộ Tổ Khác", "chi_bo", LONG_AGO, other), None, now).id
        set_policy(session, policy_for(root), None, now)
        ensure_series(
            session,
            Series(
                code=REGULAR,
                name="Sinh hoạt thường kỳ",
                unit_kind="chi_bo",
                period_type=PeriodType.MONTH,
                from_on=LONG_AGO,
            ),
        )
        users = {}
        for login, name, unit, role in (
            ("secretary1", "Nguyễn Văn An", cells[0], Role.SECRETARY),
            ("secretary2", "Trần Thị Bình", cells[1], Role.SECRETARY),
            ("reporter1", "Lê Đức Công", cells[0], Role.REPORTER),
            ("reviewer", "Phạm Thị Dõi", committee, Role.REVIEWER),
            ("leader", "Vũ Minh Đạo", root, Role.READER),
            ("administrator", "Đỗ Quang Quản", root, Role.ADMINISTRATOR),
            ("other_reviewer", "Hồ Văn Khác", other, Role.REVIEWER),
            ("stranger", "Mai Lạ", None, None),
        ):
            email = f"{login}@mau.example" if role in {Role.REVIEWER, Role.SECRETARY} else None
            user = add_user(session, NewUser(login, name, PASSWORD_HASH, email), None, now)
            users[login] = user.id
            if unit is not None and role is not None:
                give_role(session, user.id, unit, role, LONG_AGO, None, now)
            if role in {Role.REVIEWER, Role.ADMINISTRATOR}:
                sealed = seal(services_of(app).settings.secret_key, SEALED_FOR, TOTP_SECRET)
                keep_authenticator(session, user.id, sealed, 0, now)
        first = Month.of(SUPERVISED_FROM)
        make_obligations(session, [first.plus(number) for number in range(4)], now)
    return World(app, clock, root, committee, cells, other, other_cell, users)


def excuse(session: Session, obligation: Obligation, by: uuid.UUID, now: datetime) -> None:
    """An authority lets a period not count, and tells nobody."""
    scope = Scope(obligation.unit_id, obligation.period, obligation.series)
    set_exception(session, scope, Wish(None, "Mưa lũ", "Công văn 1-CV/ĐU"), by, now)
    session.execute(delete(Job).where(Job.kind == TELL_CELLS.name))


def add_thematic(world: World) -> None:
    """The thematic series beside the regular one, with what it asks for from the first whole quarter on: nothing of
    it is in the world otherwise."""
    thematic = Series(
        code=THEMATIC,
        name="Sinh hoạt chuyên đề",
        unit_kind=None,
        period_type=PeriodType.QUARTER,
        from_on=LONG_AGO,
    )
    with world.app.app_context(), write_transaction() as session:
        ensure_series(session, thematic)
        make_obligations(session, [Quarter(2026, 4), Quarter(2027, 1)], world.clock())


def policy_for(unit_id: uuid.UUID, from_on: date = LONG_AGO, **values: int) -> Policy:
    numbers = {"usual_day": 3, "report_days": 2, "minimum_minutes": 90, **values}
    return Policy(id=uuid.uuid4(), unit_id=unit_id, from_on=from_on, document="HD 42-HD/BTCTW", **numbers)


GOOD_FIELDS = {
    "held_on": "03/11/2026",
    "begins_at": "19:30",
    "ends_at": "21:15",
    "total": "23",
    "present": "21",
    "absent_without_reason": "0",
    "minutes_text": "Chi bộ thống nhất kết luận.",
    "resolution_made": "yes",
}


def form_of(
    page: TestResponse,
    fields: dict[str, str] | None = None,
    overviews: Sequence[bytes] = (),
    pages: Sequence[bytes] = (),
) -> dict[str, object]:
    """What a browser would post from the check-in page without script."""
    client_id = CLIENT_ID.search(page.text)
    assert client_id, page.text
    return {
        "csrf_token": token_of(page),
        "client_id": client_id.group(1),
        **(GOOD_FIELDS if fields is None else fields),
        "overview": [(BytesIO(data), f"IMG_{number}.jpg") for number, data in enumerate(overviews)],
        "minutes_pages": [(BytesIO(data), f"trang {number}.jpg") for number, data in enumerate(pages)],
    }


def at(text: str) -> datetime:
    """An instant from text with its zone."""
    instant = datetime.fromisoformat(text)
    assert instant.tzinfo is not None
    return instant
