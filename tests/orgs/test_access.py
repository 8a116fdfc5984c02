"""Rights: the table, and what it means in a tree of units, on both databases."""

import uuid
from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.exceptions import Forbidden, NotFound

from meetingcheck.accounts.actions import NewUser, add_user
from meetingcheck.accounts.actor import Actor
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.instants import local_day
from meetingcheck.orgs.access import Held, Right, ask, grants, has_right, list_held
from meetingcheck.orgs.actions import NewUnit, found_unit, give_role
from meetingcheck.orgs.models import Role, RoleAssignment, UnitScope
from meetingcheck.orgs.queries import find_parent, find_root, list_roles, reviewers_of, secretaries_of
from tests.world import LONG_AGO, World, at

OWN, DIRECT, ALL, NEVER = {0}, {1}, {0, 1, 2, 3}, set()
STEPS = range(4)

# How many steps below the unit of a role its rights reach.
#                          secretary reporter reviewer reader administrator
TABLE: dict[Right, tuple[set[int], ...]] = {
    Right.VIEW_UNIT: (OWN, OWN, ALL, ALL, ALL),
    Right.VIEW_DRAFTS: (OWN, OWN, NEVER, NEVER, NEVER),
    Right.REPORT: (OWN, OWN, NEVER, NEVER, NEVER),
    Right.VIEW_BOARD: (NEVER, NEVER, ALL, ALL, ALL),
    Right.REVIEW: (NEVER, NEVER, DIRECT, NEVER, NEVER),
    Right.FILE_FOR: (NEVER, NEVER, DIRECT, NEVER, ALL),
    Right.CHANGE_REPORT: (OWN, NEVER, DIRECT, NEVER, ALL),
    Right.TALK: (OWN, OWN, DIRECT, NEVER, NEVER),
    Right.GIVE_REPORT_LINK: (NEVER, NEVER, ALL, NEVER, ALL),
    Right.FIND_RECEIPT: (NEVER, NEVER, ALL, NEVER, ALL),
    Right.CHOOSE_REPORTERS: (OWN, NEVER, NEVER, NEVER, NEVER),
    Right.RUN_OFFICE: (NEVER, NEVER, NEVER, NEVER, ALL),
    Right.CHANGE_TREE: (NEVER, NEVER, NEVER, NEVER, ALL),
    Right.GIVE_ROLES: (NEVER, NEVER, NEVER, NEVER, ALL),
    Right.SET_POLICY: (NEVER, NEVER, NEVER, NEVER, ALL),
    Right.DECIDE_EXCEPTIONS: (NEVER, NEVER, DIRECT, NEVER, ALL),
    Right.SET_EXCEPTIONS: (NEVER, NEVER, ALL, NEVER, ALL),
    Right.MANAGE_PEOPLE: (NEVER, NEVER, NEVER, NEVER, ALL),
    Right.TAKE_BACK: (OWN, OWN, NEVER, NEVER, NEVER),
    Right.PUT_BACK: (OWN, OWN, NEVER, NEVER, ALL),
    Right.VIEW_WITHDRAWN: (NEVER, NEVER, NEVER, NEVER, ALL),
    Right.CONFIRM_LATE: (OWN, NEVER, DIRECT, NEVER, NEVER),
    Right.IMPORT: (NEVER, NEVER, NEVER, NEVER, ALL),
}
ROLES = (Role.SECRETARY, Role.REPORTER, Role.REVIEWER, Role.READER, Role.ADMINISTRATOR)


def test_the_table_here_names_every_right_and_every_role() -> None:
    assert set(TABLE) == set(Right)
    assert set(ROLES) == set(Role)


@pytest.mark.parametrize("right", TABLE)
def test_a_role_gives_a_right_so_many_steps_down(right: Right) -> None:
    for role, reached in zip(ROLES, TABLE[right], strict=True):
        assert {steps for steps in STEPS if grants(right, Held(role, steps))} == reached, role


def test_whoever_has_a_right_about_a_unit_may_see_it() -> None:
    """Else a right would be answered with "not found"."""
    for right in Right:
        for role in Role:
            for steps in STEPS:
                if grants(right, Held(role, steps)):
                    assert grants(Right.VIEW_UNIT, Held(role, steps)), (right, role, steps)


# --- in the tree


