"""How quickly the command line answers, beside Python importing click."""

from __future__ import annotations

import sys
from pathlib import Path

from bench._cost import CLICK, Cost, cost
from bench.row import Row

NSELF = str(Path(sys.executable).with_name("nself"))
ROUNDS = 21


def measure() -> list[Row]:
    base, argv = CLICK
    commands = {base: argv, "nself --help": [NSELF, "--help"], "nself version": [NSELF, "version"]}
    samples: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(ROUNDS):  # interleaved, so that a busy moment hits all of them
        for name, argv in commands.items():
            samples[name].append(cost(argv))
    least = {name: min(each.processor_s for each in found) * 1000 for name, found in samples.items()}
    return [
        Row(
            name=f"{name}: processor time",
            value=least[name],
            unit="ms",
            target=1.5,
            baseline=least[base],
            baseline_name=base,
        )
        for name in list(commands)[1:]
    ]
