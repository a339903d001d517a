"""What a short program costs: the best of several runs, its processor time beside the time that passed.

On a machine that does other things too the time that passed says what those did; the best of several says the least
of it. Processor time includes programs that the program ran and waited for.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.row import Row

CLICK = ("python -c 'import click'", [sys.executable, "-c", "import click"])
_UNUSUAL = "PYTHONDONTWRITEBYTECODE"
"""With it everything is compiled each time, which is not how anybody's installation runs."""


@dataclass(frozen=True, slots=True)
class Cost:
    passed_s: float
    processor_s: float


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Ours for the program that is measured."""
    return {name: text for name, text in os.environ.items() if name != _UNUSUAL} | dict(more or {})


def cost(argv: Sequence[str], cwd: Path | None = None, environ: Mapping[str, str] | None = None) -> Cost:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    ran = subprocess.run(
        argv, cwd=cwd, env=environment(environ), stdin=subprocess.DEVNULL, capture_output=True, timeout=600
    )
    passed, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if ran.returncode:
        sys.exit(f"{' '.join(argv)} ended with {ran.returncode}:\n{ran.stderr.decode()}")
    return Cost(passed, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)


def rows(name: str, found: Sequence[Cost], click: Sequence[Cost], *, target_ms: float) -> list[Row]:
    """Two rows: the target is for the time that passed, and processor time says what of it was the program's own."""
    passed, least = (min(each.passed_s for each in some) * 1000 for some in (found, click))
    processor, least_processor = (min(each.processor_s for each in some) * 1000 for some in (found, click))
    return [
        Row(
            name=name, value=passed, unit="ms", target=target_ms, absolute=True, baseline=least, baseline_name=CLICK[0]
        ),
        Row(
            name=f"{name}: processor time",
            value=processor,
            unit="ms",
            baseline=least_processor,
            baseline_name=CLICK[0],
        ),
    ]