@pytest.fixture
def person(world: World) -> Iterator[Callable[..., Actor]]:
    """Makes people with one role each; the application's context stands."""

    def make(unit_id: uuid.UUID | None, role: Role, from_on: date = LONG_AGO, to_on: date | None = None) -> Actor:
        with write_transaction() as session:
            user = add_user(session, NewUser(f"{uuid.uuid4()}", "Nguyễn Văn An"), None, world.clock())
            if unit_id is not None:
                given = give_role(session, user.id, unit_id, role, from_on, None, world.clock())
                given.to_on = to_on
        return Actor(user.id, uuid.uuid4(), user.name, user.language, "")

    with world.app.app_context():
        yield make


def answer(world: World, actor: Actor, right: Right, unit_id: uuid.UUID, today: date | None = None) -> int:
    """200, 403 or 404, and `has_right` must say the same."""
    today = today or local_day(world.clock())
    with read_transaction() as session:
        allowed = has_right(session, actor, right, unit_id, today)
        status = 200
        try:
            ask(session, actor, right, unit_id, today)
        except (NotFound, Forbidden) as refusal:
            status = refusal.code or 0
    assert allowed == (status == 200)
    return status


def answers(world: World, actor: Actor, right: Right, places: dict[str, uuid.UUID]) -> dict[str, int]:
    return {name: answer(world, actor, right, unit_id) for name, unit_id in places.items()}


def test_a_secretary_sees_and_reports_the_own_cell_alone(world: World, person: Callable[..., Actor]) -> None:
    places = {
        "own": world.cells[0],
        "sibling": world.cells[1],
        "parent": world.committee,
        "stranger": world.other_cell,
        "missing": uuid.uuid4(),
    }
    for role in (Role.SECRETARY, Role.REPORTER):
        actor = person(world.cells[0], role)
        hidden = dict.fromkeys(places, 404)
        for right in (Right.VIEW_UNIT, Right.VIEW_DRAFTS, Right.REPORT):
            assert answers(world, actor, right, places) == hidden | {"own": 200}
        for right in (Right.VIEW_BOARD, Right.REVIEW, Right.RUN_OFFICE):
            assert answers(world, actor, right, places) == hidden | {"own": 403}


PLACES = ("own", "child", "grandchild", "sibling", "nephew", "parent", "missing")
HELD_IN_A_COMMITTEE = {
    #                           own  child grand sibling nephew parent missing
    (Role.REVIEWER, Right.VIEW_UNIT): (200, 200, 200, 404, 404, 404, 404),
    (Role.REVIEWER, Right.VIEW_BOARD): (200, 200, 200, 404, 404, 404, 404),
    (Role.REVIEWER, Right.REVIEW): (403, 200, 403, 404, 404, 404, 404),
    (Role.REVIEWER, Right.VIEW_DRAFTS): (403, 403, 403, 404, 404, 404, 404),
    (Role.REVIEWER, Right.REPORT): (403, 403, 403, 404, 404, 404, 404),
    (Role.REVIEWER, Right.RUN_OFFICE): (403, 403, 403, 404, 404, 404, 404),
    (Role.READER, Right.VIEW_UNIT): (200, 200, 200, 404, 404, 404, 404),
    (Role.READER, Right.VIEW_BOARD): (200, 200, 200, 404, 404, 404, 404),
    (Role.READER, Right.REVIEW): (403, 403, 403, 404, 404, 404, 404),
    (Role.READER, Right.VIEW_DRAFTS): (403, 403, 403, 404, 404, 404, 404),
    (Role.READER, Right.REPORT): (403, 403, 403, 404, 404, 404, 404),
    (Role.READER, Right.RUN_OFFICE): (403, 403, 403, 404, 404, 404, 404),
    (Role.ADMINISTRATOR, Right.VIEW_UNIT): (200, 200, 200, 404, 404, 404, 404),
    (Role.ADMINISTRATOR, Right.VIEW_BOARD): (200, 200, 200, 404, 404, 404, 404),
    (Role.ADMINISTRATOR, Right.REVIEW): (403, 403, 403, 404, 404, 404, 404),
    (Role.ADMINISTRATOR, Right.VIEW_DRAFTS): (403, 403, 403, 404, 404, 404, 404),
    (Role.ADMINISTRATOR, Right.REPORT): (403, 403, 403, 404, 404, 404, 404),
    (Role.ADMINISTRATOR, Right.RUN_OFFICE): (200, 200, 200, 404, 404, 404, 404),
    (Role.SECRETARY, Right.VIEW_UNIT): (200, 404, 404, 404, 404, 404, 404),
    (Role.SECRETARY, Right.REPORT): (200, 404, 404, 404, 404, 404, 404),
}


