"""The order of the house: imports point left only, and each outside library has one door."""

import ast
import re
from pathlib import Path

import pytest

from tests.guards.sources import PACKAGE, imports, modules

ORDER = [
    "lib",
    "record",
    "accounts",
    "orgs",
    "messages",
    "uploads",
    "photos",
    "duties",
    "meetings",
    "supervision",
    "alerts",
    "office",
]
TOP_MODULES = {"cli", "serve", "__init__"}
WITHIN_A_FEATURE = ("rules", "models", "queries", "actions", "jobs", "routes")
# The rules of an import are too many for one module.
IMPORT_RULES = (
    *("columns", "heads", "tables", "foot", "sections", "persons", "unitnames"),
    *("faults", "plan", "entries", "groups", "units", "people", "values"),
)
PURE = {f"meetingcheck.orgs.importing.{name}" for name in IMPORT_RULES}
ONE_DOOR = {
    "boto3": {"meetingcheck.lib.storage"},
    "botocore": {"meetingcheck.lib.storage"},
    # Drawing trusted pictures for the demo is not decoding hostile ones.
    "PIL": {"meetingcheck.photos.imaging", "meetingcheck.office.demo"},
    "pillow_heif": {"meetingcheck.photos.imaging", "meetingcheck.office.demo"},
    "smtplib": {"meetingcheck.lib.mail"},
    "openpyxl": {"meetingcheck.orgs.importing.reader"},
    "xlsxwriter": {"meetingcheck.lib.sheets"},
    "multiprocessing": {"meetingcheck.office.demo"},
}
EDGES = (
    "routes",
    "jobs",
    "api",
    "cli",
    "health",
    "sessions",
    "seed",
    "db",
    "housekeeping",
    "holding",
    "sweep",
    "making",
)


def feature_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def test_every_package_is_in_the_order() -> None:
    packages = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert packages == set(ORDER)


def test_imports_point_left_only() -> None:
    wrong = []
    for module, tree in modules().items():
        own = feature_of(module)
        if own in TOP_MODULES:
            continue
        for name in imports(tree):
            if not name.startswith("meetingcheck"):
                continue
            other = feature_of(name)
            if other in ORDER and ORDER.index(other) <= ORDER.index(own):
                continue
            if name != "meetingcheck":
                wrong.append(f"{module} imports {name}")
    assert not wrong


def test_within_a_feature_rules_come_first() -> None:
    wrong = []
    for module, tree in modules().items():
        parts = module.split(".")
        if len(parts) != 3 or parts[2] not in WITHIN_A_FEATURE:
            continue
        for name in imports(tree):
            other = name.split(".")
            if other[:2] != parts[:2] or len(other) < 3 or other[2] not in WITHIN_A_FEATURE:
                continue
            if WITHIN_A_FEATURE.index(other[2]) > WITHIN_A_FEATURE.index(parts[2]):
                wrong.append(f"{module} imports {name}")
    assert not wrong


def test_rules_are_pure() -> None:
    """No database, no web, no clock in a rule."""
    impure = ("flask", "sqlalchemy", "meetingcheck.lib.db", "meetingcheck.lib.clock", "meetingcheck.lib.services")
    wrong = [
        f"{module} imports {name}"
        for module, tree in modules().items()
        if module.endswith(".rules") or module in PURE
        for name in imports(tree)
        if name.startswith(impure)
    ]
    assert not wrong


@pytest.mark.parametrize("library", ONE_DOOR)
def test_each_library_has_one_door(library: str) -> None:
    users = {
        module
        for module, tree in modules().items()
        if any(name == library or name.startswith(f"{library}.") for name in imports(tree))
    }
    assert users
    assert all(any(user.startswith(door) for door in ONE_DOOR[library]) for user in users), users


def test_one_module_reads_the_clock() -> None:
    readers = {
        module
        for module, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in {"now", "utcnow", "today"} and _names_time(node.value)
    }
    assert readers <= {"meetingcheck.lib.clock"}


def _names_time(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in {"datetime", "date"}


def test_only_edges_commit() -> None:
    wrong = [
        module
        for module, tree in modules().items()
        if not module.split(".")[-1].endswith(EDGES)
        for node in ast.walk(tree)
        if (isinstance(node, ast.Attribute) and node.attr == "commit")
        or (isinstance(node, ast.Name) and node.id == "write_transaction")
    ]
    assert not [module for module in wrong if module != "meetingcheck.lib.jobs"]


def test_no_markup_is_trusted() -> None:
    """`Markup` and `|safe` would let a hostile text become an element."""
    wrong = [module for module, tree in modules().items() if "Markup" in ast.dump(tree)]
    assert not wrong
    for path in PACKAGE.rglob("*.html"):
        assert "|safe" not in path.read_text().replace(" ", ""), path
        assert "autoescape" not in path.read_text(), path


def test_nothing_is_imported_inside_a_function() -> None:
    wrong = [
        f"{module}:{inner.lineno}"
        for module, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert not wrong


def test_the_json_interface_has_modules_of_its_own() -> None:
    """Pages are plain blueprints; schemas and what serves them stand in api and schemas modules."""
    users = {
        module
        for module, tree in modules().items()
        if any(name.partition(".")[0] in {"apiflask", "marshmallow", "apispec"} for name in imports(tree))
    }
    assert len(users) > 10
    assert [one for one in users if not re.search(r"(api|schemas|lib\.http\.api_\w+)$", one)] == []


def test_the_top_level_is_as_agreed() -> None:
    top = PACKAGE.parent
    agreed = {
        *("pyproject.toml", "README.md", "wsgi.py", "meetingcheck", "migrations", "tests", "Makefile", "CHANGELOG.md"),
        *("SECURITY.md", ".ci", ".gitignore", "requirements.lock", "requirements-test.lock", "requirements-build.lock"),
    }
    made_by_tools = {".git", ".venv", "var", "meetingcheck.egg-info", "build", "dist"}
    found = {path.name for path in Path(top).iterdir()} - made_by_tools
    assert {name for name in found if not name.endswith("_cache") and name != ".hypothesis"} == agreed
