"""Wanted versus observed -> steps with reasons. Pure: nothing is asked of a machine, nothing is touched."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import field
from enum import StrEnum
from typing import Literal

from nself.model import replicas
from nself.model.order import by_need
from nself.model.spec import ServiceSpec
from nself.records import dataclass

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
    restarts: int = 0
    """How often the runtime started it again because it had ended; 0 too where nobody counts."""
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
    reloadable: frozenset[str] = frozenset()
    """Parts of the fingerprint that a running process takes up when it is told to, without a restart."""


Change = Literal["start", "restart", "reload"]


@dataclass(frozen=True, slots=True)
class Step:
    """One change. `after` are services that must be healthy first (for a stop: gone first). A reload only waits for
    them to be settled, well or not: the others want their traffic."""

    verb: Literal["start", "restart", "reload", "stop"]
    service: str
    why: str
    after: tuple[str, ...] = ()
    late: bool = False
    """A stop that comes after all other steps: of a replica that traffic has to be led away from first."""

    def __str__(self) -> str:
        after = f" after {', '.join(self.after)}" if self.after else ""
        return f"{self.verb} {self.service}{after}: {self.why}"


def plan(wanted: Sequence[Wanted], observed: Observed, *, fresh: bool = False) -> list[Step]:
    """What brings `observed` to `wanted`: stops first, then starts in the order of needs.

    Replicas come and go without a gap: a reload of the proxy comes once the new ones are there, then those that run are
    restarted one after the other, and those that are too many stop last, when nobody is led to them any more."""
    names = {each.spec.name for each in wanted}
    strays = sorted(name for name, running in observed.items() if name not in names and running.state in ALIVE)
    surplus = [name for name in strays if replicas.service_of(name) in names]
    steps = [Step("stop", name, "no longer part of the project") for name in strays if name not in surplus]
    changes = [(each, change) for each in ordered(wanted) if (change := _change(each, observed, fresh=fresh))]
    for each, (verb, why) in changes:
        needs = tuple(name for name in each.spec.needs if name in names)
        first = _before(each.spec, verb, {other.spec.name: change[0] for other, change in changes}, wanted)
        steps.append(Step(verb, each.spec.name, why, (*needs, *first)))
    return [*steps, *(Step("stop", name, "one replica less", late=True) for name in surplus)]


def _before(spec: ServiceSpec, verb: Change, changed: Mapping[str, Change], wanted: Sequence[Wanted]) -> list[str]:
    """Which of the others that change come first, besides what it needs."""
    joined = {name for name, change in changed.items() if change == "restart" and _joining(name, changed)}
    if verb == "reload":
        later = {spec.name, *joined}
        return [name for name in changed if not later & {each.spec.name for each in with_needs(wanted, [name])}]
    if verb == "start":
        return []
    number = replicas.number_of(spec.name)
    others = [name for name in _siblings(spec.name, changed) if replicas.number_of(name) < number]
    # Those that join it are asked only once the proxy knows of them.
    reloads = [name for name, change in changed.items() if change == "reload" and spec.name in joined]
    return list(dict.fromkeys((*_joining(spec.name, changed), *others, *reloads)))


def _siblings(copy: str, changed: Mapping[str, Change]) -> list[str]:
    return [name for name in changed if name != copy and replicas.service_of(name) == replicas.service_of(copy)]


def _joining(copy: str, changed: Mapping[str, Change]) -> list[str]:
    """Copies of its service that do not run yet."""
    return [name for name in _siblings(copy, changed) if changed[name] == "start"]


def stops_of(steps: Sequence[Step]) -> tuple[list[Step], list[Step]]:
    """The stop steps of a plan: those that come before all changes, and those of replicas, that come after them."""
    stops = [step for step in steps if step.verb == "stop"]
    return [step for step in stops if not step.late], [step for step in stops if step.late]


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


def _change(each: Wanted, observed: Observed, *, fresh: bool) -> tuple[Change, str] | None:
    running = observed.get(each.spec.name)
    if running is None or running.state in {State.STOPPED, State.STOPPING}:
        return "start", "not running"
    if running.state is State.FAILED:
        return "start", f"it failed: {running.reason}" if running.reason else "it failed"
    if fresh:
        return "restart", "a fresh start was asked for"
    if each.fingerprint and not running.fingerprint:
        return "restart", "what it was started from is not known"
    changed = differences(running.fingerprint, each.fingerprint)
    if not changed:
        return None
    return "reload" if each.reloadable.issuperset(changed) else "restart", f"changed: {', '.join(changed)}"


def differences(before: Fingerprint, after: Fingerprint) -> list[str]:
    """Names of the parts that differ, added and removed ones included."""
    return sorted(part for part in before.keys() | after.keys() if before.get(part) != after.get(part))
