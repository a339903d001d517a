"""Bring the stack up: build when stale, plan, perform in the order of needs, gated by health."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace

from nself.actions import active, history, lost_data
from nself.actions import build as builds
from nself.actions.database import evolve
from nself.actions.stack import Stack, open_stack
from nself.errors import NselfError
from nself.events import Emit, Note
from nself.host import LocalHost
from nself.model.project import Project
from nself.records import dataclass
from nself.runtimes.outcome import Failure as Failure
from nself.runtimes.outcome import Outcome, Patience
from nself.runtimes.plan import Step
from nself.settings import env, from_env

LOCK_WAIT_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StartSettings:
    """Variables of the process that runs `nself start`; its options win over them."""

    mode: str = env(
        "NSELF_START_MODE",
        default="smart",
        pattern="smart|fresh|force",
        help="smart restarts what changed; fresh and force restart everything.",
    )
    timeout_s: int = env(
        "NSELF_HEALTH_CHECK_TIMEOUT", default=120, minimum=1, maximum=600, help="Seconds to wait for health."
    )
    required_percent: int = env(
        "NSELF_HEALTH_CHECK_REQUIRED",
        default=100,
        minimum=0,
        maximum=100,
        help="Share of services that must be healthy in time; the others may still be starting.",
    )
    skip_health_checks: bool = env(
        "NSELF_SKIP_HEALTH_CHECKS", default=False, help="Return once the processes are started."
    )


QUICK_TIMEOUT_S, QUICK_REQUIRED_PERCENT = 30, 60
"""`--quick`: little time, and content with most."""


def settings(
    environ: Mapping[str, str], *, quick: bool = False, timeout_s: int | None = None, skip_health_checks: bool = False
) -> StartSettings:
    """The variables, then `--quick`, then the options."""
    found = from_env(StartSettings, environ)
    if quick:
        found = replace(found, timeout_s=QUICK_TIMEOUT_S, required_percent=QUICK_REQUIRED_PERCENT)
    if timeout_s is not None:
        found = replace(found, timeout_s=timeout_s)
    return replace(found, skip_health_checks=skip_health_checks or found.skip_health_checks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    started: tuple[str, ...]
    already_running: tuple[str, ...]
    failed: tuple[Failure, ...]
    healthy: int
    total: int
    duration_ms: int
    urls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Planned:
    """What a start would do; `migrations`: and then apply what is new in `db/migrations`."""

    steps: tuple[Step, ...]
    migrations: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the command line asks of one start."""

    services: Sequence[str] = ()
    fresh: bool = False
    build: bool = True
    settings: StartSettings = StartSettings()
    empty_volumes: bool = False
    """Begin with empty ones where those with the data are gone."""
    adopt_volumes: bool = False
    """Take over what another project has by the names of this one's volumes."""


def start(project: Project, host: LocalHost, environ: Mapping[str, str], emit: Emit, wishes: Wishes) -> Started:
    """Start what does not run, restart what changed, leave the rest alone. Failures are in the result, not raised."""
    began = host.monotonic()
    opened = ready(project, host, environ, emit, build=wishes.build)
    entry = history.Entry("start", "start " + (", ".join(wishes.services) or "everything"))
    with opened.runtime.locked("start", wait_s=LOCK_WAIT_S):
        if wishes.adopt_volumes:
            _adopt(opened, emit, entry)
        if wishes.empty_volumes:
            entry.details["begun_empty"] = lost_data.accept(opened, emit)
        steps = opened.plan(wishes.services, fresh=wishes.fresh)
        names = opened.scope(wishes.services)
        if not steps and not _due(opened, names) and all_well(opened, names, wishes.settings):
            return _result(opened, names, steps, Outcome(healthy=names), wishes, began)
        with history.recorded(project, host, emit, entry):
            outcome = perform_steps(opened, names, steps, settings=wishes.settings, emit=emit)
            result = _result(opened, names, steps, outcome, wishes, began)
            entry.details["started"] = list(result.started)
            entry.exit_code = failure_code(result.failed)
    return result


def _adopt(opened: Stack, emit: Emit, entry: history.Entry) -> None:
    adopted = opened.runtime.adopt_volumes()
    entry.details["adopted"] = adopted
    emit(Note(f"taken over: {', '.join(adopted)}" if adopted else "there is no volume to take over"))


