"""Every setting is in the README's table, every secret can come from a file, and a wrong one fails with a sentence."""

import re
from pathlib import Path

import pytest

from meetingcheck.lib.settings import NAMES, SECRET_NAMES, SettingError, read_settings
from tests.guards.sources import TOP

GOOD = {"PUBLIC_URL": "https://sinhhoat.mau.example", "SECRET_KEY": "x" * 40}


def test_each_setting_is_in_the_readme() -> None:
    table = set(re.findall(r"^\| `([A-Z][A-Z0-9_]+)`", (TOP / "README.md").read_text(), re.MULTILINE))
    assert table == set(NAMES)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"PUBLIC_URL": ""}, "PUBLIC_URL is missing"),
        ({"PUBLIC_URL": "http://sinhhoat.mau.example"}, "https://"),
        ({"PUBLIC_URL": "sinhhoat.mau.example"}, "PUBLIC_URL must be an address"),
        ({"SECRET_KEY": ""}, "SECRET_KEY"),
        ({"SECRET_KEY": "short"}, "too short"),
        ({"PORT": "http"}, "PORT must be a number"),
        ({"DATABASE_URL": "mysql://x"}, "postgresql://"),
        ({"S3_ENDPOINT_URL": "https://s3.mau.example"}, "S3_ACCESS_KEY"),
        ({"SMTP_SECURITY": "ssl"}, "starttls"),
        ({"TRUSTED_PROXIES": "proxy"}, "no address or network"),
        ({"CLAMD_URL": "localhost:3310"}, "CLAMD_URL must be"),
        ({"CLAMD_URL": "tcp://scanner"}, "CLAMD_URL must be"),
        ({"CLAMD_URL": "tcp://scanner:port"}, "CLAMD_URL must be"),
        ({"CLAMD_URL": "unix:clamd.sock"}, "CLAMD_URL must be"),
        ({"MEETINGCHECK_DEMO": "yes"}, "0 or 1"),
        ({"MEETINGCHECK_DEMO": "1", "HOST": "0.0.0.0"}, "this machine only"),
        ({"SECRET_KEY": "", "SECRET_KEY_FILE": "/nowhere/key"}, "cannot be read"),
        ({"SECRET_KEY_FILE": "/nowhere/key"}, "both set"),
    ],
)
def test_a_wrong_setting_fails_with_a_sentence(change: dict[str, str], said: str, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=re.escape(said)):
        read_settings({**GOOD, "MEETINGCHECK_DATA": str(tmp_path), **change})


@pytest.mark.parametrize("name", sorted(SECRET_NAMES - {"DATABASE_URL"}))
def test_a_secret_may_come_from_a_file(name: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("a secret of more than thirty-two characters\n")
    given = {**GOOD, f"{name}_FILE": str(file)}
    given.pop(name, None)
    settings = read_settings(given)
    assert "a secret of more than thirty-two characters" in repr(settings)


def test_the_demo_makes_its_own_key_once(tmp_path: Path) -> None:
    demo = {"MEETINGCHECK_DEMO": "1", "MEETINGCHECK_DATA": str(tmp_path)}
    first, second = read_settings(demo), read_settings(demo)
    assert first.secret_key == second.secret_key
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600
