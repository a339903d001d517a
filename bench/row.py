"""One measurement and its target, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`value` against `target`. With a `baseline` the target is for their ratio, unless it is `absolute`."""

    name: str
    value: float
    unit: str
    target: float | None = None
    better: Literal["lower", "higher"] = "lower"
    baseline: float | None = None
    baseline_name: str = ""
    absolute: bool = False
    """The target is for the value itself; the baseline says what the machine can do."""

    @property
    def ratio(self) -> float | None:
        return self.value / self.baseline if self.baseline else None

    @property
    def met(self) -> bool | None:
        """Whether the target holds. None without a target."""
        if self.target is None:
            return None
        reached = self.value if self.absolute or self.ratio is None else self.ratio
        return reached <= self.target if self.better == "lower" else reached >= self.target

    def cells(self) -> list[str]:
        sign = "≤" if self.better == "lower" else "≥"
        verdict = {True: "met", False: "missed", None: ""}[self.met]
        unit = self.unit if self.absolute or self.ratio is None else "x"
        target = "" if self.target is None else f"{sign} {self.target:g} {unit}"
        return [
            self.name,
            f"{self.value:.3g} {self.unit}",
            f"{self.baseline:.3g} {self.unit} ({self.baseline_name})" if self.baseline else "",
            f"{self.ratio:.2f} x" if self.ratio is not None else "",
            target,
            verdict,
        ]


HEADINGS = ["what", "measured", "baseline", "ratio", "target", ""]


def markdown(rows: list[Row]) -> str:
    """A table for the docs, aligned so that it reads in a terminal too."""
    table = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(len(row[i]) for row in table) for i in range(len(HEADINGS))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in table
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)
