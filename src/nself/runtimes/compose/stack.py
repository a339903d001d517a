"""A project's services as containers: the compose file as it was built, the containers and images the engine has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from functools import cached_property
from pathlib import Path
from typing import Any

from nself.errors import ConfigError
from nself.events import Emit
from nself.host import LocalHost
from nself.model import replicas
from nself.model import spec as model
from nself.model.container_settings import PullPolicy
from nself.model.layout import Layout
from nself.model.spec import ServiceSpec
from nself.records import dataclass
from nself.runtimes import probes
from nself.runtimes.compose import containers, fingerprints, mounts, ownership
from nself.runtimes.compose.containers import Container
from nself.runtimes.compose.docker import Docker
from nself.runtimes.compose.ownership import Identity
from nself.runtimes.compose.reach import Reach
from nself.runtimes.plan import Fingerprint
from nself.runtimes.probes import Health

FILE = "docker-compose.yml"
JUST_S = 0.5


@dataclass(kw_only=True)
class ContainerStack:
    """What everything that makes, asks and ends containers needs."""

    project: str
    layout: Layout
    specs: Sequence[ServiceSpec]
    network: Reach
    host: LocalHost
    docker: Docker
    emit: Emit
    watched: Mapping[str, Mapping[str, Path]] = field(default_factory=dict)
    """{service: {what: folder}}: files outside the build that a service reads only at its start."""
    pull: PullPolicy = PullPolicy.MISSING
    _seen: tuple[float, dict[str, Container]] | None = None
    """When containers were asked for last, and what there was."""
    _image_ids: dict[str, str] | None = None
    _identity: Identity | None = None

    @property
    def identity(self) -> Identity | None:
        """None until something was built in this folder."""
        self._identity = self._identity or ownership.known(self.layout, self.host)
        return self._identity

    @property
    def build(self) -> Path:
        return self.layout.build(model.Runtime.COMPOSE)

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

    def containers(self) -> dict[str, Container]:
        """As they are now. Those of another project of this name are refused, whatever they were wanted for."""
        found = containers.of(self.docker, self.project)
        containers.refuse_strangers(self.project, self.build, found.values(), self.identity, self.host)
        self.network.learn(found)
        self._seen = (self.host.monotonic(), found)
        return found

    def just_seen(self) -> dict[str, Container]:
        """Each question to the engine costs a process, so one that was answered a moment ago is not asked again."""
        if self._seen is not None and self.host.monotonic() - self._seen[0] < JUST_S:
            return self._seen[1]
        return self.containers()

    def forget(self) -> None:
        """Containers were made or removed."""
        self._seen = None
        self.network.forget()

    def check(self, specs: Sequence[ServiceSpec], *, timeout_s: float | None = None) -> Mapping[str, Health]:
        """Asked from outside, at the container itself: no DNS, no proxy."""
        found = self.just_seen()
        here = [spec for spec in specs if spec.name in found and found[spec.name].address]
        absent = {
            spec.name: Health(False, probes.question(spec, self.network.inside), _why_absent(found.get(spec.name)))
            for spec in specs
            if spec not in here
        }
        return {**probes.check_all(here, self.network, timeout_s=timeout_s), **absent}

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
