"""How quickly the command line answers, beside Python importing click."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

from bench.row import Row

NSELF = str(Path(sys.executable).with_name("nself"))
ROUNDS = 21


def seconds(argv: list[str], cwd: Path | None = None) -> float:
    began = time.perf_counter()
    subprocess.run(argv, check=True, capture_output=True, cwd=cwd)
    return time.perf_counter() - began


def measure() -> list[Row]:
    commands = {
        "python -c 'import click'": [sys.executable, "-c", "import click"],
        "nself --help": [NSELF, "--help"],
        "nself version": [NSELF, "version"],
    }
    samples: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(ROUNDS):  # interleaved, so that a busy moment hits all of them
        for name, argv in commands.items():
            samples[name].append(seconds(argv))
    medians = {name: statistics.median(found) * 1000 for name, found in samples.items()}
    base_name = next(iter(commands))
    return [
        Row(name=name, value=medians[name], unit="ms", target=1.5, baseline=medians[base_name], baseline_name=base_name)
        for name in list(commands)[1:]
    ]
