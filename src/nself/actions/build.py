"""Render a project: everything that runs is described below `.nself/build`, and nowhere else.

All is rendered and written beside the old build before any of it is touched; only files that differ are then moved
into place, so a full disk or a kill leaves the old build, and a build without changes writes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Literal

from nself.actions import rendering, stack
from nself.actions.differences import Difference, Found, between, texts
from nself.actions.resolve import resolve
from nself.actions.service import templates
from nself.actions.tls import certificate as ssl
from nself.errors import ConfigError
from nself.events import Emit, Warned, ignore
from nself.host import LocalHost
from nself.model import ports
from nself.model.containers import MACHINE
from nself.model.loopback import LOOPBACK
from nself.model.project import Project
from nself.model.resolved import Resolved
from nself.model.spec import Category, Runtime
from nself.records import dataclass
from nself.render import nginx
from nself.runtimes.compose import ownership
from nself.runtimes.native import binaries

Files = Mapping[str, str]
Recommend = Literal["start", "restart", "none"]
LOCK_WAIT_S = 60.0
RENDERED = ("supervisor", "compose", "nginx", "env", "services")
PARTS = (*RENDERED, "ssl")
"""What `--only` takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`only`: parts to write; empty means all. `force` writes what did not change too."""

    only: Collection[str] = ()
    force: bool = False
    preview: bool = False
    diff: bool = False

    def wants(self, part: str) -> bool:
        return not self.only or part in self.only


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    core: int
    optional: int
    monitoring: int
    custom: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """`differences` is what changes as text, when it was asked for; `scaffolded` are folders made from templates."""

    project: str
    env: str
    base_domain: str
    services: Counts
    files: Found
    warnings: tuple[str, ...]
    recommend: Recommend
    scaffolded: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()


def build(
    project: Project, host: LocalHost, environ: Mapping[str, str], emit: Emit, options: Options | None = None
) -> Built:
    """Write what this project's files mean. With `options.preview` nothing is written."""
    chosen = options or Options()
    if chosen.preview:
        return _build(project, host, environ, emit, chosen)
    with host.lock(project.layout.run / "build.lock", wait_s=LOCK_WAIT_S, holder="nself build"):
        return _build(project, host, environ, emit, chosen)


def _build(project: Project, host: LocalHost, environ: Mapping[str, str], emit: Emit, chosen: Options) -> Built:
    if project.runtime is Runtime.COMPOSE and not chosen.preview:
        ownership.establish(project.layout, host, emit)
    resolved = resolve(project, host, environ)
    new = templates.missing(project, host) if chosen.wants("services") else []
    files = _select(rendering.files(project, resolved, host), chosen)
    target = project.layout.build(project.runtime)
    found = between(target, files, host, complete=all(map(chosen.wants, RENDERED)))
    shown = texts(target, files, found, host) if chosen.diff else ()
    if not chosen.preview:
        for service in new:
            templates.scaffold(project, service, host, emit)
        _tell_moved(resolved, emit)
        _certify(ssl.Desk(project=project, resolved=resolved, host=host, environ=environ), emit, chosen)
        _write(project, files, found, host, chosen)
        _remember(project, resolved, host)
    return Built(
        project=project.name,
        env=project.env.value,
        base_domain=project.base_domain,
        services=_counts(resolved),
        files=found,
        warnings=tuple(str(warning) for warning in project.warnings),
        recommend=_recommend(stack.open_stack(project, host, environ, resolved=resolved), changed=found.any),
        scaffolded=tuple(service.workdir.relative_to(project.root).as_posix() for service in new),
        differences=shown,
    )


