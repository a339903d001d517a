"""A project's stack on this machine: its services with the ports they have here, and every conflict before a start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from nself.actions import derived
from nself.errors import ConfigProblemsError, NselfError, Problem
from nself.host import LocalHost
from nself.model import ports
from nself.model.place import BACKEND
from nself.model.ports import Claim, Ports
from nself.model.project import Project
from nself.model.resolved import Resolved
from nself.model.spec import Runtime
from nself.runtimes.native import identity, listeners, processes
from nself.runtimes.native.supervisor import Supervisor

ENGINES = ("docker-proxy", "rootlesskit")
"""Programs that have the ports which containers publish."""


def resolve(project: Project, host: LocalHost, environ: Mapping[str, str]) -> Resolved:
    """Choose ports that are free here and check what only this machine can tell. Raises every problem at once."""
    machine = _Machine(project, host, environ)
    wanted = derived.claims(project)
    problems = _conflicts(project, machine, wanted)
    if problems:
        raise ConfigProblemsError(problems)
    chosen = ports.choose(wanted, machine.remembered, machine.is_free, machine.is_held)
    return replace(derived.stack(project, chosen, host), moved=machine.lost(wanted, chosen))


def conflicts(project: Project, host: LocalHost, environ: Mapping[str, str]) -> list[Problem]:
    """What would keep this project from starting on this machine."""
    return _conflicts(project, _Machine(project, host, environ), derived.claims(project))


def _conflicts(project: Project, machine: _Machine, claims: Sequence[Claim]) -> list[Problem]:
    problems = [*ports.duplicates(claims), *_names(project), *machine.taken(claims)]
    return [_located(problem, project) for problem in problems]


class _Machine:
    """What this machine says about ports. A port that our own running stack has counts as free."""

    def __init__(self, project: Project, host: LocalHost, environ: Mapping[str, str]) -> None:
        self.project, self.host, self.environ = project, host, environ
        self.layout = project.layout
        self.remembered = derived.ports_of(project, host)

    def is_free(self, number: int) -> bool:
        return (self.may_bind(number) and self.host.port_is_free(number)) or self.is_held(number)

    def is_held(self, number: int) -> bool:
        """By ourselves. Nobody is asked about a port on which nobody listens. A server that ended may have been started
        again since all were asked, so whoever seems to be a stranger is looked at once more."""
        if self.host.port_is_free(number):
            return False
        return number in self._held or number in self._of_processes()

    @cached_property
    def _held(self) -> frozenset[int]:
        """Of our processes, be it without their supervisor, and of our containers."""
        return self._of_processes() | self._of_containers()

    def _of_processes(self) -> frozenset[int]:
        account = identity.known(self.layout.root)
        supervisor = Supervisor(self.layout.state, account, self.host)
        observed = supervisor.observe()
        if observed is not None:
            # What a killed server leaves keeps its port until the supervisor sees to it.
            return listeners.of(processes.session(int(observed["pid"])), account.uid)
        strays = (pid for root in supervisor.strays() for pid in processes.family(root))
        return listeners.of(strays, account.uid)

    def _of_containers(self) -> frozenset[int]:
        if not self.host.exists(self.layout.build(Runtime.COMPOSE)):
            return frozenset()
        # Few projects have been built for both.
        from nself.runtimes.compose import containers, ownership
        from nself.runtimes.compose.docker import Docker

        docker, folder = Docker(self.host, self.environ), self.layout.build(Runtime.COMPOSE)
        try:
            return containers.published(docker, self.project.name, folder, ownership.known(self.layout, self.host))
        except NselfError:
            return self._of_a_silent_engine()

    def _of_a_silent_engine(self) -> frozenset[int]:
        """Docker cannot be asked whose containers have which ports. Those that were ours, and that no other program is
        seen to have, stay ours: addresses do not move because DOCKER_HOST is misspelt."""
        if self.project.runtime is not Runtime.COMPOSE:
            return frozenset()
        taken = [number for number in self.remembered.numbers.values() if not self.host.port_is_free(number)]
        return frozenset(number for number in taken if (listeners.owner(number) or ENGINES[0]).startswith(ENGINES))

    def may_bind(self, number: int) -> bool:
        """Docker's daemon may bind any port, whoever asks it to."""
        return self.project.runtime is not Runtime.NATIVE or listeners.may_bind(number)

    def taken(self, claims: Sequence[Claim]) -> list[Problem]:
        """Fixed ports that another program has, or that we may not have."""
        fixed = [(claim, claim.fixed) for claim in claims if claim.fixed is not None]
        return [self._problem(claim, number) for claim, number in fixed if not self.is_free(number)]

    def lost(self, claims: Sequence[Claim], chosen: Ports) -> tuple[int, str] | None:
        """The first automatic port that had to be given up."""
        before = self.remembered.numbers
        for claim in claims:
            number = before.get(claim.key)
            if number is not None and claim.fixed is None and chosen[claim.key] != number and not self.is_free(number):
                return number, listeners.owner(number) or "another program"
        return None

    def _problem(self, claim: Claim, number: int) -> Problem:
        setting = claim.port.setting or f"{claim.service}.port"
        if not self.may_bind(number):
            return Problem(
                path=setting,
                message=f"{claim.title} wants port {number}, and ports this low are for root",
                hint=f"run nself as root, set {setting} to 1024 or more, or: "
                f"sudo sysctl net.ipv4.ip_unprivileged_port_start={number}",
            )
        owner = listeners.owner(number) or "another program"
        return Problem(
            path=setting,
            message=f"{claim.title} wants port {number}, which {owner} has",
            hint=f"stop it, or set {setting} to a free port",
        )


def _names(project: Project) -> list[Problem]:
    return [
        Problem(path=f"services.{service.name}", message=f"{BACKEND} is the process of nself's own servers")
        for service in project.custom
        if service.name == BACKEND
    ]


def _located(problem: Problem, project: Project) -> Problem:
    """With the line where the setting was written, when it was."""
    value = project.values.get(problem.path)
    if value is None or problem.file is not None:
        return problem
    return Problem(path=problem.path, message=problem.message, file=value.file, line=value.line, hint=problem.hint)
