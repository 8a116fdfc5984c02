"""Broken photos without end: small sound ones of every kind, changed by chance from a seed, each a file of its own."""

import io
import random
import struct
from collections.abc import Callable, Iterator

from PIL import Image

from tests.photos import samples

SIDES = (96, 64)


def bases() -> list[bytes]:
    """Small photos of every format and of what is peculiar in each."""
    picture, exif, profile = samples.noise(*SIDES), samples.camera_exif(6), samples.wide_gamut_profile()
    frames = [samples.noise(*SIDES) for _ in range(2)]
    palette = picture.convert("P", palette=Image.Palette.ADAPTIVE)
    text = samples.png_chunk(b"zTXt", b"note\0\0" + samples.zlib.compress(b"words " * 200))
    return [
        samples.jpeg(picture, exif=exif, quality=80),
        samples.jpeg(picture, exif=exif, icc_profile=profile, quality=80, comment=b"comment"),
        samples.jpeg(picture, progressive=True, quality=80, subsampling="4:2:0"),
        samples.jpeg(picture.convert("CMYK"), quality=80),
        samples.jpeg(picture.convert("L"), quality=80, restart_marker_blocks=4),
        samples.encode(picture, "MPO", save_all=True, append_images=frames, exif=exif),
        samples.png(picture, exif=exif, icc_profile=profile),
        samples.png(palette, transparency=3),
        samples.png(picture.convert("LA")),
        samples.png(picture.convert("1")),
        samples.png(Image.new("I;16", SIDES, 30_000)),
        samples.png(frames[0], save_all=True, append_images=frames[1:], duration=100),
        samples.png_with_chunk(picture, text),
        samples.webp(picture, exif=exif, icc_profile=profile),
        samples.webp(picture.convert("RGBA"), lossless=True),
        samples.webp(frames[0], save_all=True, append_images=frames[1:], duration=100),
        samples.heic(picture, exif=exif),
        samples.heic(picture, icc_profile=profile),
        samples.heic(samples.noise(300, 200), tile_size=128),
        _several_in_one(frames),
    ]


def _several_in_one(frames: list[Image.Image]) -> bytes:
    samples.pillow_heif.register_heif_opener()
    file = io.BytesIO()
    frames[0].save(file, "HEIF", save_all=True, append_images=frames[1:])
    return file.getvalue()


def broken(seed: int, count: int) -> Iterator[bytes]:
    """So many files, the same ones for the same seed."""
    chance = random.Random(seed)
    sound = bases()
    for index in range(count):
        data = bytearray(sound[index % len(sound)])
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            chance.choice(CHANGES)(chance, data, chance.choice(sound))
        yield bytes(data)


def _flip_bits(chance: random.Random, data: bytearray, _other: bytes) -> None:
    for _ in range(chance.randint(1, 12)):
        if data:
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _flip_near_the_front(chance: random.Random, data: bytearray, _other: bytes) -> None:
    for _ in range(chance.randint(1, 6)):
        if data:
            data[chance.randrange(min(len(data), 700))] = chance.randrange(256)


def _cut_off(chance: random.Random, data: bytearray, _other: bytes) -> None:
    del data[chance.randrange(len(data) + 1) :]


def _take_out(chance: random.Random, data: bytearray, _other: bytes) -> None:
    start = chance.randrange(len(data) + 1)
    del data[start : start + chance.randint(1, 300)]


def _put_in(chance: random.Random, data: bytearray, _other: bytes) -> None:
    start = chance.randrange(len(data) + 1)
    data[start:start] = chance.choice((chance.randbytes, bytes))(chance.randint(1, 200))


def _repeat(chance: random.Random, data: bytearray, _other: bytes) -> None:
    start = chance.randrange(len(data) + 1)
    piece = data[start : start + chance.randint(1, 400)]
    data[start:start] = piece * chance.randint(1, 20)


def _splice(chance: random.Random, data: bytearray, other: bytes) -> None:
    """The front of one file and the back of another."""
    data[chance.randrange(len(data) + 1) :] = other[chance.randrange(len(other)) :]


def _graft(chance: random.Random, data: bytearray, other: bytes) -> None:
    """A piece of another file in the middle of this one."""
    start, length = chance.randrange(len(other)), chance.randint(1, 400)
    place = chance.randrange(len(data) + 1)
    data[place : place + length] = other[start : start + length]


def _lie_about_a_number(chance: random.Random, data: bytearray, _other: bytes) -> None:
    """A length, a count or a side that is not so: mostly among the headers."""
    number = chance.choice(
        (0, 1, 2, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, chance.getrandbits(32))
    )
    kind = chance.choice((">I", "<I", ">H", "<H"))
    number &= 0xFFFFFFFF if kind[1] == "I" else 0xFFFF
    if len(data) > 8:
        struct.pack_into(kind, data, chance.randrange(min(len(data) - 4, 900)), number)


CHANGES: tuple[Callable[[random.Random, bytearray, bytes], None], ...] = (
    _flip_bits,
    _flip_near_the_front,
    _flip_near_the_front,
    _cut_off,
    _take_out,
    _put_in,
    _repeat,
    _splice,
    _graft,
    _lie_about_a_number,
    _lie_about_a_number,
)
