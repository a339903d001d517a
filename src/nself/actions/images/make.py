"""Make the images of a project: the one of our servers, and one of each service that has a Dockerfile of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from nself.actions import derived, history
from nself.actions.build import Built
from nself.actions.images import given, secrets
from nself.actions.service import templates
from nself.errors import ConfigProblemsError, Problem, UnknownNameError
from nself.events import Emit, Warned
from nself.host import LocalHost
from nself.model.keys import ProjectSettings
from nself.model.project import Project
from nself.model.spec import ServiceSpec
from nself.records import dataclass
from nself.runtimes.compose import ownership
from nself.runtimes.compose.docker import Docker
from nself.runtimes.compose.images import Builder, Recipe
from nself.runtimes.compose.ownership import Identity
from nself.runtimes.compose.server_image import ServerImage
from nself.services import images

SERVER = "server"
"""Our own image goes by this name beside the services'."""
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")
"""Build arguments Docker knows of by itself and keeps out of an image's history."""
INDEXES = (
    *("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST", "UV_INDEX_URL", "npm_config_registry"),
    *("NPM_CONFIG_REGISTRY", "GOPROXY", "GONOSUMDB", "GOFLAGS", "CARGO_HOME", "MAVEN_MIRROR_URL"),
)
"""Where packages come from: handed to a Dockerfile that declares them by ARG."""
_ARG = re.compile(r"^\s*ARG\s+(\w+)", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`only`: names of services, `server` for our own image; empty means all."""

    only: Sequence[str] = ()
    base: str | None = None
    no_cache: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltImage:
    """`built` is false when the image was up to date."""

    name: str
    reference: str
    id: str
    built: bool
    size_bytes: int
    duration_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltImages:
    images: tuple[BuiltImage, ...]


BuildResult = Built | BuiltImages
"""What `nself build` answers, without and with --images."""


def build(
    project: Project, host: LocalHost, environ: Mapping[str, str], emit: Emit, options: Options | None = None
) -> BuiltImages:
    """Build what `options` ask for. All that can be wrong with it is said before the first step."""
    chosen = options or Options()
    for service in templates.missing(project, host):
        templates.scaffold(project, service, host, emit)
    identity = ownership.establish(project.layout, host, emit)
    specs = built_specs(project, host)
    names = _names(specs, chosen.only)
    _check_dockerfiles(specs, names, project)
    secrets.check(specs, names, project, host, emit)
    given.warn(specs, names, host, emit)
    docker = Docker(host, environ)
    docker.version(compose=False)
    builder = Builder(docker=docker, host=host, logs=project.layout.logs / "images", emit=emit)
    entry = history.Entry("build", f"images of {', '.join(names)}", {"images": names})
    lock = host.lock(project.layout.run / "images.lock", wait_s=0, holder="nself build --images")
    with lock, history.recorded(project, host, emit, entry):
        work = _Work(project=project, builder=builder, options=chosen, identity=identity)
        return BuiltImages(images=tuple(work.do(name, specs.get(name)) for name in names))


def built_specs(project: Project, host: LocalHost) -> dict[str, ServiceSpec]:
    """Services with an image of their own making, by name."""
    return {spec.name: spec for spec in derived.remembered(project, host).specs if spec.build and _own(spec)}


def _own(spec: ServiceSpec) -> bool:
    return spec.image is not None and spec.image.built


def _names(specs: Mapping[str, ServiceSpec], only: Sequence[str]) -> list[str]:
    known = [SERVER, *specs]
    for name in only:
        if name not in known:
            message, built = f"there is no image to build for {name!r}", ", ".join(known)
            raise UnknownNameError(message, name, known, fixes=[f"those that are built: {built}"])
    return [name for name in known if not only or name in only]


def _check_dockerfiles(specs: Mapping[str, ServiceSpec], names: Iterable[str], project: Project) -> None:
    problems = [
        Problem(
            path=f"services.{name}",
            message=f"has no Dockerfile in {_shown(folder, project)}",
            hint=f"write one, see what a template brings with nself service init --help, or set an image for {name}",
        )
        for name in names
        if name in specs and (folder := specs[name].build) and not (folder / "Dockerfile").is_file()
    ]
    if problems:
        raise ConfigProblemsError(problems)


def _shown(folder: Path, project: Project) -> str:
    return str(folder.relative_to(project.root)) if folder.is_relative_to(project.root) else str(folder)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    project: Project
    builder: Builder
    options: Options
    identity: Identity

    def do(self, name: str, spec: ServiceSpec | None) -> BuiltImage:
        host = self.builder.host
        began = host.monotonic()
        reference = spec.image.reference if spec and spec.image else images.image(images.OURS).reference
        before = self._inspect(reference).get("Id")
        if spec is None:
            self._server(reference)
        else:
            self._service(spec, reference)
        found = self._inspect(reference)
        return BuiltImage(
            name=name,
            reference=reference,
            id=str(found["Id"]),
            built=before != found["Id"],
            size_bytes=int(found["Size"]),
            duration_ms=int((host.monotonic() - began) * 1000),
        )

    def _inspect(self, reference: str) -> dict[str, Any]:
        return self.builder.docker.inspect_image(reference) or {}

    def _server(self, reference: str) -> None:
        base = self.options.base or self.project.settings(ProjectSettings, project_name=self.project.name).base_image
        scratch = self.project.layout.state / "images"
        self.builder.host.make_folder(scratch)
        try:
            image = ServerImage(
                builder=self.builder,
                reference=reference,
                base=base,
                scratch=scratch,
                no_cache=self.options.no_cache,
            )
            image.ensure()
        finally:
            self.builder.host.remove(scratch)

    def _service(self, spec: ServiceSpec, reference: str) -> None:
        assert spec.build is not None
        self.builder.begin(spec.name)
        declared = _ARG.findall(self.builder.host.read(spec.build / "Dockerfile"))
        self.builder.build(
            Recipe(
                name=spec.name,
                reference=reference,
                context=spec.build,
                passed=tuple(self._passed(spec.name, declared)),
                labels={
                    "nself.project": self.project.name,
                    "nself.service": spec.name,
                    ownership.LABEL: self.identity.id,
                },
                no_cache=self.options.no_cache,
            )
        )

    def _passed(self, service: str, declared: Iterable[str]) -> Iterable[str]:
        """Build arguments to take from the environment. What a Dockerfile declares ends up in the image's history, so
        an address with a password in it is kept back."""
        environ = self.builder.docker.environ
        yield from (name for name in PROXIES if environ.get(name))
        for name in dict.fromkeys(declared):
            if name not in environ or not (name in INDEXES or name.endswith("_IMAGE")):
                continue
            if any("@" in urlsplit(word).netloc for word in environ[name].replace(",", " ").split()):
                self.builder.emit(
                    Warned(
                        f"{name} holds a password and is not given to the build of {service}: it would stay readable",
                        fix="use a mirror without one, or RUN --mount=type=secret in its Dockerfile",
                    )
                )
                continue
            yield name
