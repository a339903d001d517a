"""Wanted versus observed -> steps with reasons. Pure: nothing is asked of a machine, nothing is touched."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from nself.model.order import by_need
from nself.model.spec import ServiceSpec

Fingerprint = Mapping[str, str]
"""What a running thing was made from, by part: {"definition": hash, "environment": hash, "program": hash}."""


class State(StrEnum):
    """What a runtime says about a service's process."""

    RUNNING = "running"
    STARTING = "starting"
    STOPPING = "stopping"
    RESTARTING = "restarting"
    FAILED = "failed"
    STOPPED = "stopped"


ALIVE = frozenset({State.RUNNING, State.STARTING, State.RESTARTING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """One service as observed. `unit` is what is started and stopped for it: several services may share one."""

    unit: str
    state: State
    fingerprint: Fingerprint = field(default_factory=dict)
    pid: int = 0
    started_at: float = 0.0
    reason: str = ""
    """Why it is not running, in the runtime's words."""
    container: str | None = None
    """Short id of its container, and the image that was made from; None where there are none."""
    image: str | None = None


Observed = Mapping[str, Running]
"""By service name. A service that was never started is absent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One service as the project wants it, and what its unit would be made from."""

    spec: ServiceSpec
    unit: str
    fingerprint: Fingerprint = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One change. `after` are services that must be healthy first (for a stop: gone first)."""

    verb: Literal["start", "restart", "stop"]
    service: str
    why: str
    after: tuple[str, ...] = ()

    def __str__(self) -> str:
        after = f" after {', '.join(self.after)}" if self.after else ""
        return f"{self.verb} {self.service}{after}: {self.why}"


def plan(wanted: Sequence[Wanted], observed: Observed, *, fresh: bool = False) -> list[Step]:
    """What brings `observed` to `wanted`: stops first, then starts in the order of needs."""
    names = {each.spec.name for each in wanted}
    strays = [name for name, running in observed.items() if name not in names and running.state in ALIVE]
    steps = [Step("stop", name, "no longer part of the project") for name in sorted(strays)]
    for each in ordered(wanted):
        step = _step(each, observed.get(each.spec.name), fresh=fresh)
        if step is not None:
            steps.append(Step(step[0], each.spec.name, step[1], tuple(n for n in each.spec.needs if n in names)))
    return steps


def stops(wanted: Sequence[Wanted], observed: Observed, names: Collection[str]) -> list[Step]:
    """Stop `names`, dependants before what they need."""
    known = [each.spec.name for each in reversed(ordered(wanted))]
    rest = sorted(name for name in observed if name not in known)
    order = [name for name in [*rest, *known] if name in names and name in observed]
    needs = {each.spec.name: each.spec.needs for each in wanted}
    live = [name for name in order if observed[name].state is not State.STOPPED]
    return [
        Step("stop", name, "asked for", tuple(other for other in live if name in needs.get(other, ()))) for name in live
    ]


def with_needs(wanted: Sequence[Wanted], names: Collection[str]) -> list[Wanted]:
    """`names` and everything they need, in the order of needs."""
    by_name = {each.spec.name: each for each in wanted}
    keep: set[str] = set()

    def visit(name: str) -> None:
        if name in by_name and name not in keep:
            keep.add(name)
            for need in by_name[name].spec.needs:
                visit(need)

    for name in names:
        visit(name)
    return [each for each in ordered(wanted) if each.spec.name in keep]


def ordered(wanted: Sequence[Wanted]) -> list[Wanted]:
    """Needs before what needs them, otherwise as given."""
    by_name = {each.spec.name: each for each in wanted}
    return [by_name[spec.name] for spec in by_need([each.spec for each in wanted])]


def _step(each: Wanted, running: Running | None, *, fresh: bool) -> tuple[Literal["start", "restart"], str] | None:
    if running is None or running.state in {State.STOPPED, State.STOPPING}:
        return "start", "not running"
    if running.state is State.FAILED:
        return "start", f"it failed: {running.reason}" if running.reason else "it failed"
    if fresh:
        return "restart", "a fresh start was asked for"
    changed = differences(running.fingerprint, each.fingerprint)
    return ("restart", f"changed: {', '.join(changed)}") if changed else None


def differences(before: Fingerprint, after: Fingerprint) -> list[str]:
    """Names of the parts that differ, added and removed ones included."""
    return sorted(part for part in before.keys() | after.keys() if before.get(part) != after.get(part))
