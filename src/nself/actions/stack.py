"""One project's stack, opened: its services, where they answer, and the runtime that runs them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from nself.actions import derived
from nself.actions.unknown_service import unknown_service
from nself.errors import ConfigError, DockerError
from nself.events import Emit, ignore
from nself.host import LocalHost
from nself.model import container_settings, replicas
from nself.model import spec as model
from nself.model.containers import ContainerNetwork
from nself.model.loopback import LoopbackNetwork
from nself.model.place import GRAPHQL, PROXY
from nself.model.project import Project
from nself.model.resolved import Resolved
from nself.model.spec import ServiceSpec
from nself.records import dataclass
from nself.runtimes import plan
from nself.runtimes.plan import Step, Wanted
from nself.runtimes.runtime import Runtime


def open_stack(
    project: Project,
    host: LocalHost,
    environ: Mapping[str, str],
    emit: Emit = ignore,
    *,
    resolved: Resolved | None = None,
) -> Stack:
    """The stack as it was built last, or as it was just `resolved`; nothing is written and no port is asked about."""
    try:
        opened = RUNTIMES[project.runtime]
    except KeyError:
        raise ConfigError(
            f"the runtime of this project is {project.runtime}, which this version of nself cannot run",
            fixes=[f"set runtime: {' or '.join(RUNTIMES)} in nself.yml"],
        ) from None
    return Stack(project, opened(project, resolved or derived.remembered(project, host), host, environ, emit))


def _native(project: Project, found: Resolved, host: LocalHost, environ: Mapping[str, str], emit: Emit) -> Runtime:
    from nself.runtimes.native.runtime import Native  # each command needs one of the two

    assert isinstance(found.network, LoopbackNetwork)
    return Native(
        layout=project.layout,
        # A service with an image and no command runs on the other runtimes only.
        specs=[spec for spec in found.instances if spec.server or spec.command],
        network=found.network,
        host=host,
        environ=environ,
        emit=emit,
        watched=watched(project),
    )


def _compose(project: Project, found: Resolved, host: LocalHost, environ: Mapping[str, str], emit: Emit) -> Runtime:
    from nself.runtimes.compose.docker import Docker
    from nself.runtimes.compose.reach import Reach
    from nself.runtimes.compose.runtime import Compose

    assert isinstance(found.network, ContainerNetwork)
    docker = Docker(host, environ)
    return Compose(
        project=project.name,
        layout=project.layout,
        specs=[spec for spec in found.instances if spec.image],
        network=Reach(inside=found.network, published=found.published, docker=docker),
        host=host,
        docker=docker,
        emit=emit,
        watched=watched(project),
        pull=container_settings.settings(project).pull_policy,
    )


RUNTIMES: Mapping[model.Runtime, Callable[..., Runtime]] = {
    model.Runtime.NATIVE: _native,
    model.Runtime.COMPOSE: _compose,
}


def watched(project: Project) -> dict[str, dict[str, Path]]:
    """{service: folders of the user's that it reads at its start only}: a change in them is a reason to restart it."""
    return {GRAPHQL: {"metadata": project.root / "metadata"}, PROXY: {"certificate": project.layout.certs}}


class NotRunningError(DockerError):
    """What is to be asked does not run."""

    kind = "not-running"


@dataclass(frozen=True)
class Stack:
    project: Project
    runtime: Runtime

    @cached_property
    def wanted(self) -> list[Wanted]:
        return self.runtime.wanted()

    @property
    def services(self) -> list[ServiceSpec]:
        """One for each service, however often it runs."""
        return [spec for spec in self.runtime.specs if replicas.number_of(spec.name) == 1]

    def spec(self, name: str) -> ServiceSpec:
        """The service of that name; UsageError names the nearest when there is none."""
        for spec in self.runtime.specs:
            if spec.name == name:
                return spec
        raise unknown_service(name, [spec.name for spec in self.services])

    def refuse_stopped(self) -> None:
        """Before something is asked at this project's ports, or told a password there: while it is down they may be
        another project's."""
        if not self.runtime.running():
            raise NotRunningError("nothing of this project runs", fixes=["nself start", "nself status"])

    def check_names(self, names: Sequence[str]) -> list[str]:
        return [self.spec(name).name for name in names]

    def together(self, names: Sequence[str]) -> list[str]:
        """`names` and the services that share a process with one of them: they start and stop together. A service is
        all of its replicas; one of those (`web.2`) can be named too."""
        units = {self.runtime.unit(self.spec(name)) for name in names}
        return [
            spec.name
            for spec in self.runtime.specs
            if self.runtime.unit(spec) in units or replicas.service_of(spec.name) in names
        ]

    def scope(self, names: Sequence[str]) -> list[str]:
        """`names` and what they need; everything when none is named."""
        return [each.spec.name for each in self._chosen(names)]

    def plan(self, names: Sequence[str], *, fresh: bool = False, only_named: bool = False) -> list[Step]:
        """Steps for everything, or for `names` and what they need; `only_named` leaves healthy needs out of `fresh`."""
        chosen = self._chosen(names)
        observed = self.runtime.observe()
        if not names:
            return plan.plan(chosen, observed, fresh=fresh)
        mine = {name: running for name, running in observed.items() if name in {each.spec.name for each in chosen}}
        steps = plan.plan(chosen, mine, fresh=fresh)
        if only_named:
            unforced = {step.service for step in plan.plan(chosen, mine)}
            forced = {*self.together(names), *unforced}
            steps = [step for step in steps if step.service in forced]
        return steps

    def _chosen(self, names: Sequence[str]) -> list[Wanted]:
        return plan.with_needs(self.wanted, self.together(names)) if names else self.wanted

    def urls(self, running: Collection[str]) -> tuple[str, ...]:
        """Where those services answer the public, and the frontends: nowhere while the proxy is not among them."""
        if PROXY not in running:
            return ()
        specs = (spec for spec in self.runtime.specs if spec.name in running)
        routes = [route.host for spec in specs for route in spec.routes]
        hosts = dict.fromkeys([*routes, *(frontend.host for frontend in self.project.frontends)])
        return tuple(self.runtime.network.public_url(host) for host in hosts)
