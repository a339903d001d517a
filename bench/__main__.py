"""`python -m bench [NAME…]`: run all benchmarks, or those named, and print one table."""

from __future__ import annotations

import os
import platform
import sys
from importlib import import_module
from pathlib import Path

from bench.row import Row, markdown

NAMES = sorted(
    file.stem
    for file in Path(__file__).parent.glob("[a-z]*.py")
    if file.stem != "row" and not file.stem.startswith("_")
)


def machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    kind = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB"
    return f"{kind}, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}"


def main(wanted: list[str]) -> None:
    unknown = set(wanted) - set(NAMES)
    if unknown:
        sys.exit(f"no benchmark named {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    began = machine()
    rows: list[Row] = []
    for name in wanted or NAMES:
        print(f"measuring {name}", file=sys.stderr, flush=True)
        rows += import_module(f"bench.{name}").measure()
    print(began, "", markdown(rows), sep="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
