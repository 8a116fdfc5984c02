"""The decoding child: what it may not do, and that nothing it does harms the application."""

import errno
import json
import os
import select
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from meetingcheck.photos import imaging
from meetingcheck.photos.decoder import FILES_PER_CHILD, Decoder, DecoderUnavailable, child_command
from meetingcheck.photos.outcomes import PhotoError, PhotoRefused, Renditions
from tests.photos import samples

SMALL = samples.jpeg(samples.scene(64, 48))


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder() as decoder:
        yield decoder


def error_of(decoder: Decoder, data: bytes) -> PhotoError:
    with pytest.raises(PhotoRefused) as refusal:
        decoder.render(data)
    return refusal.value.error


def outcome_of(decoder: Decoder, data: bytes) -> Renditions | PhotoError:
    try:
        return decoder.render(data)
    except PhotoRefused as refusal:
        return refusal.error


def running(decoder: Decoder) -> int:
    pid = decoder.child_pid
    assert pid is not None
    return pid


def posing_as_child(program: str) -> list[str]:
    """A child that a hostile file has taken over."""
    preamble = "import os, signal, struct, sys\nos.write(1, b'R')\n"
    return [sys.executable, "-I", "-c", preamble + program]


def run_confined(program: str) -> object:
    """What a program prints as JSON once it is confined like the child."""
    preamble = (
        "import ctypes, json, os, socket, subprocess, threading\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "from meetingcheck.photos import child\n"
        "child.imaging.prime()\n"
        "child.confine()\n"
        "def fails(action):\n"
        "    try:\n"
        "        action()\n"
        "    except (OSError, MemoryError, RuntimeError) as error:\n"
        "        return type(error).__name__\n"
    )
    finished = subprocess.run(child_command(preamble + program), env={}, capture_output=True, check=True)
    return json.loads(finished.stdout)


