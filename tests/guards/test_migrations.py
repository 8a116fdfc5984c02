"""Migrations are numbered, one line from first to last, equal to the models, and go down as well as up with rows."""

import importlib
import pkgutil
import re
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, func, inspect, select, text
from sqlalchemy.pool import NullPool

import meetingcheck
from meetingcheck.lib.db import Base
from meetingcheck.lib.migrate import EMPTY, FOLDER, NEWEST, migrate, newest_revision, pending
from tests.world import World

# Every table must be known, also those that no page shows yet.
for module in pkgutil.walk_packages(meetingcheck.__path__, "meetingcheck."):
    if module.name.endswith((".models", ".jobs", ".leases")):
        importlib.import_module(module.name)

FILES = sorted((FOLDER / "versions").glob("*.py"))


def test_files_are_numbered_without_a_gap() -> None:
    assert [int(re.match(r"(\d{4})_", file.name).group(1)) for file in FILES] == list(range(1, len(FILES) + 1))


def test_the_head_file_names_the_newest() -> None:
    """Two branches that both add a migration meet in this file, not in production."""
    assert (FOLDER / "HEAD").read_text().strip() == newest_revision() == FILES[-1].name[:4]


def test_migrations_equal_the_models(database_url: str) -> None:
    engine = create_engine(database_url, poolclass=NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": _ours})
        assert compare_metadata(context, Base.metadata) == []


def _ours(_object: Any, name: str | None, kind: str, _reflected: bool, _compared: Any) -> bool:
    return not (kind == "table" and name == "alembic_version")


def test_down_and_up_again(database_url: str) -> None:
    migrate(database_url, EMPTY)
    engine = create_engine(database_url, poolclass=NullPool)
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
    assert pending(database_url)
    migrate(database_url, NEWEST)
    assert not pending(database_url)
    assert set(Base.metadata.tables) <= set(inspect(engine).get_table_names())


def test_migrating_again_changes_no_row(world: World) -> None:
    url = world.app.config["SQLALCHEMY_DATABASE_URI"]
    before = _counts(url)
    migrate(url, NEWEST)
    assert _counts(url) == before
    assert before["unit"] > 0


def _counts(url: str) -> dict[str, int]:
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        return {
            name: connection.scalar(select(func.count()).select_from(text(name))) or 0 for name in Base.metadata.tables
        }


def test_a_migration_that_breaks_a_reference_is_rolled_back(world: World, tmp_path: Path) -> None:
    url = world.app.config["SQLALCHEMY_DATABASE_URI"]
    if not url.startswith("sqlite"):
        return  # PostgreSQL checks references itself, at each statement
    engine = create_engine(url, poolclass=NullPool)
    driver = engine.raw_connection()
    driver.execute("PRAGMA foreign_keys=OFF")
    driver.execute("DELETE FROM unit_kind")
    driver.commit()
    driver.close()
    with pytest.raises(RuntimeError, match="point to nothing"):
        migrate(url, NEWEST)
