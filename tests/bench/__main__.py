"""All benchmarks, one after the other: `python -m tests.bench`, which `make bench` runs.

Each prints its own tables. Alone, and with its options, a benchmark runs as `python -m tests.bench.<name>`.
"""

import argparse
import sys
from collections.abc import Callable

from tests.bench import imports, lines, photos

BENCHMARKS: dict[str, Callable[[], None]] = {
    "Photos: from a phone's JPEG to both renditions": photos.main,
    "Imports: 20,000 rows to the preview, and into the tables": imports.main,
    "Lines: five photos over 50 kbit/s that is cut every 20 s": lines.main,
}
"""What to run, by headline."""


def main() -> None:
    # Options belong to single benchmarks; one given here is an error rather than a surprise for all of them.
    argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__).parse_args()
    for headline, run in BENCHMARKS.items():
        sys.stdout.write(f"\n{headline}\n{'-' * len(headline)}\n")
        sys.stdout.flush()
        run()


if __name__ == "__main__":
    main()
