"""Broken files by the thousand, from a seed: each ends in a photo or one named error, in time, and leaves nothing."""

import io
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from meetingcheck.photos.decoder import Decoder
from meetingcheck.photos.outcomes import PhotoError, PhotoRefused, Renditions
from meetingcheck.photos.rules import PROBLEMS
from tests.photos import corpus, samples
from tests.photos.test_decoder import resident_bytes
from tests.soak import SOAK

SEED = int(os.environ.get("MEETINGCHECK_SEED", "1"))
FILES = 20_000 if SOAK else 600
FILES_BY_COMMAND = 1_500 if SOAK else 60
SECONDS = 10.0
APART = 4 * 1024 * 1024  # bytes by which the parent may be larger after all files than after the first ones

COMMAND = [sys.executable, "-c", "from meetingcheck.cli import main; main()", "inspect-photo"]
MAY_PASS_LATER = {PhotoError.CRASHED, PhotoError.TOOK_TOO_LONG, PhotoError.OUT_OF_MEMORY}


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder() as decoder:
        yield decoder


@pytest.mark.parametrize("number", range(len(corpus.bases())))
def test_what_the_corpus_starts_from_is_sound(decoder: Decoder, number: int) -> None:
    renditions = decoder.render(corpus.bases()[number])
    assert {renditions.large.width, renditions.large.height} in ({96, 64}, {300, 200})


def test_every_broken_file_ends_in_a_photo_or_a_named_error_and_the_parent_stays_as_it_was(decoder: Decoder) -> None:
    ends: Counter[str] = Counter()
    sizes = []
    for index, data in enumerate(corpus.broken(SEED, FILES)):
        began = time.monotonic()
        end = end_of(decoder, data)
        ends[end] += 1
        assert end not in MAY_PASS_LATER, (SEED, index)
        assert time.monotonic() - began < SECONDS, (SEED, index)
        if index % (FILES // 6) == FILES // 6 - 1:
            sizes.append(resident_bytes())
    assert ends["photo"] > FILES // 10, ends
    assert ends[PhotoError.DAMAGED] > FILES // 10, ends
    assert sizes[-1] - sizes[0] < APART, sizes


def end_of(decoder: Decoder, data: bytes) -> str:
    try:
        renditions = decoder.render(data)
    except PhotoRefused as refusal:
        return refusal.error
    check_shown(renditions)
    return "photo"


def check_shown(renditions: Renditions) -> None:
    """Both renditions are whole JPEGs of the stated sizes that say nothing but the picture."""
    for rendition in (renditions.large, renditions.small):
        with Image.open(io.BytesIO(rendition.jpeg), formats=["JPEG"]) as image:
            image.load()
            assert (image.size, image.mode) == ((rendition.width, rendition.height), "RGB")
        assert samples.metadata(rendition.jpeg) == []


def test_the_command_answers_each_file_with_one_line(tmp_path: Path) -> None:
    """Broken photos, and whatever else may stand where a photo should."""
    for index, data in enumerate(corpus.broken(SEED + 1, FILES_BY_COMMAND)):
        (tmp_path / f"{index:05}").write_bytes(data)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    (tmp_path / "empty").touch()
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff name\n")).write_bytes(samples.jpeg(samples.scene()))
    with (tmp_path / "endless").open("wb") as file:
        file.truncate(10 * 1024**3)
    names = sorted(os.fsencode(path) for path in tmp_path.iterdir())
    finished = subprocess.run([*COMMAND, *names], capture_output=True, check=False, timeout=120 + FILES_BY_COMMAND)
    lines = [json.loads(line) for line in finished.stdout.splitlines()]
    assert [line["file"].encode() for line in lines] == [name.decode("utf-8", "replace").encode() for name in names]
    assert b"Traceback" not in finished.stderr
    assert finished.stderr == b""
    assert finished.returncode == 1
    known = {error.value for error in PhotoError} | {"unreadable_file"}
    for line in lines:
        assert line["accepted"] or (line["error"] in known and line["sentence"]), line
        assert line["accepted"] or line["error"] == "unreadable_file" or line["sentence"] == PROBLEMS[line["error"]]
    said = {Path(line["file"]).name: line for line in lines}
    assert {name: said[name]["error"] for name in ("pipe", "folder", "gone", "empty", "endless")} == {
        "pipe": "unreadable_file",
        "folder": "unreadable_file",
        "gone": "unreadable_file",
        "empty": "empty",
        "endless": "too_many_bytes",
    }
    assert said["\ufffd name\n"]["accepted"]


def test_the_command_cuts_an_endless_photo_off_in_time(tmp_path: Path) -> None:
    (tmp_path / "endless").write_bytes(samples.endless_jpeg(20_000))
    began = time.monotonic()
    finished = subprocess.run([*COMMAND, str(tmp_path / "endless")], capture_output=True, check=False)
    assert time.monotonic() - began < SECONDS, "with the start of the command itself"
    (line,) = finished.stdout.splitlines()
    assert json.loads(line)["error"] == "took_too_long"
    assert finished.returncode == 1