def test_what_a_role_in_a_committee_opens(world: World, person: Callable[..., Actor]) -> None:
    """Held in a committee over branches over cells; beside it another committee with a cell."""
    with write_transaction() as session:
        new = NewUnit("Đảng bộ Bộ phận", "dang_bo", LONG_AGO, world.committee)
        branch = found_unit(session, new, None, world.clock())
        cell = found_unit(session, NewUnit("Chi bộ Nhỏ", "chi_bo", LONG_AGO, branch.id), None, world.clock())
    units = (world.committee, branch.id, cell.id, world.other_committee, world.other_cell, world.root, uuid.uuid4())
    places = dict(zip(PLACES, units, strict=True))
    people = {role: person(world.committee, role) for role in Role}
    found = {
        (role, right): tuple(answers(world, people[role], right, places).values())
        for role, right in HELD_IN_A_COMMITTEE
    }
    assert found == HELD_IN_A_COMMITTEE


def test_without_a_role_nothing_is_found(world: World, person: Callable[..., Actor]) -> None:
    stranger = person(None, Role.READER)
    for right in Right:
        for unit_id in (world.root, world.committee, world.cells[0], uuid.uuid4()):
            assert answer(world, stranger, right, unit_id) == 404


def test_several_roles_add_up(world: World, person: Callable[..., Actor]) -> None:
    actor = person(world.cells[0], Role.SECRETARY)
    with write_transaction() as session:
        give_role(session, actor.user_id, world.committee, Role.READER, LONG_AGO, None, world.clock())
    assert answer(world, actor, Right.REPORT, world.cells[0]) == 200
    assert answer(world, actor, Right.VIEW_BOARD, world.cells[0]) == 200
    assert answer(world, actor, Right.VIEW_UNIT, world.cells[1]) == 200
    assert answer(world, actor, Right.REPORT, world.cells[1]) == 403


# --- dates

FIRST, LAST = date(2026, 3, 1), date(2026, 6, 30)
AFTER = LAST + timedelta(days=1)
DAYS = [(FIRST - timedelta(days=1), False), (FIRST, True), (LAST, True), (AFTER, False)]


@pytest.mark.parametrize(("day", "counts"), DAYS)
def test_a_role_counts_from_its_first_day_until_before_the_first_day_without_it(
    world: World, person: Callable[..., Actor], day: date, counts: bool
) -> None:
    secretary = person(world.other_cell, Role.SECRETARY, FIRST, AFTER)
    reviewer = person(world.other_committee, Role.REVIEWER, FIRST, AFTER)
    assert answer(world, secretary, Right.REPORT, world.other_cell, day) == (200 if counts else 404)
    assert answer(world, reviewer, Right.REVIEW, world.other_cell, day) == (200 if counts else 404)
    with read_transaction() as session:
        assert bool(list_roles(session, secretary.user_id, day)) == counts
        assert secretaries_of(session, [world.other_cell], day) == (
            {world.other_cell: [secretary.user_id]} if counts else {}
        )
        reviewers = reviewers_of(session, [world.other_cell], day)[world.other_cell]
        assert (reviewer.user_id in reviewers) == counts


@pytest.mark.parametrize(("day", "counts"), DAYS)
def test_a_place_in_the_tree_counts_for_its_days(
    world: World, person: Callable[..., Actor], day: date, counts: bool
) -> None:
    reviewer = person(world.committee, Role.REVIEWER)
    with write_transaction() as session:
        session.execute(
            update(UnitScope)
            .where(UnitScope.ancestor == world.committee, UnitScope.descendant == world.cells[0])
            .values(from_on=FIRST, to_on=AFTER)
        )
    assert answer(world, reviewer, Right.REVIEW, world.cells[0], day) == (200 if counts else 404)
    with read_transaction() as session:
        parent = find_parent(session, world.cells[0], day)
        assert (parent.id if parent else None) == (world.committee if counts else None)
        below = reviewers_of(session, [world.cells[0]], day).get(world.cells[0], [])
        assert (reviewer.user_id in below) == counts


def test_a_role_given_again_later_counts_again(world: World, person: Callable[..., Actor]) -> None:
    actor = person(world.cells[0], Role.SECRETARY, FIRST, AFTER)
    with write_transaction() as session:
        give_role(session, actor.user_id, world.cells[0], Role.SECRETARY, date(2026, 10, 1), None, world.clock())
    days = {date(2026, 5, 1): 200, date(2026, 8, 1): 404, date(2026, 11, 1): 200}
    assert {day: answer(world, actor, Right.REPORT, world.cells[0], day) for day in days} == days


