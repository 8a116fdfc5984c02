"""Computing time for a photo: from a phone's JPEG to both renditions in memory, beside other image libraries.

Run as `python -m tests.bench.photos`. Every contender makes 1600 pixels at quality 80 and 320 at quality 75 from the
same files, photo by photo in turn, so that a busy machine troubles all alike. Ours counts the confined child, its start
once in 200 photos, and what goes through the pipes; so does sharp, a process of Node that is asked through pipes too.
Nobody's hashing or storing is counted. libvips works in this process.
"""

import argparse
import io
import os
import resource
import statistics
import struct
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyvips
from PIL import Image, ImageChops
from PIL.JpegImagePlugin import JpegImageFile, get_sampling

from meetingcheck.photos.decoder import FILES_PER_CHILD, Decoder
from meetingcheck.photos.outcomes import Renditions
from tests.engines.node import find_node, install

OURS = "meetingcheck"
TARGETS = {"libvips": 0.9, "sharp": 0.6}
"""What our computing time may be of each other's."""

SHARP = Path(__file__).parent / "sharp"
SIDES = ((4000, 3000), (4032, 3024), (3000, 4000), (4160, 3120))


@dataclass
class Contender:
    """One way to do the work. `close` ends its processes, whose computing time then counts as `children`."""

    name: str
    make: Callable[[bytes], object]
    close: Callable[[], object] = lambda: None
    seconds: float = 0.0


def phone_photo(width: int, height: int) -> bytes:
    """A JPEG of about 5 MB: large soft shapes, texture and the grain of a small sensor."""
    shapes = Image.effect_noise((width // 40, height // 40), 90).resize((width, height), Image.Resampling.BICUBIC)
    texture = Image.effect_noise((width // 4, height // 4), 50).resize((width, height), Image.Resampling.BICUBIC)
    light = ImageChops.add(shapes, texture, 2)
    light = ImageChops.add(light, Image.effect_noise((width, height), 10), 1, -128)
    colours = [
        Image.effect_noise((width // part, height // part), 40).resize((width, height), Image.Resampling.BICUBIC)
        for part in (60, 50)
    ]
    file = io.BytesIO()
    Image.merge("YCbCr", (light, *colours)).save(file, "JPEG", quality=88, subsampling="4:2:0")
    return file.getvalue()


def with_vips(data: bytes) -> tuple[bytes, bytes]:
    """What libvips' own documentation recommends: shrink while loading, turn upright, the small one from the large."""
    large = pyvips.Image.thumbnail_buffer(data, 1600, height=1600, size="down").copy_memory()
    small = large.thumbnail_image(320, height=320, size="down")
    return large.jpegsave_buffer(Q=80, keep="none"), small.jpegsave_buffer(Q=75, keep="none")


class Sharp:
    """Node's image library in a process of its own: one thread, no cache, the same two JPEGs."""

    def __init__(self, way: str) -> None:
        """`way` is one of those in its program: as its documentation shows it, or with the least work."""
        command = [find_node().program, "serve.mjs", way]
        self._process = subprocess.Popen(command, cwd=SHARP, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self.version = self._answer()[0].decode()

    def make(self, data: bytes) -> tuple[bytes, bytes]:
        assert self._process.stdin is not None
        for piece in (struct.pack(">I", len(data)), data):
            rest = memoryview(piece)
            while rest:
                rest = rest[self._process.stdin.write(rest) :]
        return self._answer()

    def _answer(self) -> tuple[bytes, bytes]:
        large, small = struct.unpack(">II", self._read(8))
        return self._read(large), self._read(small)

    def _read(self, size: int) -> bytes:
        assert self._process.stdout is not None
        data = bytearray()
        while len(data) < size:
            piece = os.read(self._process.stdout.fileno(), size - len(data))
            if not piece:
                raise RuntimeError("sharp ended")
            data += piece
        return bytes(data)

    def close(self) -> None:
        """Let it end, so that its computing time is known."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


def contenders() -> list[Contender]:
    """Ours first. A further library is one more entry; one in another process is told to end by `close`."""
    decoder, sharp, sparing = Decoder(), Sharp("documented"), Sharp("sparing")
    return [
        Contender(OURS, decoder.render, decoder.close),
        Contender("libvips", with_vips),
        Contender("sharp", sharp.make, sharp.close),
        Contender("sharp, sparing", sparing.make, sparing.close),
    ]


def check_alike(photos: Sequence[bytes]) -> None:
    """Everybody makes the same: both sizes, the same qualities and sampling of colours. Raises AssertionError."""
    field = contenders()
    try:
        for photo in photos:
            seen = {contender.name: _made(contender.make(photo)) for contender in field}
            assert len(set(seen.values())) == 1, seen
    finally:
        for contender in field:
            contender.close()


def _made(made: object) -> tuple[object, ...]:
    """Of each of two JPEGs: size, tables of quantisation, sampling, whether it is progressive."""
    if isinstance(made, Renditions):
        made = (made.large.jpeg, made.small.jpeg)
    assert isinstance(made, tuple)
    facts: list[object] = []
    for jpeg in made:
        with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as image:
            assert isinstance(image, JpegImageFile)
            tables = tuple(tuple(table) for table in image.quantization.values())
            facts += [image.size, tables, get_sampling(image), "progressive" in image.info]
    return tuple(facts)


def cpu_seconds(who: int) -> float:
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def run(photos: Sequence[bytes], count: int) -> dict[str, float]:
    """Milliseconds of computing a photo, by contender, over `count` photos taken in turn."""
    field = contenders()
    for index in range(count):
        for contender in field if index % 2 else reversed(field):
            before = cpu_seconds(resource.RUSAGE_SELF)
            contender.make(photos[index % len(photos)])
            contender.seconds += cpu_seconds(resource.RUSAGE_SELF) - before
    for contender in field:
        # A child's time is known once it has ended.
        before = cpu_seconds(resource.RUSAGE_CHILDREN)
        contender.close()
        contender.seconds += cpu_seconds(resource.RUSAGE_CHILDREN) - before
    return {contender.name: 1000 * contender.seconds / count for contender in field}


def table(runs: Sequence[dict[str, float]]) -> str:
    """The medians of all runs, and of ours against each other contender within the same run."""
    lines = [f"{'':16}{'CPU ms/photo':>14}{'ours against it':>18}{'lowest':>9}{'highest':>9}{'target':>9}"]
    for name in runs[0]:
        ratios = [each[OURS] / each[name] for each in runs]
        spread = f"{statistics.median(ratios):18.2f}{min(ratios):9.2f}{max(ratios):9.2f}" if name != OURS else ""
        spread += f"{TARGETS[name]:9.2f}" if name in TARGETS else ""
        lines.append(f"{name:16}{statistics.median(each[name] for each in runs):14.1f}{spread}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=FILES_PER_CHILD - 1, help="photos in a run")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    install(SHARP)
    photos = [phone_photo(*sides) for sides in SIDES]
    check_alike(photos)
    sys.stdout.write(f"{len(photos)} photos of 12 to 13 megapixels, {[len(photo) for photo in photos]} bytes\n")
    sys.stdout.write(table([run(photos, options.photos) for _ in range(options.runs)]) + "\n")


if __name__ == "__main__":
    main()