def check(project: Project, host: LocalHost, environ: Mapping[str, str]) -> Built:
    """ConfigError when what is on disk is not what a build would write."""
    built = build(project, host, environ, ignore, Options(preview=True))
    files = [*built.files.created, *built.files.updated, *built.files.removed]
    reasons = [f"{len(files)} of its files would change, first {files[0]}"] if files else []
    reasons += [f"{folder} would be made from its template" for folder in built.scaffolded]
    desk = ssl.Desk(project=project, resolved=resolve(project, host, environ), host=host, environ=environ)
    why = ssl.stale(desk)
    reasons += [f"the certificate would be made anew: {why}"] if why else []
    if reasons:
        raise ConfigError(f"the build is stale: {'; '.join(reasons)}", fixes=["nself build", "nself build --dry-run"])
    return built


def _select(files: Mapping[str, str], options: Options) -> dict[str, str]:
    return {name: text for name, text in files.items() if options.wants(_part(name))}


def _part(name: str) -> str:
    """Which part a file belongs to: a renderer's own, else a service's."""
    first = name.split("/", maxsplit=1)[0]
    return rendering.PARTS.get(first, "services")


def _certify(desk: ssl.Desk, emit: Emit, options: Options) -> None:
    """Leave it alone when not asked for, unless nginx would have none at all."""
    if options.wants("ssl") or not ssl.there(desk):
        ssl.ensure(desk, emit)


def _write(project: Project, files: Mapping[str, str], found: Found, host: LocalHost, options: Options) -> None:
    """Everything beside the old build first; then file by file into its place."""
    changed = sorted(files) if options.force else [*found.created, *found.updated]
    if not changed and not found.removed:
        return
    target = project.layout.build(project.runtime)
    beside = target.with_name(f"{target.name}.next")
    host.remove(beside)
    try:
        for name in sorted(files):
            host.write(beside / name, files[name], mode=_mode(name))
        if any(_part(name) == "nginx" for name in changed):
            _test_nginx(project, beside, host)
        for name in changed:
            host.move(beside / name, target / name)
        for name in found.removed:
            host.remove(target / name)
    finally:
        host.remove(beside)


def _mode(name: str) -> int:
    return 0o600 if _part(name) == "env" else 0o644


def _test_nginx(project: Project, folder: Path, host: LocalHost) -> None:
    """nginx itself has the last word on its configuration, before the old one is replaced."""
    project.layout.run.mkdir(parents=True, exist_ok=True)
    program, configuration = binaries.nginx(host), folder / nginx.FOLDER / "nginx.tested.conf"
    # What containers call this machine, the machine itself does not know.
    host.write(configuration, host.read(folder / nginx.FOLDER / "nginx.conf").replace(MACHINE, LOOPBACK))
    ran = host.run([str(program), "-t", "-q", "-p", str(project.root), "-c", str(configuration), *ssl.as_root()])
    errors = [line for line in ran.stderr.splitlines() if "[emerg]" in line]
    # Ports below 1024 cannot be bound by everybody; the syntax was found good before that was tried.
    if not ran.ok and not any("bind() to" in line for line in errors):
        raise ConfigError(
            f"nginx refuses the rendered configuration: {' '.join(errors) or ran.stderr.strip()}",
            fixes=["the old build is still in place", "nself build --dry-run --diff"],
        )


def _tell_moved(resolved: Resolved, emit: Emit) -> None:
    """URLs are meant to stay, so it is worth saying when they could not."""
    if resolved.moved:
        number, owner = resolved.moved
        emit(Warned(f"port {number} was taken by {owner}, so the ports of this project moved", fix="nself urls"))


def _remember(project: Project, resolved: Resolved, host: LocalHost) -> None:
    text = ports.dump(resolved.ports)
    if not host.exists(project.layout.ports) or host.read(project.layout.ports) != text:
        host.write(project.layout.ports, text)


def _counts(resolved: Resolved) -> Counts:
    number = Counter(spec.category for spec in resolved.specs)
    return Counts(
        core=number[Category.REQUIRED],
        optional=number[Category.OPTIONAL],
        monitoring=number[Category.MONITORING],
        custom=number[Category.CUSTOM],
        total=len(resolved.specs),
    )


def _recommend(opened: stack.Stack, *, changed: bool) -> Recommend:
    if not opened.runtime.running():
        return "start"
    return "restart" if changed else "none"