def test_a_role_that_ended_acts_on_the_next_request(world: World) -> None:
    client = world.sign_in("secretary1")
    home = f"/cells/{world.cells[0]}/home"
    assert client.get(home).status_code == 200
    tomorrow = local_day(world.clock()) + timedelta(days=1)
    with world.app.app_context(), write_transaction() as session:
        mine = RoleAssignment.user_id == world.users["secretary1"]
        session.execute(update(RoleAssignment).where(mine).values(to_on=tomorrow))
    world.clock.set(at(f"{tomorrow}T00:00+07:00") - timedelta(microseconds=1))
    assert client.get(home).status_code == 200
    world.clock.advance(microseconds=1)
    assert client.get(home).status_code == 404, "midnight in Viet Nam, not in Greenwich"


# --- the closure of the tree


def depths(session: Session, descendant: uuid.UUID) -> dict[uuid.UUID, int]:
    rows = session.execute(select(UnitScope.ancestor, UnitScope.depth).where(UnitScope.descendant == descendant))
    return dict(rows.all())


def test_a_new_unit_knows_all_above_it_and_how_far(world: World) -> None:
    with world.app.app_context(), write_transaction() as session:
        deep, parent, chain = world.cells[0], world.cells[0], []
        for number in range(3):
            parent = found_unit(session, NewUnit(f"Tổ {number}", "chi_bo", LONG_AGO, parent), None, world.clock()).id
            chain.append(parent)
        expected = {chain[2]: 0, chain[1]: 1, chain[0]: 2, deep: 3, world.committee: 4, world.root: 5}
        assert depths(session, chain[2]) == expected
        assert depths(session, world.root) == {world.root: 0}
        assert list_held(session, world.users["leader"], chain[2], local_day(world.clock())) == [Held(Role.READER, 5)]


def test_the_root_is_the_unit_under_no_other(world: World) -> None:
    with world.app.app_context(), read_transaction() as session:
        root = find_root(session, local_day(world.clock()))
        assert root is not None
        assert root.id == world.root
        assert find_parent(session, world.root, local_day(world.clock())) is None


# --- who hears about a unit


def test_the_nearest_superior_that_has_reviewers_hears_about_a_unit(world: World, person: Callable[..., Actor]) -> None:
    today = local_day(world.clock())
    at_the_root = person(world.root, Role.REVIEWER).user_id
    second = person(world.committee, Role.REVIEWER).user_id
    person(world.cells[0], Role.REVIEWER)  # nobody reviews the unit itself
    with write_transaction() as session:
        bare = found_unit(session, NewUnit("Đảng bộ Trống", "dang_bo", LONG_AGO, world.root), None, world.clock())
        cell = found_unit(session, NewUnit("Chi bộ Xa", "chi_bo", LONG_AGO, bare.id), None, world.clock())
    units = [world.cells[0], world.other_cell, cell.id, world.committee, world.root]
    with read_transaction() as session:
        found = reviewers_of(session, units, today)
    assert found == {
        world.cells[0]: sorted([world.users["reviewer"], second]),
        world.other_cell: [world.users["other_reviewer"]],
        cell.id: [at_the_root],
        world.committee: [at_the_root],
    }


def test_a_person_with_two_places_in_force_is_named_once(world: World, person: Callable[..., Actor]) -> None:
    reviewer = person(world.other_committee, Role.REVIEWER, LONG_AGO)
    with write_transaction() as session:
        give_role(session, reviewer.user_id, world.other_committee, Role.REVIEWER, FIRST, None, world.clock())
    with read_transaction() as session:
        found = reviewers_of(session, [world.other_cell], local_day(world.clock()))
    assert found[world.other_cell].count(reviewer.user_id) == 1


def test_secretaries_are_named_by_cell_and_reporters_are_none(world: World, person: Callable[..., Actor]) -> None:
    second = person(world.cells[1], Role.SECRETARY).user_id
    with read_transaction() as session:
        found = secretaries_of(session, [*world.cells, world.committee], local_day(world.clock()))
        assert secretaries_of(session, [], local_day(world.clock())) == {}
    assert found == {
        world.cells[0]: [world.users["secretary1"]],
        world.cells[1]: sorted([world.users["secretary2"], second]),
    }