def ready(
    project: Project,
    host: LocalHost,
    environ: Mapping[str, str],
    emit: Emit,
    *,
    build: bool = True,
    resized: bool = False,
) -> Stack:
    """The stack as the project's files want it now, built when it is stale. `resized`: the caller sees to the keys of a
    Redis that gets more nodes or fewer."""
    active.refuse_other(project, host, environ)
    if not resized and "REDIS_ENABLED" in project.values:
        from nself.actions.redis import cluster

        cluster.refuse_resized(open_stack(project, host, environ))
    if build:
        builds.build(project, host, environ, emit)
    return open_stack(project, host, environ, emit)


def preview(project: Project, host: LocalHost, environ: Mapping[str, str], emit: Emit, wishes: Wishes) -> Planned:
    """What `start` would do. Files are built, nothing is started or stopped."""
    opened = ready(project, host, environ, emit, build=wishes.build)
    steps = opened.plan(wishes.services, fresh=wishes.fresh)
    if not wishes.empty_volumes:
        lost_data.refuse(opened, steps)
    return Planned(tuple(steps), evolve.pending(opened))


def _due(opened: Stack, names: Sequence[str]) -> bool:
    """Something of what comes after a start was left undone."""
    if evolve.due(opened, names):
        return True
    if "REDIS_CLUSTER_NODES" not in opened.project.values:
        return False
    from nself.actions.redis import cluster

    return cluster.due(opened, names)


def all_well(opened: Stack, names: Sequence[str], settings: StartSettings) -> bool:
    """Asked once, without waiting: what runs may still be starting, or have lost what it needs."""
    specs = [opened.spec(name) for name in names]
    if settings.skip_health_checks:
        return True
    return all(health.ok for health in opened.runtime.check(specs).values())


def perform_steps(
    opened: Stack,
    names: Sequence[str],
    steps: Sequence[Step],
    *,
    settings: StartSettings,
    emit: Emit,
    evolving: bool = True,
) -> Outcome:
    """Walk a plan and see that all of `names` are well at its end. The caller holds the lock. Without `evolving` the
    project's migrations are left for later."""
    # Only now: a start that finds nothing to do has no use for the driver, which takes longer to import than it runs.
    from nself.actions import first_steps
    from nself.actions.database import connection as database
    from nself.actions.redis import cluster

    lost_data.refuse(opened, steps)
    active.remember(opened.project, opened.runtime.host)
    outcome = opened.runtime.start(
        steps,
        standing=set(names) - {step.service for step in steps},
        after=first_steps.after(opened),
        patience=Patience(timeout_s=settings.timeout_s, probe=not settings.skip_health_checks),
        meanwhile=threading.Thread(target=database.warm, daemon=True).start,
    )
    lost_data.remember(opened, outcome.healthy, emit)
    if cluster.due(opened, outcome.healthy):
        cluster.together(opened, emit)
    if evolving and evolve.due(opened, outcome.healthy):
        evolve.apply(opened, emit)
    return outcome


def failure_code(failed: Sequence[Failure]) -> int:
    """0 when all is well, 10 when things only ran out of time, 1 when something failed."""
    if not failed:
        return 0
    late = any(failure.timed_out for failure in failed)
    return 10 if late and all(failure.timed_out or failure.blocked for failure in failed) else 1


def summary(failed: Sequence[Failure]) -> NselfError:
    """Failures in a line each, for who asked to hear of nothing else."""
    lines = [f"  {failure.service}: {failure.reason}" for failure in failed]
    return NselfError("\n".join(["not everything started", *lines]), fixes=[f"nself logs {failed[0].service}"])


def _result(
    opened: Stack, names: Sequence[str], steps: Sequence[Step], outcome: Outcome, wishes: Wishes, began: float
) -> Started:
    touched = {step.service for step in steps}
    failed = tuple(outcome.failed)
    if len(outcome.healthy) >= len(names) * wishes.settings.required_percent / 100:
        failed = tuple(failure for failure in failed if not failure.timed_out)
    return Started(
        started=tuple(name for name in outcome.healthy if name in touched),
        already_running=tuple(name for name in names if name not in touched),
        failed=failed,
        healthy=len(outcome.healthy),
        total=len(names),
        duration_ms=int((opened.runtime.host.monotonic() - began) * 1000),
        urls=opened.urls(outcome.healthy),
    )
