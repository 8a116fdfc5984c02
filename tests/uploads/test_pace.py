"""How large the pieces of a photo are, on lines that are played through without waiting."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.engines.node import find_node

CLIENT = Path(__file__).parent / "client"
PACE = Path(__file__).parents[2] / "meetingcheck" / "static" / "js" / "phone" / "pace.js"
PHOTO, PHOTOS = 400_000, 5


def play(**line: Any) -> dict[str, Any]:
    """Send photos with the phone's own rule over a line; what was sent, how often and how large."""
    said = {"photo": PHOTO, "photos": PHOTOS, "cutEvery": None, "keeps": False, **line}
    command = [find_node().program, "pace.mjs", str(PACE), json.dumps(said)]
    done = subprocess.run(command, cwd=CLIENT, capture_output=True, text=True, check=True, timeout=60)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


MOUNTAINS = {"rate": 6.25, "trip": 500, "cutEvery": 20_000}


@pytest.mark.parametrize(("keeps", "most"), [(True, 1.15), (False, 1.20)])
def test_at_50_kbit_that_is_cut_every_20_seconds_little_is_sent_twice(keeps: bool, most: float) -> None:
    played = play(**MOUNTAINS, keeps=keeps)
    assert played["sent"] <= most * PHOTO * PHOTOS, played


def test_requests_last_two_to_four_seconds_where_nothing_breaks() -> None:
    played = play(rate=125, trip=100)
    assert max(played["lasted"]) <= 4_500, played
    assert max(played["sizes"]) >= 131_072, "large pieces soon"
    assert len(played["sizes"]) <= 8 * PHOTOS, played
    assert played["sent"] <= 1.03 * PHOTO * PHOTOS, played


def test_a_very_slow_line_gets_the_smallest_pieces() -> None:
    played = play(rate=0.6, trip=2_000, photos=1)
    assert set(played["sizes"][1:-2]) == {8_192}


@pytest.mark.parametrize("keeps", [True, False])
def test_a_line_that_carries_hardly_a_piece_between_two_breaks_ends_all_the_same(keeps: bool) -> None:
    played = play(rate=6.25, trip=500, cutEvery=4_500, photos=1, keeps=keeps)
    assert played["arrived"] == PHOTO, played


@pytest.mark.parametrize("line", [MOUNTAINS, {"rate": 125, "trip": 100}, {"rate": 2_000, "trip": 40}])
def test_pieces_have_8_to_256_kilobytes(line: dict[str, Any]) -> None:
    sizes = play(**line)["sizes"]
    assert max(sizes) <= 262_144
    assert sum(size < 8_192 for size in sizes) <= 2 * PHOTOS, "only what is left of a photo may be smaller"
