"""Walking a plan with containers: `up` for all whose needs are healthy, then asking until they are well."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from nself.errors import DockerError, InterruptedByUserError
from nself.events import Healthy, Note, StepStarted, Waiting
from nself.model import replicas
from nself.model.spec import ServiceSpec
from nself.runtimes import wire
from nself.runtimes.compose import output, password, reload, taken
from nself.runtimes.compose.containers import Container
from nself.runtimes.compose.docker_errors import (
    CommandFailedError,
    DaemonDownError,
    HangingError,
    NoDiskError,
    NotInstalledError,
    PortTakenError,
)
from nself.runtimes.outcome import After, Failure, Outcome, Patience
from nself.runtimes.plan import State, Step
from nself.runtimes.probes import Health

if TYPE_CHECKING:
    from nself.runtimes.compose.runtime import Compose

FIRST_POLL_S, SLOWEST_POLL_S = 0.05, 0.5
CRASHES = 3
"""A container that ended so often during one start will not come up by being tried again."""
UP_S = 600.0
LAST_LINES = 8


class Walk:
    """One walk over a plan. `specs` are all that must be well at its end, those of `steps` are brought up."""

    def __init__(
        self,
        compose: Compose,
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
        self.running = {copy: each for copy, each in found.items() if each.state is State.RUNNING}
        self.paused = {copy: each.id for copy, each in found.items() if each.paused}
        self.mended: set[str] = set()
        self.reasons: dict[str, str] = {}
        """Why a container ended last: one that is just started again does not tell any more."""
        self.began = self.told = compose.host.monotonic()
        self.pause = FIRST_POLL_S
        self.number = 0

    def walk(self) -> Outcome:
        try:
            while self.pending or self.waiting:
                moved = self._bring_up() or self._look()
                self._say_who_is_awaited()
                if not moved and self.waiting:
                    self.compose.host.sleep(self.pause)
                    self.pause = min(self.pause * 1.2, SLOWEST_POLL_S)
        except KeyboardInterrupt:
            raise InterruptedByUserError(
                "interrupted: what was started keeps running", fixes=["nself start goes on", "nself stop"]
            ) from None
        return self.outcome

    def _bring_up(self) -> bool:
        """Whether anything was brought up or given up."""
        failed = {failure.service for failure in self.outcome.failed}
        known = {*self.pending, *self.waiting, *failed, *self.outcome.healthy}
        ready, blocked = [], []
        for spec in self.pending.values():
            needs = [need for need in spec.needs if need in known]
            lost = [need for need in needs if need in failed]
            if lost:
                blocked.append((spec, lost[0]))
            elif all(need in self.outcome.healthy for need in needs) and not self._is_early(spec):
                ready.append(spec)
        for spec, need in blocked:
            self._fail(spec, Failure(service=spec.name, reason=f"{need}, which it needs, is not healthy", blocked=True))
        for spec in ready:
            del self.pending[spec.name]
            self.waiting[spec.name] = spec
        self._up([spec.name for spec in ready if spec.name in self.steps])
        if ready and not self.patience.probe:
            for spec in ready:
                if spec.name in self.waiting:
                    self._settle(spec)
        return bool(ready or blocked)

    def _is_early(self, spec: ServiceSpec) -> bool:
        """A reload leads traffic to what comes up now, so all of it is settled first, well or not."""
        step = self.steps.get(spec.name)
        if step is None or step.verb != "reload":
            return False
        return any(name in self.pending or name in self.waiting for name in step.after)

    def _reloaded(self, name: str) -> bool:
        """Whether it took up its new files while it runs."""
        container = self.compose.containers().get(name)
        if container is None:
            return False
        made = self.compose.fingerprints()[replicas.service_of(name)]
        refusal = reload.reload(self.compose, container, made)
        if refusal:
            self.compose.emit(Note(f"{name} did not take up its new files ({refusal}): making it anew"))
        return not refusal

    def _up(self, names: Sequence[str]) -> None:
        """Those that run already and are to be made anew whatever they are made from, apart from the others."""
        for name in names:
            self.number += 1
            step = self.steps[name]
            self.compose.emit(StepStarted(self.number, len(self.steps), f"{step.verb} {name}", step.why))
        self._wake(names)
        names = [name for name in names if not (self.steps[name].verb == "reload" and self._reloaded(name))]
        anew = [name for name in names if self.steps[name].verb != "start" or self.restarts.get(name, 0)]
        joining = [name for name in names if name not in anew and self._has_company(name)]
        rest = [name for name in names if name not in (*anew, *joining)]
        self._remove(joining)
        for group, more in ((anew, ["--force-recreate"]), (joining, ["--no-recreate"]), (rest, [])):
            if group:
                self._up_together(group, more)
        for name in names:
            self.restarts[name] = 0
        self.compose.forget()

    def _has_company(self, name: str) -> bool:
        """Whether other copies of its service run and stay as they are. One alone may have a port open on the machine,
        which is no reason to make it anew when others join it."""
        service = replicas.service_of(name)
        others = [copy for copy, each in self.running.items() if each.service == service and copy not in self.steps]
        return bool(others)

    def _wake(self, names: Sequence[str]) -> None:
        """Compose brings up what is stopped, and fails over what is paused."""
        ids = [self.paused[name] for name in names if name in self.paused]
        if ids:
            self.compose.docker.run("unpause", *ids, timeout_s=UP_S)

    def _remove(self, names: Sequence[str]) -> None:
        """What is left of an earlier life: it may have been made from something else."""
        found = self.compose.containers() if names else {}
        ids = [found[name].id for name in names if name in found]
        if ids:
            self.compose.docker.run("rm", "--force", *ids, timeout_s=UP_S)

    def _up_together(self, names: Sequence[str], more: Sequence[str]) -> None:
        """One call for all is quickest; when it fails, one each tells whose fault it is."""
        services = list(dict.fromkeys(replicas.service_of(name) for name in names))
        try:
            self._compose_up(services, more)
        except (DaemonDownError, HangingError, NoDiskError, NotInstalledError):
            raise
        except DockerError as error:
            if len(services) == 1:
                self._give_up(names, error)
                return
            for service in services:
                self._up_together([name for name in names if replicas.service_of(name) == service], more)

    def _compose_up(self, services: Sequence[str], more: Sequence[str]) -> None:
        argv = self.compose.compose(
            "up", "--detach", "--no-deps", "--no-build", "--pull", "never", *more, *services, labels=True
        )
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
            self._settle(spec)
        elif answer.code in wire.WRONG_PASSWORD and spec.name not in self.mended:
            self.mended.add(spec.name)
            self.compose.emit(Note("POSTGRES_USER or POSTGRES_PASSWORD changed: setting it in the database"))
            password.change(self.compose, spec)
        elif container is not None and self._crashes(container):
            self.compose.docker.run("stop", container.id, check=False, timeout_s=UP_S)
            why = self.reasons.get(spec.name) or f"it ended {container.restarts} times"
            self._fail_with(spec, container, answer, f"its container ends as soon as it is started: {why}")
        elif self.compose.host.monotonic() - self.began > self.patience.timeout_s:
            self._fail_with(spec, container, answer, f"not healthy within {self.patience.timeout_s:g} s", late=True)

    def _remember(self, spec: ServiceSpec, container: Container | None) -> None:
        if container is not None and container.reason:
            limit = f" of {spec.resources.memory} was reached; {taken.memory_setting(spec)} raises it"
            told = container.reason.replace(" was reached", limit) if container.killed else container.reason
            if container.killed or spec.name not in self.reasons:
                self.reasons[spec.name] = told

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
