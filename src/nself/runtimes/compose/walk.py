"""Walking a plan with containers: `up` for all whose needs are healthy, then asking until they are well."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from nself.errors import DockerError, InterruptedByUserError
from nself.events import Healthy, Note, StepStarted, Waiting
from nself.model import replicas
from nself.model.containers import LEARNED_AFTER_S
from nself.model.spec import ServiceSpec
from nself.runtimes import wire
from nself.runtimes.compose import output, password, reload, replacing, taken
from nself.runtimes.compose.containers import Container
from nself.runtimes.compose.docker_errors import (
    CommandFailedError,
    DaemonDownError,
    HangingError,
    NoDiskError,
    NotInstalledError,
    PortTakenError,
    TooFewCpusError,
)
from nself.runtimes.compose.stack import ContainerStack
from nself.runtimes.outcome import After, Failure, NotTakenUpError, Outcome, Patience
from nself.runtimes.plan import State, Step
from nself.runtimes.probes import Health

FIRST_POLL_S, SLOWEST_POLL_S = 0.05, 0.5
CRASHES = 3
"""A container that ended so often during one start will not come up by being tried again."""
UP_S = 600.0
LAST_LINES = 8
UNFORESEEN = (DaemonDownError, HangingError, NoDiskError, NotInstalledError)
"""No service's fault: the next one would meet the same."""


