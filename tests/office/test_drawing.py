"""The demo's pictures: the same by seed, all different, with honest EXIF and no place."""

import hashlib
import io
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest
from PIL import ExifTags, Image, ImageChops, ImageOps, ImageStat

from meetingcheck.office.demo import drawing
from meetingcheck.office.demo.drawing import phone

SMALL = (320, 240)
LYING, STANDING = (1280, 960), (960, 1280)
TAKEN_AT = datetime(2026, 11, 3, 19, 42, 7, tzinfo=timezone(timedelta(hours=7)))
HALL_WITHOUT_OTHER_RED = 13
KINDS = [drawing.draw_meeting_room, drawing.draw_minutes_page]

Draw = Callable[..., bytes]
every_kind = pytest.mark.parametrize("draw", KINDS, ids=lambda draw: draw.__name__)


def _open(photo: bytes) -> Image.Image:
    return Image.open(io.BytesIO(photo))


def _upright(photo: bytes) -> Image.Image:
    return ImageOps.exif_transpose(_open(photo))


@every_kind
def test_the_same_seed_gives_the_same_bytes(draw: Draw) -> None:
    assert draw(5, SMALL, TAKEN_AT) == draw(5, SMALL, TAKEN_AT)


@every_kind
def test_two_hundred_seeds_give_two_hundred_photos(draw: Draw) -> None:
    digests = {hashlib.sha256(draw(seed, (80, 60))).digest() for seed in range(200)}
    assert len(digests) == 200


def test_meetings_in_one_hall_still_differ() -> None:
    photos = {drawing.draw_meeting_room(seed, SMALL, TAKEN_AT, hall=7) for seed in range(20)}
    assert len(photos) == 20


@every_kind
@pytest.mark.parametrize("size", [LYING, STANDING, (321, 203)])
def test_upright_size_is_the_one_asked_for(draw: Draw, size: tuple[int, int]) -> None:
    photo = draw(3, size)
    with _open(photo) as stored:
        assert stored.format == "JPEG"
    assert _upright(photo).size == size


@every_kind
def test_exif_has_the_time_and_no_place(draw: Draw) -> None:
    exif = _open(draw(1, SMALL, TAKEN_AT)).getexif()
    details = exif.get_ifd(ExifTags.IFD.Exif)
    assert details[ExifTags.Base.DateTimeOriginal] == "2026:11:03 19:42:07"
    assert details[ExifTags.Base.OffsetTimeOriginal] == "+07:00"
    assert exif[ExifTags.Base.Make] == "Mau"
    assert exif.get_ifd(ExifTags.IFD.GPSInfo) == {}
    assert ExifTags.IFD.GPSInfo not in exif


@every_kind
def test_without_a_time_exif_has_none(draw: Draw) -> None:
    exif = _open(draw(1, SMALL)).getexif()
    assert exif.get_ifd(ExifTags.IFD.Exif) == {}


def test_turned_photos_occur_and_are_upright_once_exif_is_obeyed() -> None:
    """In a hall whose only red is the banner, red is in the upper half, however the stored pixels lie."""
    seen = set()
    for seed in range(40):
        photo = drawing.draw_meeting_room(seed, SMALL, TAKEN_AT, hall=HALL_WITHOUT_OTHER_RED)
        seen.add(_open(photo).getexif()[ExifTags.Base.Orientation])
        upright = _upright(photo)
        upper, lower = (_share_of_banner_red(upright.crop((60, top, 260, top + 120))) for top in (0, 120))
        assert upper > lower, f"seed {seed}"
    assert seen == {phone.UPRIGHT, phone.UPSIDE_DOWN, phone.TURNED_RIGHT}


def _share_of_banner_red(part: Image.Image) -> float:
    """How much of the picture is of a red as strong as the banner's, from 0 to 1."""
    red, green, _ = part.split()
    excess = ImageChops.subtract(red, green).point([255 if level > 100 else 0 for level in range(256)])
    return ImageStat.Stat(excess).mean[0] / 255


@pytest.mark.parametrize("factor", [0.5, 1.0, 1.3])
def test_the_tone_curve_leaves_room_for_the_grain(factor: float) -> None:
    """Grain is added modulo 256: without that room, white would turn black."""
    levels = phone.tone_curve(factor)
    assert min(levels) >= phone.GRAIN
    assert max(levels) <= 255 - phone.GRAIN


def test_files_are_about_as_large_as_a_phones() -> None:
    sizes = [len(draw(seed)) for draw in KINDS for seed in range(4)]
    assert min(sizes) > 60_000
    assert max(sizes) < 450_000


def test_twelve_megapixels_and_heic() -> None:
    jpeg = drawing.draw_meeting_room(2, (4000, 3000), TAKEN_AT)
    assert _upright(jpeg).size == (4000, 3000)
    small = drawing.draw_minutes_page(2, (960, 1280), TAKEN_AT)
    heic = drawing.as_heic(small)
    assert heic[4:12] == b"ftypheic"
    assert drawing.as_heic(small) == heic
