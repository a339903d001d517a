"""The compose runtime: what a project wants as containers, what runs, and making the second the first."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from nself.errors import NselfError
from nself.model import replicas
from nself.model import spec as model
from nself.model.spec import Endpoint, ServiceSpec
from nself.records import dataclass
from nself.runtimes import turns
from nself.runtimes.compose import containers, inside, output, reload, volumes
from nself.runtimes.compose.containers import Container
from nself.runtimes.compose.stack import FILE, ContainerStack
from nself.runtimes.ledger import Ledger, Lost, volumes_of
from nself.runtimes.outcome import After, Outcome, Patience
from nself.runtimes.plan import Fingerprint, Observed, Running, State, Step, Wanted
from nself.runtimes.runtime import Command, Inside, Usage


@dataclass(kw_only=True)
class Compose(ContainerStack):
    """One project in containers of this machine's Docker engine."""

    kind: model.Runtime = model.Runtime.COMPOSE

    def adopt_volumes(self) -> list[str]:
        self._identity = volumes.adopt(self)
        return sorted(self._identity.adopted)

    def locked(self, command: str, *, wait_s: float, ends: Collection[str] = ()) -> AbstractContextManager[None]:
        return turns.taken(self.layout, self.host, self.emit, command, wait_s=wait_s, ends=ends)

    def unit(self, spec: ServiceSpec) -> str:
        return spec.name

    def wanted(self) -> list[Wanted]:
        prints = self.fingerprints()
        return [
            Wanted(spec=spec, unit=spec.name, fingerprint=made, reloadable=self._reloadable(spec, made))
            for spec in self.specs
            for made in [prints[replicas.service_of(spec.name)]]
        ]

    def _reloadable(self, spec: ServiceSpec, made: Fingerprint) -> frozenset[str]:
        """Its files, which are mounted, and those it watches; not what its container is."""
        if spec.reload is None:
            return frozenset()
        return frozenset(part for part in made if part in self.watched.get(spec.name, {}) or "/" in part)

    def known(self) -> list[Wanted]:
        return [Wanted(spec=spec, unit=spec.name) for spec in self.specs]

    def observe(self) -> Observed:
        """By copy; a container that belongs to no service of the project any more goes by its own service's name."""
        told = reload.told(self.layout.run)
        found = {copy: (each, _running(each)) for copy, each in self.containers().items()}
        return {
            copy: replace(running, fingerprint={**told.get(each.id, running.fingerprint), **self._lost(each)})
            for copy, (each, running) in found.items()
        }

    def _lost(self, found: Container) -> Fingerprint:
        """What makes it another than would be made now, whatever it was made from. Taken off its network by hand it
        finds nobody and is found by nobody; in a folder that was moved what it has mounted is no more."""
        alone = {"network": "none"} if found.state is State.RUNNING and not found.address else {}
        moved = {"folder": found.folder} if found.folder not in ("", str(self.build)) else {}
        return {**alone, **moved}

    def check_ready(self) -> None:
        from nself.runtimes.compose import perform

        self.docker.version()
        self.containers()
        perform.refuse_unbuilt(self.specs, self.image_ids())
        volumes.refuse_foreign(self)

    def running(self) -> bool:
        """A machine without Docker runs nothing in it."""
        try:
            return containers.any_of(self.docker, self.project, self.build, self.identity)
        except NselfError:
            return False

    def start(
        self,
        steps: Sequence[Step],
        *,
        after: After,
        patience: Patience,
        standing: Collection[str] = (),
        meanwhile: Callable[[], None],
    ) -> Outcome:
        from nself.runtimes.compose import perform  # what only shows a stack starts sooner without it

        meanwhile()  # from here on it is the engine that works
        return perform.start(self, steps, after=after, patience=patience, standing=standing)

    def stop(self, steps: Sequence[Step], *, grace_s: float | None = None) -> list[str]:
        from nself.runtimes.compose import perform

        return perform.stop(self, steps, grace_s=grace_s)

    def drain(self) -> None:
        reload.drain(self)

    def shutdown(self) -> None:
        """Containers and the network go; volumes stay."""
        found = self.containers()
        if (self.build / FILE).exists():
            self.docker.run(*self.compose("down", "--remove-orphans"), timeout_s=600)
            return
        ids = [each.id for each in found.values()]
        if ids:
            self.docker.run("rm", "-f", *ids, timeout_s=600)

    def usage(self, observed: Observed) -> Mapping[str, Usage]:
        from nself.runtimes.native import processes

        found = {running.unit: processes.usage(running.pid) for running in observed.values() if running.pid}
        return {
            unit: Usage(cpu_percent=used.cpu_percent, cpu_s=used.cpu_s, memory_bytes=used.memory_bytes)
            for unit, used in found.items()
            if used
        }

    def published(self, spec: ServiceSpec) -> Mapping[str, Endpoint]:
        return {port.name: at for port in spec.ports if (at := self.network.open_at(spec.name, port.name))}

    def inner(self, service: str, port: str) -> Endpoint:
        return self.network.inner(service, port)

    def lines(self, unit: str, *, last: int | None = None) -> Iterator[str]:
        found = self.just_seen().get(unit)
        return output.stream(self.docker, self.host, found.id, last=last) if found else iter([])

    def follow(self, units: Sequence[str]) -> Iterator[Mapping[str, Sequence[str]]]:
        found = self.containers()
        return output.follow(self.docker, self.host, {unit: found[unit].id for unit in units if unit in found})

    def inside(self, spec: ServiceSpec, wish: Inside) -> Command:
        return inside.command(self, spec, wish)

    def volume_names(self) -> list[str]:
        return volumes.names(self)

    def volumes(self) -> Mapping[str, int]:
        return volumes.sizes(self)

    def check_volumes(self) -> None:
        volumes.refuse_foreign(self)

    @property
    def ledger(self) -> Ledger:
        owner = self.identity.id if self.identity else ""
        return Ledger(layout=self.layout, host=self.host, runtime=self.kind, owner=owner)

    def lost_volumes(self, services: Collection[str]) -> list[Lost]:
        return volumes.lost(self, self.ledger.seen(), services)

    def remember_volumes(self, services: Collection[str]) -> None:
        self.ledger.remember(volumes_of(self.specs, services))

    def forget_volumes(self, volumes: Iterable[str] | None = None) -> None:
        self.ledger.forget(volumes)

    def remove_volumes(self) -> int:
        removed = volumes.remove(self)
        self.forget_volumes()
        return removed

    def volume(self, name: str) -> AbstractContextManager[Path]:
        return volumes.copied_out(self, name)

    def fill_volume(self, name: str, folder: Path) -> None:
        volumes.fill(self, name, folder)


def _running(found: Container) -> Running:
    return Running(
        unit=found.copy,
        state=found.state,
        fingerprint=found.fingerprint,
        pid=found.pid,
        started_at=found.started_at,
        reason=found.reason,
        restarts=found.restarts,
        container=found.id[:12],
        image=found.image,
    )
