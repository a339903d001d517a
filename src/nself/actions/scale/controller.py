"""Scaling by load: ask what services use, decide, act by the way that `nself scale` acts; again and again.

What a decision needs of the past is kept in a file, so a controller that is started anew, or by cron, goes on where
the last one was.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from nself.actions.config.change import Target
from nself.actions.scale import change, decision, rules
from nself.actions.scale.decision import Asked, Past
from nself.actions.scale.rules import Wish
from nself.actions.stack import Stack, open_stack
from nself.actions.start import StartSettings
from nself.errors import NselfError, UsageError
from nself.events import Emit, Warned
from nself.host import LocalHost
from nself.model import replicas
from nself.model.project import Autoscale, Project
from nself.runtimes.outcome import Failure

FILE, LOCK = "autoscale.json", "autoscale.lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """Of one service. `cpu_percent` is what each replica used of its limit, on average; null: not known. `changed` is
    whether there are `after` replicas now."""

    service: str
    before: int
    after: int
    cpu_percent: float | None
    cpu_threshold: int
    why: str
    changed: bool
    failed: tuple[Failure, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    timestamp: datetime
    services: tuple[Decided, ...]


@dataclass(frozen=True, kw_only=True)
class Controller:
    """`every_s` is how long is measured before each decision."""

    target: Target
    settings: StartSettings
    emit: Emit
    every_s: float

    def once(self) -> Round:
        """UsageError when there is nothing to do, TimedOutError when another controller is at work."""
        project = self._project()
        with self._alone(project):
            return self._round(project)

    def rounds(self, stopping: Callable[[], bool]) -> Iterator[Round]:
        """Until `stopping`; what goes wrong in one is told, and the next one may do better."""
        with self._alone(self._project()):
            while not stopping():
                try:
                    yield self._round(self._project())
                except NselfError as error:
                    self.emit(Warned(error.message, fix=next(iter(error.fixes), "")))
                    self.target.host.sleep(self.every_s)

    def _project(self) -> Project:
        project = self.target.inspect().checked()
        if not project.autoscale:
            raise UsageError(
                "no service of this project is scaled by load", fixes=["nself scale auto SERVICE --min 2 --max 10"]
            )
        return project

    @contextmanager
    def _alone(self, project: Project) -> Iterator[None]:
        with self.target.host.lock(project.layout.run / LOCK, wait_s=0, holder="nself scale auto run"):
            yield

    def _round(self, project: Project) -> Round:
        stack = open_stack(project, self.target.host, self.target.environ, self.emit)
        used = _measure(stack, self.target.host, self.every_s)
        kept = _read(project.layout.run / FILE)
        decided = []
        for service, rule in sorted(project.autoscale.items()):
            found, kept[service] = self._one(project, service, rule, used.get(service), kept.get(service, Past()))
            decided.append(found)
        _write(self.target.host, project.layout.run / FILE, {name: kept[name] for name in project.autoscale})
        return Round(timestamp=self.target.host.now(), services=tuple(decided))

    def _one(
        self, project: Project, service: str, rule: Autoscale, used: float | None, past: Past
    ) -> tuple[Decided, Past]:
        limits = rules.current(project, self.target.host, service)
        percent = None if used is None else used / limits.cpu * 100
        now = self.target.host.now().timestamp()
        if percent is not None:
            past = decision.remember(past, Asked(now, decision.needed(rule, limits.replicas, percent)))
        wanted = decision.decide(rule, limits.replicas, percent, past, now=now)
        found = Decided(
            service=service,
            before=limits.replicas,
            after=wanted.replicas,
            cpu_percent=None if percent is None else round(percent, 1),
            cpu_threshold=rule.cpu_threshold,
            why=wanted.why,
            changed=False,
        )
        if wanted.replicas == limits.replicas:
            return found, past
        return self._act(found), replace(past, changed_at=now)

    def _act(self, found: Decided) -> Decided:
        """One that fails is put back by `scale`, and tried again when the pause is over."""
        job = change.Job(
            target=self.target, service=found.service, settings=self.settings, emit=self.emit, why=found.why
        )
        try:
            done = change.scale(job, Wish(direction="to", replicas=found.after))
        except NselfError as error:
            return replace(found, failed=(Failure(service=found.service, reason=error.message),))
        return replace(found, changed=done.applied, failed=done.failed)


def _measure(stack: Stack, host: LocalHost, during_s: float) -> dict[str, float]:
    """{service: processors that each of its replicas used meanwhile, on average}; without those that do not run."""
    before, began = _cpu_s(stack), host.monotonic()
    host.sleep(during_s)
    after, took = _cpu_s(stack), host.monotonic() - began
    each: dict[str, list[float]] = {}
    for (unit, pid), total in after.items():
        if (unit, pid) in before:
            spent = max(0.0, total - before[(unit, pid)])
            each.setdefault(replicas.service_of(unit), []).append(spent / took)
    return {service: sum(found) / len(found) for service, found in each.items()}


def _cpu_s(stack: Stack) -> dict[tuple[str, int], float]:
    """By unit and process: one that was started anew begins at nothing."""
    observed = stack.runtime.observe()
    pids = {running.unit: running.pid for running in observed.values()}
    return {(unit, pids[unit]): used.cpu_s for unit, used in stack.runtime.usage(observed).items()}


def _read(file: Path) -> dict[str, Past]:
    """What cannot be read is as if nothing had been: less comes later then, never wrongly."""
    try:
        found: Any = json.loads(file.read_text(encoding="utf-8"))
        return {
            name: Past(
                float(past["changed_at"]),
                tuple(Asked(float(each["at"]), int(each["replicas"])) for each in past["asked"]),
            )
            for name, past in found.items()
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def _write(host: LocalHost, file: Path, kept: Mapping[str, Past]) -> None:
    host.write(file, json.dumps({name: asdict(past) for name, past in kept.items()}) + "\n")
