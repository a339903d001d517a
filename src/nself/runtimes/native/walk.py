"""Walking a plan: each unit waits for its needs, is started, and is asked for its health until it is well."""

from __future__ import annotations

import itertools
import json
import queue
import threading
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from nself.errors import InterruptedByUserError
from nself.events import Event, Healthy, Note, StepStarted, Waiting
from nself.model.place import BACKEND
from nself.model.spec import ServiceSpec
from nself.records import dataclass
from nself.runtimes import probes, wire
from nself.runtimes.native import reload, units
from nself.runtimes.native.preparation import PreparationError
from nself.runtimes.native.stack import ProcessStack
from nself.runtimes.outcome import After, Failure, NotTakenUpError, Outcome, Patience
from nself.runtimes.plan import Step

FIRST_POLL_S, SLOWEST_POLL_S, SLOWER = 0.02, 0.25, 1.04
"""A local service is up within tens of milliseconds; one that takes seconds need not be asked that often. Each pause is
so much longer than the one before: a twenty-fifth of the time it has taken so far."""
LOOK_S = 0.25
"""How often supervisord is asked whether a process that does not answer is still there."""
UNPRIVILEGED = 1024
"""Ports below it may not be ours to try, however free they are."""
LEFT_S = 2.0
"""What a process that was killed leaves behind keeps its ports no longer."""
BUILDS_AT_ONCE = 2
"""Compilers and package managers use every core they get."""
CRASHES = 3
"""A process that ended so often during one start will not come up by being tried again."""


@dataclass
class _Seen:
    """What was seen of one process while it was waited for. One that lives for seconds before it gives up (nginx, for
    a port) never counts as ended too quickly, so its process numbers are counted."""

    pids: set[int] = field(default_factory=set)
    tries: int = 0
    reason: str = ""

    def add(self, process: Mapping[str, Any]) -> None:
        self.pids.add(process["pid"])
        self.tries = max(self.tries, process["tries"])
        self.reason = process["reason"] or self.reason

    @property
    def ends(self) -> int:
        return max(self.tries, len(self.pids - {0}) - 1)


