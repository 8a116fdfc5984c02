"""The command create-admin: the first person gets in, and the last administrator gets in again."""

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select, update

from meetingcheck.accounts.models import User
from meetingcheck.accounts.rules import Privilege
from meetingcheck.cli import main
from meetingcheck.lib.clock import system_clock
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.instants import local_day
from meetingcheck.orgs.models import Role
from meetingcheck.orgs.queries import list_roles, may_found, privilege_of
from tests.accounts.ways import NEW_PASSWORD, is_in, post, sign_in
from tests.clock import SetClock
from tests.world import World


def create_admin(environment: dict[str, str], *arguments: str) -> str:
    """The token of the printed link."""
    run = CliRunner().invoke(main, ["create-admin", *arguments], env=environment)
    assert run.exit_code == 0, run.output
    (line,) = run.stdout.splitlines()
    address, _, token = line.partition("#")
    assert address == f"{environment['PUBLIC_URL']}/one-time"
    return token


def person(app: Flask, login: str) -> User:
    with app.app_context(), read_transaction() as session:
        return session.scalars(select(User).where(User.login == login)).one()


@pytest.fixture
def today(clock: SetClock) -> SetClock:
    """The command has only the machine's own clock."""
    clock.set(system_clock())
    return clock


def test_in_an_empty_installation_the_person_may_found_it(
    app: Flask, environment: dict[str, str], today: SetClock
) -> None:
    token = create_admin(environment, "0912 345 678", "--name", "Đỗ Quang Quản")
    first = person(app, "0912345678")
    assert (first.name, first.phone) == ("Đỗ Quang Quản", "0912345678")
    with app.app_context(), read_transaction() as session:
        assert may_found(session, first.id)
        assert privilege_of(session, first.id, local_day(today())) == Privilege.ADMINISTRATOR
    browser = app.test_client()
    answer = post(browser, "/one-time", token=token, password=NEW_PASSWORD)
    assert (answer.status_code, answer.location) == (303, "/second-factor/new")
    assert not is_in(browser)


def test_with_a_root_the_person_is_administrator_there(world: World, environment: dict[str, str]) -> None:
    create_admin(environment, "quan.tri@mau.example")
    new = person(world.app, "quan.tri@mau.example")
    assert new.email == "quan.tri@mau.example"
    with world.app.app_context(), read_transaction() as session:
        held = list_roles(session, new.id, local_day(system_clock()))
        assert [(role.role, role.unit_id) for role in held] == [(Role.ADMINISTRATOR, world.root)]
        assert not may_found(session, new.id)


def test_a_locked_out_administrator_gets_in_again_whatever_was_lost(
    world: World, environment: dict[str, str], today: SetClock
) -> None:
    """Disabled, password and authenticator forgotten: the link asks for new ones of both."""
    before = world.sign_in("administrator")
    with world.app.app_context(), write_transaction() as session:
        session.execute(update(User).where(User.login == "administrator").values(disabled_at=world.clock()))
    token = create_admin(environment, "administrator")
    browser = world.app.test_client()
    assert post(browser, "/one-time", token=token, password=NEW_PASSWORD).location == "/second-factor/new"
    assert not is_in(before)
    assert sign_in(world.app.test_client(), "administrator", NEW_PASSWORD).location == "/second-factor/new"
    with world.app.app_context(), read_transaction() as session:
        held = list_roles(session, world.users["administrator"], local_day(today()))
    assert [role.role for role in held] == [Role.ADMINISTRATOR]


def test_each_run_ends_the_link_before(app: Flask, environment: dict[str, str], today: SetClock) -> None:
    first = create_admin(environment, "0912345678")
    second = create_admin(environment, "0912345678")
    today.advance(minutes=1)
    assert post(app.test_client(), "/one-time", token=first, password=NEW_PASSWORD).status_code == 422
    assert post(app.test_client(), "/one-time", token=second, password=NEW_PASSWORD).status_code == 303


def test_nobody_is_no_login(app: Flask, environment: dict[str, str]) -> None:
    run = CliRunner().invoke(main, ["create-admin", "  "], env=environment)
    assert run.exit_code == 2
    assert "LOGIN" in run.output
