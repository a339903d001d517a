"""A restart that loses no request: the proxy asks nobody who is about to end. One replica alone has a second beside it
for that time.

What the proxy is to ask meanwhile is built from a project that differs from the user's in that only, and is never
written to its files: however this ends, the next `nself start` brings the stack to what they say.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from nself.actions import start as starting
from nself.actions.scale import rules
from nself.actions.stack import Stack
from nself.actions.start import StartSettings
from nself.errors import UsageError
from nself.events import Emit
from nself.host import LocalHost
from nself.model import replicas
from nself.model.project import Environment, Project, Scale
from nself.model.spec import Runtime
from nself.runtimes.outcome import Failure
from nself.runtimes.plan import ALIVE, Step
from nself.services import nginx


@dataclass(frozen=True, kw_only=True)
class Roll:
    """One service's restart. The caller holds the stack's lock."""

    project: Project
    service: str
    host: LocalHost
    environ: Mapping[str, str]
    settings: StartSettings
    emit: Emit

    def restart(self) -> tuple[Failure, ...]:
        """Every replica, one after the other. The first that does not come up ends it: the proxy goes on asking the
        others only."""
        count = rules.current(self.project, self.host, self.service).replicas
        beside = _with_replicas(self.project, self.service, max(count, 2))
        failed = self._bring(beside) if count == 1 else ()
        if failed:
            # Nothing that ran was touched.
            self._bring(self.project)
            return failed
        for number in range(1, count + 1):
            copy = replicas.name(self.service, number)
            failed = self._bring(replace(beside, resting=frozenset({copy}))) or self._anew(beside, copy)
            if failed:
                return failed
        return self._bring(self.project)

    def _bring(self, project: Project) -> tuple[Failure, ...]:
        """Start what is missing, then have the proxy ask those that `project` says; those too many end after that."""
        opened = self._open(project)
        planned = opened.plan(())
        ended = next((step for step in planned if step.service == nginx.NAME and step.verb != "reload"), None)
        if ended:
            reason = f"it has to be restarted itself, before it can lead anybody away: {ended.why}"
            return (Failure(service=nginx.NAME, reason=reason, blocked=True),)
        steps = [step for step in planned if self._is_ours(step) and step.verb != "restart"]
        starts = [step for step in steps if step.verb == "start"]
        for part in (starts, [step for step in steps if step not in starts]):
            failed = self._walk(opened, part)
            if failed:
                return failed
        opened.runtime.drain()
        return ()

    def _anew(self, beside: Project, copy: str) -> tuple[Failure, ...]:
        opened = self._open(beside)
        fresh = [step for step in opened.plan((copy,), fresh=True, only_named=True) if step.service == copy]
        return self._walk(opened, fresh)

    def _open(self, project: Project) -> Stack:
        return starting.ready(project, self.host, self.environ, self.emit)

    def _is_ours(self, step: Step) -> bool:
        return replicas.service_of(step.service) == self.service or step.service == nginx.NAME

    def _walk(self, opened: Stack, steps: Collection[Step]) -> tuple[Failure, ...]:
        names = [step.service for step in steps if step.verb != "stop"]
        if not steps:
            return ()
        outcome = starting.perform_steps(opened, names, list(steps), settings=self.settings, emit=self.emit)
        return tuple(outcome.failed)


def check(opened: Stack, host: LocalHost, service: str) -> None:
    """UsageError when it cannot be restarted so."""
    project, spec = opened.project, opened.spec(service)
    now = rules.current(project, host, service)
    if not spec.routes:
        raise UsageError(f"{service} is not behind the proxy: nobody else can be asked in its place")
    rules.check(project, service, replace(now, replicas=1), replace(now, replicas=max(2, now.replicas)))
    if spec.volumes and now.replicas == 1:
        raise UsageError(f"{service} keeps data: a second one beside it would write to the same")
    if now.replicas == 1 and project.runtime is Runtime.COMPOSE and project.env is Environment.DEV:
        raise UsageError(
            f"in dev {service} has its port open on this machine, and a second one cannot have it too",
            fixes=[f"nself scale out {service}", f"nself restart {service}"],
        )
    running = opened.runtime.observe().get(service)
    proxy = opened.runtime.observe().get(nginx.NAME)
    for name, found in ((service, running), (nginx.NAME, proxy)):
        if found is None or found.state not in ALIVE:
            raise UsageError(f"{name} does not run", fixes=["nself start"])


def _with_replicas(project: Project, service: str, count: int) -> Project:
    if any(each.name == service for each in project.custom):
        own = (replace(each, replicas=count) if each.name == service else each for each in project.custom)
        return replace(project, custom=tuple(own))
    given = replace(project.scale.get(service, Scale()), replicas=count)
    return replace(project, scale={**project.scale, service: given})