class TestAnswers:
    @pytest.mark.parametrize(
        "data",
        [
            pytest.param(samples.jpeg(samples.scene(4000, 3000), exif=samples.camera_exif(6)), id="a phone's photo"),
            pytest.param(samples.jpeg(samples.scene(), icc_profile=samples.wide_gamut_profile()), id="wide gamut"),
            pytest.param(samples.jpeg(Image.new("CMYK", (64, 64), (0, 255, 255, 0))), id="CMYK"),
            pytest.param(samples.png(Image.new("P", (64, 64)), transparency=0), id="transparent palette"),
            pytest.param(
                samples.png(Image.new("RGBA", (64, 64), (1, 2, 3, 4)), exif=samples.camera_exif(3)), id="alpha"
            ),
            pytest.param(samples.png(Image.new("I;16", (64, 64), 30000)), id="16 bits"),
            pytest.param(samples.png(Image.new("LA", (64, 64))), id="grey with alpha"),
            pytest.param(samples.webp(samples.scene(), exif=samples.camera_exif(5)), id="WebP"),
            pytest.param(
                samples.webp(samples.scene(), save_all=True, append_images=[Image.new("RGB", (160, 96))]),
                id="animation",
            ),
            pytest.param(samples.heic(samples.scene(), exif=samples.camera_exif(8)), id="HEIC"),
            pytest.param(samples.heic(samples.noise(600, 300), tile_size=256), id="HEIC in tiles"),
            pytest.param(
                samples.encode(samples.scene(), "MPO", save_all=True, append_images=[samples.scene()]), id="MPO"
            ),
        ],
    )
    def test_the_confined_child_sees_what_an_unconfined_one_sees(self, decoder, data):
        assert decoder.inspect(data) == imaging.inspect(data)
        assert decoder.render(data) == imaging.render(data)

    def test_broken_files_have_the_same_names(self, decoder):
        for encode in (samples.jpeg, samples.png, samples.webp, samples.heic):
            whole = encode(samples.noise(80, 60), exif=samples.camera_exif())
            for part in (1, 20, 40, 55):
                broken = whole[: len(whole) * part // 64]
                with pytest.raises(PhotoRefused) as refusal:
                    imaging.render(broken)
                assert error_of(decoder, broken) is refusal.value.error

    @pytest.mark.parametrize(
        "whole",
        [
            pytest.param(samples.jpeg(samples.noise(48, 32), exif=samples.camera_exif()), id="jpeg"),
            pytest.param(samples.jpeg(samples.noise(48, 32), icc_profile=samples.wide_gamut_profile()), id="profile"),
            pytest.param(samples.jpeg(samples.noise(48, 32), progressive=True), id="progressive"),
            pytest.param(samples.png(samples.noise(48, 32), exif=samples.camera_exif()), id="png"),
            pytest.param(samples.webp(samples.noise(48, 32), exif=samples.camera_exif()), id="webp"),
            pytest.param(samples.heic(samples.noise(48, 32), exif=samples.camera_exif()), id="heic"),
        ],
    )
    def test_flipped_bits_end_in_a_picture_or_a_named_error(self, decoder, whole):
        @settings(max_examples=120, deadline=None, derandomize=True, database=None)
        @given(st.lists(st.integers(0, min(len(whole), 1500) * 8 - 1), min_size=1, max_size=8))
        def flip(bits: list[int]) -> None:
            flipped = bytearray(whole)
            for bit in bits:
                flipped[bit // 8] ^= 1 << bit % 8
            assert isinstance(outcome_of(decoder, bytes(flipped)), Renditions | PhotoError)

        flip()

    def test_threads_get_their_own_answers(self, decoder):
        sizes = [(20 + index, 30 + index) for index in range(60)]
        files = [samples.jpeg(samples.scene(*size)) for size in sizes]
        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(decoder.render, files))
        assert [(answer.large.width, answer.large.height) for answer in answers] == sizes

    def test_limits_of_size_need_no_child(self):
        with Decoder() as decoder:
            assert error_of(decoder, b"") is PhotoError.EMPTY
            assert error_of(decoder, b"\0" * (25 * 1024 * 1024 + 1)) is PhotoError.TOO_MANY_BYTES
            assert decoder.child_pid is None


class TestMemory:
    def test_100_megapixels_are_refused_as_png(self, decoder):
        data = samples.png(Image.new("L", (10_000, 10_000)), compress_level=1)
        assert error_of(decoder, data) is PhotoError.TOO_MANY_PIXELS

    @pytest.mark.parametrize(
        "data",
        [
            pytest.param(lambda: samples.jpeg(Image.new("RGB", (10_000, 10_000), "gray")), id="100 megapixels"),
            pytest.param(
                lambda: samples.webp(Image.new("RGBA", (8000, 6500)), lossless=True, quality=0, method=0),
                id="hungriest",
            ),
            pytest.param(lambda: samples.jpeg(Image.new("RGB", (8000, 6500)), progressive=True), id="progressive"),
            pytest.param(lambda: samples.png(Image.new("RGBA", (8000, 6500)), compress_level=1), id="png"),
        ],
    )
    def test_the_largest_pictures_are_done_within_a_gigabyte(self, data):
        assert imaging.MAX_PIXELS == 8000 * 6500
        with Decoder() as decoder:
            assert decoder.render(data()).large.width == 1600
            assert peak_bytes(running(decoder)) < 1 << 30

    def test_the_child_gets_no_more_than_a_gigabyte(self):
        assert run_confined("print(json.dumps(fails(lambda: bytearray(1 << 30))))") == "MemoryError"

    def test_a_thousand_files_leave_the_parent_as_it_was(self):
        files = [SMALL, samples.jpeg(samples.noise(900, 600)), SMALL[:300], b"no photo", samples.png(samples.scene())]
        with Decoder() as decoder:
            sizes = []
            for index in range(1000):
                assert outcome_of(decoder, files[index % len(files)]) is not PhotoError.CRASHED
                if index % 100 == 99:
                    sizes.append(resident_bytes())
        assert sizes[-1] - sizes[0] < 4 * 1024 * 1024, sizes
        assert len(os.listdir("/proc/self/fd")) < 100


def resident_bytes() -> int:
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def peak_bytes(pid: int) -> int:
    """The most memory that a process ever had at once."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) * 1024


SYSTEM_CALLS = {
    "socket": {"x86_64": 41, "aarch64": 198},
    "connect": {"x86_64": 42, "aarch64": 203},
    "sendto": {"x86_64": 44, "aarch64": 206},
    "openat": {"x86_64": 257, "aarch64": 56},
    "openat2": {"x86_64": 437, "aarch64": 437},
    "open_by_handle_at": {"x86_64": 304, "aarch64": 265},
    "execve": {"x86_64": 59, "aarch64": 221},
    "execveat": {"x86_64": 322, "aarch64": 281},
    "clone": {"x86_64": 56, "aarch64": 220},  # without the flag of a thread
    "ptrace": {"x86_64": 101, "aarch64": 117},
    "process_vm_readv": {"x86_64": 310, "aarch64": 270},
    "process_vm_writev": {"x86_64": 311, "aarch64": 271},
    "kill": {"x86_64": 62, "aarch64": 129},
    "pidfd_open": {"x86_64": 434, "aarch64": 434},
    "pidfd_getfd": {"x86_64": 438, "aarch64": 438},
    "memfd_create": {"x86_64": 319, "aarch64": 279},
    "io_uring_setup": {"x86_64": 425, "aarch64": 425},
    "bpf": {"x86_64": 321, "aarch64": 280},
    "unshare": {"x86_64": 272, "aarch64": 97},
    "setns": {"x86_64": 308, "aarch64": 268},
    "shmget": {"x86_64": 29, "aarch64": 194},
    "keyctl": {"x86_64": 250, "aarch64": 219},
    "prctl": {"x86_64": 157, "aarch64": 167},
    "seccomp": {"x86_64": 317, "aarch64": 277},
    "dup": {"x86_64": 32, "aarch64": 23},
    "ioctl": {"x86_64": 16, "aarch64": 29},
}
"""Numbers of system calls that lead out of the child, as a decoder that was taken over would make them itself."""


class TestConfinement:
    def test_no_secret_reaches_the_child(self, monkeypatch):
        monkeypatch.setenv("SECRET_KEY", "very secret")
        with Decoder() as decoder:
            decoder.inspect(SMALL)
            process = Path(f"/proc/{running(decoder)}")
            assert process.joinpath("environ").read_bytes() == b""
            assert b"very secret" not in process.joinpath("cmdline").read_bytes()
        assert run_confined("print(json.dumps(dict(os.environ)))") == {}

    def test_no_descriptor_is_inherited(self, tmp_path):
        with socket.socket() as line, tmp_path.joinpath("secret").open("w") as file, Decoder() as decoder:
            os.set_inheritable(line.fileno(), True)
            os.set_inheritable(file.fileno(), True)
            decoder.inspect(SMALL)
            descriptors = Path(f"/proc/{running(decoder)}/fd")
            assert sorted(entry.name for entry in descriptors.iterdir()) == ["0", "1", "2"]
            assert all(os.readlink(entry).startswith("pipe:") for entry in descriptors.iterdir())

    @pytest.mark.parametrize(
        "action",
        [
            "socket.socket()",
            "socket.socketpair()",
            "socket.socket(socket.AF_UNIX)",
            "open('/etc/passwd')",
            "open('/tmp/meetingcheck-probe', 'w')",
            "os.listdir('/')",
            "os.unlink('/tmp/meetingcheck-probe')",
            "os.dup(0)",
            "os.pipe()",
            "os.fork()",
            "os.execv('/bin/true', ['true'])",
            "subprocess.run(['/bin/true'])",
            "os.kill(os.getppid(), 0)",
        ],
    )
    def test_the_confined_child_cannot(self, action):
        assert run_confined(f"print(json.dumps(fails(lambda: {action})))") in ("OSError", "PermissionError")

    @pytest.mark.parametrize("name", SYSTEM_CALLS)
    def test_the_system_itself_refuses(self, name):
        number = SYSTEM_CALLS[name][os.uname().machine]
        program = f"answer = libc.syscall({number}, 0, 0, 0, 0, 0, 0)\nprint(json.dumps([answer, ctypes.get_errno()]))"
        assert run_confined(program) == [-1, errno.EPERM]

    def test_the_files_that_hold_our_secrets_are_out_of_reach(self, tmp_path):
        secret = tmp_path / "secret_key"
        secret.write_text("very secret")
        places = [str(secret), "/proc/self/environ", f"/proc/{os.getpid()}/environ", "/proc/1/environ", "/dev/mem"]
        program = f"print(json.dumps([fails(lambda: open(place, 'rb').read()) for place in {places!r}]))"
        found = run_confined(program)
        assert isinstance(found, list)
        assert set(found) <= {"OSError", "PermissionError"}

    def test_not_even_after_closing_a_descriptor_of_its_own(self):
        assert run_confined("os.close(0)\nprint(json.dumps(fails(socket.socket)))") == "PermissionError"

    def test_the_child_loads_none_of_the_application(self):
        modules = run_confined("import sys\nprint(json.dumps(sorted(sys.modules)))")
        assert isinstance(modules, list)
        assert not {"flask", "sqlalchemy", "boto3"} & set(modules)
        assert {name for name in modules if name.startswith("meetingcheck.lib.")} == {"meetingcheck.lib.confine"}

    def test_the_child_ends_with_its_parent(self):
        program = (
            "import os, sys, threading\n"
            "sys.path[:] = sys.argv[1:]\n"
            "from meetingcheck.photos.decoder import Decoder\n"
            "from tests.photos import samples\n"
            "decoder = Decoder()\n"
            "decoder.inspect(samples.jpeg(samples.scene()))\n"
            "print(decoder.child_pid, flush=True)\n"
            "busy = threading.Thread(target=decoder.render, args=(samples.endless_jpeg(),), daemon=True)\n"
            "busy.start()\n"
            "busy.join(0.3)\n"
            "os.kill(os.getpid(), 9)\n"
        )
        parent = subprocess.run([sys.executable, "-c", program, *sys.path], capture_output=True)
        assert parent.returncode == -9, parent.stderr
        assert ends_within(int(parent.stdout), 5)

    def test_the_child_outlives_the_thread_that_asked_first(self):
        with Decoder() as decoder:
            thread = threading.Thread(target=decoder.inspect, args=(SMALL,))
            thread.start()
            thread.join()
            first = running(decoder)
            decoder.inspect(SMALL)
            assert running(decoder) == first


def ends_within(pid: int, seconds: float) -> bool:
    """Whether a process of somebody else's is gone, or will be soon."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    with os.fdopen(process, "rb", buffering=0) as handle:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        return bool(poll.poll(seconds * 1000))


class TestReplacement:
    def test_a_killed_child_is_replaced_unnoticed(self):
        with Decoder() as decoder:
            decoder.inspect(SMALL)
            first = running(decoder)
            os.kill(first, 9)
            assert ends_within(first, 5)
            assert decoder.render(SMALL).large.width == 64
            assert running(decoder) != first

    def test_a_child_is_replaced_after_its_share_of_files(self):
        pids = []
        with Decoder() as decoder:
            for _ in range(2 * FILES_PER_CHILD):
                # Asked before: after its last file a child is already gone.
                decoder.inspect(SMALL)
                pids.append(decoder.child_pid)
        assert len({pid for pid in pids if pid is not None}) == 2
        assert [index for index, pid in enumerate(pids, 1) if pid is None] == [200, 400]

    def test_an_endless_file_is_cut_off_and_the_next_one_works(self):
        data = samples.endless_jpeg()
        with Decoder(seconds_per_file=0.5) as decoder:
            decoder.inspect(SMALL)
            begun = time.monotonic()
            assert error_of(decoder, data) is PhotoError.TOOK_TOO_LONG
            assert time.monotonic() - begun < 2
            assert decoder.inspect(SMALL).width == 64

    def test_a_child_that_reads_nothing_is_cut_off(self):
        with Decoder(seconds_per_file=0.3, command=posing_as_child("signal.pause()")) as decoder:
            assert error_of(decoder, b"\0" * 20_000_000) is PhotoError.TOOK_TOO_LONG

    def test_a_child_that_writes_without_end_is_cut_off(self):
        program = "while True: os.write(1, struct.pack('>III', 4000, 16000000, 16000000) + bytes(1000000))"
        with Decoder(seconds_per_file=5, command=posing_as_child(program)) as decoder:
            assert error_of(decoder, SMALL) is PhotoError.CRASHED

    def test_a_child_killed_at_work_is_a_crash(self):
        program = "os.read(0, 5); os.kill(os.getpid(), signal.SIGKILL)"
        with Decoder(command=posing_as_child(program)) as decoder:
            assert error_of(decoder, SMALL) is PhotoError.CRASHED
            assert error_of(decoder, b"\0" * 5_000_000) is PhotoError.CRASHED

    def test_a_child_out_of_computing_time_took_too_long(self):
        program = "os.read(0, 5); os.kill(os.getpid(), signal.SIGXCPU)"
        with Decoder(command=posing_as_child(program)) as decoder:
            assert error_of(decoder, SMALL) is PhotoError.TOOK_TOO_LONG

    def test_a_child_that_cannot_start_says_why(self):
        command = [sys.executable, "-c", "raise SystemExit('no room for a decoder')"]
        with Decoder(command=command) as decoder, pytest.raises(DecoderUnavailable, match="no room for a decoder"):
            decoder.inspect(SMALL)


def answer(head: bytes, large: bytes = b"", small: bytes = b"") -> bytes:
    return struct.pack(">III", len(head), len(large), len(small)) + head + large + small


INSPECTION = {"format": "jpeg", "width": 64, "height": 48, "orientation": 1, "taken_at": None}


def rendered(**changes: object) -> bytes:
    fields = {"inspection": {**INSPECTION, **changes}, "large": [64, 48], "small": [64, 48]}
    return json.dumps(fields).encode("ascii")


class TestHostileAnswers:
    @pytest.mark.parametrize(
        "said",
        [
            pytest.param(b"\xff" * 12, id="too long"),
            pytest.param(struct.pack(">III", 5000, 0, 0) + b"x" * 5000, id="head too long"),
            pytest.param(answer(b""), id="no head"),
            pytest.param(answer(b"{"), id="no JSON"),
            pytest.param(answer(b"\xff\xfe"), id="no text"),
            pytest.param(answer(b"[" * 4000), id="deep JSON"),
            pytest.param(answer(b"[]"), id="a list"),
            pytest.param(answer(b"7"), id="a number"),
            pytest.param(answer(b'{"width": ' + b"9" * 4000 + b"}"), id="a huge number"),
            pytest.param(answer(b'{"error": "unheard"}'), id="unknown error"),
            pytest.param(answer(b'{"error": ["damaged"]}'), id="a list of errors"),
            pytest.param(answer(b'{"inspection": {}}'), id="nothing seen"),
            pytest.param(answer(rendered()), id="no picture"),
            pytest.param(answer(rendered(), b"<html>", b"<html>"), id="another file"),
            pytest.param(answer(rendered(width=-1), SMALL, SMALL), id="negative width"),
            pytest.param(answer(rendered(width=True), SMALL, SMALL), id="truth as width"),
            pytest.param(answer(rendered(width=1e9), SMALL, SMALL), id="broken width"),
            pytest.param(answer(rendered(format="gif"), SMALL, SMALL), id="unknown format"),
            pytest.param(answer(rendered(orientation=9), SMALL, SMALL), id="unknown orientation"),
            pytest.param(answer(rendered(taken_at="soon"), SMALL, SMALL), id="no time"),
            pytest.param(answer(rendered(taken_at="2024-01-01T00:00:00+07:00"), SMALL, SMALL), id="time with a zone"),
            pytest.param(answer(rendered(taken_at=7), SMALL, SMALL), id="time as a number"),
        ],
    )
    def test_an_answer_without_sense_is_a_crash(self, said):
        program = f"os.read(0, 5)\nos.write(1, {said!r})\nsignal.pause()"
        with Decoder(seconds_per_file=5, command=posing_as_child(program)) as decoder:
            assert error_of(decoder, SMALL) is PhotoError.CRASHED
            assert decoder.child_pid is None

    def test_an_honest_answer_passes_the_same_way(self):
        program = f"os.read(0, 5)\nos.write(1, {answer(rendered(), SMALL, SMALL)!r})\nsignal.pause()"
        with Decoder(command=posing_as_child(program)) as decoder:
            assert decoder.render(SMALL).large.jpeg == SMALL

    def test_what_is_said_unasked_answers_no_question(self):
        program = f"os.write(1, {answer(rendered(), SMALL, SMALL) * 2!r})\nsignal.pause()"
        with Decoder(command=posing_as_child(program)) as decoder:
            decoder.render(SMALL)
            first = running(decoder)
            decoder.render(SMALL)
            assert running(decoder) != first
