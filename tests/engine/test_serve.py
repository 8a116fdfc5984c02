"""`meetingcheck serve` as one machine runs it: start, restart, end, sudden death; what it leaves, what it refuses."""

import json
import signal
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from meetingcheck.duties.jobs import MAKE
from meetingcheck.lib.housekeeping import SWEEP
from meetingcheck.lib.jobs import LANES
from meetingcheck.lib.seaweed import GRPC_OFFSET
from tests.engine.browser import Browser
from tests.engine.system import Installation, Report
from tests.engines.smtp import SmtpSink

WORKERS = [f"worker-{lane}" for lane in LANES]
STAY = ["store", "web", *WORKERS]
DECODERS = 2  # the web and the photo worker have a decoding child each


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One installation for all tests here."""
    with SmtpSink() as smtp, Installation(tmp_path_factory.mktemp("serve"), smtp) as installation:
        yield installation


@pytest.fixture
def serving(kept: Installation) -> Installation:
    """The installation, running."""
    if kept.process is None or kept.process.poll() is not None:
        kept.start()
    return kept


def file_a_report(installation: Installation) -> tuple[Browser, Report]:
    """A new report with a photo, filed, rendered and seen; so everything has worked."""
    browser, report = installation.fill_in_new()
    assert browser.send(report.request).status == 303
    installation.wait_until_rendered(report)
    installation.check_sent(report)
    assert len(installation.check_images(browser, report.page)) == 1
    return browser, report


def readiness(installation: Installation) -> dict[str, bool]:
    return json.loads(Browser(installation.url).get("/readyz").text)


class TestStarting:
    def test_each_part_waits_for_the_one_before_and_ready_is_said_last(self, kept: Installation) -> None:
        kept.start()
        ready_at = next(place for place, line in enumerate(kept.lines) if line.startswith("Ready: "))
        assert kept.lines[ready_at] == f"Ready: {kept.url}"
        before = [json.loads(line) for line in kept.lines[:ready_at] if line.startswith('{"process": ')]
        assert [(one["process"], one["what"].split()[0]) for one in before] == [
            (name, what) for name in ("store", "migrate", "web", *WORKERS) for what in ("started", "ready")
        ]

    def test_it_can_work_once_it_has_said_so(self, serving: Installation) -> None:
        assert readiness(serving) == {"ready": True, "database": True, "store": True, "queue": True, "disk": True}
        file_a_report(serving)

    def test_nobody_else_on_the_machine_reads_its_files(self, serving: Installation) -> None:
        file_a_report(serving)
        files = [path for path in serving.data.rglob("*") if path.is_file()]
        assert {path.name for path in files} >= {"lock", "meetingcheck.sqlite3", "secrets.json", "ports.json"}
        assert [path for path in files if _others_reach(path, serving.data)] == []
        for name in ("secrets.json", "ports.json", "identities.json", "security.toml", "grpc.key"):
            assert stat.S_IMODE((serving.data / "store" / name).stat().st_mode) == 0o600

    def test_a_second_one_on_the_same_folder_is_refused(self, serving: Installation) -> None:
        second = serving.run("serve")
        assert second.returncode == 1
        assert second.stderr.splitlines() == [
            f"Error: The folder {serving.data} is in use by process {serving.process.pid}. "
            "Stop it first, or choose another folder."
        ]
        assert readiness(serving)["ready"]

    @pytest.mark.parametrize("name", ["PUBLIC_URL", "SECRET_KEY"])
    def test_a_missing_setting_is_named(self, tmp_path: Path, smtp: SmtpSink, name: str) -> None:
        with Installation(tmp_path, smtp) as installation:
            del installation.environment[name]
            finished = installation.run("serve")
            assert finished.returncode == 1
            assert finished.stdout == ""
            [sentence] = finished.stderr.splitlines()
            assert sentence.startswith(f"Error: {name} ")
            assert not installation.data.exists()

    def test_a_port_in_use_is_named(self, tmp_path: Path, smtp: SmtpSink) -> None:
        """Also when what uses it would answer as we do."""
        with Installation(tmp_path, smtp) as installation, socket.create_server(("127.0.0.1", installation.port)):
            finished = installation.run("serve")
        assert finished.returncode == 1
        assert finished.stderr.splitlines() == [
            f"Error: Port {installation.port} of 127.0.0.1 cannot be used (Address already in use). "
            "Stop what uses it, or choose another by PORT."
        ]

    def test_its_log_lines_are_whole(self, serving: Installation) -> None:
        """Its own and its children's lines come from several threads at once."""
        file_a_report(serving)
        lines = [line for line in serving.lines if not line.startswith("Ready: ")]
        assert len(lines) > 20
        assert all(isinstance(json.loads(line), dict) for line in lines)


class TestRestarting:
    @pytest.mark.parametrize("names", [["store"], ["web"], WORKERS], ids=["store", "web", "workers"])
    def test_what_was_killed_is_started_again_and_works(self, serving: Installation, names: list[str]) -> None:
        browser, before = file_a_report(serving)
        killed = {name: serving.kill(name) for name in names}
        for name, pid in killed.items():
            serving.wait_until_back(name, pid)
        serving.wait_for(lambda: readiness(serving)["ready"], "readiness")
        assert len(serving.check_images(browser, before.page)) == 1
        file_a_report(serving)
        serving.wait_until_done(MAKE, SWEEP)


class TestEnding:
    def test_nothing_outlives_it_when_it_is_killed(self, serving: Installation) -> None:
        _, report = file_a_report(serving)
        assert len(serving.running()) == 1 + len(STAY) + DECODERS
        serving.crash()
        assert serving.running() == {}
        serving.start()
        serving.check_sent(report)

    def test_ctrl_c_ends_everything(self, serving: Installation) -> None:
        file_a_report(serving)
        assert len(serving.running()) == 1 + len(STAY) + DECODERS
        self.check_end(serving, signal.SIGINT, STAY)

    def test_a_signal_while_starting_ends_what_runs_by_then(self, kept: Installation) -> None:
        kept.crash()
        kept.launch()
        kept.wait_for(lambda: "store" in dict(kept.told), "the store started")
        self.check_end(kept, signal.SIGTERM, ["store"])

    def check_end(self, installation: Installation, number: signal.Signals, running: list[str]) -> None:
        """Everything is asked to end, last come first, and nothing is left."""
        assert installation.end(number) == 0
        installation.wait_until_gone()
        asked = [name for name, what in installation.told if what == "is asked to end"]
        assert asked == running[::-1]
        ports = json.loads((installation.data / "store" / "ports.json").read_text()).items()
        own = {f"seaweedfs-{part}-grpc-{port + GRPC_OFFSET}.sock" for part, port in ports}
        assert own.isdisjoint(path.name for path in Path("/tmp").glob("*.sock"))


def _others_reach(path: Path, top: Path) -> bool:
    """Whether other users could open the file if nothing above the data folder kept them out."""
    folders = [folder for folder in path.parents if folder.is_relative_to(top)]
    open_way = all(folder.stat().st_mode & 0o011 for folder in folders)
    return bool(path.stat().st_mode & 0o066) and open_way