class Walk:
    """One walk over a plan. `specs` are all that must be well at its end, those of `steps` are brought up."""

    def __init__(
        self,
        compose: ContainerStack,
        specs: Sequence[ServiceSpec],
        steps: Mapping[str, Step],
        after: After,
        patience: Patience,
    ) -> None:
        self.compose, self.steps, self.after, self.patience = compose, steps, after, patience
        self.pending = {spec.name: spec for spec in specs}
        self.waiting: dict[str, ServiceSpec] = {}
        self.outcome = Outcome()
        found = compose.containers()
        self.restarts = {copy: each.restarts for copy, each in found.items()}
        self.copies = {*found, *(spec.name for spec in compose.specs)}
        """All that are wanted, and those that there are besides."""
        self.paused = {copy: each.id for copy, each in found.items() if each.paused}
        self.mended: set[str] = set()
        self.reasons: dict[str, str] = {}
        """Why a container ended last: one that is just started again does not tell any more."""
        self.began = self.told = compose.host.monotonic()
        self.up_since: dict[str, float] = {}
        """When each was brought up: its patience begins then, not while it waited for others."""
        self.well_since: dict[str, float] = {}
        self.pause = FIRST_POLL_S
        self.number = 0

    def walk(self) -> Outcome:
        try:
            while self.pending or self.waiting:
                moved = self._bring_up() or self._look()
                self._say_who_is_awaited()
                if not moved:
                    self.compose.host.sleep(self.pause)
                    self.pause = min(self.pause * 1.2, SLOWEST_POLL_S)
        except KeyboardInterrupt as stop:
            raise InterruptedByUserError(
                "what was started keeps running", fixes=["nself start goes on", "nself stop"], by=stop
            ) from None
        return self.outcome

    def _bring_up(self) -> bool:
        """Whether anything was brought up or given up."""
        failed = {failure.service for failure in self.outcome.failed}
        known = {*self.pending, *self.waiting, *failed, *self.outcome.healthy}
        ready, blocked = [], []
        for spec in self.pending.values():
            needs = [need for need in spec.needs if need in known]
            lost = [f"{need}, which it needs, is not healthy" for need in needs if need in failed]
            lost += [
                f"{other}, which goes before it, is not healthy: this one was left as it was"
                for other in self._before(spec)
                if other in failed
            ]
            if lost:
                blocked.append((spec, lost[0]))
            elif all(need in self.outcome.healthy for need in needs) and not self._is_early(spec):
                ready.append(spec)
        for spec, why in blocked:
            self._fail(spec, Failure(service=spec.name, reason=why, blocked=True))
        for spec in ready:
            del self.pending[spec.name]
            self.waiting[spec.name] = spec
        self._up([spec.name for spec in ready if spec.name in self.steps])
        self.up_since |= dict.fromkeys((spec.name for spec in ready), self.compose.host.monotonic())
        if ready and not self.patience.probe:
            for spec in ready:
                if spec.name in self.waiting:
                    self._settle(spec)
        return bool(ready or blocked)

    def _is_early(self, spec: ServiceSpec) -> bool:
        """A reload leads traffic to what comes up now, so all of it is settled first, well or not. A replica is made
        anew once the one before it is well, so that one of them always answers."""
        step = self.steps.get(spec.name)
        before = step.after if step and step.verb == "reload" else self._before(spec)
        return any(name in self.pending or name in self.waiting for name in before)

    def _before(self, spec: ServiceSpec) -> list[str]:
        """What must be well, besides its needs, before this one may end and be made anew."""
        step = self.steps.get(spec.name)
        return [name for name in step.after if name not in spec.needs] if step and step.verb == "restart" else []

    def _reloaded(self, name: str) -> bool:
        """Whether it took up its new files while it runs, or was given up for refusing them."""
        container = self.compose.containers().get(name)
        if container is None:
            return False
        made = self.compose.fingerprints()[replicas.service_of(name)]
        try:
            ended = reload.reload(self.compose, container, made, within_s=self.patience.timeout_s)
        except NotTakenUpError as error:
            self._fail(self.waiting[name], Failure(service=name, reason=error.message))
            return True
        if ended:
            self.compose.emit(Note(f"{name} could not be told of its new files ({ended}): making it anew"))
        return not ended

    def _up(self, names: Sequence[str]) -> None:
        """Those that run already and are to be made anew whatever they are made from, apart from the others."""
        for name in names:
            self.number += 1
            step = self.steps[name]
            self.compose.emit(StepStarted(self.number, len(self.steps), f"{step.verb} {name}", step.why))
        self._wake(names)
        names = [name for name in names if not (self.steps[name].verb == "reload" and self._reloaded(name))]
        beside = self._with_company(names)
        rest = [name for name in names if name not in beside]
        anew = [name for name in rest if self.steps[name].verb != "start" or self.restarts.get(name, 0)]
        for service in dict.fromkeys(map(replicas.service_of, beside)):
            self._replace(service, [name for name in beside if replicas.service_of(name) == service])
        replacing.clear(self.compose, rest)
        for group, more in ((anew, ["--force-recreate"]), ([name for name in rest if name not in anew], [])):
            if group:
                self._up_together(group, more)
        for name in names:
            self.restarts[name] = 0
        self.compose.forget()

    def _with_company(self, names: Sequence[str]) -> list[str]:
        """Those of whose service other copies run and stay as they are for now. One alone may have a port open on the
        machine, which is no reason to make it anew when others join it."""
        services = {replicas.service_of(name) for name in names}
        if not any(name not in names and replicas.service_of(name) in services for name in self.copies):
            return []
        found = self.compose.containers()
        company = {each.service for each in found.values() if each.copy not in names and each.state is State.RUNNING}
        return [name for name in names if replicas.service_of(name) in company]

    def _wake(self, names: Sequence[str]) -> None:
        """Compose brings up what is stopped, and fails over what is paused."""
        ids = [self.paused[name] for name in names if name in self.paused]
        if ids:
            self.compose.docker.run("unpause", *ids, timeout_s=UP_S)

    def _replace(self, service: str, copies: Sequence[str]) -> None:
        try:
            replacing.replace(self.compose, service, copies)
        except UNFORESEEN:
            raise
        except DockerError as error:
            self._give_up(copies, error)

    def _up_together(self, names: Sequence[str], more: Sequence[str]) -> None:
        """One call for all is quickest; when it fails, one each tells whose fault it is."""
        services = list(dict.fromkeys(replicas.service_of(name) for name in names))
        try:
            self._compose_up(services, more)
        except UNFORESEEN:
            raise
        except DockerError as error:
            if len(services) == 1:
                self._give_up(names, error)
                return
            for service in services:
                self._up_together([name for name in names if replicas.service_of(name) == service], more)

    def _compose_up(self, services: Sequence[str], more: Sequence[str]) -> None:
        argv = self.compose.compose(*replacing.UP, *more, *services, labels=True)
        try:
            self.compose.docker.run(*argv, timeout_s=UP_S)
        except CommandFailedError as error:
            # A stopped container keeps to the very network it was made with, which somebody removed.
            if "--force-recreate" in more or not re.search(r"network \S+ not found", error.message):
                raise
            self._compose_up(services, ["--force-recreate"])

    def _give_up(self, names: Sequence[str], error: DockerError) -> None:
        for name in names:
            spec = self.waiting[name]
            reason = error.message
            if error.fixes and not isinstance(error, CommandFailedError):
                reason += f"; {error.fixes[0]}"
            if isinstance(error, PortTakenError) and error.port:
                reason = taken.explain(self.compose, spec, error.port)
            if isinstance(error, TooFewCpusError):
                reason = taken.cpus(spec, error.there)
            self._fail(spec, Failure(service=name, reason=reason))

    def _look(self) -> bool:
        """Ask everything that is awaited once; whether something was settled."""
        if not self.waiting:
            return False
        before = len(self.waiting)
        found = self.compose.containers()
        answers = self.compose.check(list(self.waiting.values()))
        for name, spec in list(self.waiting.items()):
            self._remember(spec, found.get(name))
            self._judge(spec, found.get(name), answers[name])
        if len(self.waiting) < before:
            self.pause = FIRST_POLL_S
        return len(self.waiting) < before

    def _judge(self, spec: ServiceSpec, container: Container | None, answer: Health) -> None:
        if answer.ok and container is not None and container.state is State.RUNNING:
            if self._is_known(spec):
                self._settle(spec)
        elif answer.code in wire.WRONG_PASSWORD and spec.name not in self.mended:
            self.mended.add(spec.name)
            self.compose.emit(Note("POSTGRES_USER or POSTGRES_PASSWORD changed: setting it in the database"))
            password.change(self.compose, spec)
        elif container is not None and self._crashes(container):
            self.compose.docker.run("stop", container.id, check=False, timeout_s=UP_S)
            why = self.reasons.get(spec.name) or f"it ended {container.restarts} times"
            self._fail_with(spec, container, answer, f"its container ends as soon as it is started: {why}")
        elif self.compose.host.monotonic() - self.up_since[spec.name] > self.patience.timeout_s:
            self._fail_with(spec, container, answer, f"not healthy within {self.patience.timeout_s:g} s", late=True)

    def _remember(self, spec: ServiceSpec, container: Container | None) -> None:
        if container is not None and container.reason:
            limit = f" of {spec.resources.memory} was reached; {taken.limit(spec, 'memory')} raises it"
            told = container.reason.replace(" was reached", limit) if container.killed else container.reason
            if container.killed or spec.name not in self.reasons:
                self.reasons[spec.name] = told

    def _is_known(self, spec: ServiceSpec) -> bool:
        """Whether the proxy asks it by now: another one is to end once it does."""
        if not any(spec.name in self._before(other) for other in self.pending.values()):
            return True
        now = self.compose.host.monotonic()
        return now - self.well_since.setdefault(spec.name, now) > LEARNED_AFTER_S

    def _crashes(self, container: Container) -> bool:
        ended = container.restarts - self.restarts.get(container.copy, 0)
        return ended >= CRASHES or container.state is State.FAILED

    def _fail_with(
        self, spec: ServiceSpec, container: Container | None, answer: Health, why: str, *, late: bool = False
    ) -> None:
        lines = output.lines(self.compose.docker, container.id, tail=LAST_LINES) if container else []
        told = answer.answer
        if container and container.checked and container.health == "unhealthy":
            told = f"{told}; the container's own check: {container.checked}"
        failure = Failure(
            service=spec.name, reason=why, probe=answer.asked, answer=told, log=tuple(lines), timed_out=late
        )
        self._fail(spec, failure)

    def _fail(self, spec: ServiceSpec, failure: Failure) -> None:
        self.pending.pop(spec.name, None)
        self.waiting.pop(spec.name, None)
        self.outcome.failed.append(failure)

    def _settle(self, spec: ServiceSpec) -> None:
        del self.waiting[spec.name]
        if spec.name in self.after and self.patience.probe:
            self.after[spec.name](self.compose.emit)
        self.outcome.healthy.append(spec.name)
        self.compose.emit(Healthy(spec.name, int((self.compose.host.monotonic() - self.began) * 1000)))

    def _say_who_is_awaited(self) -> None:
        now = self.compose.host.monotonic()
        if now - self.told >= 1.0:
            self.told = now
            self.compose.emit(Waiting((*self.waiting, *self.pending)))
