"""The compose runtime: what a project wants as containers, what runs, and making the second the first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from nself.errors import ConfigError, NselfError
from nself.events import Emit
from nself.host import LocalHost
from nself.model import replicas
from nself.model import spec as model
from nself.model.layout import Layout
from nself.model.spec import Endpoint, ServiceSpec
from nself.records import dataclass
from nself.runtimes import probes, turns
from nself.runtimes.compose import containers, fingerprints, inside, mounts, output, ownership, reload, volumes
from nself.runtimes.compose.containers import Container
from nself.runtimes.compose.docker import Docker
from nself.runtimes.compose.ownership import Identity
from nself.runtimes.compose.reach import Reach
from nself.runtimes.ledger import Ledger, Lost, volumes_of
from nself.runtimes.outcome import After, Outcome, Patience
from nself.runtimes.plan import Fingerprint, Observed, Running, State, Step, Wanted
from nself.runtimes.probes import Health
from nself.runtimes.runtime import Command, Inside, Usage

FILE = "docker-compose.yml"
JUST_S = 0.5


@dataclass(kw_only=True)
class Compose:
    """One project in containers of this machine's Docker engine."""

    project: str
    layout: Layout
    specs: Sequence[ServiceSpec]
    network: Reach
    host: LocalHost
    docker: Docker
    emit: Emit
    watched: Mapping[str, Mapping[str, Path]] = field(default_factory=dict)
    """{service: {what: folder}}: files outside the build that a service reads only at its start."""
    kind: model.Runtime = model.Runtime.COMPOSE
    _seen: tuple[float, dict[str, Container]] | None = None
    """When containers were asked for last, and what there was."""
    _image_ids: dict[str, str] | None = None
    _identity: Identity | None = None

    @property
    def identity(self) -> Identity | None:
        """None until something was built in this folder."""
        self._identity = self._identity or ownership.known(self.layout, self.host)
        return self._identity

    def adopt_volumes(self) -> list[str]:
        self._identity = volumes.adopt(self)
        return sorted(self._identity.adopted)

    @property
    def build(self) -> Path:
        return self.layout.build(self.kind)

    @cached_property
    def document(self) -> Mapping[str, Any]:
        """The built compose file."""
        import yaml

        file = self.build / FILE
        try:
            found: Mapping[str, Any] = yaml.load(
                file.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)
            )
        except FileNotFoundError:
            raise ConfigError(f"{file} is missing: the project was not built", fixes=["nself build"]) from None
        except (yaml.YAMLError, UnicodeDecodeError):
            found = {}
        services = found.get("services") if isinstance(found, dict) else None
        wanted = {replicas.service_of(spec.name) for spec in self.specs}
        if not isinstance(services, dict) or not wanted <= services.keys() or not self._made_here(found):
            raise ConfigError(f"{file} is not as it was built", fixes=["nself build writes it anew"])
        return found

    def _made_here(self, document: Mapping[str, Any]) -> bool:
        """A build that came with a copied folder has another project's number on all that it makes."""
        if self.identity is None:
            return True
        try:
            return bool(document["networks"]["default"]["labels"][ownership.LABEL] == self.identity.id)
        except (KeyError, TypeError):
            return False

    def compose(self, *argv: str, labels: bool = False) -> list[str]:
        """`docker compose …` on the built file; `labels` with what the containers are made from."""
        more = ["-f", str(self.layout.run / fingerprints.FILE)] if labels else []
        return ["compose", "-p", self.project, "-f", str(self.build / FILE), *more, *argv]

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

    def fingerprints(self) -> dict[str, Fingerprint]:
        """By service: what its containers would be made from now."""
        ids = self.image_ids()
        return {
            name: fingerprints.of(
                group[0],
                self.document["services"][name],
                self.build,
                image_id=ids.get(group[0].image.reference) if group[0].image else None,
                key=self.identity.key if self.identity else "",
                watched=self.watched.get(name, {}),
            )
            for name, group in fingerprints.by_service(self.specs).items()
        }

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

    def containers(self) -> dict[str, Container]:
        """As they are now. Those of another project of this name are refused, whatever they were wanted for."""
        found = containers.of(self.docker, self.project)
        containers.refuse_strangers(self.project, self.build, found.values(), self.identity, self.host)
        self.network.learn(found)
        self._seen = (self.host.monotonic(), found)
        return found

    def _just_seen(self) -> dict[str, Container]:
        """Each question to the engine costs a process, so one that was answered a moment ago is not asked again."""
        if self._seen is not None and self.host.monotonic() - self._seen[0] < JUST_S:
            return self._seen[1]
        return self.containers()

    def forget(self) -> None:
        """Containers were made or removed."""
        self._seen = None
        self.network.forget()

    def start(
        self, steps: Sequence[Step], *, after: After, patience: Patience, standing: Collection[str] = ()
    ) -> Outcome:
        from nself.runtimes.compose import perform  # walks over this very object

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

    def check(self, specs: Sequence[ServiceSpec], *, timeout_s: float | None = None) -> Mapping[str, Health]:
        """Asked from outside, at the container itself: no DNS, no proxy."""
        found = self._just_seen()
        here = [spec for spec in specs if spec.name in found and found[spec.name].address]
        absent = {
            spec.name: Health(False, probes.question(spec, self.network.inside), _why_absent(found.get(spec.name)))
            for spec in specs
            if spec not in here
        }
        return {**probes.check_all(here, self.network, timeout_s=timeout_s), **absent}

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

    def lines(self, unit: str, *, last: int | None = None) -> Iterator[str]:
        found = self._just_seen().get(unit)
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

    def prepare(self) -> None:
        """What `up` needs on disk besides the build: labels, and certificates that a container can read."""
        prints = self.fingerprints()
        self.host.make_folder(self.layout.run)
        self.layout.run.chmod(0o700)
        self.host.write(self.layout.run / fingerprints.FILE, fingerprints.labels(prints), mode=0o600)
        mounts.certificates(self.layout, self.host)
        mounts.secrets(self.build)

    def image_ids(self) -> dict[str, str]:
        """{reference: id} of the images that are here, kept until `forget_images`."""
        if self._image_ids is not None:
            return self._image_ids
        references = sorted({spec.image.reference for spec in self.specs if spec.image})
        listed = self.docker.ndjson("images", "--no-trunc", "--digests", "--format", "{{json .}}")
        self._image_ids = mounts.image_ids(references, listed)
        return self._image_ids

    def forget_images(self) -> None:
        self._image_ids = None


def _why_absent(found: Container | None) -> str:
    return f"not asked: {found.reason or str(found.state)}" if found else "not asked: there is no container"


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
