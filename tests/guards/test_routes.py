"""Each route names a right, each part of an address has a type, and no answer comes without asking for the right."""

import pytest
from flask import Flask

from meetingcheck.lib.http.rights import ATTRIBUTE, PUBLIC, SIGNED_IN, needs
from meetingcheck.orgs.access import GRANTS, Right
from tests.world import World

KNOWN = {PUBLIC, SIGNED_IN, *(str(right) for right in Right)}


def test_each_route_names_a_right(app: Flask) -> None:
    for endpoint, view in app.view_functions.items():
        if endpoint != "static":
            assert getattr(view, ATTRIBUTE, None) in KNOWN, endpoint


def test_each_part_of_an_address_has_a_type(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        if rule.endpoint != "static":
            converters = {type(converter).__name__ for converter in rule._converters.values()}
            assert "UnicodeConverter" not in converters, rule.rule


def test_the_rights_table_is_whole() -> None:
    assert set(GRANTS) == set(Right)


def test_reading_changes_nothing(app: Flask) -> None:
    """A mail scanner or a chat preview opens every link: no GET may do what a POST does."""
    for rule in app.url_map.iter_rules():
        methods = (rule.methods or set()) - {"OPTIONS", "HEAD"}
        assert len(methods) <= 1, rule.rule


@pytest.mark.parametrize("right", [Right.VIEW_UNIT, None])
def test_a_route_that_does_not_ask_answers_nothing(world: World, right: Right | None) -> None:
    """Closed by construction: a view that forgot its right gives a 500, never data."""

    def forgetful() -> str:
        return "somebody's data"

    view = needs(right)(forgetful) if right else forgetful
    world.app.add_url_rule("/forgetful", endpoint="forgetful", view_func=view)
    answer = world.sign_in("leader").get("/forgetful")
    assert answer.status_code == 500
    assert "somebody" not in answer.text
