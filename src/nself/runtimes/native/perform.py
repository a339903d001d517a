"""Making a plan come true: what `start` and `stop` do with processes, in the order the plan gives."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence

from nself.events import StepStarted
from nself.model import replicas
from nself.model.place import program_of
from nself.model.spec import ServiceSpec
from nself.runtimes.native import reload, units
from nself.runtimes.native.stack import ProcessStack
from nself.runtimes.native.walk import Walk
from nself.runtimes.outcome import After, Outcome, Patience
from nself.runtimes.plan import Step

GRACE_S = 15.0
"""For a program that is no service of the project any more."""


def start(
    native: ProcessStack, steps: Sequence[Step], *, after: After, patience: Patience, standing: Collection[str] = ()
) -> Outcome:
    """Perform start and restart steps: units in parallel, each after its needs. Ctrl-C leaves what runs running.

    `standing` services run already; they too are waited for until they are well, so the outcome speaks of all."""
    chosen = {step.service: step for step in steps if step.verb != "stop"}
    members: dict[str, list[ServiceSpec]] = {}
    for spec in native.specs:
        if spec.name in chosen or spec.name in standing:
            members.setdefault(program_of(spec), []).append(spec)
    walk = Walk(native, chosen, after, patience, members)
    threads = [threading.Thread(target=walk.unit, args=(unit, own), daemon=True) for unit, own in members.items()]
    for thread in threads:
        thread.start()
    walk.relay(threads)
    return walk.outcome


def retire(native: ProcessStack, steps: Sequence[Step], outcome: Outcome) -> None:
    """Perform the stops of replicas that are too many, once nobody is led to them any more. When the proxy did not
    take its new files up they stay, for it may still lead to them."""
    proxies = {spec.name for spec in native.specs if spec.reload}
    if steps and not any(failure.service in proxies for failure in outcome.failed):
        reload.drain(native)
        stop(native, steps)


def stop(native: ProcessStack, steps: Sequence[Step], *, grace_s: float | None = None) -> list[str]:
    """Perform stop steps, in order: a unit is gone before the next is asked to go."""
    by_name = {spec.name: spec for spec in native.specs}
    observed = native.observe()
    gone: list[str] = []
    for step in steps:
        running = observed[step.service]
        if running.unit not in gone:
            native.emit(StepStarted(len(gone) + 1, len(steps), f"stop {running.unit}", step.why))
            spec = by_name.get(replicas.service_of(step.service))
            units.end(native, running.unit, grace_s=grace_s or (spec.stop.grace_s if spec else GRACE_S))
            gone.append(running.unit)
    return [step.service for step in steps]