class Walk:
    """One walk over a plan. Threads report through a queue: events reach the caller from its own thread only."""

    def __init__(
        self,
        native: ProcessStack,
        steps: Mapping[str, Step],
        after: After,
        patience: Patience,
        members: Mapping[str, Sequence[ServiceSpec]],
    ) -> None:
        self.native, self.steps, self.after, self.patience = native, steps, after, patience
        self.outcome = Outcome()
        self.settled = {spec.name: threading.Event() for own in members.values() for spec in own}
        self.cancelled = threading.Event()
        self.events: queue.SimpleQueue[Event | BaseException | None] = queue.SimpleQueue()
        self.began = native.host.monotonic()
        self.total = sum(any(spec.name in steps for spec in own) for own in members.values())
        self.numbers = itertools.count(1)
        self.builds = threading.Semaphore(BUILDS_AT_ONCE)
        self.folders = {spec.workdir: threading.Lock() for own in members.values() for spec in own}

    def relay(self, threads: Sequence[threading.Thread]) -> None:
        """Hand on events until every thread has said None, its last. What one could not foresee is raised here."""
        told, running = self.began, len(threads)
        try:
            while running:
                told = self._say_who_is_awaited(told)
                try:
                    event = self.events.get(timeout=LOOK_S)
                except queue.Empty:
                    continue
                if isinstance(event, BaseException):
                    raise event
                if event is None:
                    running -= 1
                else:
                    self.native.emit(event)
        except KeyboardInterrupt as stop:
            raise InterruptedByUserError(
                "what was started keeps running", fixes=["nself start goes on", "nself stop"], by=stop
            ) from None
        finally:
            self.cancelled.set()

    def unit(self, unit: str, specs: Sequence[ServiceSpec]) -> None:
        """The life of one thread."""
        try:
            log_from = units.log_size(self.native, unit)
            step = next((self.steps[spec.name] for spec in specs if spec.name in self.steps), None)
            early = step is not None and step.verb == "start" and unit == BACKEND
            if step and early:
                # Our own servers import while what they need is starting, and open nothing before it is well.
                self.native.hold.touch()
                if not self._bring_up(unit, specs, step):
                    return
            if step and not self._made_ready(specs):
                return
            blocked = self._await_needs(specs) or self._await_others(step)
            if blocked:
                self._blocked(unit, specs, blocked, launched=early)
                return
            # What it waited for may have been compiled first: that took nothing of its own time.
            began = self.native.host.monotonic()
            if step and step.verb == "reload" and self._keeps_its_old_files(unit, specs, step):
                return
            if step and step.verb != "reload" and not early and not self._bring_up(unit, specs, step):
                return
            self._see_it_well(unit, specs, log_from, began)
        except BaseException as error:  # noqa: BLE001 - a thread's end must reach the caller, whatever it was
            self.events.put(error)
        finally:
            for spec in specs:
                self.settled[spec.name].set()
            self.events.put(None)

    def _await_needs(self, specs: Sequence[ServiceSpec]) -> str:
        """Empty when every need is healthy, else why not."""
        inside = {spec.name for spec in specs}
        for need in {need for spec in specs for need in spec.needs if need in self.settled} - inside:
            while not self.settled[need].wait(FIRST_POLL_S):
                if self.cancelled.is_set():
                    return "interrupted"
            if need not in self.outcome.healthy:
                return f"{need}, which it needs, is not healthy"
        return ""

    def _await_others(self, step: Step | None) -> str:
        """A reload leads traffic to what comes up now, so it waits for all of it, well or not. A replica is restarted
        once the one before it is well, so that one of them always answers."""
        names = [name for name in step.after if name in self.settled] if step else []
        for name in names:
            while not self.settled[name].wait(FIRST_POLL_S):
                if self.cancelled.is_set():
                    return "interrupted"
        failed = [name for name in names if name not in self.outcome.healthy]
        if step and step.verb == "restart" and failed:
            return f"{failed[0]}, which goes before it, is not healthy: this one was left as it was"
        return ""

    def _made_ready(self, specs: Sequence[ServiceSpec]) -> bool:
        """Whether the folders they run from are; what runs from one now keeps running when not."""
        for spec in specs:
            workshop = self.native.workshop(spec)
            if not workshop.due():
                continue
            try:
                with self.folders[spec.workdir], self.builds:
                    workshop.prepare(self.native.supervisor.identity, self.events.put)
            except PreparationError as error:
                self.outcome.failed += [
                    Failure(service=each.name, reason=error.message, log=error.log) for each in specs
                ]
                return False
        return True

    def _bring_up(self, unit: str, specs: Sequence[ServiceSpec], step: Step) -> bool:
        """Whether it was launched."""
        self.events.put(StepStarted(next(self.numbers), self.total, f"{step.verb} {unit}", step.why))
        if step.verb != "start":
            self._end(unit, specs)
        if taken := self._taken(specs):
            reason = f"another program has port {taken}, which was free at the build: nself start looks again"
            self.outcome.failed += [Failure(service=spec.name, reason=reason) for spec in specs]
            return False
        self._prepare(specs)
        self._launch(unit)
        return True

    def _taken(self, specs: Sequence[ServiceSpec]) -> int | None:
        """A port of theirs that somebody listens at, who would be asked for their health. One of their own that is
        still ending has its time for that."""
        endpoints = [self.native.network.endpoint(spec.name, port.name) for spec in specs for port in spec.ports]
        numbers, host = {at.port for at in endpoints if at.port >= UNPRIVILEGED}, self.native.host
        deadline = host.monotonic() + LEFT_S + max(spec.stop.grace_s for spec in specs)
        while (taken := next((each for each in numbers if not host.port_is_free(each)), None)) is not None:
            if self.cancelled.is_set() or host.monotonic() > deadline:
                return taken
            host.sleep(FIRST_POLL_S)
        return None

    def _end(self, unit: str, specs: Sequence[ServiceSpec]) -> None:
        units.end(self.native, unit, grace_s=max(spec.stop.grace_s for spec in specs))

    def _keeps_its_old_files(self, unit: str, specs: Sequence[ServiceSpec], step: Step) -> bool:
        """Whether it was told of its new files in vain. One that answers nobody is restarted."""
        self.events.put(StepStarted(next(self.numbers), self.total, f"{step.verb} {unit}", step.why))
        try:
            ended = reload.reload(self.native, unit, within_s=self.patience.timeout_s)
        except NotTakenUpError as error:
            self.outcome.failed += [Failure(service=spec.name, reason=error.message) for spec in specs]
            return True
        if ended:
            self.events.put(Note(f"{unit} could not be told of its new files ({ended}): restarting it"))
            self._end(unit, specs)
            self._launch(unit)
        return False

    def _blocked(self, unit: str, specs: Sequence[ServiceSpec], why: str, *, launched: bool) -> None:
        if launched:
            self.native.supervisor.call("stop", unit)
        self.outcome.failed += [Failure(service=spec.name, reason=why, blocked=True) for spec in specs]

    def _see_it_well(self, unit: str, specs: Sequence[ServiceSpec], log_from: int, began: float) -> None:
        if unit == BACKEND:
            self.native.hold.unlink(missing_ok=True)
        if self.patience.probe:
            self._await_health(unit, specs, log_from, began)
        else:
            self.outcome.healthy += [spec.name for spec in specs]

    def _prepare(self, specs: Sequence[ServiceSpec]) -> None:
        """PostgreSQL needs a data folder before it can start."""
        for spec in specs:
            if spec.probe is not None and spec.probe.kind == "postgres":
                login = probes.login_of(spec, self.native.network)
                units.cluster(self.native, spec).prepare(user=login.user, password=login.password, emit=self.events.put)

    def _launch(self, unit: str) -> None:
        self.native.supervisor.call("start", unit, json.dumps(self.native.fingerprint(unit)))

    def _await_health(self, unit: str, specs: Sequence[ServiceSpec], log_from: int, began: float) -> None:
        waiting = {spec.name: spec for spec in specs}
        pause, mended, looked = FIRST_POLL_S, False, began
        seen = _Seen()
        while not self.cancelled.is_set():
            answers = probes.check_all(list(waiting.values()), self.native.network)
            for name, health in answers.items():
                if health.ok:
                    self._settle(waiting.pop(name))
            if not waiting:
                return
            wrong = [name for name, health in answers.items() if health.code in wire.WRONG_PASSWORD]
            if wrong and not mended:
                mended = True
                self._change_password(unit, waiting[wrong[0]])
                continue
            if (now := self.native.host.monotonic()) - looked >= LOOK_S:
                looked = now
                reason, timed_out = self._given_up(unit, seen, began)
                if reason:
                    lines = units.last_lines(self.native, unit, since=log_from)
                    self._fail(list(waiting.values()), reason, answers, lines, timed_out=timed_out)
                    return
            self.native.host.sleep(pause)
            pause = min(pause * SLOWER, SLOWEST_POLL_S)

    def _given_up(self, unit: str, seen: _Seen, began: float) -> tuple[str, bool]:
        """Why waiting longer is pointless, and whether that is only for want of time."""
        answer = self.native.supervisor.observe() or {"processes": []}
        found = [process for process in answer["processes"] if process["name"] == unit]
        if not found:
            return "supervisord ended", False
        seen.add(found[0])
        if found[0]["state"] == "FATAL" or seen.ends >= CRASHES:
            self.native.supervisor.call("stop", unit)
            return f"its process ends as soon as it is started: {seen.reason}", False
        if self.native.host.monotonic() - began > self.patience.timeout_s:
            return f"not healthy within {self.patience.timeout_s:g} s", True
        return "", False

    def _change_password(self, unit: str, spec: ServiceSpec) -> None:
        """The data was made with another password than the project now has: whoever owns the files may set it."""
        self.events.put(Note("POSTGRES_USER or POSTGRES_PASSWORD changed: setting it in the database"))
        login = probes.login_of(spec, self.native.network)
        units.end(self.native, unit, grace_s=spec.stop.grace_s)
        units.cluster(self.native, spec).set_password(user=login.user, password=login.password)
        self._launch(unit)

    def _settle(self, spec: ServiceSpec) -> None:
        if spec.name in self.after:
            self.after[spec.name](self.events.put)
        self.outcome.healthy.append(spec.name)
        self.settled[spec.name].set()
        self.events.put(Healthy(spec.name, int((self.native.host.monotonic() - self.began) * 1000)))

    def _fail(
        self,
        specs: Sequence[ServiceSpec],
        reason: str,
        answers: Mapping[str, probes.Health],
        log: tuple[str, ...],
        *,
        timed_out: bool,
    ) -> None:
        for spec in specs:
            health = answers[spec.name]
            self.outcome.failed.append(
                Failure(
                    service=spec.name,
                    reason=reason,
                    probe=health.asked,
                    answer=health.answer,
                    log=log,
                    timed_out=timed_out,
                )
            )

    def _say_who_is_awaited(self, told: float) -> float:
        now = self.native.host.monotonic()
        if now - told < 1.0:
            return told
        self.native.emit(Waiting(tuple(name for name, event in self.settled.items() if not event.is_set())))
        return now
