"""The import on the command line: all of a list or nothing, and what is wrong said line by line."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from meetingcheck.cli import main
from meetingcheck.lib.db import read_transaction
from meetingcheck.orgs.models import Unit
from tests.world import World

HEAD = "Tên đơn vị;Đơn vị cấp trên;Loại;Ngày thành lập\n"
GOOD = HEAD + "Chi bộ Thôn Mới;Đảng bộ xã Mẫu;Chi bộ;01/01/1990\n"
BAD = GOOD + "Chi bộ Lạc;Đảng bộ Không Có;Chi bộ;31/02/2020\n"


@pytest.fixture
def console(environment: dict[str, str], world: World) -> dict[str, str]:
    """The installation's settings; the list needs no object store."""
    store = {"S3_ENDPOINT_URL": "http://127.0.0.1:9", "S3_ACCESS_KEY": "key", "S3_SECRET_KEY": "secret"}
    return {**environment, **store}


def run(console: dict[str, str], file: Path, *options: str) -> Result:
    return CliRunner().invoke(main, ["import-units", str(file), *options], env=console)


def names(world: World) -> set[str]:
    with world.app.app_context(), read_transaction() as session:
        return set(session.scalars(select(Unit.name)))


def last_line(result: Result) -> dict[str, object]:
    said: dict[str, object] = json.loads(result.stdout.strip().splitlines()[-1])
    return said


def test_a_list_comes_in_once(console: dict[str, str], world: World, tmp_path: Path) -> None:
    file = tmp_path / "danh sách.csv"
    file.write_text(GOOD, encoding="utf-8")
    dry = run(console, file, "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert last_line(dry) == {"new": 1, "changed": 0, "same": 0, "error": 0, "applied": False}
    assert "Chi bộ Thôn Mới" not in names(world)
    assert last_line(run(console, file))["applied"] is True
    assert "Chi bộ Thôn Mới" in names(world)
    assert last_line(run(console, file)) == {"new": 0, "changed": 0, "same": 1, "error": 0, "applied": True}


def test_old_letters_are_converted(console: dict[str, str], world: World, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    old = ["Chi bé Th«n MÉu H¹", "Chi bé B¶n Phó Thä", "Chi bé NguyÔn §øc C¶nh"]
    file.write_text(HEAD + "".join(f"{name};Đảng bộ xã Mẫu;Chi bộ;\n" for name in old), encoding="utf-8")
    assert last_line(run(console, file))["applied"] is True
    assert {"Chi bộ Thôn Mẫu Hạ", "Chi bộ Bản Phú Thọ", "Chi bộ Nguyễn Đức Cảnh"} <= names(world)
    assert not names(world) & set(old)


def test_one_wrong_row_and_nothing_comes_in(console: dict[str, str], world: World, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text(BAD, encoding="utf-8")
    before = names(world)
    result = run(console, file)
    assert result.exit_code == 1
    wrong = json.loads(result.stdout.splitlines()[0])
    assert wrong["line"] == 3
    assert wrong["problems"]
    assert last_line(result)["applied"] is False
    assert names(world) == before


def test_what_is_no_list_gets_a_sentence(console: dict[str, str], world: World, tmp_path: Path) -> None:
    file = tmp_path / "photo.jpg"
    file.write_bytes(b"\xff\xd8\xff\xe0 no list")
    result = run(console, file)
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    assert result.output.startswith("Error: ")
