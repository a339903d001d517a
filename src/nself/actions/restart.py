"""Restart what changed, or everything. A project that never ran is started."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nself.actions import history
from nself.actions import start as starting
from nself.actions.scale import rolling as roll
from nself.actions.stack import Stack
from nself.events import Emit
from nself.host import LocalHost
from nself.model.project import Project
from nself.records import dataclass
from nself.runtimes.outcome import Failure, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Restarted:
    restarted: tuple[str, ...]
    unchanged: tuple[str, ...]
    failed: tuple[Failure, ...]


def restart(
    project: Project,
    host: LocalHost,
    environ: Mapping[str, str],
    emit: Emit,
    *,
    services: Sequence[str] = (),
    everything: bool = False,
    rolling: bool = False,
    settings: starting.StartSettings,
) -> Restarted:
    """Services named are restarted whether or not they changed; without names only those that did. With `rolling` those
    named lose no request meanwhile, or are refused."""
    opened = starting.ready(project, host, environ, emit)
    for service in services if rolling else ():
        roll.check(opened, host, service)
    entry = history.Entry("restart", "restart " + (", ".join(services) or "what changed"))
    with opened.runtime.locked("restart", wait_s=starting.LOCK_WAIT_S), history.recorded(project, host, emit, entry):
        if rolling:
            rolls = [
                roll.Roll(project=project, service=each, host=host, environ=environ, settings=settings, emit=emit)
                for each in services
            ]
            found = _rolled(opened, rolls)
            entry.details |= {"restarted": list(found.restarted), "rolling": True}
            entry.exit_code = starting.failure_code(found.failed)
            return found
        steps = opened.plan(services, fresh=everything or bool(services), only_named=bool(services))
        touched = {step.service for step in steps}
        outcome = Outcome()
        if steps:
            names = opened.scope(services)
            outcome = starting.perform_steps(opened, names, steps, settings=settings, emit=emit)
        found = Restarted(
            restarted=tuple(name for name in outcome.healthy if name in touched),
            unchanged=tuple(spec.name for spec in opened.runtime.specs if spec.name not in touched),
            failed=tuple(outcome.failed),
        )
        entry.details["restarted"] = list(found.restarted)
        entry.exit_code = starting.failure_code(found.failed)
    return found


def _rolled(opened: Stack, rolls: Sequence[roll.Roll]) -> Restarted:
    """One service after the other; what comes after a failed one is left as it is."""
    done: list[str] = []
    failed: tuple[Failure, ...] = ()
    for each in rolls:
        failed = each.restart()
        if failed:
            break
        done += opened.together([each.service])
    return Restarted(
        restarted=tuple(done),
        unchanged=tuple(spec.name for spec in opened.runtime.specs if spec.name not in done),
        failed=failed,
    )
